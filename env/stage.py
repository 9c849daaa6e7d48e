"""The few facts that differ between stages, as frozen, validated values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from env.monitor import InstanceType, Monitor, Monitoring
from env.part import Part

ImageName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*(:[A-Za-z0-9._-]+)?$")]
ModelName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$")]
Rate = Annotated[float, Field(gt=0, le=1)]
Seconds = Annotated[int, Field(ge=0, le=3600)]
Timeout = Annotated[int, Field(ge=600, le=28_800)]


class Network(Part):
    """The private network that jobs and models run in."""

    subnets: Annotated[tuple[str, ...], Field(strict=False, examples=[["subnet-0a1b2c3d"]])] = ()
    """Subnets of jobs and models; with it, models run isolated from the internet."""
    security_groups: Annotated[tuple[str, ...], Field(strict=False, examples=[["sg-0a1b2c3d"]])] = ()
    """Security groups of jobs and models."""


class Training(Part):
    """How a model is trained in this stage."""

    instance_type: InstanceType
    """Instance type of the pipeline's jobs."""
    parameters: Mapping[str, str | int | float | bool] = Field(default={}, examples=[{"MinAuc": 0.7}])
    """Values that replace the defaults of the pipeline's parameters."""
    schedule: Annotated[str | None, Field(examples=["cron(0 6 ? * MON *)"])] = None
    """When the pipeline runs by itself: ``rate(…)`` or ``cron(…)`` of EventBridge Scheduler; absent: when asked."""
    schedule_timezone: Annotated[str | None, Field(examples=["Europe/Zurich"])] = None
    """The time zone in which ``cron(…)`` is read; absent: UTC."""


class AllAtOnce(Part):
    """All traffic moves to the new fleet in one step."""

    policy: Annotated[Literal["all-at-once"], Field(examples=["all-at-once"])]
    """How traffic moves: ``all-at-once``, ``canary`` or ``linear``."""
    final_bake_seconds: Seconds = 0
    """How long alarms are watched after all traffic has moved, before the old fleet ends."""
    timeout_seconds: Timeout = 3600
    """How long a deployment may take before it is rolled back."""


class Canary(Part):
    """A share of the new fleet takes traffic first; the rest follows if no alarm rings."""

    policy: Literal["canary"]
    """How traffic moves."""
    canary_percent: Annotated[int, Field(ge=1, le=50)] = 50
    """Share of the new fleet that takes traffic first."""
    bake_seconds: Seconds = 600
    """How long alarms are watched after each part of the traffic but the last."""
    final_bake_seconds: Seconds = 600
    """How long alarms are watched after all traffic has moved, before the old fleet ends."""
    timeout_seconds: Timeout = 3600
    """How long a deployment may take before it is rolled back."""


class Linear(Part):
    """Traffic moves in equal steps, each watched."""

    policy: Literal["linear"]
    """How traffic moves."""
    step_percent: Annotated[int, Field(ge=10, le=50)] = 25
    """Share of the new fleet that takes traffic with each step."""
    bake_seconds: Seconds = 420
    """How long alarms are watched after each part of the traffic but the last."""
    final_bake_seconds: Seconds = 600
    """How long alarms are watched after all traffic has moved, before the old fleet ends."""
    timeout_seconds: Timeout = 7200
    """How long a deployment may take before it is rolled back."""


Deployment = AllAtOnce | Canary | Linear

POLICIES: Mapping[str, type[Part]] = {"all-at-once": AllAtOnce, "canary": Canary, "linear": Linear}
"""The deployment policies by the name they have in a file."""


class Alarms(Part):
    """When a deployment is rolled back, and when people are called."""

    model_error_rate: Rate = 0.05
    """Share of requests that the model may answer with an error (InvocationModelErrors)."""
    server_error_rate: Rate = 0.01
    """Share of requests that may end in a 5xx answer (Invocation5XXErrors)."""
    p90_latency_ms: Annotated[int, Field(gt=0, le=60_000)] = 1000
    """Milliseconds within which the model answers nine requests of ten (ModelLatency)."""
    periods: Annotated[int, Field(ge=1, le=10)] = 3
    """Minutes that an alarm looks at, the last ones."""
    datapoints: Annotated[int | None, Field(ge=1, le=10, examples=[2])] = None
    """How many of them must be bad before an alarm rings; absent: more than half."""
    minimum_invocations: Annotated[int, Field(ge=1)] = 10
    """Requests per minute below which a minute is not judged."""
    minimum_errors: Annotated[int, Field(ge=1)] = 2
    """Errors per minute below which their share is not judged: at little traffic a single one says nothing."""

    @property
    def needed(self) -> int:
        """How many of the minutes must be bad before an alarm rings."""
        return self.periods // 2 + 1 if self.datapoints is None else self.datapoints


