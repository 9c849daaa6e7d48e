import json

import pytest

from local.front import Family
from local.sagemaker import SageMaker
from tests.local.sagemaker.conftest import PlainImages, World

PREPARE = """
import pathlib
pathlib.Path("/opt/ml/processing/out/report.json").write_text('{"auc": 0.75}')
"""
FAIL = """
print("reading")
raise ValueError("column age is missing")
"""


def step(name, kind, arguments, **more):
    """A step."""
    return {"Name": name, "Type": kind, "Arguments": arguments, **more}


def fails(name="Fail", message="too low"):
    """A Fail step."""
    return step(name, "Fail", {"ErrorMessage": message})


def definition(*steps, parameters=()):
    """A definition of these steps."""
    return {"Version": "2020-12-01", "Parameters": list(parameters), "Steps": list(steps)}


def uploads(world, key, script=PREPARE, name="Prepare", **more):
    """A Processing step whose output goes to a folder of the execution."""
    uri = {"Std:Join": {"On": "/", "Values": ["s3://work", {"Get": "Execution.PipelineExecutionId"}, key]}}
    return step(name, "Processing", world.processing(script, outputs=[("report", uri, "out")]), **more)


@pytest.fixture
def whole(world):
    """Prepare, train, gate on a parameter, register or fail."""
    report = {"PropertyFileName": "Report", "OutputName": "report", "FilePath": "report.json"}
    prepared = {"Get": "Steps.Prepare.ProcessingOutputConfig.Outputs['report'].S3Output.S3Uri"}
    script = 'open("/opt/ml/model/weights", "w").write(open("/opt/ml/input/data/report/report.json").read())'
    register = {
        "ModelPackageGroupName": "credit-risk",
        "ModelApprovalStatus": "PendingManualApproval",
        "InferenceSpecification": {
            "Containers": [
                {"Image": world.image, "ModelDataUrl": {"Get": "Steps.Train.ModelArtifacts.S3ModelArtifacts"}}
            ]
        },
    }
    auc = {"Std:JsonGet": {"PropertyFile": {"Get": "Steps.Prepare.PropertyFiles.Report"}, "Path": "auc"}}
    above = {"Type": "GreaterThanOrEqualTo", "LeftValue": auc, "RightValue": {"Get": "Parameters.MinAuc"}}
    low = {"Std:Join": {"On": " ", "Values": ["AUC", auc, "is below", {"Get": "Parameters.MinAuc"}]}}
    return definition(
        uploads(world, "report", PropertyFiles=[report]),
        step("Train", "Training", world.training(script, channels=[("report", prepared)])),
        step(
            "Gate",
            "Condition",
            {
                "Conditions": [above],
                "IfSteps": [step("Register", "RegisterModel", register)],
                "ElseSteps": [fails("TooLow", low)],
            },
            DependsOn=["Train"],
        ),
        parameters=[{"Name": "MinAuc", "Type": "Float", "DefaultValue": 0.5}],
    )


def test_a_pipeline_runs_its_steps_and_registers_a_model(world, whole):
    """Jobs are real and can be described; the package points at what was trained; the untaken branch has no record."""
    execution = world.run_pipeline(whole)
    assert execution["PipelineExecutionStatus"] == "Succeeded"
    steps = world.steps(execution)
    assert {name: found["StepStatus"] for name, found in steps.items()} == dict.fromkeys(
        ["Prepare", "Train", "Gate", "Register"], "Succeeded"
    )
    assert steps["Gate"]["Metadata"]["Condition"]["Outcome"] == "True"
    job = world.sm.list_training_jobs()["TrainingJobSummaries"][0]
    assert job["TrainingJobArn"] == steps["Train"]["Metadata"]["TrainingJob"]["Arn"]
    execution_id = execution["PipelineExecutionArn"].rsplit("/", 1)[1]
    assert job["TrainingJobName"].startswith(f"pipelines-{execution_id}-Train-")
    package = world.sm.describe_model_package(ModelPackageName=steps["Register"]["Metadata"]["RegisterModel"]["Arn"])
    url = package["InferenceSpecification"]["Containers"][0]["ModelDataUrl"]
    assert url == f"s3://work/models/{job['TrainingJobName']}/output/model.tar.gz"
    assert world.unpacked(url.removeprefix("s3://work/")) == {"weights": b'{"auc": 0.75}'}


