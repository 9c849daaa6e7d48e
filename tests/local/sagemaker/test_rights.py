"""What SageMaker does for a job, a model or an execution it does in its role."""

import json

import pytest
from botocore.exceptions import ClientError

from local.clock import Clock
from tests.local import trust

COPY = "import shutil; shutil.copytree('/opt/ml/processing/in', '/opt/ml/processing/out', dirs_exist_ok=True)"
STOP = {"Name": "Stop", "Type": "Fail", "Arguments": {"ErrorMessage": "stop"}}
DEFINITION = json.dumps({"Version": "2020-12-01", "Steps": [STOP]})
CAPTURE = {
    "EnableCapture": True,
    "InitialSamplingPercentage": 100,
    "DestinationS3Uri": "s3://work/captured",
    "CaptureOptions": [{"CaptureMode": "Input"}],
}


@pytest.fixture
def stranger(world):
    """The ARN of a role that trusts Lambda and not SageMaker."""
    return trust.role(world.services.client("iam"), "stranger", "lambda")


def test_a_job_reads_writes_and_logs_in_its_role(world):
    """Inputs, outputs and log: nothing of them is asked for by anybody else."""
    put = world.put("in/a.txt", "a")
    before = len(world.asked("s3"))
    world.run_processing("job", COPY, inputs=[("d", put, "in")], outputs=[("o", "s3://work/out", "out")])
    assert world.read("out/a.txt") == b"a"
    in_role = {"s3:ListObjectsV2", "s3:GetObject", "s3:PutObject", "logs:PutLogEvents"}
    assert in_role <= set(world.asked_as("runner"))
    others = world.asked("s3")[before:]
    assert others.count("s3:PutObject") == world.asked_as("runner").count("s3:PutObject") + 1  # the script


def test_an_endpoint_fetches_its_model_and_keeps_what_it_is_asked_in_the_models_role(make_world):
    """The model's data, the log of its server and the captured requests."""
    world = make_world(clock=Clock(speed=60))
    world.model("m")
    world.config("c1", "m", DataCaptureConfig=CAPTURE)
    world.endpoint()
    asked = world.asked_as("runner")
    assert {"s3:HeadObject", "s3:GetObject", "logs:PutLogEvents"} <= set(asked)
    world.invoke("you")
    world.until(lambda: world.asked_as("runner"), lambda now: "s3:PutObject" in now)
    assert world.keys("captured/")


def test_what_sagemaker_cannot_act_in_is_refused_when_it_is_named(world, stranger):
    """A role that trusts another service: no job, model or pipeline is made with it."""
    job = {**world.processing("pass"), "RoleArn": stranger}
    url = world.archive("m/model.tar.gz", {"word": "hello"})
    container = {"Image": world.image, "ModelDataUrl": url}
    for call, params in {
        world.sm.create_processing_job: {"ProcessingJobName": "j", **job},
        world.sm.create_model: {"ModelName": "m", "PrimaryContainer": container, "ExecutionRoleArn": stranger},
        world.sm.create_pipeline: {"PipelineName": "p", "PipelineDefinition": DEFINITION, "RoleArn": stranger},
    }.items():
        with pytest.raises(ClientError, match="Could not assume role arn:aws:iam::123456789012:role/stranger"):
            call(**params)


def test_a_definition_is_fetched_by_who_makes_the_pipeline(world):
    """SageMaker reads it in the caller's name, since the pipeline's role need not see it."""
    world.put("p.json", DEFINITION)
    place = {"Bucket": "work", "ObjectKey": "p.json"}
    world.sm.create_pipeline(PipelineName="p", PipelineDefinitionS3Location=place, RoleArn=world.role)
    assert "s3:GetObject" not in world.asked_as("runner")


def test_an_execution_makes_its_experiment_and_trial_in_the_pipelines_role(world):
    """Both are looked for and made by the role, the second time the trial alone; nobody else does."""
    config = {"ExperimentName": "e", "TrialName": {"Get": "Execution.PipelineExecutionId"}}
    text = {"Version": "2020-12-01", "PipelineExperimentConfig": config, "Steps": [STOP]}
    world.run_pipeline(text)
    arn = world.sm.start_pipeline_execution(PipelineName="p")["PipelineExecutionArn"]
    world.ended_execution(arn)
    made = [what for what in world.asked_as("runner") if "Create" in what]
    assert made == ["sagemaker:CreateExperiment", "sagemaker:CreateTrial", "sagemaker:CreateTrial"]
    assert made == [what for what in world.asked("sagemaker") if what in made]
    assert len(world.sm.list_trials(ExperimentName="e")["TrialSummaries"]) == 2


def test_an_execution_that_cannot_have_its_experiment_fails_before_its_steps(world):
    """With the words of the call that was refused."""
    config = {"ExperimentName": "no name!", "TrialName": "t"}
    execution = world.run_pipeline({"Version": "2020-12-01", "PipelineExperimentConfig": config, "Steps": [STOP]})
    assert execution["PipelineExecutionStatus"] == "Failed"
    assert "Failed to invoke DescribeExperiment. Error Details: ValidationException" in execution["FailureReason"]
    assert world.steps(execution) == {}