class Capture(Part):
    """What is kept of requests and answers."""

    percent: Annotated[int, Field(ge=0, le=100)] = 100
    """Share of requests that is captured with its answers (0 = none)."""
    masked: Annotated[Mapping[str, Literal["hash", "drop"]], Field(examples=[{"age": "hash"}])] = {}
    """Columns that are never captured in clear: each is hashed with the stage's key (`hash`) or left out (`drop`)."""
    retention_days: Annotated[int, Field(ge=1, le=3650)] = 30
    """Days after which captured requests and answers are deleted."""


class Autoscaling(Part):
    """How the number of instances follows the traffic."""

    minimum: Annotated[int, Field(ge=1, examples=[2])]
    """Instances that always run."""
    maximum: Annotated[int, Field(ge=1, examples=[4])]
    """Instances that run at most; a deployment needs twice as many."""
    invocations_per_instance: Annotated[float, Field(gt=0, examples=[600])]
    """Requests per minute and instance that scaling aims at."""
    scale_in_cooldown_seconds: Seconds = 300
    """How long after a change instances are not taken away."""
    scale_out_cooldown_seconds: Seconds = 60
    """How long after instances were added no more are added."""


class Expected(Part):
    """What an endpoint is expected to see: the chance to catch a bad model is reckoned from it."""

    requests_per_minute: Annotated[float, Field(gt=0, examples=[600])]
    """Requests of users to the endpoint in a quiet minute."""
    error_rate: Rate = 0.001
    """Share of a good model's answers that are errors."""
    latency_ms: Annotated[float, Field(gt=0, le=60_000)] = 100
    """Milliseconds within which a good model gives half of its answers."""
    latency_sigma: Annotated[float, Field(ge=0, le=5)] = 0.5
    """How far latencies spread: the standard deviation of their natural logarithm."""


class Serving(Part):
    """How a model is served in this stage."""

    instance_type: InstanceType
    """Instance type of the endpoint."""
    instance_count: Annotated[int, Field(ge=1)] = 1
    """Instances of the endpoint."""
    instance_quota: Annotated[int, Field(ge=1)] = 4
    """The account's quota "instances per endpoint"; a deployment needs twice the count."""
    deployment: Annotated[Deployment, Field(discriminator="policy", examples=[{"policy": "all-at-once"}])]
    """How traffic moves from one fleet to the next."""
    alarms: Alarms = Alarms()
    """When a deployment is rolled back, and when people are called."""
    capture: Capture = Capture()
    """What is kept of requests and answers."""
    probe: bool = True
    """Whether a fleet that bakes without traffic is sent the package's sample requests, so that it is tested."""
    autoscaling: Autoscaling | None = None
    """How the number of instances follows the traffic; absent where it is fixed."""
    expected: Expected | None = None
    """What the endpoint is expected to see; absent: no more than the probe sends."""


class Release(Part):
    """Who may release a model in this stage, how long a release is watched, and what is kept to go back to."""

    two_people: bool = True
    """Whether a package must be approved by someone else than who trained it."""
    approval_valid_hours: Annotated[int, Field(ge=1, le=8760)] = 168
    """Hours after which an approval that has not been acted on no longer counts."""
    soak_hours: Annotated[int, Field(ge=0, le=8760)] = 0
    """Hours that a package must have served well in the stage before."""
    watch_hours: Annotated[int, Field(ge=0, le=720)] = 24
    """Hours after a release in which the endpoint's backstop alarm takes it back."""
    keep_releases: Annotated[int, Field(ge=1, le=100)] = 3
    """Releases that served well whose models and endpoint configs are kept to go back to."""
    keep_days: Annotated[int, Field(ge=0, le=3650)] = 7
    """Days for which models and endpoint configs are kept whatever became of them."""


