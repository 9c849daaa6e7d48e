"""The life of a job: created at once, run on a thread, stopped on request, ended in one status."""

from __future__ import annotations

import logging
import subprocess
import threading
import time
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.errors import AwsError, LocalError, ValidationError
from local.front import Handler
from local.sagemaker.containers.container import Container, Program
from local.sagemaker.context import Context
from local.sagemaker.errors import JobFailed, JobStopped
from local.sagemaker.jobs.contract import Contract, Limit, algorithm_error
from local.sagemaker.logs import Log
from local.sagemaker.resources import Record
from local.sagemaker.structural import structural
from local.services import Services
from local.wire import Call

Params = dict[str, Any]

_log = logging.getLogger(__name__)

_REASON_CHARACTERS = 1024
_SHIP_SECONDS = 1.0
_RUNNING = ("InProgress", "Stopping")
_OUTPUT_FAILED = (LocalError, BotoCoreError, ClientError, OSError, ValueError)


class Jobs:
    """Jobs of one kind."""

    def __init__(self, context: Context, contract: Contract) -> None:
        self._services, self._store, self._machine = context.services, context.store, context.machine
        self._workers, self._identities = context.workers, context.identities
        self._contract, self._lineage = contract, context.lineage
        self._kind = contract.kind
        self._running: dict[str, _Child] = {}
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
        self._contract.check(params)
        self._machine.require(self._contract.image(params))
        self._machine.require_role(params["RoleArn"])
        self._lineage.require_trial(params)
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
        name = params[self._kind.name_member]

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
        return {}

    def close(self) -> None:
        """End the programs of all jobs."""
        with self._lock:
            children = list(self._running.values())
        for child in children:
            child.stop()

    def _begin(self, name: str) -> None:
        with self._lock:
            self._running[name] = child = _Child(self._services)
        if self._store.get(self._kind, name)[self._kind.status_member] == "Stopping":
            child.stop()  # it was stopped in the process before, or before there was anything to stop
        self._workers.start(name, lambda: self._run(name))

    def _run(self, name: str) -> None:
        record = self._store.get(self._kind, name)
        status, reason, members = "Completed", "", {}
        try:
            members = dict(self._execute(record))
        except JobStopped as error:
            status, reason = "Stopped", str(error)
        except _OUTPUT_FAILED as error:
            status, reason = "Failed", str(error)
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
            FailureReason=reason[:_REASON_CHARACTERS] or None,
        )
        self._lineage.job_ended(self._kind, ended)

    def _execute(self, record: Record) -> Params:
        name = record[self._kind.name_member]
        container = self._machine.container(self._kind.arn_type, name)
        log = self._log(record, container)
        try:
            program = self._contract.stage(record, container)
            exit_code = self._run_program(record, program, container, log)
            if exit_code:
                message = container.read_text("/opt/ml/output/failure") or container.read_text("/opt/ml/output/message")
                raise JobFailed(algorithm_error(message, log, exit_code))
            return dict(self._contract.collect(record, container, log))
        finally:
            log.ship(ended=True)
            container.discard()

    def _run_program(self, record: Record, program: Program, container: Container, log: Log) -> int:
        name = record[self._kind.name_member]
        interpreter = self._machine.interpreter(self._contract.image(record))
        if interpreter.differences:
            log.say(interpreter.differences)
        began = {self._contract.started_member: self._services.clock.now()}
        self._store.change(self._kind, name, **began, **self._contract.beginning(record))
        with self._lock:
            child = self._running[name]
        with log.file.open("ab") as output:
            process = self._machine.launch(
                container, program, python=interpreter.python, role_arn=record["RoleArn"], output=output
            )
        child.start(process)
        return child.wait(log, limit=Limit.of(record))

    def _log(self, record: Record, container: Container) -> Log:
        stream = f"{record[self._kind.name_member]}/algo-1-{int(time.time())}"
        role, file = record["RoleArn"], container.root / "log.txt"
        return Log(lambda: self._identities.acting(role), group=self._contract.log_group, stream=stream, file=file)


class _Child:
    """The program of a job, which may be told to stop before it has begun."""

    def __init__(self, services: Services) -> None:
        self._processes = services.processes
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False
        self._lock = threading.Lock()

    def start(self, process: subprocess.Popen[bytes]) -> None:
        with self._lock:
            self._process = process
            stopped = self._stopped
        if stopped:
            self._processes.stop(process)

    def stop(self) -> None:
        with self._lock:
            self._stopped = True
            process = self._process
        if process is not None:
            self._processes.stop(process)

    def wait(self, log: Log, *, limit: Limit) -> int:
        """Wait for the end, shipping the log on the way; gives the exit code. Raises JobStopped, also at the limit."""
        process = self._process
        assert process is not None, "a job waits for its program after it has started"
        end = time.monotonic() + limit.max_runtime_seconds
        while process.poll() is None:
            left = end - time.monotonic()
            if left <= 0:
                self._processes.stop(process)
                raise JobStopped(f"MaxRuntimeExceeded: the job ran longer than {limit.max_runtime_seconds} seconds.")
            try:
                process.wait(min(_SHIP_SECONDS, left))
            except subprocess.TimeoutExpired:
                log.ship()
        self._processes.forget(process)
        if self._stopped:
            raise JobStopped("")
        # A shell reports a signal as 128 + its number, and so does a container.
        return process.returncode if process.returncode >= 0 else 128 - process.returncode
