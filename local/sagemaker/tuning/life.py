"""The life of a tuning job: launches trials, learns of their ends, and ends in one status."""

from __future__ import annotations

import logging
import math
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, NamedTuple, Protocol

from local.errors import AwsError, LocalError
from local.sagemaker.context import Context
from local.sagemaker.kinds import TUNING_JOB
from local.sagemaker.resources import Record
from local.sagemaker.tuning.bayesian import Bayesian
from local.sagemaker.tuning.request import Definition, definitions, total
from local.sagemaker.tuning.search import Question, Strategy, Tried, at_random, grid
from local.sagemaker.tuning.stopping import hopeless, not_improving, satisfied
from local.sagemaker.tuning.trials import HISTORY, Trial, job_of, request, told, trials

_log = logging.getLogger(__name__)

_SUFFIX_BYTES: Final = 4
_FAILURES: Final = 5
"""After so many failed trials and no good one AWS gives a tuning job up."""
_REASON_CHARACTERS: Final = 1024


class TrainingJobs(Protocol):
    """Who makes and stops training jobs."""

    def make(self, params: Record) -> Record:
        """Make a training job and run it. Raises AwsError."""
        ...

    def halt(self, name: str) -> None:
        """Ask a training job to end. Raises AwsError when it has."""
        ...


class _Seen(NamedTuple):
    """How a tuning job and its running trials stood."""

    status: str
    late: bool
    trials: int
    running: Mapping[str, tuple[str, int]]


class Life:
    """Conducts one tuning job on a thread. All that it knows stands in the record, for the process after this one."""

    def __init__(self, context: Context, name: str, *, jobs: TrainingJobs) -> None:
        self._context, self._store, self._clock = context, context.store, context.services.clock
        self._name, self._jobs = name, jobs
        self._searches: Mapping[str, Strategy] = {
            "Grid": grid,
            "Random": at_random,
            "Bayesian": Bayesian(context.services),
        }

    def run(self) -> None:
        """Run to the end; return also when the cloud is stopping."""
        try:
            self._launch_lost()
            deadline = self._deadline(self._record())
            if deadline is not None:
                self._clock.after(deadline - self._clock.now(), self._store.wake)
            # What was seen is from before the steps that follow from it: nothing that happens meanwhile is missed.
            while (seen := self._seen()) and not self._over():
                self._wait(seen)
        except LocalError as error:
            self._give_up(str(error))
        except Exception as error:  # noqa: BLE001 - whatever a tuning job meets, it must end
            _log.exception("the tuning job %s failed", self._name)
            self._give_up(f"InternalServerError: {type(error).__name__}: {error}")

    def _over(self) -> bool:
        """Take the steps that are due now, and say whether the tuning job has ended."""
        record = self._record()
        found = trials(self._store, record)
        running = [trial for trial in found if trial.running]
        if self._context.workers.closing:
            return True
        if record["HyperParameterTuningJobStatus"] == "Stopping" or self._enough(record, found):
            self._stop(running)
            return not running and self._end(record, found)
        self._stop_hopeless(record, found)
        while (
            record["HyperParameterTuningJobStatus"] == "InProgress"
            and len(running) < self._parallel(record)
            and len(found) < total(record)
            and self._launched(record, found)
        ):
            record = self._record()
            found = trials(self._store, record)
            running = [trial for trial in found if trial.running]
        return not running and self._end(record, found)

    def _seen(self) -> _Seen:
        record = self._record()
        running = {trial.name: _mark(trial.job) for trial in trials(self._store, record) if trial.running}
        return _Seen(record["HyperParameterTuningJobStatus"], self._late(record), len(record["Trials"]), running)

    def _wait(self, seen: _Seen) -> None:
        """Until something is otherwise than it was seen."""

        def changed(record: Record) -> bool:
            told = (record["HyperParameterTuningJobStatus"], self._late(record), len(record["Trials"])) != seen[:3]
            gone_on = any(_mark(job_of(self._store, name)) != mark for name, mark in seen.running.items())
            return self._context.workers.closing or told or gone_on

        self._store.until(TUNING_JOB, self._name, changed)

    def _enough(self, record: Record, found: list[Trial]) -> bool:
        if self._late(record):
            return True
        failed = [trial for trial in found if trial.status == "Failed"]
        hopeful = any(trial.value is not None or trial.running for trial in found)
        criteria = record["HyperParameterTuningJobConfig"].get("TuningJobCompletionCriteria", {})
        return (len(failed) >= _FAILURES and not hopeful) or satisfied(found, criteria)

    def _launched(self, record: Record, found: list[Trial]) -> bool:
        """Choose and start the next trial; False when there is none left to choose."""
        # The definition that has had the fewest turns is next; of a grid that is used up, the one after it.
        turns = sorted(definitions(record), key=lambda d: sum(trial.definition.name == d.name for trial in found))
        for definition in turns:
            point = self._searches[record["HyperParameterTuningJobConfig"]["Strategy"]](
                self._question(record, definition, found)
            )
            if point is not None:
                name = f"{self._name}-{len(found) + 1:03d}-{secrets.token_hex(_SUFFIX_BYTES)}"
                trial = {"Name": name, "Definition": definition.name, "Point": dict(point)}
                # First what is to be, then what is: a process that is killed in between leaves a trial to be made.
                self._store.change(TUNING_JOB, self._name, Trials=[*record["Trials"], trial])
                self._jobs.make(request(record, definition, name=name, point=point))
                return True
        return False

    def _question(self, record: Record, definition: Definition, found: list[Trial]) -> Question:
        mine = [trial for trial in found if trial.definition.name == definition.name]
        known = [*self._inherited(record), *mine]
        return Question(
            space=definition.space,
            maximize=definition.objective.maximize,
            tried=[Tried(trial.point, trial.value) for trial in known if trial.running or trial.value is not None],
            launched=[trial.point for trial in mine],
            seed=record["Seed"],
            number=len(found),
        )

    def _inherited(self, record: Record) -> list[Trial]:
        """The trials of the tuning jobs from which this one starts warm."""
        parents = record.get("WarmStartConfig", {}).get("ParentHyperParameterTuningJobs", [])
        names = [parent["HyperParameterTuningJobName"] for parent in parents]
        return [trial for name in names for trial in trials(self._store, self._store.get(TUNING_JOB, name))]

    def _launch_lost(self) -> None:
        """Make the trials whose training jobs the process before had not made yet."""
        record = self._record()
        for trial in trials(self._store, record):
            if not trial.job and trial.name == record["Trials"][-1]["Name"]:
                self._jobs.make(request(record, trial.definition, name=trial.name, point=trial.point))

    def _stop_hopeless(self, record: Record, found: list[Trial]) -> None:
        if record["HyperParameterTuningJobConfig"].get("TrainingJobEarlyStoppingType") == "Auto":
            ended = [trial for trial in found if not trial.running]
            self._stop([trial for trial in found if trial.running and hopeless(trial, ended)])

    def _stop(self, found: list[Trial]) -> None:
        for trial in found:
            if trial.status == "InProgress":
                try:
                    self._jobs.halt(trial.name)
                except AwsError as error:  # it has ended in the meantime, as its record tells
                    _log.debug("trial %s is not stopped: %s", trial.name, error)

    def _end(self, record: Record, found: list[Trial]) -> bool:
        stopped, reason = record["HyperParameterTuningJobStatus"] == "Stopping", ""
        if not stopped and not any(trial.value is not None for trial in found):
            reason = _without_success(found)
        self._conclude("Stopped" if stopped else "Failed" if reason else "Completed", reason, found)
        return True

    def _give_up(self, reason: str) -> None:
        if not self._context.workers.closing:  # else the trials go on in the next process
            self._stop(trials(self._store, self._record()))
        self._store.until(
            TUNING_JOB,
            self._name,
            lambda record: self._context.workers.closing or not any(t.running for t in trials(self._store, record)),
        )
        if not self._context.workers.closing:
            self._conclude("Failed", reason, trials(self._store, self._record()))

    def _conclude(self, status: str, reason: str, found: list[Trial]) -> None:
        now = self._clock.now()
        details = {"NumberOfTrainingJobsObjectiveNotImproving": not_improving(found)}
        ended = self._store.change(
            TUNING_JOB,
            self._name,
            **told(found),
            HyperParameterTuningJobStatus=status,
            HyperParameterTuningEndTime=now,
            FailureReason=reason[:_REASON_CHARACTERS] or None,
            TuningJobCompletionDetails=details,
            ConsumedResources={"RuntimeInSeconds": int((now - self._record()["CreationTime"]).total_seconds())},
        )
        emit(self._context, ended)

    def _parallel(self, record: Record) -> int:
        return int(record["HyperParameterTuningJobConfig"]["ResourceLimits"]["MaxParallelTrainingJobs"])

    def _deadline(self, record: Record) -> datetime | None:
        seconds = record["HyperParameterTuningJobConfig"]["ResourceLimits"].get("MaxRuntimeInSeconds", math.inf)
        began: datetime = record["CreationTime"]
        return None if seconds == math.inf else began + timedelta(seconds=seconds)

    def _late(self, record: Record) -> bool:
        deadline = self._deadline(record)
        return deadline is not None and self._clock.now() >= deadline

    def _record(self) -> Record:
        return self._store.get(TUNING_JOB, self._name)