def test_what_a_pipeline_registers_was_created_by_its_role(world, whole):
    """So that an approver can be told apart from who trained."""
    arn = world.steps(world.run_pipeline(whole))["Register"]["Metadata"]["RegisterModel"]["Arn"]
    creator = world.sm.describe_model_package(ModelPackageName=arn)["CreatedBy"]["IamIdentity"]["Arn"]
    assert creator == "arn:aws:sts::123456789012:assumed-role/runner/SageMaker"


def test_a_gate_that_does_not_hold_fails_with_its_sentence(world, whole):
    """The Fail step's message is the reason; nothing is registered."""
    execution = world.run_pipeline(whole, MinAuc="0.9")
    assert execution["PipelineExecutionStatus"] == "Failed"
    assert execution["FailureReason"].endswith("Step TooLow (Fail): AUC 0.75 is below 0.9")
    failed = world.steps(execution)["TooLow"]
    assert failed["StepStatus"] == "Failed"
    assert failed["Metadata"]["Fail"]["ErrorMessage"] == "AUC 0.75 is below 0.9"
    assert world.sm.list_model_package_groups()["ModelPackageGroupSummaryList"] == []


def test_a_step_that_raises_ends_the_execution(world):
    """The reason has the step's name, the exit code and the log's end; later steps are not started."""
    execution = world.run_pipeline(
        definition(uploads(world, "x", FAIL, "Broken"), {**fails("Later"), "DependsOn": ["Broken"]})
    )
    reason = execution["FailureReason"]
    assert reason.startswith("Step failure: One or multiple steps failed. Step Broken (Processing): ")
    assert "exit code: 1" in reason
    assert "ValueError: column age is missing\nWhat to do: read the whole log, /aws/sagemaker" in reason
    assert list(world.steps(execution)) == ["Broken"]


def test_arguments_that_aws_would_refuse_fail_the_step(world):
    """What the API says is the step's reason."""
    wrong = world.processing("")
    wrong["ProcessingResources"]["ClusterConfig"]["InstanceType"] = "ml.imaginary"
    reason = world.run_pipeline(definition(step("Wrong", "Processing", wrong)))["FailureReason"]
    assert "Failed to invoke CreateProcessingJob. Error Details: ValidationException" in reason
    assert "ml.imaginary" in reason


def test_steps_that_do_not_need_each_other_run_at_the_same_time(world):
    """Each of two steps waits for what the other writes."""
    script = """
import boto3, sys
s3, mine, other = boto3.client("s3"), sys.argv[1], sys.argv[2]
s3.put_object(Bucket="work", Key=mine, Body=b"")
s3.get_waiter("object_exists").wait(Bucket="work", Key=other, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
"""
    left = step("Left", "Processing", world.processing(script, arguments=["l", "r"]))
    right = step("Right", "Processing", world.processing(script, arguments=["r", "l"]))
    assert world.run_pipeline(definition(left, right))["PipelineExecutionStatus"] == "Succeeded"


def test_a_lambda_step_fails_with_what_lambda_says(world):
    """A function that does not exist."""
    call = {**step("Call", "Lambda", {"a": 1}), "FunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:none"}
    reason = world.run_pipeline(definition(call))["FailureReason"]
    assert "Step Call (Lambda): ClientError: Failed to invoke Invoke" in reason


class Answering:
    """Lambda, with one function that answers the same to all."""

    def __init__(self, services):
        self.handlers = {"Invoke": lambda *_: {"StatusCode": 200, "Payload": b'{"count": 3, "good": true}'}}

    def families(self):
        return [Family("lambda", self.handlers)]

    def close(self):
        """Nothing runs."""


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ({"count": "Integer", "good": "Boolean"}, ""),
        ({"good": "Integer"}, "the function did not return the output 'good' of type Integer"),
        ({"count": "Boolean"}, "the function did not return the output 'count' of type Boolean"),
        ({"other": "String"}, "the function did not return the output 'other' of type String"),
    ],
)
def test_what_a_lambda_step_gives_is_of_its_declared_type(small_cloud, declared, said):
    """True is no integer, and 1 is not true."""
    world = World(small_cloud(lambda services: SageMaker(services, images=PlainImages()), Answering))
    outputs = [{"OutputName": name, "OutputType": kind} for name, kind in declared.items()]
    call = step("Call", "Lambda", {}, FunctionArn="arn:aws:lambda:eu-west-1:123456789012:function:f")
    execution = world.run_pipeline(definition({**call, "OutputParameters": outputs}))
    called = world.steps(execution)["Call"]
    assert said in called.get("FailureReason", "")
    assert (called["StepStatus"] == "Succeeded") == (not said)
    if not said:
        told = [{"Name": "count", "Value": "3"}, {"Name": "good", "Value": "true"}]
        assert called["Metadata"]["Lambda"]["OutputParameters"] == told


