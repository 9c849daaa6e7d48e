"""How a model is monitored in a stage: when, by which measures, who is called, and when it is trained anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from env.part import Part

InstanceType = Annotated[str, Field(pattern=r"^ml\.[a-z0-9-]+\.[a-z0-9-]+$", examples=["ml.m5.large"])]
Share = Annotated[float, Field(gt=0, lt=1)]
Distance = Annotated[float, Field(gt=0)]


class Monitoring(Part):
    """What the monitors of a stage's models share."""

    namespace: Annotated[str, Field(pattern=r"^[A-Za-z0-9._/#-]{1,200}$", examples=["sluice"])] = "sluice"
    """What the namespaces of Model Monitor's metrics begin with: `sluice` gives `sluice/Endpoints/data-metrics`."""
    layers: Annotated[
        tuple[Annotated[str, Field(pattern=r"^arn:aws[\w-]*:lambda:[a-z0-9-]+:\d{12}:layer:[\w-]+:\d+$")], ...],
        Field(strict=False, examples=[["arn:aws:lambda:eu-west-1:123456789012:layer:sluice-analysis:1"]]),
    ] = ()
    """Lambda layer versions that hold numpy, pyarrow and orjson; none: the kit builds and publishes one."""


class Feature(Part):
    """What is said of one feature alone."""

    ignore: bool = False
    """Whether the feature is left out of data quality."""
    distance: Distance | None = None
    """Largest distance of this feature from the baseline; absent: as of all features of its kind."""
    psi: Distance | None = None
    """Largest population stability index of this feature; absent: as of all."""
    jensen_shannon: Distance | None = None
    """Largest Jensen-Shannon distance of this feature; absent: as of all."""


class Data(Part):
    """Data quality: whether the traffic still looks like the data that the model was trained with."""

    minimum_rows: Annotated[int, Field(ge=1)] = 200
    """Requests in a window below which data quality is not judged."""
    false_alarm_rate: Share = 0.01
    """The chance of one run, over all features together, to find drift where there is none."""
    numeric_distance: Distance = 0.05
    """Largest difference between the distribution functions of a number in the baseline and in the window."""
    categorical_distance: Distance = 0.05
    """Largest difference between the shares of one category in the baseline and in the window."""
    psi: Distance | None = None
    """Largest population stability index; absent: not judged."""
    jensen_shannon: Distance | None = None
    """Largest Jensen-Shannon distance; absent: not judged."""
    features: Mapping[str, Feature] = {}
    """What is said of some features alone, by their names."""


class Limit(Part):
    """The bounds of a number; one of the two or both."""

    at_least: float | None = None
    """The least value that is well."""
    at_most: float | None = None
    """The largest value that is well."""


class Quality(Part):
    """Model quality: whether predictions come true, once labels are there."""

    kind: Annotated[Literal["binary-classification", "regression"], Field(examples=["binary-classification"])]
    """What the model answers: the probability of the positive label, or a number."""
    positive_label: Annotated[str | None, Field(examples=["1"])] = None
    """The label whose probability the model answers; required for binary classification."""
    decision_threshold: Share = 0.5
    """The probability above which the answer counts as positive."""
    minimum_labels: Annotated[int, Field(ge=1)] = 100
    """Labelled requests in a window below which model quality is not judged."""
    label_delay_minutes: Annotated[int, Field(ge=0, le=525_600)] = 0
    """How much earlier than data quality's the window lies, since labels come late."""
    false_positive_cost: Annotated[float, Field(ge=0)] = 1
    """What a positive answer to a negative case costs, in any unit."""
    false_negative_cost: Annotated[float, Field(ge=0)] = 1
    """What a negative answer to a positive case costs, in the same unit."""
    limits: Mapping[str, Limit] = {}
    """Bounds of metrics, by their names; none: significantly worse than at training is a violation."""


