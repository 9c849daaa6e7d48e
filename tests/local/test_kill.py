"""A cloud that is killed at any moment: whatever it had acknowledged is there when it comes back."""

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.local.functions.conftest import package
from tests.local.moto_scenes import TRUST

pytestmark = pytest.mark.clients  # a process for each life: eight seconds of CPU time for one kill
REGION = "eu-west-1"
PROGRAM = """
import sys, threading
from pathlib import Path
from local.cloud import LocalCloud
cloud = LocalCloud(region="eu-west-1", state=Path(sys.argv[1]))
cloud.start(port=int(sys.argv[2]))
print("up", flush=True)
threading.Event().wait()
"""
ONCE = Config(retries={"total_max_attempts": 1}, read_timeout=20)
QUEUE = f"arn:aws:sqs:{REGION}:123456789012:queue"
ROLE = "arn:aws:iam::123456789012:role/role"
TODAY = datetime.now(UTC)


def put_objects(cloud, n):
    """Long ones now and then."""
    cloud.client("s3").put_object(Bucket="bucket", Key=str(n), Body=str(n) * (1 if n % 5 else 30_000))


def see_objects(cloud):
    """Their keys, each read in full."""
    pages = cloud.client("s3").get_paginator("list_objects_v2").paginate(Bucket="bucket")
    keys = [int(found["Key"]) for page in pages for found in page.get("Contents", [])]
    for n in keys:
        body = cloud.client("s3").get_object(Bucket="bucket", Key=str(n))["Body"].read()
        assert body == str(n).encode() * (1 if n % 5 else 30_000)
    return keys


def send_messages(cloud, n):
    """One message each."""
    cloud.client("sqs").send_message(QueueUrl=queue(cloud), MessageBody=str(n))


def see_messages(cloud):
    """Every message of all lives: what is received is deleted, and must not come back."""
    sqs = cloud.client("sqs")
    while got := sqs.receive_message(QueueUrl=queue(cloud), MaxNumberOfMessages=10).get("Messages"):
        for message in got:
            sqs.delete_message(QueueUrl=queue(cloud), ReceiptHandle=message["ReceiptHandle"])
            cloud.received.append(int(message["Body"]))
    return cloud.received


def queue(cloud):
    """The queue's URL, which does not depend on the port."""
    return f"{cloud.client('sqs').meta.endpoint_url}/123456789012/queue"


def put_items(cloud, n):
    """One item each."""
    cloud.client("dynamodb").put_item(TableName="table", Item={"id": {"S": str(n)}})


def see_items(cloud):
    """Every item of the table."""
    return [int(item["id"]["S"]) for item in cloud.client("dynamodb").scan(TableName="table")["Items"]]


def put_parameters(cloud, n):
    """One parameter each."""
    cloud.client("ssm").put_parameter(Name=f"/p/{n}", Value=str(n), Type="String")


def see_parameters(cloud):
    """Every parameter."""
    pages = cloud.client("ssm").get_paginator("describe_parameters").paginate()
    return [int(found["Name"][3:]) for page in pages for found in page["Parameters"]]


def put_data(cloud, n):
    """One datum each."""
    datum = {"MetricName": "n", "Value": float(n), "Unit": "Count"}
    cloud.client("cloudwatch").put_metric_data(Namespace="mine", MetricData=[datum])


def see_data(cloud):
    """As many numbers as there are samples: what was put counts once."""
    points = cloud.client("cloudwatch").get_metric_statistics(
        Namespace="mine",
        MetricName="n",
        StartTime=TODAY - timedelta(hours=1),
        EndTime=TODAY + timedelta(hours=1),
        Period=3600,
        Statistics=["SampleCount"],
    )["Datapoints"]
    return list(range(int(sum(point["SampleCount"] for point in points))))


def put_rules(cloud, n):
    """A rule with a target."""
    cloud.client("events").put_rule(Name=f"r-{n}", ScheduleExpression="rate(1 day)")
    cloud.client("events").put_targets(
        Rule=f"r-{n}", Targets=[{"Id": "1", "Arn": f"arn:aws:sqs:{REGION}:123456789012:queue"}]
    )


