"""What each type of step does: it calls the API that the step stands for and waits for the result."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.roles import NotAssumable
from local.sagemaker.context import Context
from local.sagemaker.errors import StepFailed, StepStopped
from local.sagemaker.kinds import PROCESSING_JOB, TRAINING_JOB, TRANSFORM_JOB, TUNING_JOB, Kind
from local.sagemaker.pipelines.callbacks import Waiting
from local.sagemaker.pipelines.conditions import holds
from local.sagemaker.pipelines.definition import Step
from local.sagemaker.pipelines.drift import Check
from local.sagemaker.pipelines.parameters import as_text
from local.sagemaker.pipelines.serving import make_config, serve

_log = logging.getLogger(__name__)

_LAMBDA_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "String": str,
    "Integer": int,
    "Boolean": bool,
    "Float": (int, float),
}

_ENDED = ("Completed", "Failed", "Stopped")


@dataclass(frozen=True)
class _Job:
    """A step type that runs a job: its kind, how botocore's methods call it, where the step's Metadata has its ARN."""

    kind: Kind
    noun: str
    key: str
    arn: str = "Arn"


_JOBS: Mapping[str, _Job] = {
    "Processing": _Job(PROCESSING_JOB, "processing_job", "ProcessingJob"),
    "Training": _Job(TRAINING_JOB, "training_job", "TrainingJob"),
    "Transform": _Job(TRANSFORM_JOB, "transform_job", "TransformJob"),
    "Tuning": _Job(TUNING_JOB, "hyper_parameter_tuning_job", "TuningJob"),
    "QualityCheck": _Job(PROCESSING_JOB, "processing_job", "QualityCheck", arn="CheckJobArn"),
    "ClarifyCheck": _Job(PROCESSING_JOB, "processing_job", "ClarifyCheck", arn="CheckJobArn"),
}
_BEST = 50
"""So many training jobs of a tuning step can be referred to, the best one first (AWS's SDK, `get_top_model_s3_uri`)."""


@dataclass(frozen=True)
class Task:
    """A step about to run in an execution."""

    step: Step
    job_name: str
    """`pipelines-<execution>-<step>-<random>`, for the job or model that it may make."""
    resolve: Callable[[Any], Any]
    note: Callable[[dict[str, Any]], None]
    """Writes the step's Metadata as soon as it is known."""
    cancelled: Callable[[], bool]
    """Whether the execution is being stopped."""
    began: Mapping[str, Any] = field(default_factory=dict)
    """The step's Metadata, when a process ended while it ran."""
    experiment: Mapping[str, str] = field(default_factory=dict)
    """The experiment and the trial that the jobs of the execution belong to."""

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments with every reference resolved, without what is empty, as the SDK's requests are sent."""
        pruned: dict[str, Any] = _pruned(self.resolve(self.step.arguments))
        return pruned


class Steps:
    """Runs an execution's tasks under its role; each gives the properties that later steps may refer to."""

    def __init__(self, context: Context, *, execution_arn: str, role_arn: str) -> None:
        self._identities, self._execution_arn, self._role_arn = context.identities, execution_arn, role_arn
        self._store, self._workers = context.store, context.workers
        self._files = context.files.acting(role_arn)
        self._callbacks = Waiting(context.store, execution_arn=execution_arn)
        self._run: Mapping[str, Callable[[Task], Any]] = {
            **dict.fromkeys(("Processing", "Training", "Transform"), self._job),
            "Tuning": self._tuning,
            **dict.fromkeys(("QualityCheck", "ClarifyCheck"), self._check),
            "Condition": self._condition,
            "RegisterModel": self._register,
            "Model": self._model,
            "EndpointConfig": self._config,
            "Endpoint": self._endpoint,
            "Lambda": self._lambda,
            "Callback": self._callback,
            "Fail": self._fail,
        }

    def run(self, task: Task) -> Any:
        """Run a step to its end. Raises StepFailed."""
        try:
            return self._run[task.step.kind](task)
        except ClientError as error:
            raise StepFailed.by(error) from error
        except NotAssumable as error:
            raise StepFailed(f"ClientError: {error}") from error
        except BotoCoreError as error:
            raise StepFailed(f"ClientError: the step's arguments are not valid: {error}") from error

    def stop(self, task: Task) -> None:
        """Ask the job of a running step to end, or whoever it waits for; other steps are too short to be stopped.

        Where that is refused, the step ends by itself, and its execution is stopping until then.
        """
        job = _JOBS.get(task.step.kind)
        try:
            if task.step.kind == "Callback":
                self._callbacks.stop(task.step, self._identities.acting(self._role_arn))
            elif job is not None:
                getattr(self._sagemaker, f"stop_{job.noun}")(**{job.kind.name_member: task.job_name})
        except (ClientError, NotAssumable) as error:
            # The job has ended already, or was not created yet and its step sees the stop itself: nothing to tell.
            if not _not_running(error):
                _log.warning("step %s of %s is not asked to end: %s", task.step.name, self._execution_arn, error)

    def job_begun(self, metadata: Mapping[str, Any]) -> str | None:
        """The name of the job that a step's Metadata points at, if there is one."""
        for job in _JOBS.values():
            if job.key in metadata:
                return str(self._store.get(job.kind, metadata[job.key][job.arn])[job.kind.name_member])
        return None

    def lasts(self, metadata: Mapping[str, Any]) -> bool:
        """Whether what a step has made, as its Metadata tells, goes on without it and can be asked to end."""
        return "Callback" in metadata or self.job_begun(metadata) is not None

    @property
    def _sagemaker(self) -> Any:
        return self._identities.acting(self._role_arn).client("sagemaker")

    def _job(self, task: Task) -> Any:
        # Tuning jobs have no ExperimentConfig in their request.
        with_experiment = task.experiment and task.step.kind != "Tuning"
        experiment = {"ExperimentConfig": dict(task.experiment)} if with_experiment else {}
        return self._run_job(task, lambda: {**experiment, **task.arguments})

    def _run_job(self, task: Task, request: Callable[[], dict[str, Any]]) -> Any:
        """What the Describe call says of the step's job after its end; `request` is for one that is not there yet."""
        job = _JOBS[task.step.kind]
        named, status = {job.kind.name_member: task.job_name}, job.kind.status_member
        arn = task.began.get(job.key, {}).get(job.arn)
        if arn is None:
            arn = getattr(self._sagemaker, f"create_{job.noun}")(**{**request(), **named})[job.kind.arn_member]
        task.note({job.key: {job.arn: arn}})
        if task.cancelled():  # the stop may have come before there was a job to stop
            self.stop(task)
        ended = self._store.until(
            job.kind, task.job_name, lambda record: self._workers.closing or record[status] in _ENDED
        )
        if ended[status] != "Completed":
            if not ended.get("FailureReason"):
                raise StepStopped(f"The job {task.job_name} was stopped.")
            raise StepFailed(ended["FailureReason"])
        return getattr(self._sagemaker, f"describe_{job.noun}")(**named)

    def _check(self, task: Task) -> Any:
        check = Check.of(task.step, task.resolve)
        baseline = check.baseline(self._sagemaker)
        ended = self._run_job(task, lambda: check.request(task.arguments, baseline))
        results = check.results(ended, baseline, self._files)
        task.note({task.step.kind: results})
        check.judge(results)
        return results

    def _tuning(self, task: Task) -> Any:
        tuned = self._job(task)
        maximized = tuned.get("BestTrainingJob", {}).get("FinalHyperParameterTuningJobObjectiveMetric", {}).get("Type")
        best = self._sagemaker.list_training_jobs_for_hyper_parameter_tuning_job(
            HyperParameterTuningJobName=task.job_name,
            SortBy="FinalObjectiveMetricValue",
            SortOrder="Descending" if maximized == "Maximize" else "Ascending",
            MaxResults=_BEST,
        )
        return {**tuned, "TrainingJobSummaries": best["TrainingJobSummaries"]}

    def _condition(self, task: Task) -> Any:
        outcome = all(holds(condition, task.resolve) for condition in task.step.arguments["Conditions"])
        task.note({"Condition": {"Outcome": str(outcome)}})
        return {"Outcome": outcome}

    def _register(self, task: Task) -> Any:
        # Packages of pipelines say where they come from (Developer Guide, the sample of the model package's event).
        metadata = {"GeneratedBy": self._execution_arn, **task.arguments.get("MetadataProperties", {})}
        arguments = {**task.arguments, "MetadataProperties": metadata}
        if "ModelPackageGroupName" in arguments:
            self._make_group(arguments["ModelPackageGroupName"])
        made = self._sagemaker.create_model_package(**arguments)
        task.note({"RegisterModel": {"Arn": made["ModelPackageArn"]}})
        package = self._sagemaker.describe_model_package(ModelPackageName=made["ModelPackageArn"])
        if package["ModelPackageStatus"] != "Completed":
            statuses = package["ModelPackageStatusDetails"]["ValidationStatuses"]
            why = "; ".join(status.get("FailureReason", "") for status in statuses)
            raise StepFailed(f"ClientError: model package {made['ModelPackageArn']} failed: {why}")
        return package

    def _make_group(self, group: str) -> None:
        try:
            self._sagemaker.describe_model_package_group(ModelPackageGroupName=group)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ValidationException" or group.startswith("arn:"):
                raise
            self._sagemaker.create_model_package_group(ModelPackageGroupName=group)

    def _model(self, task: Task) -> Any:
        made = self._sagemaker.create_model(**{**task.arguments, "ModelName": task.job_name})
        task.note({"Model": {"Arn": made["ModelArn"]}})
        return self._sagemaker.describe_model(ModelName=task.job_name)

    def _config(self, task: Task) -> Any:
        return make_config(self._sagemaker, task.arguments, name=task.job_name, note=task.note)

    def _endpoint(self, task: Task) -> Any:
        return serve(
            self._sagemaker,
            task.arguments,
            store=self._store,
            note=task.note,
            given_up=lambda: self._workers.closing,
        )

    def _lambda(self, task: Task) -> Any:
        function = str(task.resolve(task.step.body["FunctionArn"]))
        payload = json.dumps(task.resolve(task.step.arguments)).encode()
        answer = self._identities.acting(self._role_arn).client("lambda").invoke(FunctionName=function, Payload=payload)
        result = json.loads(answer["Payload"].read() or b"null")
        if "FunctionError" in answer:
            raise StepFailed(f"ClientError: function {function} failed: {result}")
        outputs = {
            output["OutputName"]: _lambda_output(output, result)
            for output in task.step.body.get("OutputParameters") or []
        }
        listed = [{"Name": name, "Value": as_text(value)} for name, value in outputs.items()]
        task.note({"Lambda": {"Arn": function, "OutputParameters": listed}})
        return {"OutputParameters": outputs}

    def _callback(self, task: Task) -> Any:
        queue, clients = str(task.resolve(task.step.body["SqsQueueUrl"])), self._identities.acting(self._role_arn)
        token = task.began.get("Callback", {}).get("CallbackToken") or self._callbacks.begin(
            task.step, task.resolve(task.step.arguments), queue=queue, clients=clients
        )
        task.note({"Callback": {"CallbackToken": token, "SqsQueueUrl": queue}})
        if task.cancelled():  # the stop may have come before there was anything to stop
            self.stop(task)
        outputs = self._callbacks.end(token, task.step, given_up=lambda: self._workers.closing)
        listed = [{"Name": name, "Value": as_text(value)} for name, value in outputs.items()]
        task.note({"Callback": {"CallbackToken": token, "SqsQueueUrl": queue, "OutputParameters": listed}})
        return {"OutputParameters": outputs}

    def _fail(self, task: Task) -> Any:
        message = str(task.resolve(task.step.arguments.get("ErrorMessage", "")))
        task.note({"Fail": {"ErrorMessage": message}})
        raise StepFailed(message)


def _not_running(error: Exception) -> bool:
    codes = ("ValidationException", "ResourceNotFound")
    return isinstance(error, ClientError) and error.response["Error"]["Code"] in codes


def _lambda_output(output: Mapping[str, str], result: Any) -> Any:
    name, kind = output["OutputName"], output["OutputType"]
    value = result.get(name) if isinstance(result, dict) else None
    # True is a number to Python alone.
    if not isinstance(value, _LAMBDA_TYPES[kind]) or isinstance(value, bool) != (kind == "Boolean"):
        raise StepFailed(f"ClientError: the function did not return the output {name!r} of type {kind}")
    return value


def _pruned(value: Any) -> Any:
    if isinstance(value, dict):
        pruned = {key: _pruned(item) for key, item in value.items()}
        return {key: item for key, item in pruned.items() if item not in (None, {})}
    return [_pruned(item) for item in value] if isinstance(value, list) else value
