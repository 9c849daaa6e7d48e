"""Lambda with functions made in the test, and what a test needs to wait for them."""

from __future__ import annotations

import io
import json
import textwrap
import zipfile

import pytest

from local.functions import Functions

TEN_SECONDS = 10.0
ROLE = "arn:aws:iam::123456789012:role/fn"


def package(source: str, **files: str) -> bytes:
    """A deployment package with `app.py` and other files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", textwrap.dedent(source))
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


class LambdaCloud:
    """A small cloud with Lambda, and a role that it may assume."""

    def __init__(self, cloud) -> None:
        self._cloud = cloud
        self.client = cloud.client
        self.services = cloud.services
        [self.part] = cloud.parts
        self.functions = cloud.client("lambda")
        trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        cloud.client("iam").create_role(RoleName="fn", AssumeRolePolicyDocument=document)

    def create(self, source="def handler(event, context): return event", *, name="fn", files=None, **more):
        """A function whose handler is `handler` in `source`."""
        request = {"Runtime": "python3.12", "Handler": "app.handler", "Role": ROLE, **more}
        code = {"ZipFile": package(source, **(files or {}))}
        return self.functions.create_function(FunctionName=name, Code=code, **request)

    def invoke(self, event=None, *, name="fn", **more):
        """The payload of an answer, and its FunctionError or None."""
        answer = self.functions.invoke(FunctionName=name, Payload=json.dumps(event), **more)
        return json.loads(answer["Payload"].read()), answer.get("FunctionError")

    def log(self, group="/aws/lambda/fn"):
        """Every line of a log group, in order."""
        streams = self.client("logs").describe_log_streams(logGroupName=group)["logStreams"]
        names = [stream["logStreamName"] for stream in streams]
        found = self.client("logs").filter_log_events(logGroupName=group, logStreamNames=names)["events"]
        return [event["message"] for event in found]


@pytest.fixture
def cloud(small_cloud, stepped_clock):
    """Lambda on a stepped clock, reachable by its functions."""
    made = small_cloud(Functions, clock=stepped_clock)
    made.listen()
    return LambdaCloud(made)
