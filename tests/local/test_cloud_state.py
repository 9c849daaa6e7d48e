"""A whole cloud over a folder: what is there after it was ended, reset or put back."""

import contextlib
import resource
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from local.clock import Clock
from local.cloud import LocalCloud
from local.errors import StartError

REGION = "eu-west-1"


@pytest.fixture(autouse=True)
def few_policies(monkeypatch):
    """Without AWS's managed policies, which take a second to load."""
    monkeypatch.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "false")


def parameters(cloud):
    """The names of SSM's parameters: something of moto's."""
    return [found["Name"] for found in cloud.services.client("ssm").describe_parameters()["Parameters"]]


def test_a_cloud_goes_on_from_its_folder(tmp_path):
    """What moto holds and what our own tables hold, at a time that is not before the last."""
    with LocalCloud(
        region=REGION, state=tmp_path, clock=Clock(speed=0, start=datetime(2031, 1, 1, tzinfo=UTC))
    ) as cloud:
        cloud.services.client("ssm").put_parameter(Name="/a", Value="1", Type="String")
        cloud.services.state.table("test.things")["a"] = 1
        (cloud.services.workdir / "scratch").write_text("")
    with LocalCloud(region=REGION, state=tmp_path) as cloud:
        assert parameters(cloud) == ["/a"]
        assert dict(cloud.services.state.table("test.things")) == {"a": 1}
        assert cloud.services.clock.now() >= datetime(2031, 1, 1, tzinfo=UTC)
        assert list(cloud.services.workdir.iterdir()) == []


def test_another_regions_folder_is_refused_and_left_alone(tmp_path):
    """The one that owns it starts afterwards as if nothing had been."""
    LocalCloud(region=REGION, state=tmp_path).stop()
    with pytest.raises(StartError, match="of region eu-west-1, not us-east-1"):
        LocalCloud(region="us-east-1", state=tmp_path)
    LocalCloud(region=REGION, state=tmp_path).stop()


def test_two_clouds_cannot_share_a_folder(tmp_path):
    """The second is told so."""
    with LocalCloud(region=REGION, state=tmp_path), pytest.raises(StartError, match="another local cloud keeps"):
        LocalCloud(region=REGION, state=tmp_path)


@pytest.mark.parametrize("kept", [False, True])
def test_reset_makes_it_as_new(kept, tmp_path):
    """Moto's services, ours and what the clock would have run; clients go on, and a restart finds it empty."""
    state = tmp_path if kept else None
    with LocalCloud(region=REGION, clock=Clock(speed=0), state=state) as cloud:
        client = cloud.services.client("events")
        cloud.services.client("ssm").put_parameter(Name="/a", Value="1", Type="String")
        client.put_rule(Name="r", ScheduleExpression="rate(1 minute)")
        rang = []
        cloud.services.clock.after(timedelta(minutes=1), lambda: rang.append(1))
        cloud.reset()
        cloud.services.clock.advance(timedelta(minutes=2))
        assert (parameters(cloud), client.list_rules()["Rules"], rang) == ([], [], [])
    if kept:
        with LocalCloud(region=REGION, state=tmp_path) as cloud:
            assert parameters(cloud) == []


@pytest.mark.parametrize("kept", [False, True])
def test_a_snapshot_is_returned_to_as_often_as_one_likes(kept, tmp_path):
    """What was added since is gone, what was deleted since is back; a restart finds what was restored."""
    state = tmp_path if kept else None
    with LocalCloud(region=REGION, clock=Clock(speed=0), state=state) as cloud:
        ssm, things = cloud.services.client("ssm"), cloud.services.state.table("test.things")
        ssm.put_parameter(Name="/a", Value="1", Type="String")
        things["a"] = [1]
        taken = cloud.snapshot()
        for _ in range(2):
            ssm.delete_parameter(Name="/a")
            ssm.put_parameter(Name="/b", Value="1", Type="String")
            things["a"].append(2)
            things["b"] = 2
            cloud.restore(taken)
            assert (parameters(cloud), dict(things)) == (["/a"], {"a": [1]})
    if kept:
        with LocalCloud(region=REGION, state=tmp_path) as cloud:
            assert parameters(cloud) == ["/a"]
            assert dict(cloud.services.state.table("test.things")) == {"a": [1]}