def emit(context: Context, tuning: Record) -> None:
    """Tell of a tuning job's status (Developer Guide, "Automating Amazon SageMaker AI with Amazon EventBridge")."""
    members = ("HyperParameterTuningJobName", "HyperParameterTuningJobArn", "HyperParameterTuningJobConfig")
    counters = ("TrainingJobStatusCounters", "ObjectiveStatusCounters")
    detail = {
        **{member: tuning[member] for member in (*members, *counters, "TrainingJobDefinition") if member in tuning},
        "HyperParameterTuningJobStatus": tuning["HyperParameterTuningJobStatus"],
        "Tags": {tag["Key"]: tag["Value"] for tag in tuning.get("Tags", [])},
    }
    arn = tuning["HyperParameterTuningJobArn"]
    context.services.emit("aws.sagemaker", "SageMaker HyperParameter Tuning Job State Change", detail, resources=[arn])


def _mark(job: Record) -> tuple[str, int]:
    return job.get("TrainingJobStatus", ""), len(job.get(HISTORY, ()))


def _without_success(found: list[Trial]) -> str:
    silent = [trial for trial in found if trial.status == "Completed"]
    if silent:
        metric = silent[0].definition.objective.metric
        return (
            f"ClientError: no training job told the objective metric {metric}: print it in a line that the Regex of "
            f"its MetricDefinitions matches; {silent[0].name} completed without."
        )
    said = next((str(trial.job["FailureReason"]) for trial in found if trial.job.get("FailureReason")), "all stopped")
    return f"ClientError: no training job succeeded of {len(found)}; see their logs. The first one: {said}"
