"""A whole local cloud, whose roles have no more rights than they are given, and pipelines that would register."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from env import images
from local.cloud import LocalCloud
from tests.local.sagemaker.conftest import World
from tests.local.trust import role

LOCKED = {"Effect": "Deny", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::work/locked/*"}
BLIND = {"Effect": "Deny", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "*"}


class Faults(World):
    """Runs one broken step before another that would register a model."""

    image = images.uri("sklearn:1.4-2", region="eu-west-1")

    def __init__(self, cloud: LocalCloud) -> None:
        self.cloud, self.services = cloud, cloud.services
        session = cloud.session()
        self.sm, self.s3, iam = (session.client(name) for name in ("sagemaker", "s3", "iam"))
        self.role = role(iam, "runner", "sagemaker", allowed=["*"])
        self.locked = role(iam, "locked", "sagemaker", allowed=["*", LOCKED])
        self.blind = role(iam, "blind", "sagemaker", allowed=["*", BLIND])
        self.s3.create_bucket(Bucket="work", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        self.put("model.tar.gz", "")

    def broken(self, kind: str, arguments: dict[str, Any], *more: dict[str, Any], **keys: Any) -> str:
        """The reason why the step "Broken" fails, in a pipeline of its own in which it stands before others.

        Nothing may be registered, and no process may be left.
        """
        step = {"Name": "Broken", "Type": kind, "Arguments": arguments, **keys}
        execution = self.run_pipeline(self._definition(step, *more))
        assert execution["PipelineExecutionStatus"] == "Failed"
        steps = self.steps(execution)
        failed = [found for found in steps.values() if found["StepStatus"] == "Failed"]
        assert len(failed) == 1, steps
        assert "Register" not in steps
        assert self.sm.list_model_package_groups()["ModelPackageGroupSummaryList"] == []
        assert self.left_behind() == []
        return str(failed[0]["FailureReason"])

    def run_pipeline(self, definition: dict[str, Any], **parameters: str) -> dict[str, Any]:
        text = {"PipelineDefinition": json.dumps(definition), "RoleArn": self.role}
        known = [found["PipelineName"] for found in self.sm.list_pipelines()["PipelineSummaries"]]
        (self.sm.update_pipeline if "p" in known else self.sm.create_pipeline)(PipelineName="p", **text)
        arn = self.sm.start_pipeline_execution(PipelineName="p")["PipelineExecutionArn"]
        return self.ended_execution(arn)

    def left_behind(self) -> list[str]:
        """The processes that still have this cloud's folders in their environment."""
        return processes_of(self.services.workdir)

    def _definition(self, *steps: dict[str, Any]) -> dict[str, Any]:
        container = {"Image": self.image, "ModelDataUrl": "s3://work/model.tar.gz"}
        package = {"ModelPackageGroupName": "g", "InferenceSpecification": {"Containers": [container]}}
        last = {"Name": "Register", "Type": "RegisterModel", "Arguments": package, "DependsOn": [steps[-1]["Name"]]}
        return {"Version": "2020-12-01", "Steps": [*steps, last]}


def processes_of(folder: Path) -> list[str]:
    """The commands of the processes that run below a folder, as their environment tells."""
    found = []
    for entry in Path("/proc").iterdir() if os.path.isdir("/proc/self") else ():  # noqa: PTH112
        try:
            if entry.name.isdigit() and f"HOME={folder}".encode() in (entry / "environ").read_bytes():
                found.append(re.sub(r"\0", " ", (entry / "cmdline").read_text()))
        except (FileNotFoundError, PermissionError, ProcessLookupError):
            continue
    return found


@pytest.fixture(scope="module")
def faults():
    """One cloud for the tests of a file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "false")
        with LocalCloud(region="eu-west-1") as cloud:
            cloud.start()
            yield Faults(cloud)
