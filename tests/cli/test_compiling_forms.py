import pytest

from cli.compiling import forms
from tests.cli.compiling_samples import definition, fail, gate, processing

POLICY = {"ExceptionType": ["Step.THROTTLING"], "MaxAttempts": 3, "BackoffRate": 2.0, "IntervalSeconds": 5}


def retried(**changes):
    """A pipeline of a step with one retry policy, changed in some members."""
    return definition(processing("A", RetryPolicies=[{**POLICY, **changes}]))


def cached(duration, *, enabled=True):
    """A pipeline of a step with a cache."""
    return definition(processing("A", CacheConfig={"Enabled": enabled, "ExpireAfter": duration}))


def conditional(**condition):
    """A pipeline of one condition."""
    step = gate("Gate")
    step["Arguments"]["Conditions"] = [condition]
    return definition(step)


SOUND = {
    "a retry policy": retried(),
    "a policy with a time limit": definition(
        processing("A", RetryPolicies=[{"ExceptionType": ["SageMaker.CAPACITY_ERROR"], "ExpireAfterMin": 60}])
    ),
    **{f"a cache of {duration}": cached(duration) for duration in ("P30D", "PT12H", "30d", "T16m", "30dT5h")},
    "a cache that is off": cached("whenever", enabled=False),
    "two property files of one output": definition(
        processing("A", PropertyFiles=[{"PropertyFileName": name, "OutputName": "train"} for name in ("One", "Two")])
    ),
    "an order upon a failure": definition(processing("B", DependsOn=[{"Step": "A", "Trigger": "Failed"}])),
    "a condition on numbers": conditional(Type="LessThan", LeftValue={"Get": "Parameters.MinAuc"}, RightValue=1),
    "a condition on a value of a file": conditional(
        Type="Equals", LeftValue={"Std:JsonGet": {"Path": "a"}}, RightValue="yes"
    ),
    "a condition within conditions": conditional(
        Type="Not", Condition={"Type": "Or", "Conditions": [{"Type": "In", "QueryValue": 1, "Values": [1, 2]}]}
    ),
}

BROKEN = {
    "an exception that does not exist": (
        retried(ExceptionType=["Step.TIMEOUT"]),
        "a retry policy is for Step.TIMEOUT; the exception types are SageMaker.CAPACITY_ERROR",
    ),
    "no exception": (retried(ExceptionType=[]), "a retry policy is for no exception"),
    "too many attempts": (retried(MaxAttempts=21), "has MaxAttempts 21; it is a whole number from 1 to 20"),
    "a negative rate": (retried(BackoffRate=-1), "has BackoffRate -1; it is a number that is not negative"),
    "two limits": (retried(ExpireAfterMin=5), "has MaxAttempts and ExpireAfterMin; write one of them"),
    "a policy of a condition": (
        definition({**gate("Gate"), "RetryPolicies": [POLICY]}),
        "steps of type Condition take no retry policy; those of Model",
    ),
    "no duration": (cached("a month"), "the cache expires after 'a month'; write a duration of ISO 8601"),
    "a cache of a type without": (
        definition({**fail("F"), "CacheConfig": {"Enabled": True}}),
        "steps of type Fail are not cached",
    ),
    "an unknown trigger": (
        definition(processing("B", DependsOn=[{"Step": "A", "Trigger": "Late"}])),
        "waits for 'Late' of step A; write one of Any, Completed",
    ),
    "an unknown condition": (conditional(Type="Between"), "'Between' is no condition; the conditions are Equals"),
    "half a condition": (conditional(Type="Equals", LeftValue=1), "a condition Equals has no RightValue"),
    "half a condition within another": (conditional(Type="Or", Conditions=[{"Type": "Not"}]), "Not has no Condition"),
    "a text against a number": (
        conditional(Type="GreaterThan", LeftValue="0.8", RightValue={"Get": "Parameters.MinAuc"}),
        "condition GreaterThan compares '0.8', string, with Parameters.MinAuc, float",
    ),
    "a condition without conditions": (
        definition({**gate("Gate"), "Arguments": {"Conditions": [], "IfSteps": [], "ElseSteps": []}}),
        "it has no condition",
    ),
    "a condition in a branch": (
        definition(gate("Gate", then=[gate("Inner")])),
        "condition Inner is in its branch, and Pipelines has no conditions within conditions",
    ),
    "two outputs of one name": (
        definition(processing("A", outputs=["train", "test", "train"])),
        "Step A: output train is there 2 times; name each once.",
    ),
    "two property files of one name": (
        definition(processing("A", PropertyFiles=[{"PropertyFileName": "One", "OutputName": "train"}] * 2)),
        "Step A: property file One is there 2 times; name each once.",
    ),
    "two channels of one name": (
        definition({"Name": "T", "Type": "Training", "Arguments": {"InputDataConfig": [{"ChannelName": "train"}] * 2}}),
        "Step T: channel train is there 2 times; name each once.",
    ),
}


@pytest.mark.parametrize("pipeline", SOUND.values(), ids=SOUND.keys())
def test_forms_that_sagemaker_takes_pass(pipeline):
    """What AWS documents is no finding."""
    assert forms.findings(pipeline) == []


@pytest.mark.parametrize(("pipeline", "sentence"), BROKEN.values(), ids=BROKEN.keys())
def test_forms_that_sagemaker_refuses_are_told(pipeline, sentence):
    """One finding says what is wrong and what may be written."""
    (finding,) = forms.findings(pipeline)
    assert sentence in finding.sentence
    assert not finding.warning


def test_a_failure_without_a_word_is_a_warning():
    """SageMaker takes an empty message (API Reference, "FailStepMetadata"); nobody learns from it."""
    (finding,) = forms.findings(definition(fail("F", "")))
    assert "it has no message" in finding.sentence
    assert finding.warning
