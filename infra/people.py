"""The roles that people work in: who trains does not approve, and who takes a model back needs neither right.

Who may assume a role is the organisation's affair: each trusts its account, so that an identity of it needs a policy of
its own to assume one (IAM User Guide, "Granting a user permissions to switch roles").
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from constructs import Construct

from env import naming
from env.stage import Stage
from infra import ledger, rights, tracking
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


_JOBS: Mapping[str, tuple[str, str]] = {
    "ClarifyCheck": ("DescribeProcessingJob", "processing-job/pipelines-*"),
    "Processing": ("DescribeProcessingJob", "processing-job/pipelines-*"),
    "QualityCheck": ("DescribeProcessingJob", "processing-job/pipelines-*"),
    "Training": ("DescribeTrainingJob", "training-job/pipelines-*"),
    "Transform": ("DescribeTransformJob", "transform-job/pipelines-*"),
}
"""How the jobs of a kind of step are looked at, and how SageMaker names them."""


def admit(scope: Construct, *, stage: Stage, kinds: Collection[str]) -> None:
    """Make the roles of a stage; the one that trains only where something is trained.

    ``kinds`` are the kinds of steps that the stage's pipelines have.
    """
    models = list(stage.models)
    if stage.registry:
        given = [*_scientist(stage, models), *_see_jobs(stage, kinds), *_push(stage)]
        _Person(scope, "scientist", stage=stage, given=given, refused=_never_approve(stage))
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
    verbs = ("ListPipelineExecutions", "StartPipelineExecution")
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
        *_see_findings(stage),
        *_bring_labels(stage),
    ]


def _see_jobs(stage: Stage, kinds: Collection[str]) -> list[Right]:
    """Looking at the jobs of the steps that pipelines have."""
    arn = f"arn:aws:sagemaker:{stage.region}:{stage.account}"
    jobs = sorted({_JOBS[kind] for kind in kinds if kind in _JOBS})
    given = [
        Right(
            actions=[f"sagemaker:{verb}" for verb, _ in jobs],
            resources=[f"{arn}:{resource}" for _, resource in jobs],
            because="SageMaker names the jobs of steps pipelines-<execution>-<step>-<suffix>.",
        )
    ]
    if "Tuning" in kinds:
        verbs = ("DescribeHyperParameterTuningJob", "ListTrainingJobsForHyperParameterTuningJob")
        given.append(
            Right(
                actions=[*(f"sagemaker:{verb}" for verb in verbs), "sagemaker:DescribeTrainingJob"],
                resources=[f"{arn}:hyper-parameter-tuning-job/*", f"{arn}:training-job/*"],
                because="SageMaker names tuning jobs and their trials after the execution.",
            )
        )
    return [right for right in given if right.actions]


def _push(stage: Stage) -> list[Right]:
    """Giving a model's pipeline another definition: through its stack, in its narrow role, and nothing beside.

    A change set accepts any template, so everything about it that could do more is refused. It must name the role,
    since without one it would run in the role of the last deployment, an administrator. It must say that it changes
    pipelines alone, which also forbids it to acknowledge IAM resources (AWS CloudFormation API Reference,
    "CreateChangeSet"). And only a change set of that name may be executed: one that an administrator has left has
    another. Files are put beside those that are there, and never in the place of one (Amazon S3 User Guide, "Enforce
    conditional writes on Amazon S3 buckets").
    """
    models = [model for model, parts in stage.models.items() if parts.training is not None]
    if not models:
        return []
    bucket, named = naming.artifact_bucket(stage), {"cloudformation:ChangeSetName": naming.PUSH_CHANGE_SET}
    stacks = {model: rights.stack_arn(stage, model, capability="training") for model in models}
    roles = {model: naming.role_arn(stage, naming.push_role(stage, model)) for model in models}
    return [
        *(
            Right(
                actions=["cloudformation:CreateChangeSet"],
                resources=[stacks[model]],
                conditions={
                    "StringEquals": {**named, "cloudformation:RoleArn": roles[model]},
                    "ForAllValues:StringEquals": {"cloudformation:ResourceTypes": list(naming.PUSHED_TYPES)},
                    "Null": {
                        "cloudformation:ImportResourceTypes": "true",
                        "cloudformation:ResourceTypes": "false",
                        "cloudformation:TemplateUrl": "true",
                    },
                },
                because=rights.STACK_IDS,
            )
            for model in models
        ),
        Right(
            actions=[f"cloudformation:{verb}ChangeSet" for verb in ("Delete", "Describe", "Execute")],
            resources=list(stacks.values()),
            conditions={"StringEquals": named},
            because=rights.STACK_IDS,
        ),
        Right(
            actions=["cloudformation:DescribeStackEvents", "cloudformation:DescribeStacks"],
            resources=list(stacks.values()),
            because=rights.STACK_IDS,
        ),
        Right(
            actions=["cloudformation:GetTemplate"],
            resources=[*stacks.values(), rights.registry_stack_arn(stage)],
            because=rights.STACK_IDS,
        ),
        *(rights.pass_role(role, service="cloudformation.amazonaws.com") for role in roles.values()),
        rights.read_objects(bucket, prefixes=["assets"]),
        rights.write_objects(bucket, prefixes=["assets"], conditions={"Null": {"s3:if-none-match": "false"}}),
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
        *_see_who_trained(stage, models),
        *_see_serving(stage, models),
        *(approving if stage.first else []),
        rights.ask(stage, "approve"),
        *_see_findings(stage),
    ]


def _operator(stage: Stage, models: Sequence[str]) -> list[Right]:
    """Seeing all that a release says of itself, taking a version back, sweeping up."""
    verbs: list[naming.Verb] = [*naming.VERBS]
    if stage.tracking is not None:
        verbs.append("track")
    if stage.monitored:
        verbs.append("monitor")
    if any(monitor.retraining for monitor in stage.monitored.values()):
        verbs.append("retrain")
    logs = [
        f"arn:aws:logs:{stage.region}:{stage.account}:log-group:/aws/lambda/{naming.function(stage, verb)}:*"
        for verb in verbs
    ]
    return [
        *(rights.read_packages(stage, model) for model in models),
        *_see_who_trained(stage, models),
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
        *_see_findings(stage),
        *_bring_labels(stage),
        *_have_judged(stage),
    ]


def _see_findings(stage: Stage) -> list[Right]:
    """Reading what the monitors have said of each model."""
    bucket, found = naming.capture_bucket(stage), [f"reports/{model}" for model in stage.monitored]
    if not found:
        return []
    return [
        rights.read_objects(bucket, prefixes=found),
        rights.list_objects(bucket, prefixes=found),
        rights.use_key(stage, actions=["Decrypt"], via="s3"),
    ]


def _bring_labels(stage: Stage) -> list[Right]:
    """Telling the monitors what became of those whom a model has judged."""
    bucket, labels = naming.capture_bucket(stage), [f"labels/{model}" for model in stage.monitored]
    if not labels:
        return []
    return [
        rights.write_objects(bucket, prefixes=labels),
        rights.list_objects(bucket, prefixes=labels),
        rights.use_key(stage, actions=["GenerateDataKey"], via="s3"),
    ]


def _have_judged(stage: Stage) -> list[Right]:
    """Having the monitors look now, and following the job that looks where a function would take too long."""
    if not stage.monitored:
        return []
    jobs = f"arn:aws:sagemaker:{stage.region}:{stage.account}:processing-job"
    return [
        rights.ask(stage, "monitor"),
        Right(
            actions=["sagemaker:DescribeProcessingJob"],
            resources=[f"{jobs}/{naming.monitor_job(stage, model)}-*" for model in stage.monitored],
            because="A job's name ends in the id of its run.",
        ),
    ]


def _read_evidence(stage: Stage, models: Sequence[str]) -> list[Right]:
    """Reading packages, the metrics, plots and artefacts that they name, and the runs that they came from."""
    return [
        *(rights.read_packages(stage, model) for model in models),
        rights.read_objects(naming.artifact_bucket(stage.owner), prefixes=models),
        rights.use_key(stage.owner, actions=["Decrypt"], via="s3"),
        *tracking.read_runs(stage),
    ]


def _see_who_trained(stage: Stage, models: Sequence[str]) -> list[Right]:
    """Seeing who started the execution that registered a package; it stays in the account that trains."""
    arn = f"arn:aws:sagemaker:{stage.region}:{stage.account}:pipeline"
    trained = [model for model in models if stage.models[model].training]
    right = Right(
        actions=["sagemaker:DescribePipelineExecution"],
        resources=[f"{arn}/{naming.pipeline(stage, model)}/execution/*" for model in trained],
        because="SageMaker chooses the ids of executions.",
    )
    return [right] if trained else []


def _see_serving(stage: Stage, models: Sequence[str]) -> list[Right]:
    """Seeing what trains and serves, how it does, what CloudFormation makes of it, and what the ledger says."""
    arn = f"arn:aws:sagemaker:{stage.region}:{stage.account}"
    kinds = {"Model": "model", "Config": "endpoint-config"}
    named = [
        name
        for model in models
        for kind, resource in kinds.items()
        for name in rights.named_after(f"{arn}:{resource}", logical_id(stage, model, kind))
    ]
    trained = [f"{arn}:pipeline/{naming.pipeline(stage, model)}" for model in models if stage.models[model].training]
    return [
        *([Right(actions=["sagemaker:DescribePipeline"], resources=trained)] if trained else []),
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
        *rights.see_dashboards(stage),
        *ledger.read(stage),
    ]
