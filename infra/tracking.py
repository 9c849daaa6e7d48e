"""MLflow: the tracking server of a stage, what it may do, and the function that writes runs down in it."""

from __future__ import annotations

from aws_cdk import CfnOutput, Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sagemaker as sagemaker
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from env import naming
from env.stage import Stage
from env.stage import Tracking as Settings
from infra import rights
from infra.duties import Duty
from infra.function import Function
from infra.rights import Right
from infra.stack import StageStack
from lambdas import execution, track

PREFIX = "mlflow"
"""Where runs have their artifacts, in the stage's artifact bucket."""

_READING = ("GetExperiment", "GetExperimentByName", "GetMetricHistory", "GetRun", "ListArtifacts")
_EXECUTION_IDS = "SageMaker chooses the ids of executions."
_JOB_NAMES = "SageMaker names the jobs of steps pipelines-<execution>-<step>-<suffix>."


class Tracking(StageStack):
    """The tracking server and the function ``track``, woken by ends of executions, by decisions, and by the clock."""

    def __init__(self, scope: Construct, *, stage: Stage, settings: Settings) -> None:
        super().__init__(scope, stage=stage, capability="tracking")
        role = self._role(stage)
        server = sagemaker.CfnMlflowTrackingServer(
            self,
            "Server",
            tracking_server_name=naming.tracking_server(stage),
            tracking_server_size=settings.server,
            artifact_store_uri=f"s3://{naming.artifact_bucket(stage)}/{PREFIX}",
            automatic_model_registration=False,
            role_arn=role.role_arn,
        )
        # SageMaker tries the role when it makes the server.
        server.node.add_dependency(role)
        queue = f"arn:aws:sqs:{stage.region}:{stage.account}:{naming.dead_letter_queue(stage)}"
        function = Function(self, _duty(stage), stage=stage, failures=sqs.Queue.from_queue_arn(self, "Failures", queue))
        function.node.add_dependency(server)
        self._wake(function, stage)
        CfnOutput(self, "TrackingServerArn", value=server.attr_tracking_server_arn)

    def _role(self, stage: Stage) -> iam.Role:
        """Artifacts alone: it registers no models.

        Source: SageMaker Developer Guide, "Set up IAM permissions for MLflow".
        """
        role = iam.Role(
            self,
            "Role",
            role_name=naming.tracking_role(stage),
            description=f"The MLflow tracking server of stage {stage.name}",
            assumed_by=rights.service_of(stage, "sagemaker"),
        )
        bucket = naming.artifact_bucket(stage)
        rights.give(
            role,
            [
                rights.list_objects(bucket, prefixes=[PREFIX]),
                rights.read_objects(bucket, prefixes=[PREFIX]),
                rights.write_objects(bucket, prefixes=[PREFIX]),
                rights.use_key(stage, actions=["Decrypt", "GenerateDataKey"], via="s3"),
            ],
        )
        return role

    def _wake(self, function: Function, stage: Stage) -> None:
        """By the end of an execution, by a decision on a version, and by the clock, since events may get lost.

        Shape: SageMaker Developer Guide, "Automating SageMaker AI with Amazon EventBridge".
        """
        arn = f"arn:aws:sagemaker:{stage.region}:{stage.account}:pipeline"
        target = targets.LambdaFunction(function, retry_attempts=3, max_event_age=Duration.hours(1))
        events.Rule(
            self,
            "ExecutionEnded",
            event_pattern=events.EventPattern(
                source=["aws.sagemaker"],
                detail_type=["SageMaker Model Building Pipeline Execution Status Change"],
                detail={
                    "currentPipelineExecutionStatus": list(execution.ENDED),
                    "pipelineArn": [f"{arn}/{name.lower()}" for name in _pipelines(stage).values()],
                },
            ),
            targets=[target],
        )
        events.Rule(
            self,
            "VersionDecided",
            event_pattern=events.EventPattern(
                source=["aws.sagemaker"],
                detail_type=["SageMaker Model Package State Change"],
                detail={
                    "ModelPackageGroupName": list(_pipelines(stage)),
                    "ModelApprovalStatus": ["Approved", "Rejected"],
                },
            ),
            targets=[target],
        )
        events.Rule(
            self,
            "Tick",
            description="Has executions written down whose events got lost",
            schedule=events.Schedule.rate(Duration.hours(6)),
            targets=[target],
        )


