"""Executions of a pipeline at the seam: what SageMaker and CloudWatch Logs say of one, look after look."""

import json
from datetime import UTC, datetime, timedelta

from tests.cli.fakes import FakeClient, connection, ledger_of, refusal

BEGUN = datetime(2026, 11, 21, 10, tzinfo=UTC)
PIPELINE = "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/credit-risk-local"
ARN = f"{PIPELINE}/execution/u92ftvh0y0wg"
EARLIER = f"{PIPELINE}/execution/u9aaaaaaaaaa"
SCIENTIST = "arn:aws:sts::123456789012:assumed-role/sluice-local-scientist/ann"
PACKAGE = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/credit-risk/{}"
TRAINING = {"TrainingJob": {"Arn": "arn:aws:sagemaker:eu-west-1:123456789012:training-job/pipelines-u9-train-abc"}}
DEFINITION = {
    "Parameters": [{"Name": "Seed", "Type": "Integer", "DefaultValue": 20}],
    "Steps": [
        {"Name": "Train", "Type": "Training"},
        {
            "Name": "Gate",
            "Type": "Condition",
            "Arguments": {
                "IfSteps": [{"Name": "Register", "Type": "RegisterModel"}],
                "ElseSteps": [{"Name": "GateFailed", "Type": "Fail"}],
            },
        },
    ],
}


def step(name, status="Succeeded", *, began=0, took=None, **more):
    """A step as ListPipelineExecutionSteps tells it; seconds after the beginning."""
    end = {} if took is None else {"EndTime": BEGUN + timedelta(seconds=began + took)}
    return {"StepName": name, "StepStatus": status, "StartTime": BEGUN + timedelta(seconds=began), **end, **more}


def at(seconds):
    """The answer's own time."""
    return {
        "ResponseMetadata": {"HTTPHeaders": {"date": f"{BEGUN + timedelta(seconds=seconds):%a, %d %b %Y %H:%M:%S GMT}"}}
    }


def package(version, status="PendingManualApproval", **metadata):
    """A model package as SageMaker describes it, with `sluice:` metadata."""
    return {
        "ModelPackageArn": PACKAGE.format(version),
        "ModelPackageGroupName": "credit-risk",
        "ModelPackageVersion": version,
        "ModelApprovalStatus": status,
        "CreationTime": BEGUN,
        "CustomerMetadataProperties": {f"sluice:{name.replace('_', '-')}": text for name, text in metadata.items()},
    }


class SageMaker(FakeClient):
    """An execution that is looked at: each look is (status, seconds since it began, steps); the last one stays."""

    def __init__(self, *looks, packages=(), serving=None, jobs=(), earlier=()):
        super().__init__()
        self.looks, self.jobs, self.earlier = list(looks), dict(jobs), list(earlier)
        self.packages = {described["ModelPackageArn"]: described for described in packages}
        self.serving, self.started = serving, []

    def describe_pipeline_definition_for_execution(self, **_):
        return {"PipelineDefinition": json.dumps(DEFINITION)}

    def describe_pipeline(self, **_):
        return {"PipelineDefinition": json.dumps(DEFINITION)}

    def describe_pipeline_execution(self, **_):
        if len(self.looks) > 1:
            self.looks.pop(0)
        status, seconds, _ = self.looks[0]
        times = {"CreationTime": BEGUN, "LastModifiedTime": BEGUN + timedelta(seconds=seconds)}
        by = {"CreatedBy": {"IamIdentity": {"Arn": SCIENTIST}}}
        return {"PipelineExecutionStatus": status, **times, **by, **at(seconds)}

    def list_pipeline_execution_steps(self, **_):
        return {"PipelineExecutionSteps": self.looks[0][2]}

    def list_pipeline_executions(self, *, PipelineName, **_):
        if PipelineName != "credit-risk-local":
            raise refusal("ResourceNotFound", "Pipeline does not exist")
        return {"PipelineExecutionSummaries": [{"PipelineExecutionArn": arn} for arn in (ARN, *self.earlier)]}

    def list_pipeline_parameters_for_execution(self, **_):
        return {"PipelineParameters": [{"Name": "Seed", "Value": "20"}]}

    def start_pipeline_execution(self, **given):
        self.started.append(given)
        return {"PipelineExecutionArn": ARN}

    def describe_training_job(self, *, TrainingJobName):
        return self.jobs[TrainingJobName]

    def describe_model_package(self, *, ModelPackageName):
        return self.packages[ModelPackageName]

    def describe_endpoint(self, **_):
        if self.serving is None:
            raise refusal("ValidationException", 'Could not find endpoint "credit-risk-local".')
        return {"EndpointStatus": "InService", "EndpointConfigName": "config"}

    def describe_endpoint_config(self, **_):
        return {"ProductionVariants": [{"ModelName": "model"}]}

    def describe_model(self, **_):
        return {"Containers": [{"ModelPackageName": PACKAGE.format(self.serving)}]}


class Logs(FakeClient):
    """Log streams by name; `filter_log_events` gives all that was written since, as moto does, whatever the prefix."""

    def __init__(self, streams=()):
        super().__init__()
        self.streams = dict(streams)

    def filter_log_events(self, *, startTime, **_):
        return {
            "events": [
                {"eventId": f"{stream}{number}", "logStreamName": stream, "timestamp": stamp, "message": f"{line}\n"}
                for stream, lines in self.streams.items()
                for number, (stamp, line) in enumerate(lines)
                if stamp >= startTime
            ]
        }


def stage(sagemaker, *records, logs=None):
    """Stage local with an execution, a ledger, and logs."""
    return connection(sagemaker=sagemaker, logs=logs or Logs(), dynamodb=ledger_of(*records))
