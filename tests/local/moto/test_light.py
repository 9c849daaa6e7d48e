import pytest

from local.moto.app import moto_app, reset_moto
from local.transport import session

REGION = "eu-west-1"


@pytest.fixture
def ec2():
    """EC2 of moto, which was imported lightly."""
    yield session(moto_app(), region=REGION).client("ec2")
    reset_moto()


def test_what_was_left_unread_is_read_when_it_is_asked_for(ec2):
    """Offerings of instance types, by filter and place, as without any of this."""
    wanted = [{"Name": "instance-type", "Values": ["m5.large"]}]
    found = ec2.describe_instance_type_offerings(LocationType="availability-zone", Filters=wanted)
    places = {(each["LocationType"], each["Location"]) for each in found["InstanceTypeOfferings"]}
    assert places == {("availability-zone", f"{REGION}{zone}") for zone in "abc"}


def test_the_regions_are_all_there(ec2):
    """Read once, not three times."""
    names = {region["RegionName"] for region in ec2.describe_regions()["Regions"]}
    assert names >= {"eu-west-1", "us-gov-west-1", "cn-north-1"}