class Bias(Part):
    """Bias: whether groups of people are treated alike, in the data and by the model."""

    facets: Annotated[Mapping[str, str | float], Field(examples=[{"sex": "female"}])]
    """The group that is looked at, as a column and its value there (a number: above it), against everyone else."""
    limits: Annotated[Mapping[str, Distance], Field(examples=[{"DPPL": 0.1}])] = {}
    """How far Clarify's metrics, by their short names, may be from neutral; none: as far as at training."""
    favourable_label: Annotated[str | None, Field(examples=["1"])] = None
    """The label that is good for a person; absent: the positive one."""
    group_variable: Annotated[str | None, Field(examples=["housing"])] = None
    """The column by whose values conditional disparity is reckoned; absent: it is not."""


class Explainability(Part):
    """Explainability: whether the features still weigh as they did at training."""

    minimum_ndcg: Share = 0.9
    """The least agreement (NDCG) of the features' ranks with those at training."""
    rows: Annotated[int, Field(ge=10, le=10_000)] = 300
    """Requests of a window whose answers are explained."""


class Indicator(Limit):
    """A number that the business goes by, as an expression over what was captured and labelled."""

    expression: Annotated[str, Field(min_length=1, max_length=1000, examples=["mean(decision)"])]
    """What is reckoned, over columns, `prediction`, `decision` and `label`, as `sum(where(label == 0, amount, 0))`."""
    unit: str = ""
    """What the number counts, for people: `EUR`, `applicants`."""


class Ringing(Part):
    """When a monitor's alarm rings."""

    periods: Annotated[int, Field(ge=1, le=10)] = 1
    """Runs that an alarm looks at, the last ones."""
    datapoints: Annotated[int, Field(ge=1, le=10)] = 1
    """How many of them must have found violations before it rings."""


class Retraining(Part):
    """When drift starts the pipeline; the new version waits for an approval like any other."""

    stop: bool = False
    """Whether nothing is trained anew, whatever the alarms say."""
    cooldown_hours: Annotated[int, Field(ge=0, le=8760)] = 24
    """Hours after a retraining in which no other begins."""
    at_most_per_day: Annotated[int, Field(ge=1, le=24)] = 1
    """Retrainings that begin within twenty-four hours at most."""
    minimum_rows: Annotated[int, Field(ge=1)] = 500
    """Labelled requests below which there is too little to learn from."""
    lookback_hours: Annotated[int, Field(ge=1, le=8760)] = 24
    """Hours whose labelled requests are trained with."""
    parameters: Mapping[str, str | int | float | bool] = Field(default={}, examples=[{"MinAuc": 0.7}])
    """Values for the pipeline's parameters when drift starts it."""


class Monitor(Part):
    """How the traffic of a model is looked at, and what follows."""

    schedule: Annotated[Literal["kit", "model-monitor"], Field(examples=["kit"])] = "kit"
    """Who looks: `kit`, or `model-monitor` where the account has SageMaker's service of that name."""
    every: Annotated[str, Field(examples=["rate(1 day)"])] = "rate(1 day)"
    """How often: ``rate(…)`` or ``cron(…)`` of EventBridge Scheduler."""
    window_minutes: Annotated[int, Field(ge=1, le=44_640)] = 1440
    """Minutes of traffic that each run looks at, those before it."""
    job_above_mb: Annotated[int, Field(ge=1, le=4096)] = 512
    """Size of a window's captured requests above which a Processing job looks at them instead of the function."""
    job_instance_type: InstanceType = "ml.m5.xlarge"
    """Instance type of that job."""
    data: Data = Data()
    """Whether the traffic still looks like the data that the model was trained with."""
    quality: Quality | None = None
    """Whether predictions come true; absent: not looked at."""
    bias: Bias | None = None
    """Whether groups of people are treated alike; absent: not looked at."""
    explainability: Explainability | None = None
    """Whether the features still weigh as they did; absent: not looked at."""
    business: Mapping[str, Indicator] = {}
    """Numbers that the business goes by, by their names."""
    alarms: Ringing = Ringing()
    """When a monitor's alarm rings."""
    retraining: Retraining | None = None
    """When drift starts the pipeline; absent: never."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """The monitors that look at the model, as parts of names."""
        optional = {
            "model-quality": self.quality,
            "bias": self.bias,
            "explainability": self.explainability,
            "business": self.business,
        }
        return ("data-quality", *(name for name, settings in optional.items() if settings))
