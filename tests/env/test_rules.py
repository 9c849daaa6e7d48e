import pytest

from env import rules
from env.stage import Alarms, StageFile

SCALING = {"minimum": 2, "maximum": 3, "invocations_per_instance": 600.0}


def stage(*, serving=None, deployment=None, training=None, release=None, model="churn", **keys) -> StageFile:
    """A valid stage but for what is given."""
    parts = {
        "instance_type": "ml.m5.large",
        "instance_count": 2,
        "deployment": {"policy": "canary", **(deployment or {})},
        **(serving or {}),
    }
    if "autoscaling" in parts:
        parts.setdefault("instance_quota", 6)
    models = {model: {"serving": parts, "training": training, "release": release or {}}}
    document = {"account": "111111111111", "region": "eu-west-1", "registry": True, "models": models}
    return StageFile.model_validate({**document, **keys})


def found(stage: StageFile, *, name: str = "dev") -> list[str]:
    """The keys that contradict others, with what is said of them."""
    return [f"{breach.key} {breach.fault}" for breach in rules.breaches(name, stage)]


def test_a_sound_stage_breaks_no_rule():
    """The stage that the other tests spoil is valid."""
    assert found(stage()) == []


@pytest.mark.parametrize(
    ("spoilt", "expected"),
    [
        (
            stage(serving={"instance_count": 1}),
            "models.churn.serving.instance_count is too few for a canary deployment, "
            "which divides traffic between instances",
        ),
        (
            stage(serving={"instance_count": 3}),
            "models.churn.serving.instance_count doubles to 6 while both fleets run, above the quota of 4",
        ),
        (
            stage(tracking={"server": "Small"}, registry=False),
            "tracking.server tracks runs in a stage that trains nothing",
        ),
        (
            stage(serving={"instance_type": "ml.inf1.xlarge"}),
            "models.churn.serving.instance_type knows no canary deployment: "
            "SageMaker would silently move all traffic at once",
        ),
        (
            stage(deployment={"bake_seconds": 299}),
            "models.churn.serving.deployment.bake_seconds ends before an alarm that needs 2 bad minutes can ring",
        ),
        (
            stage(deployment={"final_bake_seconds": 0}),
            "models.churn.serving.deployment.final_bake_seconds ends before an alarm that needs 2 bad minutes can ring",
        ),
        (
            stage(serving={"alarms": {"periods": 9, "datapoints": 8}}, deployment={"final_bake_seconds": 660}),
            "models.churn.serving.deployment.bake_seconds ends before an alarm that needs 8 bad minutes can ring",
        ),
        (
            stage(serving={"alarms": {"periods": 2, "datapoints": 3}}),
            "models.churn.serving.alarms.datapoints is more than the 2 minutes that an alarm looks at",
        ),
        (
            stage(deployment={"timeout_seconds": 600}),
            "models.churn.serving.deployment.timeout_seconds "
            "is not longer than the 1200 seconds that all bakes take together",
        ),
        (
            stage(deployment={"canary_percent": 49}),
            "models.churn.serving.deployment.canary_percent of 2 instances is less than one of them",
        ),
        (
            stage(serving={"autoscaling": {**SCALING, "minimum": 1}}),
            "models.churn.serving.autoscaling.minimum is too few for a canary deployment, "
            "which divides traffic between instances",
        ),
        (
            stage(serving={"autoscaling": {**SCALING, "minimum": 3}}, deployment={"canary_percent": 50}),
            "models.churn.serving.instance_count is not between autoscaling's minimum of 3 and maximum of 3",
        ),
        (
            stage(serving={"autoscaling": SCALING, "instance_quota": 5}),
            "models.churn.serving.autoscaling.maximum doubles to 6 while both fleets run, above the quota of 5",
        ),
        (
            stage(release={"soak_hours": 24}),
            "models.churn.release.soak_hours wants a stage before this one, and there is none",
        ),
        (
            stage(network={"security_groups": ["sg-1"]}),
            "network.security_groups has no subnets beside it",
        ),
        (
            stage(network={"subnets": ["subnet-1"]}),
            "network.subnets has no security_groups beside it",
        ),
        (
            stage(tags={"sluice:stage": "x"}),
            "tags.sluice:stage is no tag that AWS or Sluice leaves to you",
        ),
        (
            stage(registry=False, training={"instance_type": "ml.m5.large"}),
            "models.churn.training.instance_type trains a model in a stage that has no registry to put it in",
        ),
    ],
)
def test_a_contradiction_is_found(spoilt, expected):
    """A value that cannot go with another is found, and nothing else."""
    assert [expected] == found(spoilt)


