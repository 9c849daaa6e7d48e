"""The local cloud's part: chains of plain Processing steps, with program and data from S3, and data to S3."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from cloud import servers
from cloud.servers import REGION, Server

from overhead.chains import FOLDER, Runner, environment

IMAGE = "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
_BUCKET = "benchmark"
_INSIDE = "/opt/ml/processing"
_CODE, _DATA = f"s3://{_BUCKET}/code/step.py", f"s3://{_BUCKET}/data/times.txt"


@contextlib.contextmanager
def ours(lengths: list[int]) -> Iterator[Runner]:
    """`sluice up` in a process of its own, with a pipeline of each length, and a client that starts one."""
    with servers.ours() as server:
        cloud = _Cloud(server)
        cloud.prepare(lengths)
        yield Runner("Sluice", cloud.run)


class _Cloud:
    def __init__(self, server: Server) -> None:
        self._server = server
        self._s3: Any = server.client("s3")

    def run(self, steps: int) -> str:
        """Run a chain from a client's process of its own; gives what its last step wrote to S3."""
        keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "NO_PROXY": "localhost"}
        env = environment({**keys, "AWS_ENDPOINT_URL": self._server.url, "AWS_DEFAULT_REGION": REGION})
        client = [sys.executable, str(FOLDER / "client.py"), _name(steps)]
        done = subprocess.run(client, env=env, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"the chain of {steps} failed: {done.stderr}")
        written = self._s3.get_object(Bucket=_BUCKET, Key=f"{done.stdout.strip()}/{steps}/times.txt")
        return str(written["Body"].read().decode())

    def prepare(self, lengths: list[int]) -> None:
        """A bucket, a role and the pipelines."""
        sagemaker: Any = self._server.client("sagemaker")
        self._s3.create_bucket(Bucket=_BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        self._s3.put_object(Bucket=_BUCKET, Key="code/step.py", Body=(FOLDER / "step.py").read_bytes())
        self._s3.put_object(Bucket=_BUCKET, Key="data/times.txt", Body=b"")
        role = self._role()
        for steps in lengths:
            definition = json.dumps(_definition(steps, role))
            sagemaker.create_pipeline(
                PipelineName=_name(steps), RoleArn=role, PipelineDefinition=definition, ClientRequestToken="0" * 32
            )

    def _role(self) -> str:
        iam: Any = self._server.client("iam")
        trust = {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
        actions = ["sagemaker:*ProcessingJob", "sagemaker:AddTags", "s3:*Object", "s3:ListBucket", "logs:*"]
        rights = [{"Effect": "Allow", "Action": actions, "Resource": "*"}]
        role = iam.create_role(RoleName="benchmark", AssumeRolePolicyDocument=_policy([trust]))["Role"]["Arn"]
        passed = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": role}
        iam.put_role_policy(RoleName="benchmark", PolicyName="rights", PolicyDocument=_policy([*rights, passed]))
        return str(role)


def _definition(steps: int, role: str) -> dict[str, Any]:
    return {"Version": "2020-12-01", "Steps": [_step(number, role) for number in range(1, steps + 1)]}


def _step(number: int, role: str) -> dict[str, Any]:
    before = f"Steps.Step{number - 1}.ProcessingOutputConfig.Outputs['times'].S3Output.S3Uri"
    source = {"Get": before} if number > 1 else _DATA
    target = {"Std:Join": {"On": "/", "Values": [f"s3://{_BUCKET}", {"Get": "Execution.PipelineExecutionId"}, number]}}
    output = {"LocalPath": f"{_INSIDE}/output", "S3Uri": target, "S3UploadMode": "EndOfJob"}
    program = ["python3", f"{_INSIDE}/input/code/step.py", f"{_INSIDE}/input/data/times.txt"]
    cluster = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}
    return {
        "Name": f"Step{number}",
        "Type": "Processing",
        "Arguments": {
            "RoleArn": role,
            "AppSpecification": {
                "ImageUri": IMAGE,
                "ContainerEntrypoint": program,
                "ContainerArguments": [f"{_INSIDE}/output/times.txt"],
            },
            "ProcessingResources": {"ClusterConfig": cluster},
            "ProcessingInputs": [_input("code", _CODE), _input("data", source)],
            "ProcessingOutputConfig": {"Outputs": [{"OutputName": "times", "S3Output": output}]},
        },
    }


def _input(name: str, source: Any) -> dict[str, Any]:
    place = {"LocalPath": f"{_INSIDE}/input/{name}", "S3DataType": "S3Prefix", "S3InputMode": "File"}
    return {"InputName": name, "S3Input": {"S3Uri": source, **place}}


def _policy(statements: list[dict[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _name(steps: int) -> str:
    return f"chain-of-{steps}"
