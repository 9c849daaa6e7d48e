"""One execution of a pipeline: starts what is ready, in parallel, until all is done or something failed."""

from __future__ import annotations

import logging
import re
import secrets
import string
import threading
from collections.abc import Mapping
from typing import Any

from local.errors import AwsError
from local.roles import NotAssumable
from local.sagemaker.context import Context
from local.sagemaker.errors import StepFailed
from local.sagemaker.kinds import PIPELINE_EXECUTION
from local.sagemaker.pipelines.caching import cache_key, find
from local.sagemaker.pipelines.changes import Changes
from local.sagemaker.pipelines.definition import Definition, Step
from local.sagemaker.pipelines.experiments import enroll, variables
from local.sagemaker.pipelines.resolve import Resolver
from local.sagemaker.pipelines.steps import Steps, Task

_log = logging.getLogger(__name__)
_ALPHABET = string.ascii_lowercase + string.digits
_ID_CHARACTERS = 12
_JOB_NAME_CHARACTERS = 63
_SUFFIX_CHARACTERS = 10
_REASON_CHARACTERS = 1300


def new_execution_id() -> str:
    """Twelve lower-case letters and digits, as AWS's are."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_ID_CHARACTERS))


def job_name(execution_id: str, step: str) -> str:
    """`pipelines-<execution>-<step>-<10 characters>`, the step shortened so that all of it fits 63."""
    suffix = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(_SUFFIX_CHARACTERS))
    room = _JOB_NAME_CHARACTERS - len(f"pipelines-{execution_id}--{suffix}")
    readable = re.sub(r"[^A-Za-z0-9-]", "-", step)[:room].strip("-")
    return f"pipelines-{execution_id}-{readable}-{suffix}"


class Execution:
    """Runs a definition on threads. The record in the store tells of it; this object is its conduct."""

    def __init__(self, context: Context, arn: str, *, definition: Definition, parameters: Mapping[str, Any]) -> None:
        self._clock = context.services.clock
        self._store, self._workers = context.store, context.workers
        self._arn, self._definition, self._parameters = arn, definition, parameters
        self._id = arn.rsplit("/", 1)[-1]
        self._record = record = self._store.get(PIPELINE_EXECUTION, arn)
        self._parallel = record.get("ParallelismConfiguration", {}).get(
            "MaxParallelExecutionSteps", len(definition.steps)
        )
        self._changes, self._identities = Changes(context, arn), context.identities
        self._files = context.files.acting(record["RoleArn"])
        self._steps = Steps(context, execution_arn=arn, role_arn=record["RoleArn"])
        # What has succeeded before, in a try that failed or in a process that ended, is not done again.
        self._properties: dict[str, Any] = dict(record.get("StepProperties", {}))
        self._ended: dict[str, str] = dict.fromkeys(self._properties, "Succeeded")
        # What was running when a process ended is taken up where it can be.
        self._began = {s["StepName"]: s.get("Metadata", {}) for s in record["Steps"] if s["StepStatus"] == "Executing"}
        self._running: dict[str, Task] = {}
        self._stopping = record["PipelineExecutionStatus"] == "Stopping"
        self._over = self._abandoned = False
        self._hindrance = ""
        self._turn = threading.Condition()

    def run(self) -> None:
        """Run to the end."""
        if not self._stopping:
            self._changes.execution("Executing")
            self._enroll()
        with self._turn:
            while True:
                for step in self._ready():
                    self._start(step)
                if not self._running:
                    self._over = True
                    break
                self._turn.wait()
        self._conclude()

    def stop(self) -> None:
        """Start nothing more and ask running jobs to end; `run` returns when they have.

        Raises ConflictException when the execution is over.
        """
        with self._turn:
            if self._over:
                raise AwsError("ConflictException", f"Pipeline execution {self._arn} has ended and cannot be stopped.")
            self._stopping = True
            self._changes.execution("Stopping")
            running = list(self._running.values())
            self._turn.notify_all()
        for task in running:
            self._steps.stop(task)

    def abandon(self) -> None:
        """Start nothing more and tell of nothing more, because the local cloud is stopping."""
        with self._turn:
            self._stopping = self._abandoned = True
            self._turn.notify_all()
        self._store.wake()

    def widen(self, parallel: int) -> None:
        """Run so many steps at once from now on."""
        with self._turn:
            self._parallel = parallel
            self._turn.notify_all()

    def _enroll(self) -> None:
        try:
            enroll(self._identities.acting(self._record["RoleArn"]), self._record.get("PipelineExperimentConfig", {}))
        except (StepFailed, NotAssumable) as error:
            self._hindrance = str(error)

    def _ready(self) -> list[Step]:
        if self._stopping or self._hindrance or "Failed" in self._ended.values():
            return []
        steps = self._definition.steps.values()
        waiting = [step for step in steps if step.name not in self._ended and step.name not in self._running]
        ready = [step for step in waiting if self._may_run(step)]
        # Fewer may be wanted by now than run.
        return ready[: max(0, self._parallel - len(self._running))]

    def _may_run(self, step: Step) -> bool:
        if any(self._ended.get(need) != "Succeeded" for need in step.needs):
            return False
        if step.branch is None:
            return True
        condition, outcome = step.branch
        return bool(self._properties[condition]["Outcome"] == outcome)

    def _start(self, step: Step) -> None:
        began = self._began.pop(step.name, {})
        name = self._steps.job_begun(began) or job_name(self._id, step.name)
        resolver = Resolver(
            self._definition,
            parameters=self._parameters,
            variables=lambda: variables(self._record, now=self._clock.now(), job=name),
            properties=self._properties,
            files=self._files,
        )
        task = Task(
            step,
            name,
            resolver.resolve,
            note=lambda metadata: self._changes.metadata(step.name, metadata),
            cancelled=lambda: self._stopping,
            began=began,
            experiment=self._record.get("PipelineExperimentConfig", {}),
        )
        self._running[step.name] = task
        self._workers.start(name, lambda: self._run_step(task))

    def _run_step(self, task: Task) -> None:
        step, status, reason, properties = task.step, "Succeeded", "", None
        if not task.began:  # else it has started in the process before
            self._changes.step_started(step)
        try:
            key = cache_key(step, task.arguments) if "CacheConfig" in step.body else None
            properties = self._cached(task, key) if key is not None else self._steps.run(task)
        except StepFailed as error:
            status, reason = "Failed", str(error)
        except Exception as error:  # noqa: BLE001 - whatever a step meets, its execution must end
            _log.exception("step %s of %s failed", step.name, self._arn)
            status, reason = "Failed", f"InternalFailure: {type(error).__name__}: {error}"
        if status == "Failed" and self._stopping and step.kind != "Fail":
            status, reason = "Stopped", ""
        if not self._abandoned:
            self._changes.step_ended(step.name, status, reason, properties=properties)
        with self._turn:
            self._properties[step.name] = properties
            self._ended[step.name] = status
            del self._running[step.name]
            self._turn.notify_all()

    def _cached(self, task: Task, key: str) -> Any:
        hit = find(self._store, self._record["PipelineArn"], task.step, key, now=self._clock.now())
        if hit is None:
            properties = self._steps.run(task)
            self._changes.step_key(task.step.name, key)
            return properties
        self._changes.step_cached(task.step.name, hit.step, source=hit.execution_arn)
        return hit.properties

    def _conclude(self) -> None:
        if self._abandoned:
            return  # the next process goes on from the record
        failed = [name for name, status in self._ended.items() if status == "Failed"]
        if self._hindrance:
            self._changes.execution("Failed", reason=self._hindrance[:_REASON_CHARACTERS])
        elif failed:
            self._changes.execution("Failed", reason=self._failure(failed[0]))
        elif self._stopping:
            self._changes.execution("Stopped")
        else:
            self._changes.execution("Succeeded")

    def _failure(self, name: str) -> str:
        steps = self._store.get(PIPELINE_EXECUTION, self._arn)["Steps"]
        reason: str = next(step["FailureReason"] for step in steps if step["StepName"] == name)
        summary = f"Step failure: One or multiple steps failed. Step {name} ({self._definition.steps[name].kind}): "
        return (summary + reason)[:_REASON_CHARACTERS]
