"""The operations on hyperparameter tuning jobs."""

from __future__ import annotations

import secrets
from typing import Any

from local.errors import AwsError, ValidationError
from local.front import Handler
from local.sagemaker.context import Context
from local.sagemaker.jobs.contract import Contract
from local.sagemaker.jobs.life import Jobs
from local.sagemaker.kinds import TRAINING_JOB, TUNING_JOB
from local.sagemaker.listing import listed
from local.sagemaker.resources import Record
from local.sagemaker.tuning.life import Life, emit
from local.sagemaker.tuning.request import Definition, check, definitions
from local.sagemaker.tuning.trials import best, request, told, trials
from local.wire import Call

Params = dict[str, Any]

_RUNNING = ("InProgress", "Stopping")


class TuningJobs:
    """Tuning jobs over the store; their trials are training jobs of `jobs`, as `contract` has them."""

    def __init__(self, context: Context, *, jobs: Jobs, contract: Contract) -> None:
        self._context, self._store = context, context.store
        self._jobs, self._contract = jobs, contract

    def handlers(self) -> dict[str, Handler]:
        """Every operation of this family."""
        return {
            "CreateHyperParameterTuningJob": self.create,
            "DescribeHyperParameterTuningJob": self.describe,
            "ListHyperParameterTuningJobs": self.list_jobs,
            "ListTrainingJobsForHyperParameterTuningJob": self.list_trials,
            "StopHyperParameterTuningJob": self.stop,
            "DeleteHyperParameterTuningJob": self.delete,
        }

    def create(self, params: Params, _: Call) -> Params:
        """Keep a tuning job as InProgress and run it on a thread. Raises AwsError for what no trial could be."""
        check(params)
        for parent in params.get("WarmStartConfig", {}).get("ParentHyperParameterTuningJobs", []):
            self._require_ended(parent["HyperParameterTuningJobName"])
        name = params["HyperParameterTuningJobName"]
        for definition in definitions(params):
            self._require_trial(definition, name=name)
        seed = params["HyperParameterTuningJobConfig"].get("RandomSeed", secrets.randbelow(2**31))
        members = {**params, "HyperParameterTuningJobStatus": "InProgress", "Seed": seed, "Trials": [], **told([])}
        record = self._store.add(TUNING_JOB, name, members)
        emit(self._context, record)
        self._begin(name)
        return record

    def describe(self, params: Params, call: Call) -> Params:
        """A tuning job with its counters and its best training job so far."""
        record = self._store.get(TUNING_JOB, params["HyperParameterTuningJobName"])
        return {**record, **self._progress(record), **self._overall(record)}

    def list_jobs(self, params: Params, call: Call) -> Params:
        """Tuning jobs by name, time and status."""
        rows = [
            {
                **record,
                **self._progress(record),
                "Strategy": record["HyperParameterTuningJobConfig"]["Strategy"],
                "ResourceLimits": record["HyperParameterTuningJobConfig"]["ResourceLimits"],
            }
            for record in self._store.all(TUNING_JOB)
        ]
        return listed(call.operation, params, rows, kind=TUNING_JOB)

    def list_trials(self, params: Params, call: Call) -> Params:
        """The training jobs of a tuning job; by the final metric only those that have one."""
        record = self._store.get(TUNING_JOB, params["HyperParameterTuningJobName"])
        rows = [trial.summary() for trial in trials(self._store, record) if trial.job]
        if params.get("SortBy") == "FinalObjectiveMetricValue":
            rows = [row for row in rows if "FinalObjectiveMetricValue" in row]
        return listed(call.operation, params, rows, kind=TRAINING_JOB)

    def stop(self, params: Params, _: Call) -> Params:
        """Ask a tuning job and its running trials to end. Raises ValidationError when it has ended."""

        def stopping(record: Record) -> Params:
            status = record["HyperParameterTuningJobStatus"]
            if status not in _RUNNING:
                raise ValidationError(f"The request was rejected because the tuning job is in status {status}.")
            return {"HyperParameterTuningJobStatus": "Stopping"}

        emit(self._context, self._store.edit(TUNING_JOB, params["HyperParameterTuningJobName"], stopping))
        return {}

    def delete(self, params: Params, _: Call) -> Params:
        """Forget a tuning job; its training jobs stay. Raises ResourceInUse while it runs."""

        def ended(record: Record) -> None:
            status = record["HyperParameterTuningJobStatus"]
            if status in _RUNNING:
                arn = record["HyperParameterTuningJobArn"]
                raise AwsError("ResourceInUse", f"The tuning job {arn} is in status {status} and cannot be deleted.")

        self._store.remove(TUNING_JOB, params["HyperParameterTuningJobName"], check=ended)
        return {}

    def resume(self) -> None:
        """Go on with the tuning jobs that the process before was running."""
        for record in self._store.all(TUNING_JOB):
            if record["HyperParameterTuningJobStatus"] in _RUNNING:
                self._begin(record["HyperParameterTuningJobName"])

    def close(self) -> None:
        """Let whoever waits for a trial see that the cloud is stopping."""
        self._store.wake()

    def _begin(self, name: str) -> None:
        life = Life(self._context, name, jobs=self._jobs)
        self._context.workers.start(f"tuning-{name}", life.run)

    def _progress(self, record: Record) -> Params:
        """What changes while it runs; at the end it was written down."""
        running = record["HyperParameterTuningJobStatus"] in _RUNNING
        return told(trials(self._store, record)) if running else {}

    def _overall(self, record: Record) -> Params:
        """The best training job of this tuning job and those that it started warm from, on the same data."""
        config = record.get("WarmStartConfig", {})
        if config.get("WarmStartType") != "IdenticalDataAndAlgorithm":
            return {}
        parents = [each["HyperParameterTuningJobName"] for each in config["ParentHyperParameterTuningJobs"]]
        known = [parent for parent in self._store.all(TUNING_JOB) if parent["HyperParameterTuningJobName"] in parents]
        found = [(each, trial) for each in (*known, record) for trial in trials(self._store, each)]
        leading = best([trial for _, trial in found])
        if leading is None:
            return {}
        owner = next(each["HyperParameterTuningJobName"] for each, trial in found if trial is leading)
        return {"OverallBestTrainingJob": {**leading.summary(), "TuningJobName": owner}}

    def _require_trial(self, definition: Definition, *, name: str) -> None:
        """Raise AwsError for trials that could not be made, or whose metric nothing would tell."""
        trial = request({"HyperParameterTuningJobArn": ""}, definition, name=name, point={})
        self._jobs.require(trial)
        algorithm = {**trial, **self._contract.initial(trial)}["AlgorithmSpecification"]
        known = [metric["Name"] for metric in algorithm.get("MetricDefinitions", [])]
        if definition.objective.metric not in known:
            raise ValidationError(
                f"The objective metric {definition.objective.metric} is not among the MetricDefinitions of the "
                f"training job definition, which are: {', '.join(known) or 'none'}."
            )

    def _require_ended(self, name: str) -> None:
        status = self._store.get(TUNING_JOB, name)["HyperParameterTuningJobStatus"]
        if status in _RUNNING:
            raise ValidationError(f"The parent tuning job {name} is in status {status}: it must have ended.")
