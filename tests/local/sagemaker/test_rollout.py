from datetime import timedelta

import pytest

from local.sagemaker.kinds import ENDPOINT
from tests.local.sagemaker.fakes import Hosting

ALARMS = {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "a"}, {"AlarmName": "b"}]}}


def size(value):
    """A CapacitySize of instances."""
    return {"Type": "INSTANCE_COUNT", "Value": value}


def blue_green(kind, *, wait=300, last=120, limit=None, **sizes):
    """A guarded DeploymentConfig of a blue/green policy."""
    routing = {"Type": kind, "WaitIntervalInSeconds": wait, **sizes}
    policy = {"TrafficRoutingConfiguration": routing, "TerminationWaitInSeconds": last}
    return {"BlueGreenUpdatePolicy": policy | ({"MaximumExecutionTimeoutInSeconds": limit} if limit else {}), **ALARMS}


def rolling(batch, *, back=None):
    """A guarded DeploymentConfig of a rolling policy."""
    more = {"RollbackMaximumBatchSize": size(back)} if back else {}
    return {"RollingUpdatePolicy": {"MaximumBatchSize": size(batch), "WaitIntervalInSeconds": 60, **more}, **ALARMS}


CANARY = blue_green("CANARY", CanarySize=size(1))


def advance(hosting, seconds):
    """Let time pass."""
    hosting.clock.advance(timedelta(seconds=seconds))


def stages(hosting):
    """Every stage that a deployment event told: whose, its status, its message, and the current count."""
    told = []
    for detail in hosting.told("Deployment "):
        for whose, variants in (
            ("green", detail.get("PendingDeploymentSummary", {}).get("ProductionVariants", [])),
            ("blue", detail["ProductionVariants"]),
        ):
            for variant in variants:
                for status in variant.get("VariantStatus", []):
                    row = (whose, status["Status"], status["StatusMessage"], variant["CurrentInstanceCount"])
                    if row not in told:
                        told.append(row)
    return told


def test_a_canary_bakes_twice_and_then_serves_alone(hosting):
    """A quarter of the traffic, then all of it; the old configuration's name until the old fleet is gone."""
    hosting.update(CANARY)
    hosting.stage("Baking", "canary")
    assert hosting.share("c2") == pytest.approx(0.25, abs=0.03)
    advance(hosting, 299)
    assert hosting.share("c2") < 1
    advance(hosting, 1)
    assert hosting.share("c2") == 1
    record = hosting.when(lambda record: True)
    assert (record["EndpointStatus"], record["EndpointConfigName"]) == ("Updating", "c1")
    assert hosting.fleets.made["c1"].counts() == {"V": 4}
    advance(hosting, 120)
    record = hosting.settled()
    assert (record["EndpointStatus"], record["EndpointConfigName"]) == ("InService", "c2")
    assert record["LastDeploymentConfig"] == CANARY
    assert "PendingDeploymentSummary" not in record
    assert hosting.fleets.made["c1"].stopped


def test_each_step_is_told_in_awss_words(hosting):
    """One event a step; the new fleet's current count is what takes traffic; the status is in upper case."""
    hosting.update(CANARY)
    hosting.stage("Baking")
    advance(hosting, 420)
    hosting.settled()
    bake = "seconds (TerminationWaitInSeconds) with traffic enabled on"
    assert stages(hosting) == [
        ("green", "Creating", "Launching 4 instance(s).", 0),
        ("green", "ActivatingTraffic", "Activating traffic on canary capacity of 1 instance(s).", 1),
        ("green", "Baking", f"Baking for 300 {bake} canary capacity of 1 instance(s).", 1),
        ("green", "ActivatingTraffic", "Activating traffic on full capacity of 4 instance(s).", 4),
        ("green", "Baking", f"Baking for 120 {bake} full capacity of 4 instance(s).", 4),
        ("blue", "Deleting", "Terminating 4 instance(s).", 0),
    ]
    assert {detail["EndpointStatus"] for detail in hosting.told("Deployment ")} == {"UPDATING"}
    assert [detail["EndpointStatus"] for detail in hosting.told("")] == [
        "CREATING",
        "IN_SERVICE",
        "UPDATING",
        "IN_SERVICE",
    ]
    pending = hosting.told("Deployment ")[-2]["PendingDeploymentSummary"]
    assert pending["EndpointConfigName"] == "c2"
    assert pending["ProductionVariants"][0]["DesiredInstanceCount"] == 4
    assert pending["ProductionVariants"][0]["InstanceType"] == "t"


def test_linear_steps_shift_equal_shares(hosting):
    """Half, all of it, and the final bake."""
    hosting.update(blue_green("LINEAR", LinearStepSize=size(2)))
    hosting.stage("Baking", "canary capacity of 2")
    assert hosting.share("c2") == pytest.approx(0.5, abs=0.03)
    advance(hosting, 300)
    assert hosting.share("c2") == 1
    advance(hosting, 300)
    assert "for 120 seconds" in hosting.stage("Baking", "full")
    advance(hosting, 120)
    assert hosting.settled()["EndpointConfigName"] == "c2"


