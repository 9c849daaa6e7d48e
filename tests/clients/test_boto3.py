"""boto3 in an environment of its own: waiters, paginators, transfers, queues and topics."""

import pytest

from env import images
from tests.clients.conftest import ROLE

pytestmark = pytest.mark.clients


@pytest.fixture(scope="module")
def storage(terminal):
    """What the program saw of S3, SQS and SNS."""
    return terminal.run("boto3", "boto3_storage")


@pytest.fixture(scope="module")
def sagemaker(terminal, notebook):
    """What the program saw of SageMaker."""
    image, role = images.uri("sklearn:1.4-2", region="eu-west-1"), f"arn:aws:iam::123456789012:role/service-role/{ROLE}"
    return terminal.run("boto3", "boto3_sagemaker", image, role, extra=notebook)


def test_files_go_up_in_parts_and_come_back_in_ranges(storage):
    """The transfer manager uploads, copies and downloads twelve megabytes, and verifies their checksums."""
    transfers = storage["transfers"]
    assert transfers["same"]
    assert transfers["etag"].strip('"').endswith("-3")
    assert (transfers["metadata"], transfers["range"]) == ({"who": "clients"}, "00010203")


def test_presigned_urls_need_no_keys(storage):
    """What urllib puts under one, it gets back under the other."""
    assert storage["presigned"]


def test_buckets_may_stand_in_the_host_name(storage):
    """Virtual-hosted style at AWS's own name, as clients address S3 that know of no other endpoint."""
    assert storage["virtual"] == "host"


def test_versions_are_kept_and_paged(storage):
    """Two versions and a marker are three pages of one; the oldest can be read by its id."""
    assert storage["versions"] == {"pages": 3, "versions": 2, "first": "0"}


def test_keys_are_paged_and_a_bucket_is_emptied(storage):
    """Seven keys are pages of three, three and one; the resource interface deletes every version and the bucket."""
    assert storage["listed"] == {"sizes": [3, 3, 1], "keys": [f"many/{number}" for number in range(7)]}


def test_a_topic_fans_out_to_queues_by_filter(storage):
    """Both messages reach the one queue, one the other; bodies are intact; what was received is in flight."""
    queues = storage["queues"]
    assert queues["all"] == {"bodies": ["message a", "message b"], "again": 0, "intact": True}
    assert queues["some"] == {"bodies": ["message b"], "again": 0, "intact": True}
    assert queues["subscriptions"] == 2


def test_paginators_of_sagemaker_stop_at_the_end(sagemaker):
    """Five groups are pages of two, two and one, in the order that was asked for."""
    assert sagemaker["groups"] == {"sizes": [2, 2, 1], "names": [f"boto3-{number}" for number in (4, 3, 2, 1, 0)]}


def test_waiters_end_well_and_badly(sagemaker):
    """What is not there is deleted; waiting for it to serve, or for a job that failed, raises."""
    assert sagemaker["waiters"] == {"deleted": "at once", "in service": "ValidationException", "job": "Failed"}


def test_errors_bear_aws_codes(sagemaker):
    """What is not there, what is malformed and what is taken are ValidationException."""
    assert sagemaker["errors"] == dict.fromkeys(["missing", "invalid", "twice"], "ValidationException")
