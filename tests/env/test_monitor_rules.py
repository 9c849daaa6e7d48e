import pytest

import env
from env import monitor_rules, shape
from env.stage import StageFile

QUALITY = {"kind": "binary-classification", "positive_label": "1"}
MONITOR = "models.churn.monitor"


def stage(monitor=None, *, model="churn", capture=None, training=None, network=None) -> StageFile:
    """A valid stage but for what is given."""
    serving = {
        "instance_type": "ml.m5.large",
        "deployment": {"policy": "all-at-once"},
        "capture": capture or {},
    }
    parts = {"serving": serving, "monitor": monitor, "training": training}
    document = {"account": "111111111111", "region": "eu-west-1", "registry": True, "network": network}
    return StageFile.model_validate({**document, "models": {model: parts}})


def found(spoilt: StageFile) -> list[str]:
    """The keys that contradict others, with what is said of them."""
    return [f"{breach.key} {breach.fault}" for breach in monitor_rules.breaches(spoilt)]


def test_a_sound_monitor_breaks_no_rule():
    """All monitors together, with retraining, are valid."""
    monitor = {
        "quality": {**QUALITY, "limits": {"auc": {"at_least": 0.7}}},
        "bias": {"facets": {"sex": "female", "age": 25}},
        "explainability": {},
        "business": {"refused": {"expression": "mean(decision)", "at_most": 0.5}},
        "retraining": {},
    }

    assert found(stage(monitor, training={"instance_type": "ml.m5.large"})) == []


@pytest.mark.parametrize(
    ("spoilt", "expected"),
    [
        (stage(model="labels"), "models.labels has the name of a folder that all models share"),
        (
            stage(capture={"masked": {"age": "drop"}}, network={"subnets": ["s"], "security_groups": ["g"]}),
            "models.churn.serving.capture.masked "
            "cannot be kept in a private network, where models run isolated and write nothing",
        ),
        (
            stage({"every": "rate(15 minute)"}),
            f"{MONITOR}.every has a unit of the wrong number: one is `minute`, several are `minutes`",
        ),
        (
            stage({"schedule": "model-monitor", "every": "rate(30 minutes)"}),
            f"{MONITOR}.every is no schedule that Model Monitor has: every hour, every few hours, or every day",
        ),
        (
            stage({}, capture={"percent": 0}),
            "models.churn.serving.capture.percent leaves the monitor nothing to look at",
        ),
        (
            stage({"alarms": {"periods": 2, "datapoints": 3}}),
            f"{MONITOR}.alarms.datapoints is more than the 2 runs that an alarm looks at",
        ),
        (stage({"quality": {"kind": "binary-classification"}}), f"{MONITOR}.quality.positive_label is missing"),
        (
            stage({"quality": {"kind": "regression", "positive_label": "1"}}),
            f"{MONITOR}.quality.positive_label has no meaning for a regression",
        ),
        (
            stage({"every": "rate(2 days)", "alarms": {"periods": 4}}),
            f"{MONITOR}.every is too seldom for alarms, which look back 7 days at most",
        ),
        (
            stage({"every": "rate(15 minutes)", "alarms": {"periods": 10}, "window_minutes": 44_640}),
            "models.churn.serving.capture.retention_days "
            "ends before the monitor has looked: window_minutes reaches 31.0 days back",
        ),
        (stage({"quality": QUALITY, "bias": {"facets": {}}}), f"{MONITOR}.bias.facets names no group"),
        (
            stage({"bias": {"facets": {"sex": "female"}}}),
            f"{MONITOR}.bias.facets cannot be compared: which label is the positive one is not said",
        ),
        (
            stage({"quality": QUALITY, "bias": {"facets": {"age": 25}}}, capture={"masked": {"age": "hash"}}),
            f"{MONITOR}.bias.facets.age is masked when it is captured: nobody's group is known",
        ),
        (
            stage(
                {"business": {"kpi": {"expression": "mean(age)", "at_most": 5}}}, capture={"masked": {"age": "hash"}}
            ),
            f"{MONITOR}.business.kpi.expression reckons with age, which is masked when it is captured",
        ),
        (
            stage(
                {"quality": QUALITY, "retraining": {}},
                capture={"masked": {"age": "drop"}},
                training={"instance_type": "ml.m5.large"},
            ),
            f"{MONITOR}.retraining would train with masked columns: age",
        ),
        (
            stage({"explainability": {}}, capture={"masked": {"age": "hash"}}),
            f"{MONITOR}.explainability would explain answers by masked columns: age",
        ),
        (stage({"business": {"kpi": {"expression": "1"}}}), f"{MONITOR}.business.kpi has no bound"),
        (
            stage({"quality": {**QUALITY, "limits": {"auc": {"at_least": 2, "at_most": 1}}}}),
            f"{MONITOR}.quality.limits.auc.at_least is more than at_most, 1: no value is well",
        ),
        (
            stage({"quality": QUALITY, "retraining": {}}),
            f"{MONITOR}.retraining starts a pipeline in a stage that does not train the model",
        ),
        (
            stage({"retraining": {}}, training={"instance_type": "ml.m5.large"}),
            f"{MONITOR}.retraining learns from labels, and the stage does not say what they mean",
        ),
    ],
)
def test_a_contradiction_is_told(spoilt, expected):
    """Each contradiction is found at its key, and nothing else is."""
    assert found(spoilt) == [expected]


def test_a_value_of_a_wrong_type_is_told_at_its_key():
    """Columns of facets are the team's own, so that the key of a bad value is the column's."""
    document = stage().model_dump(exclude_defaults=True)
    document["models"]["churn"]["monitor"] = {"quality": QUALITY, "bias": {"facets": {"sex": ["female"]}}}

    _, flaws = shape.read(document)

    assert [flaw.where for flaw in flaws] == [f'{MONITOR}.bias.facets.sex = ["female"]']


def test_only_monitored_models_are_listed():
    """A stage says which of its models are monitored, and how."""
    assert {name: list(env.load(name).monitored) for name in env.names()} == {
        name: ["credit-risk"] for name in env.names()
    }