def test_a_rolling_update_replaces_instances_batch_by_batch(hosting):
    """Never more than a batch in excess; the old instances of a batch go after its bake."""
    hosting.update(rolling(2))
    hosting.stage("Baking", "canary capacity of 2")
    old, new = hosting.fleets.made["c1"], hosting.fleets.made["c2"]
    assert (old.counts(), new.counts()) == ({"V": 4}, {"V": 2})
    assert hosting.share("c2") == pytest.approx(0.5, abs=0.03)
    advance(hosting, 60)
    hosting.stage("Baking", "full capacity of 4")
    assert (old.counts(), new.counts()) == ({"V": 2}, {"V": 4})
    advance(hosting, 60)
    assert hosting.settled()["EndpointConfigName"] == "c2"


def test_several_variants_keep_their_weights_through_a_canary(tmp_path):
    """A canary of each; requests go to a variant by its weight and to a fleet by its active instances."""
    hosting = Hosting(tmp_path)
    hosting.endpoint(A=2, B=2)
    hosting.update(blue_green("CANARY", CanarySize=size(1)))
    hosting.stage("Baking", "canary")
    routes = [hosting.endpoints.route("e", None) for _ in range(10)]
    assert {route.active for route in routes} == {2}
    assert hosting.share("c2") == pytest.approx(0.5, abs=0.04)
    assert hosting.endpoints.route("e", "B").active_in_fleet == 1
    hosting.close()


@pytest.mark.parametrize("seconds", [0, 150, 310])
def test_an_alarm_in_any_bake_takes_the_traffic_back_at_once(hosting, seconds):
    """In service with the old configuration; no reason, as AWS gives none that could be relied upon."""
    hosting.update(CANARY)
    hosting.stage("Baking")
    advance(hosting, seconds)
    hosting.alarms.set("b", "ALARM")
    assert hosting.share("c1") == 1
    record = hosting.settled()
    assert (record["EndpointStatus"], record["EndpointConfigName"]) == ("InService", "c1")
    assert "FailureReason" not in record
    assert "PendingDeploymentSummary" not in record
    assert hosting.fleets.made["c2"].stopped
    assert hosting.fleets.made["c1"].counts() == {"V": 4}
    assert stages(hosting)[-1] == ("green", "Deleting", "Terminating 4 instance(s).", 0)
    advance(hosting, 1000)
    assert hosting.share("c1") == 1


def test_an_alarm_that_rings_already_takes_the_first_bake_back(hosting):
    """A state is enough, a change is not needed."""
    hosting.alarms.states["a"] = "ALARM"
    hosting.update(CANARY)
    assert hosting.settled()["EndpointConfigName"] == "c1"
    assert "Baking" in {status for _, status, _, _ in stages(hosting)}


@pytest.mark.parametrize(("name", "state"), [("a", "INSUFFICIENT_DATA"), ("a", "OK"), ("other", "ALARM")])
def test_only_a_listed_alarm_in_state_alarm_counts(hosting, name, state):
    """Missing data is no alarm; an alarm that does not exist never rings."""
    hosting.update(CANARY)
    hosting.stage("Baking")
    hosting.alarms.set(name, state)
    advance(hosting, 420)
    assert hosting.settled()["EndpointConfigName"] == "c2"


def test_without_alarms_and_policy_traffic_moves_at_once(hosting):
    """No bake, nothing to wait for."""
    hosting.update()
    assert hosting.settled()["EndpointConfigName"] == "c2"
    assert "LastDeploymentConfig" not in hosting.settled()
    assert "Baking" not in {status for _, status, _, _ in stages(hosting)}


def test_a_new_fleet_that_is_not_healthy_changes_nothing(hosting):
    """The old fleet keeps everything; the reason is kept until the next update."""
    hosting.fleets.broken.add("c2")
    hosting.update(CANARY)
    record = hosting.settled()
    assert (record["EndpointStatus"], record["EndpointConfigName"]) == ("InService", "c1")
    assert record["FailureReason"] == "c2 is not healthy"
    assert hosting.share("c1") == 1
    hosting.fleets.broken.clear()
    hosting.update()
    assert "FailureReason" not in hosting.settled()


def test_a_launch_longer_than_the_limit_ends_the_deployment(hosting):
    """MaximumExecutionTimeoutInSeconds counts the machine's time while processes start."""
    hosting.fleets.launch_seconds = 700
    hosting.update(blue_green("CANARY", CanarySize=size(1), limit=600))
    record = hosting.settled()
    assert (record["EndpointStatus"], record["EndpointConfigName"]) == ("InService", "c1")
    assert record["FailureReason"] == "The deployment exceeded MaximumExecutionTimeoutInSeconds, 600 seconds."


