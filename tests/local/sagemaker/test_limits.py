import pytest

from local.sagemaker.jobs.limits import memory_bytes, used_bytes

GIB = 2**30


@pytest.mark.parametrize(
    ("instance_type", "gibibytes"),
    [
        ("ml.t3.medium", 4),
        ("ml.t2.2xlarge", 32),
        ("ml.m5.large", 8),
        ("ml.m5.24xlarge", 384),
        ("ml.m5d.xlarge", 16),
        ("ml.c5.9xlarge", 72),
        ("ml.c4.8xlarge", 60),
        ("ml.c5n.18xlarge", 192),
        ("ml.r5.2xlarge", 64),
        ("ml.r4.large", 15.25),
    ],
)
def test_an_instance_has_the_memory_that_ec2_says(instance_type, gibibytes):
    """Amazon EC2, "Instance types": never less than that, or a job would fail here that does not on AWS."""
    assert memory_bytes(instance_type) == gibibytes * GIB


@pytest.mark.parametrize("instance_type", ["ml.p3.2xlarge", "ml.g4dn.xlarge", "ml.m5.metal", "local", ""])
def test_an_instance_whose_size_follows_no_rule_has_no_limit(instance_type):
    """Rather than a wrong one."""
    assert memory_bytes(instance_type) is None


def test_a_folder_holds_what_its_files_take_up(tmp_path):
    """A hole takes up nothing, and a link not what it leads to."""
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "full").write_bytes(b"x" * 2**20)
    with (tmp_path / "hole").open("wb") as file:
        file.truncate(2**30)
    (tmp_path / "link").symlink_to("/")
    assert 2**20 <= used_bytes(tmp_path) < 2**21