def read_runs(stage: Stage) -> list[Right]:
    """Looking at runs, by the API and on MLflow's own pages; nothing for a stage without a tracking server.

    Source: SageMaker Developer Guide, "Set up IAM permissions for MLflow".
    """
    if stage.tracking is None:
        return []
    server = naming.tracking_server_arn(stage)
    searching = ("SearchExperiments", "SearchRuns")
    return [
        Right(actions=[f"sagemaker-mlflow:{action}" for action in (*_READING, *searching)], resources=[server]),
        Right(actions=["sagemaker-mlflow:AccessUI"], resources=["*"], because="AccessUI knows no resources."),
        Right(actions=["sagemaker:CreatePresignedMlflowTrackingServerUrl"], resources=[server]),
    ]


def _duty(stage: Stage) -> Duty:
    bucket, models = naming.artifact_bucket(stage), list(_pipelines(stage))
    return Duty(
        verb="track",
        module=track,
        settings=track.Settings(
            stage=stage.name,
            region=stage.region,
            server=naming.tracking_server_arn(stage),
            pipelines=_pipelines(stage),
        ),
        rights=[
            *_read_executions(stage),
            *(rights.read_packages(stage, model) for model in models),
            rights.read_objects(bucket, prefixes=models),
            rights.list_objects(bucket, prefixes=models),
            rights.write_objects(bucket, prefixes=[PREFIX]),
            rights.use_key(stage, actions=["Decrypt", "GenerateDataKey"], via="s3"),
            _write_runs(stage),
            *_write_lineage(stage),
        ],
        timeout_seconds=300,
    )


def _pipelines(stage: Stage) -> dict[str, str]:
    trained = [model for model, parts in stage.models.items() if parts.training is not None]
    return {model: naming.pipeline(stage, model) for model in trained}


def _read_executions(stage: Stage) -> list[Right]:
    """Following executions to their jobs."""
    arn = f"arn:aws:sagemaker:{stage.region}:{stage.account}"
    pipelines = [f"{arn}:pipeline/{name}" for name in _pipelines(stage).values()]
    verbs = ("DescribePipelineExecution", "ListPipelineExecutionSteps", "ListPipelineParametersForExecution")
    return [
        Right(actions=["sagemaker:ListPipelineExecutions"], resources=pipelines),
        Right(
            actions=[f"sagemaker:{verb}" for verb in verbs],
            resources=[f"{pipeline}/execution/*" for pipeline in pipelines],
            because=_EXECUTION_IDS,
        ),
        Right(
            actions=["sagemaker:DescribeProcessingJob", "sagemaker:DescribeTrainingJob"],
            resources=[f"{arn}:processing-job/pipelines-*", f"{arn}:training-job/pipelines-*"],
            because=_JOB_NAMES,
        ),
    ]


def _write_runs(stage: Stage) -> Right:
    """Making runs, writing them, and taking away one that was made twice.

    Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon SageMaker with MLflow".
    """
    making = ("CreateExperiment", "CreateRun", "DeleteRun", "GetExperimentByName", "SearchRuns")
    writing = ("LogBatch", "LogInputs", "UpdateRun")
    return Right(
        actions=[f"sagemaker-mlflow:{action}" for action in (*making, *writing)],
        resources=[naming.tracking_server_arn(stage)],
    )


def _write_lineage(stage: Stage) -> list[Right]:
    """Adding versions of data and code to what SageMaker knows of a model package."""
    arn = f"arn:aws:sagemaker:{stage.region}:{stage.account}"
    actions = [f"{arn}:action/{name}-*" for pair in _pipelines(stage).items() for name in pair]
    artifacts = f"{arn}:artifact/*"
    because = "SageMaker makes the ids of artifacts from their sources, and those of executions by itself."
    return [
        Right(
            actions=["sagemaker:CreateAction", "sagemaker:UpdateAction"],
            resources=actions,
            because=because,
        ),
        Right(actions=["sagemaker:CreateArtifact"], resources=[artifacts], because=because),
        Right(actions=["sagemaker:AddAssociation"], resources=[*actions, artifacts], because=because),
        Right(actions=["sagemaker:ListArtifacts"], resources=["*"], because="ListArtifacts knows no resources."),
    ]