def test_the_limit_can_end_a_bake(hosting):
    """What launching took is missing at the end: 200 and 300 seconds leave 100 of 120."""
    hosting.fleets.launch_seconds = 200
    hosting.update(blue_green("CANARY", CanarySize=size(1), limit=600))
    hosting.stage("Baking")
    advance(hosting, 300)
    assert hosting.share("c2") == 1
    advance(hosting, 99)
    assert hosting.share("c2") == 1
    advance(hosting, 1)
    assert hosting.share("c1") == 1
    assert "MaximumExecutionTimeoutInSeconds" in hosting.settled()["FailureReason"]


def replaced(hosting, **back):
    """A rolling update in the bake of its second and last batch."""
    hosting.update(rolling(2, **back))
    hosting.stage("Baking", "canary")
    advance(hosting, 60)
    hosting.stage("Baking", "full")


@pytest.mark.parametrize("back", [None, 1])
def test_a_rolling_update_brings_back_what_it_has_terminated(hosting, back):
    """At once or in batches, the old fleet is whole again."""
    replaced(hosting, back=back)
    hosting.alarms.set("a", "ALARM")
    record = hosting.settled()
    assert (record["EndpointStatus"], record["EndpointConfigName"]) == ("InService", "c1")
    assert hosting.fleets.made["c1"].counts() == {"V": 4}
    launched = [row for row in stages(hosting) if row[:2] == ("blue", "Creating")]
    assert len(launched) == (1 if back is None else 2)
    assert hosting.share("c1") == 1


def test_a_rollback_that_cannot_launch_leaves_a_mix_in_service(hosting):
    """UpdateRollbackFailed, the old configuration's name, both fleets' instances in traffic."""
    replaced(hosting)
    hosting.fleets.broken.add("c1")
    hosting.alarms.set("a", "ALARM")
    record = hosting.settled()
    assert (record["EndpointStatus"], record["EndpointConfigName"]) == ("UpdateRollbackFailed", "c1")
    assert record["FailureReason"] == "c1 is not healthy"
    assert record["ProductionVariants"][0]["CurrentInstanceCount"] == 6
    assert hosting.share("c2") == pytest.approx(4 / 6, abs=0.03)
    assert hosting.told("")[-1]["EndpointStatus"] == "UPDATE_ROLLBACK_FAILED"


def test_no_request_is_lost_when_a_rollback_fails(hosting):
    """The new fleet gives up its instances when requests already reach them as the old one's."""
    replaced(hosting)
    hosting.fleets.broken.add("c1")
    green, seen = hosting.fleets.made["c2"], []
    give_up = green.release

    def release():
        seen.append({hosting.endpoints.route("e", None).fleet.config_name for _ in range(50)})
        give_up()

    green.release = release
    hosting.alarms.set("a", "ALARM")
    assert hosting.settled()["EndpointStatus"] == "UpdateRollbackFailed"
    assert seen == [{"c1"}]


def test_another_update_cures_a_failed_rollback(hosting):
    """A fault to order; one update fails too and leaves it as it is, the next brings one configuration back."""
    hosting.endpoints.fail_rollback("e")
    hosting.update(CANARY)
    hosting.stage("Baking")
    hosting.alarms.set("a", "ALARM")
    assert hosting.settled()["EndpointStatus"] == "UpdateRollbackFailed"
    hosting.alarms.set("a", "OK")
    hosting.config("c3", V=4)
    hosting.fleets.broken.add("c3")
    hosting.update(config="c3")
    assert hosting.settled()["EndpointStatus"] == "UpdateRollbackFailed"
    hosting.fleets.broken.clear()
    hosting.update(config="c3")
    record = hosting.settled()
    assert (record["EndpointStatus"], record["EndpointConfigName"]) == ("InService", "c3")
    assert record["ProductionVariants"][0]["CurrentInstanceCount"] == 4
    assert hosting.share("c3") == 1


def test_a_retained_deployment_is_used_again(hosting):
    """RetainDeploymentConfig takes the last one; CreateEndpoint only keeps one."""
    hosting.update(CANARY)
    hosting.stage("Baking")
    advance(hosting, 420)
    hosting.settled()
    hosting.update(config="c1", RetainDeploymentConfig=True)
    assert "canary" in hosting.stage("Baking")
    hosting.config("c4", V=4)
    hosting.call("CreateEndpoint", EndpointName="f", EndpointConfigName="c4", DeploymentConfig=CANARY)
    record = hosting.store.until(
        ENDPOINT, "f", lambda record: record["EndpointStatus"] == "InService", timeout_seconds=20
    )
    assert record["LastDeploymentConfig"] == CANARY


def test_retained_counts_are_those_of_the_running_endpoint(hosting):
    """Unless they are excluded; the configuration says five."""
    hosting.config("c5", V=5)
    hosting.update(config="c5", RetainAllVariantProperties=True)
    assert hosting.settled()["ProductionVariants"][0]["CurrentInstanceCount"] == 4
    excluded = [{"VariantPropertyType": "DesiredInstanceCount"}]
    hosting.update(config="c5", RetainAllVariantProperties=True, ExcludeRetainedVariantProperties=excluded)
    assert hosting.settled()["ProductionVariants"][0]["CurrentInstanceCount"] == 5
