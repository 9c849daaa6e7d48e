"""The names of what a stage holds in AWS, composed from the stage, the same in every room."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

VARIANT = "AllTraffic"
"""The variant of every endpoint: guarded deployments need the same variant name in both configs."""

Capability = Literal["storage", "registry", "training", "serving", "release", "tracking", "monitoring"]

Verb = Literal["release", "apply", "rollback", "approve", "watch", "sweep", "track", "monitor", "retrain"]
"""The Lambdas of a stage, by what they do."""

Person = Literal["scientist", "approver", "operator"]
"""Who uses a stage, by what they do there."""

VERBS: tuple[Verb, ...] = ("release", "apply", "rollback", "approve", "watch", "sweep")
"""Those that every stage has; `track` comes with a tracking server, `monitor` and `retrain` with a monitored model."""

MONITORS = ("data-quality", "model-quality", "bias", "explainability", "business")
"""What is monitored, as parts of names; the first four are SageMaker's monitoring types."""

PEOPLE: tuple[Person, ...] = get_args(Person)


PUSHED_TYPES = ("AWS::SageMaker::Pipeline",)
"""The types of resources that a push may change."""

PUSH_CHANGE_SET = "sluice-push"
"""The name of every change set of a push: no other may be executed by who pushes."""


class Located(Protocol):
    """What of a stage its names are made of."""

    @property
    def name(self) -> str:
        """The name of the stage."""

    @property
    def account(self) -> str:
        """Its AWS account."""

    @property
    def region(self) -> str:
        """Its AWS region."""


def stack(stage: Located, capability: Capability, model: str | None = None) -> str:
    """The CloudFormation stack of a capability: ``sluice-<stage>-<capability>[-<model>]``."""
    return "-".join(part for part in ("sluice", stage.name, capability, model) if part)


def artifact_bucket(stage: Located) -> str:
    """The bucket of data, models and pipeline assets."""
    return f"sluice-{stage.name}-artifacts-{stage.account}-{stage.region}"


def capture_bucket(stage: Located) -> str:
    """The bucket of captured requests and answers."""
    return f"sluice-{stage.name}-capture-{stage.account}-{stage.region}"


def log_bucket(stage: Located) -> str:
    """The bucket of the access logs of the other two."""
    return f"sluice-{stage.name}-logs-{stage.account}-{stage.region}"


def key_alias(stage: Located) -> str:
    """The alias of the stage's KMS key."""
    return f"alias/sluice-{stage.name}"


def key_alias_arn(stage: Located) -> str:
    """The ARN of the alias of the stage's KMS key; AWS services take it wherever they take a key."""
    return f"arn:aws:kms:{stage.region}:{stage.account}:{key_alias(stage)}"


def endpoint(stage: Located, model: str) -> str:
    """The endpoint that serves a model."""
    return f"{model}-{stage.name}"


def pipeline(stage: Located, model: str) -> str:
    """The pipeline that trains a model."""
    return f"{model}-{stage.name}"


def training_role(stage: Located, model: str) -> str:
    """The role of a model's pipeline and of its jobs."""
    return f"sluice-{stage.name}-training-{model}"


def push_role(stage: Located, model: str) -> str:
    """The narrow role in which CloudFormation updates a model's pipeline when a scientist pushes it."""
    return f"sluice-{stage.name}-push-{model}"


def start_role(stage: Located, model: str) -> str:
    """The role in which EventBridge Scheduler starts a model's pipeline."""
    return f"sluice-{stage.name}-start-{model}"


def training_schedule(stage: Located, model: str) -> str:
    """The schedule by which a model's pipeline runs."""
    return pipeline(stage, model)


def serving_role(stage: Located, model: str) -> str:
    """The execution role of a model."""
    return f"sluice-{stage.name}-serving-{model}"


def deploy_role(stage: Located, model: str) -> str:
    """The narrow role in which CloudFormation updates a model's serving stack."""
    return f"sluice-{stage.name}-deploy-{model}"


def role_arn(stage: Located, role: str) -> str:
    """The ARN of one of the stage's roles."""
    return f"arn:aws:iam::{stage.account}:role/{role}"


def person_role(stage: Located, person: Person) -> str:
    """The role that people assume in a stage: ``sluice-<stage>-scientist``, ``-approver`` or ``-operator``."""
    return f"sluice-{stage.name}-{person}"


def function(stage: Located, verb: Verb) -> str:
    """A Lambda: ``sluice-<stage>-<verb>``."""
    return f"sluice-{stage.name}-{verb}"


def function_arn(stage: Located, verb: Verb) -> str:
    """The ARN of a Lambda."""
    return f"arn:aws:lambda:{stage.region}:{stage.account}:function:{function(stage, verb)}"


def function_role(stage: Located, verb: Verb) -> str:
    """The role of a Lambda; it has a name, so that another stage's ledger can name it."""
    return f"sluice-{stage.name}-function-{verb}"


def scheduler_role(stage: Located) -> str:
    """The role in which EventBridge Scheduler wakes the Lambdas that work by the clock."""
    return f"sluice-{stage.name}-scheduler"


def schedule(stage: Located, verb: Verb) -> str:
    """The schedule that wakes a Lambda."""
    return f"sluice-{stage.name}-{verb}"


def tracking_server(stage: Located) -> str:
    """The MLflow tracking server of a stage."""
    return f"sluice-{stage.name}"


def tracking_server_arn(stage: Located) -> str:
    """The ARN of the tracking server, which MLflow's clients take for its address."""
    return f"arn:aws:sagemaker:{stage.region}:{stage.account}:mlflow-tracking-server/{tracking_server(stage)}"