@pytest.mark.parametrize(("periods", "expected"), [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3)])
def test_more_than_half_of_the_minutes_must_be_bad(periods, expected):
    """An alarm of which nothing else is said rings when more than half of its minutes are bad."""
    assert expected == Alarms(periods=periods).needed


@pytest.mark.parametrize("policy", ["canary", "linear"])
def test_what_a_policy_does_unless_told_otherwise_is_sound(policy):
    """The defaults of a policy break no rule."""
    assert found(stage(deployment={"policy": policy})) == []


def test_bounds_of_scaling_hold_the_count():
    """Scaling is sound where the count lies within its bounds and twice the upper one within the quota."""
    assert found(stage(serving={"autoscaling": SCALING})) == []


def test_one_instance_may_scale_where_traffic_moves_at_once():
    """A fleet that is not divided may shrink to one instance."""
    serving = {"autoscaling": {**SCALING, "minimum": 1}, "deployment": {"policy": "all-at-once"}}

    assert found(stage(serving=serving)) == []


def test_a_later_stage_may_want_a_soak():
    """Hours in the stage before are asked for by a stage that has one."""
    assert found(stage(after="test", release={"soak_hours": 24})) == []


def test_all_at_once_may_go_without_a_bake():
    """A deployment without a bake is allowed where no part of the traffic is tried first."""
    serving = {"deployment": {"policy": "all-at-once", "final_bake_seconds": 0}}

    assert found(stage(serving=serving)) == []


@pytest.mark.parametrize(
    ("name", "model", "expected"),
    [
        ("dev", "m" * 60, {"endpoint", "role"}),
        ("dev", "m" * 64, {"endpoint", "role", "model package group"}),
        ("s" * 30, "churn", {"bucket"}),
        ("Dev", "churn", {"cannot"}),
    ],
)
def test_a_name_that_aws_would_refuse_is_found(name, model, expected):
    """Names are composed before anything is deployed; one that is too long, or no name at all, is a mistake."""
    texts = found(stage(model=model), name=name)

    assert expected == {
        word
        for word in ("endpoint", "role", "model package group", "bucket", "cannot")
        for text in texts
        if word in text
    }


def test_a_name_of_just_the_limit_is_none():
    """63 characters are allowed for an endpoint: the bound is AWS's, not one less."""
    texts = found(stage(model="m" * 59), name="dev")

    assert not any("endpoint" in text for text in texts)


def trained(**training):
    """A stage that trains its model so."""
    return stage(training={"instance_type": "ml.m5.large", **training})


@pytest.mark.parametrize(
    ("training", "expected"),
    [
        ({"schedule": "rate(7 days)"}, []),
        ({"schedule": "cron(0 6 ? * MON *)", "schedule_timezone": "Europe/Zurich"}, []),
        (
            {"schedule": "rate(1 days)"},
            [
                "models.churn.training.schedule has a unit of the wrong number: one is `minute`, several are `minutes`",
            ],
        ),
        (
            {"schedule": "cron(0 6 ? * MON *)", "schedule_timezone": "Zurich"},
            ["models.churn.training.schedule_timezone is no time zone"],
        ),
        (
            {"schedule_timezone": "Europe/Zurich"},
            ["models.churn.training.schedule_timezone has no effect without a schedule of the form cron(…)"],
        ),
        (
            {"schedule": "rate(7 days)", "schedule_timezone": "Europe/Zurich"},
            ["models.churn.training.schedule_timezone has no effect without a schedule of the form cron(…)"],
        ),
    ],
)
def test_a_schedule_means_something(training, expected):
    """Expressions and time zones that EventBridge Scheduler would refuse are found when the file is read."""
    assert found(trained(**training)) == expected