class Model(Part):
    """One model in this stage."""

    training: Training | None = None
    """How the model is trained; absent in stages that only serve what another stage has trained."""
    serving: Serving
    """How the model is served."""
    release: Release = Release()
    """Who may release the model, how long a release is watched, and what is kept to go back to."""
    monitor: Monitor | None = None
    """How the model's traffic is looked at, and what follows; absent: not at all."""


class Tracking(Part):
    """The MLflow tracking server that keeps what every run was made of and came to."""

    server: Annotated[Literal["Small", "Medium", "Large"], Field(examples=["Small"])]
    """Size of SageMaker's managed MLflow server, which AWS bills by the hour: `Small`, `Medium` or `Large`."""


class OwnImage(Part):
    """A container image of the team's own, made from one of AWS's or fit for the same contract."""

    uri: Annotated[
        str,
        Field(
            pattern=r"^\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/[a-z0-9._/-]+:[A-Za-z0-9._-]+$",
            examples=["123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/churn:1"],
        ),
    ]
    """Where this stage pulls the image from; pipelines name it `{{sluice:image:<image>}}`, or by any stage's URI."""
    played_by: Annotated[str, Field(examples=["sklearn:1.4-2"])]
    """The image of `images.toml` whose libraries run its jobs on a laptop."""


class StageFile(Part):
    """What one file of ``env/`` says."""

    account: Annotated[str, Field(pattern=r"^\d{12}$", examples=["123456789012"])]
    """The AWS account of the stage, twelve digits."""
    region: Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$", examples=["eu-west-1"])]
    """The AWS region of the stage."""
    registry: bool = False
    """Whether this account owns the model package groups and trains; one stage of a chain does."""
    after: Annotated[str | None, Field(examples=["dev"])] = None
    """The stage that a package must have passed before; absent in the first stage of a chain."""
    notify: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")], ...],
        Field(strict=False, examples=[["mlops@example.com"]]),
    ] = ()
    """E-mail addresses of the people to tell about alarms and lost events."""
    runbooks: Annotated[
        str | None, Field(pattern=r"^https://[^\s()#]+$", examples=["https://git.example.com/sluice/docs/runbooks.md"])
    ] = None
    """Where people read `docs/runbooks.md`: the dashboards link to its sections; absent: they name them."""
    tags: Mapping[str, str] = Field(default={}, examples=[{"owner": "credit"}])
    """Tags on everything that is deployed."""
    network: Network | None = None
    """The private network that jobs and models run in."""
    tracking: Tracking | None = None
    """The MLflow server that runs are tracked in; without it there is none."""
    monitoring: Monitoring = Monitoring()
    """What the monitors of the stage's models share."""
    images: Mapping[ImageName, OwnImage] = {}
    """The team's own container images, by the names that pipelines have for them."""
    models: Mapping[ModelName, Model] = {}
    """The models of this stage, by name."""


class Place(BaseModel):
    """Where a stage lives, for the stages that must know of it."""

    model_config = ConfigDict(frozen=True)

    name: str
    account: str
    region: str


class Stage(StageFile):
    """A stage: what its file says, its name, and its place in the chain of stages."""

    name: str
    owner: Place
    """The stage of the chain whose account owns the model package groups and trains; maybe this one."""
    others: tuple[Place, ...]
    """The other stages of the chain, in the order of promotion."""
    before: Place | None = None
    """The stage that a package must have passed before."""
    followers: tuple[Place, ...] = ()
    """The stages that a package may enter once it has passed this one."""

    @property
    def registry_account(self) -> str:
        """The account that owns the model package groups of the chain."""
        return self.owner.account

    @property
    def registry_region(self) -> str:
        """The region in which that account holds them."""
        return self.owner.region

    @property
    def first(self) -> bool:
        """Whether a package needs to have passed no other stage."""
        return self.after is None

    @property
    def monitored(self) -> dict[str, Monitor]:
        """How each model that is monitored is, by its name."""
        return {model: parts.monitor for model, parts in self.models.items() if parts.monitor is not None}
