"""The life of a job: created at once, run on a thread, stopped on request, ended in one status."""

from __future__ import annotations

import logging
import threading
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.errors import AwsError, LocalError, ValidationError
from local.front import Handler
from local.sagemaker.context import Context
from local.sagemaker.errors import JobFailed, JobStopped
from local.sagemaker.jobs.child import Child
from local.sagemaker.jobs.contract import Contract
from local.sagemaker.jobs.run import Run
from local.sagemaker.remedies import explained
from local.sagemaker.resources import Record
from local.sagemaker.structural import structural
from local.wire import Call

Params = dict[str, Any]

_log = logging.getLogger(__name__)

_RUNNING = ("InProgress", "Stopping")
_FAILED = (LocalError, BotoCoreError, ClientError, OSError, ValueError)


class Jobs:
    """Jobs of one kind."""

    def __init__(self, context: Context, contract: Contract) -> None:
        self._context, self._workers = context, context.workers
        self._services, self._store, self._machine = context.services, context.store, context.machine
        self._contract, self._lineage = contract, context.lineage
        self._kind = contract.kind
        self._running: dict[str, Child] = {}
        self._lock = threading.Lock()

    def handlers(self) -> dict[str, Handler]:
        """Create, Describe, List, Stop and Delete of this kind."""
        shown = structural(self._store, self._kind)
        kept = (f"Describe{self._kind.name}", f"List{self._kind.name}s")
        return {
            **{operation: shown[operation] for operation in kept},
            f"Create{self._kind.name}": self.create,
            f"Stop{self._kind.name}": self.stop,
            f"Delete{self._kind.name}": self.delete,
        }

    def create(self, params: Params, _: Call) -> Params:
        """Keep a job as InProgress and run it on a thread. Raises AwsError."""
        return self.make(params)

    def require(self, params: Params) -> None:
        """Raise AwsError for a job that could not be made; nothing is made."""
        self._contract.check(params)
        self._machine.require(self._contract.image(params))
        self._machine.require_role(params["RoleArn"])
        self._lineage.require_trial(params)

    def make(self, params: Params) -> Record:
        """Keep a job as InProgress and run it on a thread, for a caller or for the service itself. Raises AwsError."""
        self.require(params)
        name = params[self._kind.name_member]
        members = {**params, **self._contract.initial(params), self._kind.status_member: "InProgress"}
        record = self._store.add(self._kind, name, members)
        self._lineage.job_began(self._kind, record)
        self._begin(name)
        return record

    def delete(self, params: Params, _: Call) -> Params:
        """Forget a job that has ended; its name is free then. Raises ResourceInUse while it runs."""

        def ended(record: Record) -> None:
            status = record[self._kind.status_member]
            if status in _RUNNING:
                arn = record[self._kind.arn_member]
                raise AwsError("ResourceInUse", f"The job {arn} is in status {status} and cannot be deleted.")

        self._store.remove(self._kind, params[self._kind.name_member], check=ended)
        return {}

    def resume(self) -> None:
        """Run again, from their start, the jobs that the process before was running."""
        for record in self._store.all(self._kind):
            if record[self._kind.status_member] in _RUNNING:
                self._begin(record[self._kind.name_member])

    def stop(self, params: Params, _: Call) -> Params:
        """Ask a job to end; its program gets SIGTERM. Raises ValidationError when it has ended."""
        self.halt(params[self._kind.name_member])
        return {}

    def halt(self, name: str) -> None:
        """Ask a job to end, for a caller or for the service itself. Raises ValidationError when it has ended."""

        def stopping(record: Record) -> Params:
            status = record[self._kind.status_member]
            if status not in _RUNNING:
                raise ValidationError(f"The request was rejected because the job is in status {status}.")
            return {self._kind.status_member: "Stopping"}

        self._store.edit(self._kind, name, stopping)
        with self._lock:
            child = self._running.get(name)
        if child is not None:
            self._workers.start(f"stop-{name}", child.stop)  # a program that ignores SIGTERM takes its time

    def close(self) -> None:
        """End the programs of all jobs."""
        with self._lock:
            children = list(self._running.values())
        for child in children:
            child.stop()

    def _begin(self, name: str) -> None:
        with self._lock:
            self._running[name] = child = Child(self._services)
        if self._store.get(self._kind, name)[self._kind.status_member] == "Stopping":
            child.stop()  # it was stopped in the process before, or before there was anything to stop
        self._workers.start(name, lambda: self._run(name))

    def _run(self, name: str) -> None:
        record = self._store.get(self._kind, name)
        status, reason, members = "Completed", "", {}
        try:
            members = Run(self._context, self._contract, record, child=self._running[name]).execute()
        except JobStopped as error:
            status, reason = "Stopped", self._explained(record, error)
        except _FAILED as error:
            status, reason = "Failed", self._explained(record, error)
        except Exception as error:  # noqa: BLE001 - whatever a job meets, it must end
            _log.exception("the job %s failed", name)
            status, reason = "Failed", f"InternalServerError: {type(error).__name__}: {error}"
        if self._workers.closing:
            return  # the next process runs it again
        with self._lock:
            del self._running[name]
        record = self._store.get(self._kind, name)
        ended = self._store.change(
            self._kind,
            name,
            **{**members, **self._contract.ending(record, status, reason)},
            **{self._kind.status_member: status, self._contract.ended_member: self._services.clock.now()},
            FailureReason=reason or None,
        )
        self._lineage.job_ended(self._kind, ended)

    def _explained(self, record: Record, error: Exception) -> str:
        text = str(error)
        if text and not isinstance(error, JobFailed):
            # What S3, KMS or this machine's disk refuse is the caller's; an interpreter that cannot be made is ours.
            fault = "InternalServerError" if type(error) is LocalError else "ClientError"
            text = f"{fault}: {text}"
        log = error.log if isinstance(error, JobFailed) else ""
        return explained(text, role=record["RoleArn"].rpartition("/")[2], log=log)
