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
from local.sagemaker.errors import StepFailed, StepStopped
from local.sagemaker.kinds import PIPELINE_EXECUTION
from local.sagemaker.pipelines.caching import cache_key, find
from local.sagemaker.pipelines.changes import RETRIED, Changes, failed_before
from local.sagemaker.pipelines.definition import Definition, Step
from local.sagemaker.pipelines.experiments import enroll, variables
from local.sagemaker.pipelines.progress import Progress
from local.sagemaker.pipelines.resolve import Resolver
from local.sagemaker.pipelines.retries import exception_type, next_pause
from local.sagemaker.pipelines.selection import chosen
from local.sagemaker.pipelines.steps import Steps, Task

_log = logging.getLogger(__name__)
_ALPHABET = string.ascii_lowercase + string.digits
_ID_CHARACTERS = 12
_JOB_NAME_CHARACTERS = 63
_TUNING_NAME_CHARACTERS = 32
_SUFFIX_CHARACTERS = 10
_REASON_CHARACTERS = 1300


def new_execution_id() -> str:
    """Twelve lower-case letters and digits, as AWS's are."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_ID_CHARACTERS))


def job_name(execution_id: str, step: Step) -> str:
    """`pipelines-<execution>-<step>-<10 characters>`, the step shortened so that all of it fits 63.

    A tuning job's name has at most 32: `<execution>-<7 characters of the step>-<10 characters>`.
    """
    suffix = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(_SUFFIX_CHARACTERS))
    prefix, longest = ("", _TUNING_NAME_CHARACTERS) if step.kind == "Tuning" else ("pipelines-", _JOB_NAME_CHARACTERS)
    room = longest - len(f"{prefix}{execution_id}--{suffix}")
    readable = re.sub(r"[^A-Za-z0-9-]", "-", step.name)[:room].strip("-")
    return "-".join(part for part in (f"{prefix}{execution_id}", readable, suffix) if part)


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
        self._ended = {**dict.fromkeys(self._properties, "Succeeded"), **failed_before(record)}
        self._chosen = chosen(definition.steps, record)
        # What was running when a process ended is taken up where it can be.
        self._began = {
            s["StepName"]: s.get("Metadata") or {} for s in record["Steps"] if s["StepStatus"] == "Executing"
        }
        self._running: dict[str, Task] = {}
        self._stopping = record["PipelineExecutionStatus"] == "Stopping"
        self._reasons = {s["StepName"]: s.get("FailureReason") or "" for s in record["Steps"]}
        self._over = False
        self._hindrance = ""
        self._turn = threading.Condition()

    def run(self) -> None:
        """Run to the end."""
        with self._turn:  # a stop comes before or after
            begins = not self._stopping
            if begins:
                self._changes.execution("Executing")
        if begins:
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
        """Let whoever waits see that the local cloud is stopping: the next process goes on."""
        self._wake()
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
        if self._workers.closing or self._hindrance:
            return []
        if self._stopping:  # what a process before this one has begun, and perhaps not stopped
            return [self._definition.steps[name] for name, made in self._began.items() if self._steps.lasts(made)]
        ready = [step for step in self._progress().startable() if step.name not in self._running]
        # Fewer may be wanted by now than run.
        return ready[: max(0, self._parallel - len(self._running))]

    def _progress(self) -> Progress:
        steps = self._chosen
        outcomes = {
            name: self._properties[name]["Outcome"]
            for name, step in steps.items()
            if step.kind == "Condition" and self._ended.get(name) == "Succeeded"
        }
        return Progress(steps, self._ended, outcomes)

    def _start(self, step: Step) -> None:
        resumed = step.name in self._began
        task = self._task(step, self._began.pop(step.name, {}))
        self._running[step.name] = task
        self._workers.start(task.job_name, lambda: self._run_step(task, resumed=resumed))

    def _task(self, step: Step, began: Mapping[str, Any]) -> Task:
        """The next try of a step, with a name of its own for the job that it may make."""
        name = self._steps.job_begun(began) or job_name(self._id, step)
        resolver = Resolver(
            self._definition,
            parameters=self._parameters,
            variables=lambda: variables(self._record, now=self._clock.now(), job=name),
            properties=self._properties,
            files=self._files,
        )
        return Task(
            step,
            name,
            resolver.resolve,
            note=lambda metadata: self._changes.metadata(step.name, metadata),
            cancelled=lambda: self._stopping,
            began=began,
            experiment=self._record.get("PipelineExperimentConfig", {}),
        )

    def _run_step(self, task: Task, *, resumed: bool) -> None:
        step, status, reason, properties = task.step, "Succeeded", "", None
        try:
            if not resumed:  # else it has started in the process before
                self._changes.step_started(step)
            properties = self._tried(task)
        except StepStopped as error:
            status, reason = "Stopped", str(error)
        except StepFailed as error:
            status, reason = "Failed", str(error)
        except Exception as error:  # noqa: BLE001 - whatever a step meets, its execution must end
            _log.exception("step %s of %s failed", step.name, self._arn)
            status, reason = "Failed", f"InternalFailure: {type(error).__name__}: {error}"
        if status != "Succeeded" and self._stopping and step.kind != "Fail":
            status, reason = "Stopped", ""
        # What fails while the cloud is stopping may fail for that, and is taken up by the next process.
        if status == "Succeeded" or not self._workers.closing:
            self._changes.step_ended(step.name, status, reason, properties=properties)
        with self._turn:
            self._properties[step.name] = properties
            self._ended[step.name] = status
            self._reasons[step.name] = reason
            del self._running[step.name]
            self._turn.notify_all()

    def _tried(self, task: Task) -> Any:
        """The properties of a step, tried again as its policies say. Raises StepFailed."""
        step = task.step
        while True:
            try:
                key = cache_key(step, task.arguments, task.resolve) if "CacheConfig" in step.body else None
                return self._cached(task, key) if key is not None else self._steps.run(task)
            except StepFailed as error:
                if not self._waited(step, error):
                    raise
                task = self._task(step, {})
                with self._turn:
                    self._running[step.name] = task

    def _waited(self, step: Step, failed: StepFailed) -> bool:
        """Whether a step that failed is to be tried again; the pause before that has passed then."""
        steps = self._store.get(PIPELINE_EXECUTION, self._arn)["Steps"]
        entry = next(entry for entry in steps if entry["StepName"] == step.name)
        elapsed = self._clock.now() - entry["StartTime"]
        pause = next_pause(step, failed, entry.get(RETRIED, ()), elapsed)
        if pause is None or self._ending():
            return False
        _log.info("step %s of %s is tried again in %s: %s", step.name, self._arn, pause, failed)
        due = self._clock.now() + pause
        self._changes.step_again(step.name, exception_type(step, failed))
        self._clock.after(pause, self._wake)
        with self._turn:
            self._turn.wait_for(lambda: self._ending() or self._clock.now() >= due)
        return not self._ending()

    def _ending(self) -> bool:
        return self._stopping or self._workers.closing

    def _wake(self) -> None:
        with self._turn:
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
        if self._workers.closing:
            return  # the next process goes on from the record
        for name in self._began:  # in a process before this one, which left nothing that goes on
            self._changes.step_ended(name, "Stopped", "")
        progress = self._progress()
        lost = [name for name in progress.unhandled() if not (self._stopping and self._ended[name] == "Stopped")]
        if self._hindrance:
            self._changes.execution("Failed", reason=self._hindrance[:_REASON_CHARACTERS])
        elif lost:
            self._changes.execution("Failed", reason=self._failure(lost[0]))
        elif self._stopping:
            self._changes.execution("Stopped")
        else:
            self._changes.execution("CompletedWithFailures" if progress.failed() else "Succeeded")

    def _failure(self, name: str) -> str:
        summary = f"Step failure: One or multiple steps failed. Step {name} ({self._definition.steps[name].kind}): "
        return (summary + self._reasons.get(name, ""))[:_REASON_CHARACTERS]