def test_a_model_step_makes_a_model(world):
    """Named like a job of the step."""
    url = world.archive("m.tar.gz", {"a": "b"})
    arguments = {"PrimaryContainer": {"Image": world.image, "ModelDataUrl": url}, "ExecutionRoleArn": world.role}
    execution = world.run_pipeline(definition(step("Make", "Model", arguments)))
    (model,) = world.sm.list_models()["Models"]
    assert world.steps(execution)["Make"]["Metadata"]["Model"]["Arn"] == model["ModelArn"]


def test_an_execution_can_be_stopped(world):
    """Its running job is stopped; nothing more starts; a second stop is a conflict."""
    long = uploads(world, "x", "import time; time.sleep(600)", "Long")
    pipeline = definition(long, {**fails("Later"), "DependsOn": ["Long"]})
    world.sm.create_pipeline(PipelineName="p", PipelineDefinition=json.dumps(pipeline), RoleArn=world.role)
    arn = world.sm.start_pipeline_execution(PipelineName="p")["PipelineExecutionArn"]
    running = {"PipelineExecutionArn": arn}
    world.until(lambda: world.steps(running), lambda steps: "Metadata" in steps.get("Long", {}))

    world.sm.stop_pipeline_execution(PipelineExecutionArn=arn)

    assert world.ended_execution(arn)["PipelineExecutionStatus"] == "Stopped"
    assert {name: found["StepStatus"] for name, found in world.steps(running).items()} == {"Long": "Stopped"}
    assert world.sm.list_processing_jobs()["ProcessingJobSummaries"][0]["ProcessingJobStatus"] == "Stopped"
    assert world.refused(world.sm.stop_pipeline_execution, PipelineExecutionArn=arn)[0] == "ConflictException"


def test_status_changes_are_told_in_the_documented_shape(world):
    """Keys are lower camel case; the step's job is in its metadata."""
    execution = world.run_pipeline(definition(uploads(world, "x")))
    told = world.told("SageMaker Model Building Pipeline Execution Status Change")
    assert [event["currentPipelineExecutionStatus"] for event in told] == ["Executing", "Succeeded"]
    assert told[1]["previousPipelineExecutionStatus"] == "Executing"
    assert told[1]["pipelineExecutionArn"] == execution["PipelineExecutionArn"]
    assert told[1]["executionEndTime"].endswith("Z")
    steps = world.told("SageMaker Model Building Pipeline Execution Step Status Change")
    assert [event["currentStepStatus"] for event in steps] == ["Executing", "Succeeded"]
    assert steps[1]["stepName"] == "Prepare"
    assert steps[1]["stepType"] == "Processing"
    assert ":processing-job/pipelines-" in steps[1]["metadata"]["processingJob"]["arn"]


def test_the_same_request_token_starts_one_execution(world):
    """A start that is sent twice runs once, also when both come at once."""
    world.sm.create_pipeline(PipelineName="p", PipelineDefinition=json.dumps(definition(fails())), RoleArn=world.role)
    started = [
        world.sm.start_pipeline_execution(PipelineName="p", ClientRequestToken="t" * 32)["PipelineExecutionArn"]
        for _ in range(2)
    ]
    assert started[0] == started[1]
    world.ended_execution(started[0])


def test_parameters_are_listed_with_the_values_of_the_execution(world):
    """Those given and the defaults."""
    parameters = [
        {"Name": "Given", "Type": "Integer", "DefaultValue": 1},
        {"Name": "Left", "Type": "Boolean", "DefaultValue": True},
    ]
    arn = world.run_pipeline(definition(fails(), parameters=parameters), Given="7")["PipelineExecutionArn"]
    listed = world.sm.list_pipeline_parameters_for_execution(PipelineExecutionArn=arn)["PipelineParameters"]
    assert listed == [{"Name": "Given", "Value": "7"}, {"Name": "Left", "Value": "true"}]


def test_an_unknown_parameter_or_image_is_refused_before_anything_runs(world):
    """No execution is made."""
    request = world.processing("")
    request["AppSpecification"]["ImageUri"] = {"Get": "Parameters.Image"}
    image = {"Name": "Image", "Type": "String", "DefaultValue": "strange:1"}
    text = json.dumps(definition(step("A", "Processing", request), parameters=[image]))
    world.sm.create_pipeline(PipelineName="p", PipelineDefinition=text, RoleArn=world.role)
    start = world.sm.start_pipeline_execution
    refused = world.refused(start, PipelineName="p", PipelineParameters=[{"Name": "Colour", "Value": "x"}])
    assert refused == ("ValidationException", "Unknown pipeline parameters: Colour. Declared: Image.")
    refused = world.refused(start, PipelineName="p")
    assert refused == ("UnsupportedLocally", "The local cloud does not support image strange:1.")
    assert world.sm.list_pipeline_executions(PipelineName="p")["PipelineExecutionSummaries"] == []


