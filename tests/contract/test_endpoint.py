"""The life of an endpoint: made, asked, updated by canary, taken back by an alarm, deleted. Costs money on AWS."""

import pytest

from tests.contract.account import refused
from tests.contract.serving import stages

pytestmark = [pytest.mark.clients, pytest.mark.aws_verified]

STATE = "SageMaker Endpoint State Change"
DEPLOYMENT = "SageMaker Endpoint Deployment State Change"


@pytest.fixture(scope="module")
def life(account, serving, letters):
    """What was seen in one life, from creation to deletion, moment by moment."""
    seen, sagemaker = {}, account.client("sagemaker")
    one, two = serving.config("life-one"), serving.config("life-two", "two")
    endpoint = serving.endpoint("life", one)
    seen |= {"name": endpoint, "configs": (one, two), "first": serving.says(endpoint)}

    serving.update(endpoint, two, serving.alarm("life-quiet"))
    seen["updating"] = serving.describe(endpoint)
    seen["refusals"] = {
        "update": refused(sagemaker.update_endpoint, EndpointName=endpoint, EndpointConfigName=one),
        "delete": refused(sagemaker.delete_endpoint, EndpointName=endpoint),
    }
    seen["baking"] = serving.baking(endpoint)
    seen["updated"] = serving.rested(endpoint)
    seen["second"] = serving.says(endpoint)

    alarm = serving.alarm("life-loud")
    serving.update(endpoint, one, alarm)
    serving.baking(endpoint)
    serving.ring(alarm, until=lambda: "Baking" not in stages(serving.describe(endpoint)))
    seen["rolled back"] = serving.rested(endpoint)
    seen["third"] = serving.says(endpoint)

    sagemaker.delete_endpoint(EndpointName=endpoint)
    waiter = sagemaker.get_waiter("endpoint_deleted")
    waiter.wait(EndpointName=endpoint, WaiterConfig={"Delay": 5, "MaxAttempts": 60})
    seen["gone"] = refused(sagemaker.describe_endpoint, EndpointName=endpoint)
    arn = account.arn("sagemaker", f"endpoint/{endpoint}")
    read = letters.until(lambda event: _of(event, arn) and event["detail"]["EndpointStatus"] == "DELETING")
    seen["events"] = [event for event in read if _of(event, arn)]
    return seen


def _of(event, arn):
    return event["resources"] == [arn]


def test_a_model_answers(life):
    """The container's own code says its word."""
    assert life["first"].strip() == "one x"


def test_while_it_deploys_an_endpoint_tells_its_old_configuration(life):
    """`Updating`, the old configuration in its place, the new one pending; half of the instances bake."""
    old, new = life["configs"]
    for moment in ("updating", "baking"):
        found = life[moment]
        assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("Updating", old)
        assert found["PendingDeploymentSummary"]["EndpointConfigName"] == new
    (variant,) = life["baking"]["PendingDeploymentSummary"]["ProductionVariants"]
    assert variant["VariantName"] == "AllTraffic"


def test_what_is_under_way_is_left_alone(life):
    """Neither another update nor a deletion is taken, in the same words."""
    for code, words in life["refusals"].values():
        assert code == "ValidationException"
        assert words.startswith("Cannot update in-progress endpoint")


def test_a_deployment_that_succeeds_serves_the_new_model(life):
    """`InService` with the new configuration, nothing pending, and the policy that it was deployed by."""
    found = life["updated"]
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", life["configs"][1])
    assert "PendingDeploymentSummary" not in found
    assert found["LastDeploymentConfig"]["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]["Type"] == "CANARY"
    assert life["second"].strip() == "two x"


def test_an_alarm_takes_a_deployment_back(life):
    """`InService` all the same, with the configuration before; the model before answers."""
    found = life["rolled back"]
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", life["configs"][1])
    assert life["third"].strip() == "two x"


def test_what_was_deleted_is_not_found(life):
    """The waiter ends, and then the name is unknown."""
    code, words = life["gone"]
    assert code == "ValidationException"
    assert words.startswith("Could not find endpoint")


def test_events_tell_the_life_in_their_own_spelling(life):
    """States in capitals with underscores, and ARNs in small letters, as resources name them."""
    told = {event["detail"]["EndpointStatus"] for event in life["events"] if event["detail-type"] == STATE}
    assert {"CREATING", "IN_SERVICE", "UPDATING", "DELETING"} <= told
    assert {event["detail"]["EndpointName"] for event in life["events"]} == {life["name"]}


def test_events_of_a_deployment_tell_its_stages(life):
    """What is pending stands in the detail, stage by stage."""
    pending = [event["detail"] for event in life["events"] if event["detail-type"] == DEPLOYMENT]
    assert {detail["EndpointStatus"] for detail in pending} == {"UPDATING"}
    assert "Baking" in {stage for detail in pending for stage in stages(detail)}
