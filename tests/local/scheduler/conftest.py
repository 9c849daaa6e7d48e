"""EventBridge Scheduler on a stepped clock, in front of moto, with a role, a queue and a function that takes notes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from local.clock import Clock
from local.errors import AwsError
from local.front import Family
from local.scheduler import Scheduler

ACCOUNT, REGION = "123456789012", "eu-west-1"
START = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"
PIPELINE = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:pipeline/p"
TEN_SECONDS = 10.0


class FakeFunctions:
    """Lambda as a schedule meets it: a function that takes events or is throttled, and remembers who called."""

    def __init__(self, services) -> None:
        self.throttles = 0
        self.exists = True
        self.taken = []
        self.callers = []

    def families(self):
        return [Family("lambda", {"Invoke": self._invoke})]

    def close(self) -> None:
        pass

    def _invoke(self, params, call):
        if not self.exists:
            raise AwsError("ResourceNotFoundException", "Function not found: f", status=404)
        if self.throttles:
            self.throttles -= 1
            raise AwsError("TooManyRequestsException", "Rate Exceeded.", status=429)
        assert params["InvocationType"] == "Event"
        self.taken.append(params["Payload"].decode())
        self.callers.append(call.access_key_id)
        return {"StatusCode": 202}


class FakePipelines:
    """SageMaker as a schedule meets it: it starts what it is asked to, or does not know it."""

    def __init__(self, services) -> None:
        self.exists = True
        self.throttles = 0
        self.started = []

    def families(self):
        return [Family("sagemaker", {"StartPipelineExecution": self._start})]

    def close(self) -> None:
        pass

    def _start(self, params, call):
        self.started.append(params)
        if not self.exists:
            raise AwsError("ResourceNotFound", "Pipeline p does not exist")
        if self.throttles:
            self.throttles -= 1
            raise AwsError("ThrottlingException", "Rate exceeded", status=400)
        return {"PipelineExecutionArn": f"{PIPELINE}/execution/abcdefghijkl"}


class Account:
    """An account with schedules in it."""

    def __init__(self, small_cloud) -> None:
        self.clock = Clock(speed=0, start=START)
        self.cloud = small_cloud(Scheduler, FakeFunctions, FakePipelines, clock=self.clock)
        self._part, self.functions, self.pipelines = self.cloud.parts
        self.client = self.cloud.client("scheduler")
        self.role = self.role_for("scheduler.amazonaws.com")

    def role_for(self, principal, *, name="caller", **condition):
        """The ARN of a role that trusts a service."""
        statement = {"Effect": "Allow", "Principal": {"Service": principal}, "Action": "sts:AssumeRole", **condition}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        made = self.cloud.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document)
        return made["Role"]["Arn"]

    def queue(self, name="q"):
        """The ARN of a new queue."""
        self.cloud.client("sqs").create_queue(QueueName=name)
        return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"

    def letters(self, name="q"):
        """Body and attributes of what is in a queue."""
        sqs = self.cloud.client("sqs")
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        found = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"], MaxNumberOfMessages=10)
        return [
            (m["Body"], {key: a["StringValue"] for key, a in m.get("MessageAttributes", {}).items()})
            for m in found.get("Messages", [])
        ]

    def put(self, expression, *, name="s", arn=FUNCTION, call=None, target=(), **more):
        """Create a schedule, or update it, and give its ARN."""
        made = {"Arn": arn, "RoleArn": self.role, **dict(target)}
        more = {"FlexibleTimeWindow": {"Mode": "OFF"}, **more}
        call = call or self.client.create_schedule
        return call(Name=name, ScheduleExpression=expression, Target=made, **more)["ScheduleArn"]

    def pass_by(self, **time):
        """Let time pass, and give how often the function has been called in it."""
        before = len(self.functions.taken)
        self.clock.advance(timedelta(**time))
        assert self._part.resting(TEN_SECONDS)
        return len(self.functions.taken) - before

    def refusal(self, *args, **params):
        """Code and message of a schedule that is refused."""
        with pytest.raises(ClientError) as caught:
            self.put(*args, **params)
        error = caught.value.response["Error"]
        return error["Code"], error["Message"]


@pytest.fixture
def account(small_cloud):
    """An account without schedules."""
    return Account(small_cloud)
