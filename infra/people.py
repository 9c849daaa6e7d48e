"""The roles that people work in: who trains does not approve, and who takes a model back needs neither right.

Who may assume a role is the organisation's affair: each trusts its account, so that an identity of it needs a policy of
its own to assume one (IAM User Guide, "Granting a user permissions to switch roles").
"""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from constructs import Construct

from env import naming
from env.stage import Stage
from infra import ledger, rights
from infra.rights import Refusal, Right
from infra.serving import logical_id

_APPROVING = ["sagemaker:UpdateModelPackage"]
_TRAINING = [
    "sagemaker:CreateModelPackage",
    "sagemaker:CreatePipeline",
    "sagemaker:RetryPipelineExecution",
    "sagemaker:StartPipelineExecution",
    "sagemaker:UpdatePipeline",
]


def admit(scope: Construct, *, stage: Stage) -> None:
    """Make the roles of a stage; the one that trains only where something is trained."""
    models = list(stage.models)
    if stage.registry:
        _Person(scope, "scientist", stage=stage, given=_scientist(stage, models), refused=_never_approve(stage))
    never_trains = [Refusal(actions=_TRAINING), *rights.never_rehash()]
    _Person(scope, "approver", stage=stage, given=_approver(stage, models), refused=never_trains)
    _Person(scope, "operator", stage=stage, given=_operator(stage, models), refused=_never_approve(stage))


class _Person(iam.Role):
    """A role for the people of one kind, four hours at a time."""

    def __init__(
        self,
        scope: Construct,
        person: naming.Person,
        *,
        stage: Stage,
        given: Sequence[Right],
        refused: Sequence[Refusal],
    ) -> None:
        super().__init__(
            scope,
            person.capitalize(),
            role_name=naming.person_role(stage, person),
            description=f"People of the stage {stage.name}: {person}",
            assumed_by=iam.AccountPrincipal(stage.account),
            max_session_duration=Duration.hours(4),
        )
        rights.refuse(self, refused)
        rights.give(self, given)


def _never_approve(stage: Stage) -> list[Refusal]:
    """Neither in the registry nor through the function that approves for this stage."""
    return [
        Refusal(actions=_APPROVING),
        Refusal(actions=["lambda:InvokeFunction"], resources=[naming.function_arn(stage, "approve")]),
    ]


def _scientist(stage: Stage, models: Sequence[str]) -> list[Right]:
    """Bringing data, starting pipelines, following them, reading what they leave."""
    bucket = naming.artifact_bucket(stage)
    arn = f"arn:aws:sagemaker:{stage.region}:{stage.account}"
    pipelines = [f"{arn}:pipeline/{naming.pipeline(stage, model)}" for model in models]
    executions = [f"{pipeline}/execution/*" for pipeline in pipelines]
    verbs = ("DescribePipeline", "ListPipelineExecutions", "StartPipelineExecution")
    following = (
        "DescribePipelineDefinitionForExecution",
        "DescribePipelineExecution",
        "ListPipelineExecutionSteps",
        "ListPipelineParametersForExecution",
        "RetryPipelineExecution",
        "StopPipelineExecution",
    )
    return [
        Right(actions=[f"sagemaker:{verb}" for verb in verbs], resources=pipelines),
        Right(
            actions=[f"sagemaker:{verb}" for verb in following],
            resources=executions,
            because="SageMaker chooses the ids of executions.",
        ),
        Right(
            actions=["sagemaker:DescribeProcessingJob", "sagemaker:DescribeTrainingJob"],
            resources=[f"{arn}:processing-job/pipelines-*", f"{arn}:training-job/pipelines-*"],
            because="SageMaker names the jobs of steps pipelines-<execution>-<step>-<suffix>.",
        ),
        Right(
            actions=["logs:FilterLogEvents", "logs:GetLogEvents"],
            resources=[f"arn:aws:logs:{stage.region}:{stage.account}:log-group:/aws/sagemaker/*"],
            because="SageMaker chooses the names of log groups and streams.",
        ),
        *_read_evidence(stage, models),
        # Whether data are there already S3 tells only those who may list the bucket; others are refused either way.
        Right(actions=["s3:ListBucket"], resources=[f"arn:aws:s3:::{bucket}"]),
        rights.write_objects(bucket, prefixes=[f"{model}/data" for model in models], more=["s3:AbortMultipartUpload"]),
        rights.use_key(stage, actions=["GenerateDataKey"], via="s3"),
        *_see_serving(stage, models),
    ]


def _approver(stage: Stage, models: Sequence[str]) -> list[Right]:
    """Reading the evidence and what serves, and letting a version in: in the first stage by its approval status."""
    approving = [
        Right(
            actions=_APPROVING,
            resources=[rights.packages_arn(stage, model) for model in models],
            because=rights.PACKAGE_NUMBERS,
        )
    ]
    return [
        *_read_evidence(stage, models),
        rights.list_objects(naming.artifact_bucket(stage.owner), prefixes=models),
        *_see_serving(stage, models),
        *(approving if stage.first else []),
        rights.ask(stage, "approve"),
    ]


def _operator(stage: Stage, models: Sequence[str]) -> list[Right]:
    """Seeing all that a release says of itself, taking a version back, sweeping up."""
    logs = [
        f"arn:aws:logs:{stage.region}:{stage.account}:log-group:/aws/lambda/{naming.function(stage, verb)}:*"
        for verb in naming.VERBS
    ]
    return [
        *(rights.read_packages(stage, model) for model in models),
        *_see_serving(stage, models),
        *(rights.read_stack(stage, model, calls=["DescribeStackEvents", "DescribeStackResources"]) for model in models),
        Right(
            actions=["logs:FilterLogEvents", "logs:GetLogEvents"],
            resources=logs,
            because="Lambda chooses the names of log streams.",
        ),
        Right(
            actions=["sagemaker:InvokeEndpoint"],
            resources=[rights.endpoint_arn(stage, model) for model in models],
        ),
        rights.ask(stage, "rollback", "sweep"),
    ]


def _read_evidence(stage: Stage, models: Sequence[str]) -> list[Right]:
    """Reading packages, and the metrics, plots and artefacts that they name."""
    return [
        *(rights.read_packages(stage, model) for model in models),
        rights.read_objects(naming.artifact_bucket(stage.owner), prefixes=models),
        rights.use_key(stage.owner, actions=["Decrypt"], via="s3"),
    ]


def _see_serving(stage: Stage, models: Sequence[str]) -> list[Right]:
    """Seeing what serves, how it does, what CloudFormation makes of it, and what the ledger says."""
    arn = f"arn:aws:sagemaker:{stage.region}:{stage.account}"
    kinds = {"Model": "model", "Config": "endpoint-config"}
    named = [
        name
        for model in models
        for kind, resource in kinds.items()
        for name in rights.named_after(f"{arn}:{resource}", logical_id(stage, model, kind))
    ]
    return [
        Right(
            actions=["sagemaker:DescribeEndpoint"],
            resources=[rights.endpoint_arn(stage, model) for model in models],
        ),
        Right(
            actions=["sagemaker:DescribeEndpointConfig", "sagemaker:DescribeModel"],
            resources=named,
            because=rights.NAME_ENDS,
        ),
        *(rights.read_stack(stage, model, calls=["DescribeStacks"]) for model in models),
        rights.see_alarms(),
        rights.read_metrics(),
        *ledger.read(stage),
    ]
