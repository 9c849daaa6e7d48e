"""A cloud that is killed while a step runs: nothing goes on without it, and it finishes what it had begun."""

import json

import pytest

from tests.local.sagemaker.faults.conftest import Faults, processes_of
from tests.local.test_kill import Cloud
from tests.local.trust import role

pytestmark = pytest.mark.clients  # a process for each life of the cloud

STEP = """
import os, subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
while not os.path.exists({gate!r}):
    time.sleep(0.02)
open("/opt/ml/model/weights", "w").write("done")
"""


class Client(Faults):
    """The same requests, at a cloud in a process of its own."""

    def __init__(self, cloud, folder):
        self.sm, self.s3 = cloud.client("sagemaker"), cloud.client("s3")
        self.folder = folder

    def make(self, iam):
        self.role = role(iam, "runner", "sagemaker", allowed=["*"])
        self.s3.create_bucket(Bucket="work", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        self.put("model.tar.gz", "")


@pytest.fixture
def cloud(tmp_path):
    """Killed at the end, if it is there."""
    cloud = Cloud(tmp_path / "state")
    cloud.begin()
    yield cloud
    cloud.kill()


def test_a_step_whose_cloud_was_killed_runs_again(cloud, tmp_path):
    """No process outlives the cloud; the next one runs the job again from its start and registers one model."""
    client, gate = Client(cloud, tmp_path / "state"), tmp_path / "gate"
    client.make(cloud.client("iam"))
    request = client.training(STEP.format(gate=str(gate)))
    step = {"Name": "Train", "Type": "Training", "Arguments": request}
    text = json.dumps(client._definition(step))
    client.sm.create_pipeline(PipelineName="p", PipelineDefinition=text, RoleArn=client.role)
    arn = client.sm.start_pipeline_execution(PipelineName="p")["PipelineExecutionArn"]
    workdir = tmp_path / "state" / "work"
    client.until(lambda: processes_of(workdir), lambda running: len(running) > 1)

    cloud.kill()
    client.until(lambda: processes_of(workdir), lambda running: not running)
    cloud.begin()
    gate.touch()
    execution = client.ended_execution(arn)
    assert execution["PipelineExecutionStatus"] == "Succeeded", execution.get("FailureReason")
    (job,) = client.sm.list_training_jobs()["TrainingJobSummaries"]
    assert job["TrainingJobStatus"] == "Completed"
    (package,) = client.sm.list_model_packages(ModelPackageGroupName="g")["ModelPackageSummaryList"]
    assert package["ModelPackageStatus"] == "Completed"
    assert processes_of(workdir) == []
