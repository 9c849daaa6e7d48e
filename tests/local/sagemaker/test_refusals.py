from concurrent.futures import ThreadPoolExecutor

import pytest

from local.errors import AwsError, ValidationError
from local.sagemaker.hosting.refusals import require_deployable
from tests.local.sagemaker.fakes import ARN


def percent(value):
    """A CapacitySize in percent."""
    return {"Type": "CAPACITY_PERCENT", "Value": value}


def count(value):
    """A CapacitySize in instances."""
    return {"Type": "INSTANCE_COUNT", "Value": value}


def blue_green(kind, limit=None, **sizes):
    """A DeploymentConfig that waits for 300 and 120 seconds."""
    routing = {"Type": kind, "WaitIntervalInSeconds": 300, **sizes}
    policy = {"TrafficRoutingConfiguration": routing, "TerminationWaitInSeconds": 120}
    return {"BlueGreenUpdatePolicy": policy | ({"MaximumExecutionTimeoutInSeconds": limit} if limit else {})}


def rolling(batch):
    """A DeploymentConfig of a rolling policy."""
    return {"RollingUpdatePolicy": {"MaximumBatchSize": batch, "WaitIntervalInSeconds": 60}}


@pytest.mark.parametrize(
    ("deployment", "instances", "said"),
    [
        (blue_green("CANARY"), 4, "CanarySize must be specified"),
        (
            blue_green("CANARY", CanarySize=percent(51)),
            4,
            "CanarySize must be less than or equal to 50% of the variant",
        ),
        (blue_green("CANARY", CanarySize=count(3)), 4, "3 instance(s) of 4 instance(s) of variant V is not"),
        (blue_green("CANARY", CanarySize=percent(10)), 1, "10% of 1 instance(s)"),
        (blue_green("LINEAR"), 4, "LinearStepSize must be specified"),
        (blue_green("LINEAR", LinearStepSize=percent(9)), 20, "LinearStepSize must be 10-50% of the variant's total"),
        (blue_green("LINEAR", LinearStepSize=count(1)), 11, "LinearStepSize must be 10-50%"),
        (blue_green("LINEAR", LinearStepSize=percent(60)), 4, "LinearStepSize must be 10-50%"),
        (rolling(percent(4)), 40, "MaximumBatchSize must be 5-50%"),
        (rolling(count(3)), 4, "MaximumBatchSize must be 5-50%"),
        (blue_green("CANARY", 720, CanarySize=count(2)) | rolling(count(1)), 4, "Only one of BlueGreenUpdatePolicy"),
        (blue_green("LINEAR", 720, LinearStepSize=count(2)), 4, "must be larger than the total waiting time"),
    ],
)
def test_a_deployment_that_cannot_be_is_refused(deployment, instances, said):
    """With the limits of the API reference: what a share is of this many instances counts, not only what is asked."""
    with pytest.raises(ValidationError, match="ValidationException") as caught:
        require_deployable(deployment, blue={"V": instances}, green={"V": instances})
    assert said in caught.value.message


@pytest.mark.parametrize(
    ("deployment", "instances"),
    [
        ({}, 1),
        (blue_green("ALL_AT_ONCE"), 1),
        (blue_green("CANARY", 600, CanarySize=percent(50)), 2),
        (blue_green("CANARY", CanarySize=percent(10)), 2),
        (blue_green("LINEAR", 721, LinearStepSize=count(2)), 4),
        (rolling(percent(5)), 2),
        (rolling(count(2)), 4),
    ],
)
def test_limits_themselves_are_allowed(deployment, instances):
    """Half the instances, a timeout one second longer than the waits."""
    require_deployable(deployment, blue={"V": instances}, green={"V": instances})


def test_a_rolling_update_has_one_variant():
    """As the guide's exclusions say."""
    with pytest.raises(ValidationError, match="multiple variants"):
        require_deployable(rolling(count(1)), blue={"A": 2, "B": 2}, green={"A": 2, "B": 2})


def refused(hosting, operation, **params):
    """The message with which a call is refused."""
    with pytest.raises(AwsError) as caught:
        hosting.call(operation, EndpointName="e", **params)
    assert caught.value.code == "ValidationException"
    return caught.value.message


def test_nothing_changes_an_endpoint_while_it_changes(hosting):
    """One sentence for every operation, for a deletion too."""
    hosting.update(blue_green("CANARY", CanarySize=count(1)))
    said = f'Cannot update in-progress endpoint "{ARN}".'
    assert refused(hosting, "UpdateEndpoint", EndpointConfigName="c2") == said
    wanted = [{"VariantName": "V", "DesiredInstanceCount": 5}]
    assert refused(hosting, "UpdateEndpointWeightsAndCapacities", DesiredWeightsAndCapacities=wanted) == said
    assert refused(hosting, "DeleteEndpoint") == said


def test_of_many_updates_at_once_one_is_taken(hosting):
    """The others find it in progress, however close they come."""

    def update(_):
        try:
            hosting.update(blue_green("CANARY", CanarySize=count(1)))
        except AwsError as error:
            return error.message
        return "taken"

    with ThreadPoolExecutor(8) as callers:
        answers = list(callers.map(update, range(8)))
    assert sorted(answers) == [f'Cannot update in-progress endpoint "{ARN}".'] * 7 + ["taken"]


def test_configurations_must_be_there_and_have_the_same_variants(hosting):
    """The new one, and the one that serves: it may be deleted, and then no update finds it."""
    config = "arn:aws:sagemaker:eu-west-1:123456789012:endpoint-config/"
    missing = 'Could not find endpoint configuration "{}".'.format
    assert refused(hosting, "UpdateEndpoint", EndpointConfigName="none") == missing(f"{config}none")
    hosting.config("other", W=4)
    assert "(W) must be those of the endpoint (V)" in refused(hosting, "UpdateEndpoint", EndpointConfigName="other")
    hosting.delete_config("c1")
    assert refused(hosting, "UpdateEndpoint", EndpointConfigName="c2") == missing(f"{config}c1")
    wanted = [{"VariantName": "V", "DesiredInstanceCount": 5}]
    said = refused(hosting, "UpdateEndpointWeightsAndCapacities", DesiredWeightsAndCapacities=wanted)
    assert said == missing(f"{config}c1")
    assert hosting.call("DescribeEndpoint", EndpointName="e")["EndpointStatus"] == "InService"
    assert hosting.share("c1") == 1


def test_a_configuration_deleted_during_a_deployment_disturbs_nothing(hosting):
    """The fleets are what they are; an alarm still brings the old one back."""
    hosting.alarms.states["a"] = "OK"
    alarms = {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "a"}]}}
    hosting.update(blue_green("CANARY", CanarySize=count(1)) | alarms)
    hosting.stage("Baking")
    hosting.delete_config("c1")
    hosting.delete_config("c2")
    hosting.alarms.set("a", "ALARM")
    assert hosting.settled()["EndpointConfigName"] == "c1"
    hosting.call("DeleteEndpoint", EndpointName="e")
    hosting.until_gone()
