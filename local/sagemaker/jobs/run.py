"""One run of a job: what its container needs is brought in, its program runs, what it made is carried out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from local.errors import LocalError
from local.sagemaker.containers.container import Program
from local.sagemaker.context import Context
from local.sagemaker.errors import JobFailed, JobStopped
from local.sagemaker.jobs.child import Child
from local.sagemaker.jobs.contract import Contract, algorithm_error
from local.sagemaker.jobs.limits import Limits
from local.sagemaker.logs import Log
from local.sagemaker.resources import Record

_MESSAGES = ("/opt/ml/output/failure", "/opt/ml/output/message")


class Run:
    """One try of a job, in a container of its own that is gone afterwards."""

    def __init__(self, context: Context, contract: Contract, record: Record, *, child: Child) -> None:
        self._store, self._machine, self._clock = context.store, context.machine, context.services.clock
        self._contract, self._kind, self._child = contract, contract.kind, child
        self._record, self._name = record, record[contract.kind.name_member]
        self._container = context.machine.container(contract.kind.arn_type, self._name)
        self._scraper = contract.scraper(record)
        self._told: list[dict[str, Any]] = []
        self._log = Log(
            lambda: context.identities.acting(record["RoleArn"]),
            group=contract.log_group,
            stream=f"{self._name}/algo-1-{int(time.time())}",
            file=self._container.root / "log.txt",
            heard=self._hear,
        )

    def execute(self) -> dict[str, Any]:
        """The members that the job's end adds to its record. Raises JobFailed, JobStopped, and what S3 refuses."""
        try:
            self._phase("Downloading")
            program = self._contract.stage(self._record, self._container)
            try:
                self._require_success(self._exit_code(program))
            except JobFailed as error:
                self._rescue(stopped=isinstance(error, JobStopped))
                raise
            self._phase("Uploading")
            return dict(self._contract.collect(self._record, self._container))
        finally:
            try:
                self._log.ship(ended=True)
                self._tell_metrics()
            finally:
                self._container.discard()

    def _exit_code(self, program: Program) -> int:
        """Start the program and wait for its end."""
        interpreter = self._machine.interpreter(self._contract.image(self._record))
        if interpreter.differences:
            self._log.say(interpreter.differences)
        self._phase("Training", **{self._contract.started_member: self._clock.now()})
        limits = Limits.of(self._record)
        with self._log.file.open("ab") as output:
            process = self._machine.launch(
                self._container, program, interpreter=interpreter, role_arn=self._record["RoleArn"], output=output
            )
        self._child.start(process, limits=limits)
        return self._child.wait(self._tick, limits=limits, folder=self._container.root)

    def _require_success(self, exit_code: int) -> None:
        if not exit_code:
            return
        message = next(filter(None, map(self._container.read_text, _MESSAGES)), None)
        reason = algorithm_error(message, self._log, exit_code)
        raise JobFailed(reason, log="" if message else f"{self._log.group} {self._log.stream}")

    def _rescue(self, *, stopped: bool) -> None:
        try:
            self._contract.rescue(self._record, self._container, stopped=stopped)
        except (LocalError, OSError) as error:  # why the job ended badly counts for more
            self._log.say(f"What the program left could not be kept: {error}")

    def _tick(self) -> None:
        self._log.ship()
        self._tell_metrics()

    def _hear(self, lines: Sequence[str]) -> None:
        self._scraper.read(lines)

    def _tell_metrics(self) -> None:
        metrics = self._scraper.final()
        if metrics != self._told:
            self._told = metrics
            self._store.change(self._kind, self._name, FinalMetricDataList=metrics, **self._history())

    def _history(self) -> dict[str, Any]:
        """Of a trial of a tuning job every value of its objective, by which the tuning job may stop it early."""
        if "TuningJobArn" not in self._record:
            return {}
        return {"ObjectiveHistory": self._scraper.history(self._record["HyperParameters"]["_tuning_objective_metric"])}

    def _phase(self, phase: str, **members: Any) -> None:
        members |= self._contract.phase(self._store.get(self._kind, self._name), phase)
        if members:
            self._store.change(self._kind, self._name, **members)