def test_a_full_disk_refuses_what_cannot_be_kept_and_nothing_else(tmp_path):
    """Services of ours and of moto's alike: AWS's InternalFailure, in words; all goes on when there is room again."""
    with LocalCloud(region=REGION, clock=Clock(speed=0), state=tmp_path) as cloud:
        events, ssm, sagemaker, cloudwatch = map(cloud.services.client, ("events", "ssm", "sagemaker", "cloudwatch"))
        changes = {
            "rule": lambda: events.put_rule(Name="r", ScheduleExpression="rate(1 day)"),
            "parameter": lambda: ssm.put_parameter(Name="/p", Value="1", Type="String"),
            "group": lambda: sagemaker.create_model_package_group(ModelPackageGroupName="g"),
            "data": lambda: cloudwatch.put_metric_data(Namespace="n", MetricData=[{"MetricName": "m", "Value": 1.0}]),
        }

        def seen():
            return (
                len(events.list_rules()["Rules"]),
                len(parameters(cloud)),
                len(sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"]),
                len(cloudwatch.list_metrics()["Metrics"]),
            )

        for client in (events, ssm, sagemaker, cloudwatch):
            client.meta.events.register("needs-retry.*", lambda **_: False)
        unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, unlimited[1]))
        try:
            for change in changes.values():
                with pytest.raises(ClientError, match=r"InternalFailure.*nothing more can be kept in"):
                    change()
            assert seen() == (0, 0, 0, 0)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
        for change in changes.values():
            change()
        assert seen() == (1, 1, 1, 1)


def test_a_start_says_what_it_goes_on_from(tmp_path):
    """A person who waits for endpoints knows for what; a new folder and a cloud without one have nothing to say."""
    told = []
    for _ in range(2):
        with LocalCloud(region=REGION, clock=Clock(speed=0), state=tmp_path) as cloud:
            cloud.services.tell = told.append
            cloud.start()
            cloud.services.client("events").put_rule(Name="r", ScheduleExpression="rate(1 day)")
    with LocalCloud(region=REGION, clock=Clock(speed=0)) as cloud:
        cloud.services.tell = told.append
        cloud.start()
    assert told == [f"going on from {tmp_path}: 1 rule"]


def _other_tables(folder):
    with contextlib.closing(sqlite3.connect(folder / "cloud.sqlite3")) as connection:
        connection.execute("CREATE TABLE theirs (name TEXT)")


def _functions(folder):
    for name in ("functions", "work"):
        (folder / name).mkdir()
        (folder / name / "mine.py").write_text("precious")


@pytest.mark.parametrize(("make", "word"), [(_other_tables, "is not a state"), (_functions, "such as functions")])
def test_a_folder_of_somebody_else_is_refused_and_left_alone(tmp_path, make, word):
    """Nothing in it is removed, moved or written, whatever it is called."""
    make(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(StartError, match=word):
        LocalCloud(region=REGION, state=tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def _spoilt(folder, statement):
    with contextlib.closing(sqlite3.connect(folder / "cloud.sqlite3")) as connection, connection:
        connection.execute(statement)


def _cut(folder):
    for file in folder.glob("cloud.sqlite3*"):
        whole = file.read_bytes()
        file.write_bytes(whole[: len(whole) // 3] + bytes(len(whole) // 3))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder: _spoilt(folder, "UPDATE snapshots SET pickled = x'00'"),
        lambda folder: _spoilt(folder, "INSERT INTO journal (request) VALUES (x'80')"),
        lambda folder: _spoilt(folder, "UPDATE entries SET value = x'80'"),
        lambda folder: _spoilt(folder, "UPDATE facts SET value = '?' WHERE name = 'time'"),
        _cut,
    ],
    ids=["snapshot", "journal", "entry", "time", "file"],
)
def test_a_damaged_folder_is_refused_in_words(tmp_path, spoil):
    """One sentence that names the folder, whatever of it is damaged; no cloud that has lost a part."""
    with LocalCloud(region=REGION, clock=Clock(speed=0), state=tmp_path) as cloud:
        cloud.services.client("ssm").put_parameter(Name="/p", Value="1" * 4000, Type="String")
        cloud.services.client("events").put_rule(Name="r", ScheduleExpression="rate(1 day)")
    spoil(tmp_path)
    with pytest.raises(StartError, match=str(tmp_path)):
        LocalCloud(region=REGION, state=tmp_path)