def see_rules(cloud):
    """Every rule that has its target."""
    rules = cloud.client("events").list_rules()["Rules"]
    targets = [cloud.client("events").list_targets_by_rule(Rule=rule["Name"])["Targets"] for rule in rules]
    return [int(rule["Name"][2:]) for rule, target in zip(rules, targets, strict=True) if target]


def put_schedules(cloud, n):
    """One schedule each."""
    target = {"Arn": QUEUE, "RoleArn": ROLE}
    cloud.client("scheduler").create_schedule(
        Name=f"s-{n}", ScheduleExpression="cron(0 0 1 1 ? 2099)", FlexibleTimeWindow={"Mode": "OFF"}, Target=target
    )


def see_schedules(cloud):
    """Every schedule."""
    return [int(found["Name"][2:]) for found in cloud.client("scheduler").list_schedules()["Schedules"]]


def put_groups(cloud, n):
    """A group with one package in it."""
    cloud.client("sagemaker").create_model_package_group(ModelPackageGroupName=f"g-{n}")
    cloud.client("sagemaker").create_model_package(ModelPackageGroupName=f"g-{n}", SourceUri="s3://bucket/0")


def see_groups(cloud):
    """Every group that has its package."""
    groups = cloud.client("sagemaker").list_model_package_groups(MaxResults=100)["ModelPackageGroupSummaryList"]
    names = [found["ModelPackageGroupName"] for found in groups]
    packages = [cloud.client("sagemaker").list_model_packages(ModelPackageGroupName=n) for n in names]
    return [int(n[2:]) for n, found in zip(names, packages, strict=True) if found["ModelPackageSummaryList"]]


def put_alarms(cloud, n):
    """One alarm each."""
    cloud.client("cloudwatch").put_metric_alarm(
        AlarmName=f"a-{n}",
        Namespace="mine",
        MetricName="never",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )


def see_alarms(cloud):
    """Every alarm."""
    pages = cloud.client("cloudwatch").get_paginator("describe_alarms").paginate()
    return [int(found["AlarmName"][2:]) for page in pages for found in page["MetricAlarms"]]


def put_functions(cloud, n):
    """A function, whose code lies in a file."""
    code = {"ZipFile": package(f"def handler(event, context): return {n}")}
    cloud.client("lambda").create_function(
        FunctionName=f"f-{n}", Runtime="python3.12", Handler="app.handler", Role=ROLE, Code=code
    )


def see_functions(cloud):
    """Every function; the first one runs."""
    found = cloud.client("lambda").list_functions()["Functions"]
    names = [each["FunctionName"] for each in found]
    if names:
        assert cloud.client("lambda").invoke(FunctionName=names[0])["Payload"].read() == names[0][2:].encode()
    return [int(name[2:]) for name in names]