def tracking_role(stage: Located) -> str:
    """The role in which the tracking server reads and writes artifacts."""
    return f"sluice-{stage.name}-tracking"


def dashboard(stage: Located, model: str | None = None) -> str:
    """The CloudWatch dashboard of a stage, or of one of its models."""
    return "-".join(part for part in ("sluice", stage.name, model) if part)


def ledger(stage: Located) -> str:
    """The DynamoDB table of what was approved, released, vetoed and done."""
    return f"sluice-{stage.name}-ledger"


def ledger_arn(stage: Located) -> str:
    """The ARN of the ledger."""
    return f"arn:aws:dynamodb:{stage.region}:{stage.account}:table/{ledger(stage)}"


def topic(stage: Located) -> str:
    """The SNS topic that tells people."""
    return f"sluice-{stage.name}-notify"


def topic_arn(stage: Located) -> str:
    """The ARN of the SNS topic that tells people."""
    return f"arn:aws:sns:{stage.region}:{stage.account}:{topic(stage)}"


def dead_letter_queue(stage: Located) -> str:
    """The SQS queue of events that no Lambda could digest."""
    return f"sluice-{stage.name}-dead-letters"


def alarm(config: str, condition: str) -> str:
    """The alarm on one fleet, named after its endpoint config, so that no alarm's state outlives its fleet."""
    return f"{config}-{condition}"


def backstop(stage: Located, model: str) -> str:
    """The alarm on a model's whole endpoint, whatever serves there."""
    return alarm(endpoint(stage, model), "backstop")


def monitor_schedule(stage: Located, model: str) -> str:
    """The schedule by which a model's traffic is looked at."""
    return f"sluice-{stage.name}-monitor-{model}"


def monitor_scheduler_role(stage: Located) -> str:
    """The role in which EventBridge Scheduler has traffic judged."""
    return f"sluice-{stage.name}-monitor-scheduler"


def monitor_parameter(stage: Located, model: str) -> str:
    """The SSM parameter that holds how a model is monitored: ``/sluice/<stage>/monitor/<model>``."""
    return f"/sluice/{stage.name}/monitor/{model}"


def monitor_parameter_arn(stage: Located, model: str) -> str:
    """The ARN of that parameter."""
    return f"arn:aws:ssm:{stage.region}:{stage.account}:parameter{monitor_parameter(stage, model)}"


def monitoring_schedule(stage: Located, model: str, monitor: str) -> str:
    """What SageMaker calls the schedule of one monitor, as a resource and as a dimension: ``<endpoint>-<monitor>``."""
    return f"{endpoint(stage, model)}-{monitor}"


def monitor_alarm(stage: Located, model: str, monitor: str) -> str:
    """The alarm that rings when one monitor finds violations."""
    return alarm(endpoint(stage, model), monitor)


def silence_alarm(stage: Located, model: str) -> str:
    """The alarm that rings when a model has not been judged for too long."""
    return alarm(endpoint(stage, model), "not-judged")


def monitor_job(stage: Located, model: str) -> str:
    """What the names of the Processing jobs begin with that look at large windows."""
    return f"sluice-{stage.name}-{model}"


def monitor_job_role(stage: Located) -> str:
    """The role of those jobs."""
    return f"sluice-{stage.name}-monitor-job"


def mask_key(stage: Located) -> str:
    """The secret with which masked columns are hashed."""
    return f"sluice/{stage.name}/mask"


def libraries(stage: Located) -> str:
    """The Lambda layer with the analyzer's libraries."""
    return f"sluice-{stage.name}-libraries"


def scaling_policy(stage: Located, model: str) -> str:
    """The policy by which an endpoint's instances follow its traffic."""
    return f"{endpoint(stage, model)}-invocations"


def folder(model: str) -> str:
    """The folder of a model under ``pipelines/``."""
    return model.replace("-", "_")


@dataclass(frozen=True, kw_only=True)
class Composed:
    """A name, what it names, and how long AWS lets it be."""

    kind: str
    name: str
    limit: int
    model: str | None = None


def composed(stage: Located, models: Iterable[str]) -> Iterator[Composed]:
    """Every name of a stage whose length depends on what people choose, with AWS's limit for it.

    Limits: Amazon S3 User Guide, "Bucket naming rules"; IAM User Guide, "IAM and AWS STS quotas"; AWS Lambda API
    Reference, "CreateFunction"; AWS CloudFormation API Reference, "CreateStack"; SageMaker API Reference,
    "CreateEndpoint", "CreatePipeline", "CreateModelPackageGroup", "CreateMonitoringSchedule".
    """
    for bucket in (artifact_bucket(stage), capture_bucket(stage), log_bucket(stage)):
        yield Composed(kind="bucket", name=bucket, limit=63)
    for verb in get_args(Verb):
        yield Composed(kind="Lambda function", name=function(stage, verb), limit=64)
        yield Composed(kind="role", name=function_role(stage, verb), limit=64)
    for model in models:
        yield Composed(kind="model package group", name=model, limit=63, model=model)
        yield Composed(kind="endpoint", name=endpoint(stage, model), limit=63, model=model)
        longest = monitoring_schedule(stage, model, max(MONITORS, key=len))
        yield Composed(kind="monitoring schedule", name=longest, limit=63, model=model)
        yield Composed(kind="pipeline", name=pipeline(stage, model), limit=256, model=model)
        for role in (training_role, push_role, start_role, serving_role, deploy_role):
            yield Composed(kind="role", name=role(stage, model), limit=64, model=model)
        for schedule_ in (training_schedule, monitor_schedule):
            yield Composed(kind="schedule", name=schedule_(stage, model), limit=64, model=model)
        yield Composed(kind="stack", name=stack(stage, "training", model), limit=128, model=model)
