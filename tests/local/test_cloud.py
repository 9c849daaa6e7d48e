import json
import os
import socket
import subprocess
import sys
import threading
from datetime import timedelta
from email.utils import parsedate_to_datetime

import boto3
import pytest

from local.clock import Clock
from local.cloud import LocalCloud
from local.errors import LocalError, StartError
from tests.local import trust

REGION = "eu-west-1"


@pytest.fixture
def cloud(monkeypatch):
    """A whole local cloud on a stepped clock, without AWS's managed policies, which take a second to load."""
    monkeypatch.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "false")
    with LocalCloud(region=REGION, clock=Clock(speed=0)) as made:
        yield made


def test_any_client_can_talk_to_it_over_http(cloud):
    """With the URL alone: services of ours and of moto's are behind one address."""
    url = cloud.start()
    session = boto3.Session("any", "key", region_name=REGION)
    assert session.client("events", endpoint_url=url).list_event_buses()["EventBuses"][0]["Name"] == "default"
    assert session.client("sts", endpoint_url=url).get_caller_identity()["Account"] == "123456789012"
    s3 = session.client("s3", endpoint_url=url)
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="bucket", Key="a/b", Body=b"x")
    assert s3.get_object(Bucket="bucket", Key="a/b")["Body"].read() == b"x"


def test_over_http_an_answer_tells_one_time(cloud):
    """The server adds no Date of its own to the cloud's."""
    client = boto3.client(
        "sqs", endpoint_url=cloud.start(), region_name=REGION, aws_access_key_id="a", aws_secret_access_key="b"
    )
    told = client.list_queues()["ResponseMetadata"]["HTTPHeaders"]["date"]
    assert abs(parsedate_to_datetime(told) - cloud.services.clock.now()) < timedelta(seconds=10)


def test_it_listens_on_loopback_alone(cloud):
    """At the port that was asked for, known to children."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = cloud.start(port=port)
    assert (url, cloud.services.endpoint_url) == (f"http://localhost:{port}", url)
    with socket.create_connection(("127.0.0.1", port)) as connection:
        assert connection.getpeername()[0] == "127.0.0.1"


def test_a_port_in_use_is_told_in_one_sentence(cloud):
    """With its number and what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StartError, match=rf"^port {port} on 127.0.0.1 is in use: .* --port$"):
            cloud.start(port=port)


def test_children_cannot_be_sent_to_a_cloud_that_does_not_listen(cloud):
    """They would reach the real AWS."""
    with pytest.raises(LocalError, match="does not listen yet"):
        _ = cloud.services.endpoint_url


def test_events_of_the_parts_reach_rules(cloud):
    """Whoever emits them."""
    sqs, events = cloud.services.client("sqs"), cloud.services.client("events")
    allow = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:*", "Resource": "*"}
    url = sqs.create_queue(QueueName="q", Attributes={"Policy": json.dumps({"Statement": [allow]})})["QueueUrl"]
    events.put_rule(Name="r", EventPattern='{"source": ["aws.sagemaker"]}')
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": f"arn:aws:sqs:{REGION}:123456789012:q"}])
    cloud.services.emit("aws.sagemaker", "Change", {"n": 1})
    [message] = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=10)["Messages"]
    assert json.loads(message["Body"])["detail"] == {"n": 1}


def test_a_schedule_reaches_its_target(cloud):
    """On the cloud's clock, with the role's credentials."""
    iam, sqs, scheduler = (cloud.services.client(name) for name in ("iam", "sqs", "scheduler"))
    role = trust.role(iam, "caller", "scheduler", allowed=["sqs:SendMessage"])
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    target = {"Arn": f"arn:aws:sqs:{REGION}:123456789012:q", "RoleArn": role, "Input": "hello"}
    scheduler.create_schedule(
        Name="s", ScheduleExpression="rate(1 minute)", FlexibleTimeWindow={"Mode": "OFF"}, Target=target
    )
    cloud.services.clock.advance(timedelta(seconds=2))
    [message] = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=10)["Messages"]
    assert message["Body"] == "hello"


def test_metrics_of_the_parts_can_be_read(cloud):
    """In the namespaces of AWS, which customers may not write."""
    cloud.services.record("AWS/SageMaker", [{"MetricName": "Invocations", "Value": 3.0, "Unit": "None"}])
    now = cloud.services.clock.now()
    [point] = cloud.services.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/SageMaker",
        MetricName="Invocations",
        StartTime=now - timedelta(minutes=1),
        EndTime=now + timedelta(minutes=1),
        Period=60,
        Statistics=["Sum"],
    )["Datapoints"]
    assert point["Sum"] == 3.0


def test_every_part_answers_for_its_services(cloud):
    """None of them falls through to moto."""
    refused = {
        "cloudformation": ("list_types", {}),
        "sagemaker": ("list_model_metadata", {}),
        "events": ("list_archives", {}),
        "lambda": ("list_code_signing_configs", {}),
        "cloudwatch": ("list_metric_streams", {}),
        "application-autoscaling": ("describe_scheduled_actions", {"ServiceNamespace": "sagemaker"}),
    }
    for name, (operation, params) in refused.items():
        client = cloud.services.client(name)
        with pytest.raises(client.exceptions.ClientError, match=f"does not support {name}:"):
            getattr(client, operation)(**params)


def test_nothing_is_left_when_it_stops(monkeypatch):
    """No thread, no child, no file, and no state for the next one."""
    monkeypatch.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "false")
    before = set(threading.enumerate())
    with LocalCloud(region=REGION, speed=1) as cloud:
        cloud.start()
        cloud.services.client("sqs").create_queue(QueueName="q")
        cloud.services.clock.after(timedelta(days=1), lambda: None)
        workdir = cloud.services.workdir
        environment = {"PATH": os.environ["PATH"]}
        child = cloud.services.processes.start(
            [sys.executable, "-c", "import time; time.sleep(600)"], env=environment, cwd=workdir
        )
    assert set(threading.enumerate()) - before == set()
    assert child.returncode is not None
    assert not workdir.exists()
    with LocalCloud(region=REGION) as another:
        assert "QueueUrls" not in another.services.client("sqs").list_queues()


def test_a_part_that_fails_to_end_stops_no_other(monkeypatch):
    """The children are ended all the same, and the failure is told."""
    monkeypatch.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "false")

    class Broken:
        def families(self):
            return []

        def close(self):
            raise RuntimeError("stuck")

    cloud = LocalCloud(region=REGION)
    cloud._parts.insert(0, Broken())
    child = cloud.services.processes.start(
        [sys.executable, "-c", "import time; time.sleep(600)"],
        env={"PATH": os.environ["PATH"]},
        cwd=cloud.services.workdir,
        output=subprocess.DEVNULL,
    )
    with pytest.raises(RuntimeError, match="stuck"):
        cloud.stop()
    assert child.returncode is not None
