import time

import pytest

from local.errors import ValidationError
from tests.local.sagemaker.fakes import Hosting


@pytest.fixture
def hosting(tmp_path):
    """The endpoint `e` of the variants A and B, two instances each."""
    hosting = Hosting(tmp_path)
    hosting.endpoint(A=2, B=2)
    yield hosting
    hosting.close()


def scale(hosting, **wanted):
    """Ask for counts or weights of variants."""
    entries = [{"VariantName": name, **members} for name, members in wanted.items()]
    hosting.call("UpdateEndpointWeightsAndCapacities", EndpointName="e", DesiredWeightsAndCapacities=entries)


def ends(hosting, last):
    """The last two statuses that were told; what an endpoint comes to is told after it shows."""

    deadline = time.monotonic() + 10
    while (told := [event["EndpointStatus"] for event in hosting.told("")])[-1] != last:
        assert time.monotonic() < deadline, told
        time.sleep(0.01)
    return told[-2:]


def shown(record):
    """Current and desired counts and weights by variant."""
    return {
        variant["VariantName"]: tuple(
            variant[member]
            for member in ("CurrentInstanceCount", "DesiredInstanceCount", "CurrentWeight", "DesiredWeight")
        )
        for variant in record["ProductionVariants"]
    }


def test_a_variant_scales_out_in_place(hosting):
    """Updating with AWS's message, then in service with as many instances and no pending deployment."""
    scale(hosting, A={"DesiredInstanceCount": 5})
    record = hosting.settled()
    assert record["EndpointStatus"] == "InService"
    assert shown(record) == {"A": (5, 5, 1.0, 1.0), "B": (2, 2, 1.0, 1.0)}
    assert hosting.fleets.made["c1"].counts() == {"A": 5, "B": 2}
    assert hosting.endpoints.route("e", "A").active == 5
    (step,) = hosting.told("Deployment ")
    assert (step["EndpointStatus"], step["EndpointConfigName"]) == ("UPDATING", "c1")
    assert "PendingDeploymentSummary" not in step
    scaled, other = step["ProductionVariants"]
    assert (scaled["CurrentInstanceCount"], scaled["DesiredInstanceCount"]) == (2, 5)
    assert scaled["VariantStatus"][0]["Status"] == "Updating"
    assert scaled["VariantStatus"][0]["StatusMessage"] == "Scaling out desired instance count to 5."
    assert "VariantStatus" not in other
    assert ends(hosting, "IN_SERVICE") == ["UPDATING", "IN_SERVICE"]


def test_a_variant_scales_in(hosting):
    """Instances go, traffic first."""
    scale(hosting, B={"DesiredInstanceCount": 1})
    assert shown(hosting.settled())["B"] == (1, 1, 1.0, 1.0)
    (step,) = hosting.told("Deployment ")
    assert step["ProductionVariants"][1]["VariantStatus"][0]["StatusMessage"] == "Terminating 1 instance(s)."


def test_weights_move_traffic_between_variants(hosting):
    """Nothing is started or ended."""
    scale(hosting, A={"DesiredWeight": 3.0}, B={"DesiredWeight": 1.0})
    assert shown(hosting.settled())["A"] == (2, 2, 3.0, 3.0)
    routes = [hosting.endpoints.route("e", None) for _ in range(2000)]
    names = [route.instance.variant.name for route in routes]
    assert names.count("A") / 2000 == pytest.approx(0.75, abs=0.05)


def test_instances_that_do_not_start_leave_the_endpoint_as_it_was(hosting):
    """RollingBack, then in service with the old count and the reason."""
    hosting.fleets.broken.add("c1")
    scale(hosting, A={"DesiredInstanceCount": 3})
    record = hosting.settled()
    assert (record["EndpointStatus"], record["FailureReason"]) == ("InService", "c1 is not healthy")
    assert shown(record)["A"] == (2, 2, 1.0, 1.0)
    assert ends(hosting, "IN_SERVICE") == ["ROLLING_BACK", "IN_SERVICE"]


def test_unknown_variants_and_no_instance_at_all_are_refused(hosting):
    """Nothing changes."""
    with pytest.raises(ValidationError, match="it has A, B"):
        scale(hosting, C={"DesiredInstanceCount": 3})
    with pytest.raises(ValidationError, match="at least 1"):
        scale(hosting, A={"DesiredInstanceCount": 0})
    assert hosting.settled()["EndpointStatus"] == "InService"


def test_a_scaled_count_is_kept_by_an_update_that_retains_it(hosting):
    """As autoscaling needs it."""
    scale(hosting, A={"DesiredInstanceCount": 4})
    hosting.settled()
    hosting.update(RetainAllVariantProperties=True)
    assert shown(hosting.settled())["A"] == (4, 4, 1.0, 1.0)