def test_a_definition_that_is_not_sound_is_not_stored(world):
    """Neither created nor put in place of a good one."""
    create, update = world.sm.create_pipeline, world.sm.update_pipeline
    automatic = json.dumps(definition(step("Tune", "AutoML", {})))
    refused = world.refused(create, PipelineName="p", PipelineDefinition=automatic, RoleArn=world.role)
    assert refused[0] == "UnsupportedLocally"
    assert "pipeline step type AutoML (step Tune)" in refused[1]
    good = json.dumps(definition(fails()))
    create(PipelineName="p", PipelineDefinition=good, RoleArn=world.role)
    assert world.refused(update, PipelineName="p", PipelineDefinition="{}")[0] == "ValidationException"
    assert world.sm.describe_pipeline(PipelineName="p")["PipelineDefinition"] == good


def test_a_running_execution_keeps_the_definition_it_began_with(world):
    """An update is for later executions."""
    execution = world.run_pipeline(definition(fails("Old")))
    new = json.dumps(definition(fails("New")))
    world.sm.update_pipeline(PipelineName="p", PipelineDefinition=new)
    arn = execution["PipelineExecutionArn"]
    shown = world.sm.describe_pipeline_definition_for_execution(PipelineExecutionArn=arn)["PipelineDefinition"]
    assert json.loads(shown)["Steps"][0]["Name"] == "Old"
    assert world.sm.describe_pipeline(PipelineName="p")["PipelineDefinition"] == new


def test_a_definition_may_come_from_s3(world):
    """The text is kept, not the place."""
    text = json.dumps(definition(fails()))
    world.put("definition.json", text)
    place = {"Bucket": world.bucket, "ObjectKey": "definition.json"}
    world.sm.create_pipeline(PipelineName="p", PipelineDefinitionS3Location=place, RoleArn=world.role)
    assert world.sm.describe_pipeline(PipelineName="p")["PipelineDefinition"] == text
    place["ObjectKey"] = "other.json"
    refused = world.refused(
        world.sm.create_pipeline, PipelineName="q", PipelineDefinitionS3Location=place, RoleArn=world.role
    )
    assert "s3://work/other.json does not exist" in refused[1]


def test_pipelines_and_executions_are_listed(world):
    """By prefix; with the time of the last run and the reason of a failure."""
    world.run_pipeline(definition(fails()))
    (pipeline,) = world.sm.list_pipelines(PipelineNamePrefix="p")["PipelineSummaries"]
    assert "LastExecutionTime" in pipeline
    assert world.sm.list_pipelines(PipelineNamePrefix="q")["PipelineSummaries"] == []
    (execution,) = world.sm.list_pipeline_executions(PipelineName="p")["PipelineExecutionSummaries"]
    assert execution["PipelineExecutionStatus"] == "Failed"
    assert execution["PipelineExecutionFailureReason"].endswith("too low")
    assert "StartTime" in execution


def test_names_are_taken_and_missed_in_aws_words(world):
    """What clients match on."""
    world.run_pipeline(definition(fails()))
    text = json.dumps(definition(fails()))
    refused = world.refused(world.sm.create_pipeline, PipelineName="p", PipelineDefinition=text, RoleArn=world.role)
    assert refused[0] == "ValidationException"
    assert "already exists" in refused[1]
    assert world.refused(world.sm.describe_pipeline, PipelineName="q")[0] == "ResourceNotFound"
    world.sm.delete_pipeline(PipelineName="p")
    assert world.refused(world.sm.start_pipeline_execution, PipelineName="p")[0] == "ResourceNotFound"


def test_executions_go_with_their_pipeline(world):
    """One of the same name begins without a past: none is found by its display name, none shown by its ARN."""
    arn = world.run_pipeline(definition(fails()))["PipelineExecutionArn"]
    world.sm.delete_pipeline(PipelineName="p")
    assert world.refused(world.sm.describe_pipeline_execution, PipelineExecutionArn=arn)[0] == "ResourceNotFound"
    world.sm.create_pipeline(PipelineName="p", PipelineDefinition=json.dumps(definition(fails())), RoleArn=world.role)
    assert world.sm.list_pipeline_executions(PipelineName="p")["PipelineExecutionSummaries"] == []
