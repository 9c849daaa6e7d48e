from tests.local.autoscaling.conftest import PLACE


def test_an_endpoint_follows_its_traffic(account):
    """Out when each instance has too many requests, in when they have been few for a quarter of an hour."""
    account.register()
    account.follow(100.0, ScaleOutCooldown=60, ScaleInCooldown=60)
    account.minutes(5, requests=600)
    assert account.endpoint.count == 6
    account.minutes(25, requests=210)
    assert account.endpoint.count == 3
    described = [(a["Description"], a["StatusCode"]) for a in account.activities()]
    assert described == [
        ("Setting desired instance count to 3.", "Successful"),
        ("Setting desired instance count to 6.", "Successful"),
    ]
    newest = account.activities()[0]
    assert newest["Cause"] == "monitor of InvocationsPerInstance triggered policy p"
    assert newest["StatusMessage"] == "Successfully set desired instance count to 3."


def test_the_limits_hold(account):
    """However much traffic there is, and at once when they are moved."""
    account.register(most=3)
    account.follow()
    account.minutes(10, requests=10_000)
    assert account.endpoint.count == 3
    account.register(least=4, most=6)
    account.minutes(1)
    assert account.endpoint.count == 4
    assert account.activities()[0]["Cause"] == "minimum capacity was set to 4"


def test_without_traffic_nothing_is_scaled(account):
    """No data is not little traffic, as on AWS."""
    account.endpoint.count = 5
    account.register()
    account.follow()
    account.minutes(30)
    assert account.endpoint.count == 5


def test_an_endpoint_that_is_being_updated_is_left_alone(account):
    """A release is not disturbed; afterwards it is scaled."""
    account.register()
    account.follow()
    account.endpoint.status = "Updating"
    account.minutes(5, requests=1000)
    assert (account.endpoint.count, account.activities()) == (2, [])
    account.endpoint.status = "InService"
    account.minutes(1, requests=1000)
    assert account.endpoint.count == 8


def test_a_cooldown_holds_the_next_activity_back(account):
    """The second scaling out waits until the first has had its time."""
    account.register()
    account.follow(100.0, ScaleOutCooldown=600)
    account.minutes(4, requests=400)
    assert account.endpoint.count == 4
    account.minutes(9, requests=800)
    assert account.endpoint.count == 4
    account.minutes(3, requests=800)
    assert account.endpoint.count == 8


def test_an_activity_is_in_progress_until_the_endpoint_is_there(account):
    """Then it succeeded; meanwhile nothing else is asked for."""
    account.register()
    account.follow()
    account.endpoint.slow = True
    account.minutes(6, requests=1000)
    [activity] = account.activities()
    assert (activity["StatusCode"], "EndTime" in activity) == ("InProgress", False)
    account.endpoint.go()
    account.minutes(1, requests=100)
    assert [activity["StatusCode"] for activity in account.activities()] == ["Successful"]


def test_a_refused_change_is_a_failed_activity(account):
    """With SageMaker's reason; the next minute tries again."""
    account.register()
    account.follow()
    account.endpoint.refuses = True
    account.minutes(4, requests=1000)
    failed = account.activities()[0]
    assert failed["StatusCode"] == "Failed"
    assert "Cannot update in-progress endpoint" in failed["StatusMessage"]
    account.endpoint.refuses = False
    account.minutes(1, requests=1000)
    assert account.endpoint.count == 8


def test_suspended_scaling_does_not_scale(account):
    """In the direction that is suspended."""
    account.register(SuspendedState={"DynamicScalingOutSuspended": True})
    account.follow()
    account.minutes(5, requests=1000)
    assert account.endpoint.count == 2


def test_what_was_deleted_scales_no_more(account):
    """Neither by a deleted policy nor for a target that is deregistered."""
    account.register()
    account.follow()
    account.client.delete_scaling_policy(**PLACE, PolicyName="p")
    account.minutes(5, requests=1000)
    assert account.endpoint.count == 2
    account.follow()
    account.client.deregister_scalable_target(**PLACE)
    account.minutes(5, requests=1000)
    assert account.endpoint.count == 2


def test_an_endpoint_is_scaled_in_the_role_that_is_linked_to_the_service(account):
    """Registering makes the role; looking and scaling are done in it."""
    account.register(least=3)
    account.minutes(1)
    assert account.endpoint.count == 3
    role = "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
    asked = account.cloud.asked_as(role)
    assert {"sagemaker:DescribeEndpoint", "sagemaker:UpdateEndpointWeightsAndCapacities"} == set(asked)