def put_stacks(cloud, n):
    """A stack of one topic."""
    template = {"Resources": {"T": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": f"t-{n}"}}}}
    cloud.client("cloudformation").create_stack(StackName=f"c-{n}", TemplateBody=json.dumps(template))


def see_stacks(cloud):
    """Every stack, once it has come to an end: whole, or rolled back because the cloud was killed."""
    pages = cloud.client("cloudformation").get_paginator("describe_stacks").paginate()
    stacks = {int(stack["StackName"][2:]): stack for page in pages for stack in page["Stacks"]}
    for n, stack in stacks.items():
        if stack["StackStatus"].endswith("IN_PROGRESS"):
            with contextlib.suppress(BotoCoreError):
                cloud.client("cloudformation").get_waiter("stack_create_complete").wait(
                    StackName=f"c-{n}", WaiterConfig={"Delay": 0.1, "MaxAttempts": 100}
                )
    return list(stacks)


HABITS = {
    "objects": (put_objects, see_objects),
    "messages": (send_messages, see_messages),
    "items": (put_items, see_items),
    "parameters": (put_parameters, see_parameters),
    "data": (put_data, see_data),
    "rules": (put_rules, see_rules),
    "schedules": (put_schedules, see_schedules),
    "groups": (put_groups, see_groups),
    "alarms": (put_alarms, see_alarms),
    "functions": (put_functions, see_functions),
    "stacks": (put_stacks, see_stacks),
}
"""By name: what a client does all the time with ever greater numbers, and which of them can be seen."""


class Cloud:
    """A cloud in a process of its own, always at one address, and those who use it."""

    def __init__(self, folder):
        self._folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self._session = boto3.Session("any", "key", region_name=REGION)
        self._clients, self._lock = {}, threading.Lock()
        self.acknowledged = {name: [] for name in HABITS}
        self._tried = dict.fromkeys(HABITS, 0)
        self.received, self.refusals = [], []

    def begin(self):
        """Start it and wait until it listens."""
        environ = {**os.environ, "MOTO_IAM_LOAD_MANAGED_POLICIES": "false"}
        argv = [sys.executable, "-c", PROGRAM, str(self._folder), str(self._port)]
        self.process = subprocess.Popen(argv, stdout=subprocess.PIPE, env=environ)
        assert self.process.stdout.readline() == b"up\n"

    def kill(self):
        """As `kill -9` does."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()

    def client(self, name):
        """A client that asks once."""
        with self._lock:
            if name not in self._clients:
                url = f"http://127.0.0.1:{self._port}"
                self._clients[name] = self._session.client(name, endpoint_url=url, config=ONCE)
            return self._clients[name]

    def prepare(self):
        """What the habits need, and each once: the first time takes longest."""
        self.client("s3").create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": REGION})
        self.client("sqs").create_queue(QueueName="queue")
        self.client("dynamodb").create_table(
            TableName="table",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        trust = json.loads(TRUST)
        services = ["lambda.amazonaws.com", "scheduler.amazonaws.com"]
        trust["Statement"][0]["Principal"] = {"Service": services}
        self.client("iam").create_role(RoleName="role", AssumeRolePolicyDocument=json.dumps(trust))
        for name in HABITS:
            self._do(name)

    def live(self, total):
        """Let everybody do what they do until there were so many answers in all, then kill it in the middle."""
        enough = threading.Semaphore(0)
        threads = [threading.Thread(target=self._go_on, args=(name, enough)) for name in HABITS]
        for thread in threads:
            thread.start()
        for _ in range(total):
            assert enough.acquire(timeout=60)
        self.kill()
        for thread in threads:
            thread.join()
        assert self.refusals == []

    def _go_on(self, name, enough):
        try:
            while True:
                self._do(name)
                enough.release()
        except ClientError as error:
            self.refusals.append(error)
        except BotoCoreError:
            return  # it is no more

    def _do(self, name):
        n = self._tried[name]
        self._tried[name] += 1
        HABITS[name][0](self, n)
        self.acknowledged[name].append(n)

    def check(self):
        """Whatever was acknowledged is there, once; what was only tried may be."""
        for name, (_, see) in HABITS.items():
            seen = see(self)
            assert len(seen) == len(set(seen)), f"{name} came twice"
            if name == "data":  # they are counted, not told apart
                assert len(self.acknowledged[name]) <= len(seen) <= self._tried[name]
            else:
                assert set(self.acknowledged[name]) <= set(seen) <= set(range(self._tried[name])), name


@pytest.fixture
def cloud(tmp_path):
    """A cloud that has begun."""
    made = Cloud(tmp_path)
    made.begin()
    yield made
    if made.process.poll() is None:
        made.kill()


def lives(cloud, *totals):
    """One life after the other, each ended with a kill after so many answers."""
    cloud.prepare()
    for total in totals:
        cloud.live(total)
        cloud.begin()
        cloud.check()


def test_nothing_acknowledged_is_lost(cloud):
    """Eleven clients of ten services, and one kill."""
    lives(cloud, random.randint(60, 160))


def test_nothing_acknowledged_is_lost_however_often_it_is_killed(cloud):
    """Also from lives that begin with what others left, and soon after their beginning."""
    lives(cloud, *(random.choice([1, 20, 100, 300]) for _ in range(8)))
