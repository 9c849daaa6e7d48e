"""Twenty actions taken away from running roles: the component that needs them fails, and says which."""

import json
import time
from contextlib import contextmanager

import click
import pytest
from botocore.exceptions import ClientError

from cli.demo.loop import MODEL, follow_release, train
from cli.deploy import bring_up
from cli.errors import CliError
from env import naming
from tests.rights import proof
from tests.rights.paths import PATIENCE_SECONDS

pytestmark = pytest.mark.clients  # heavy: a stage is deployed, trained and released

BY = "arn:aws:iam::123456789012:root"
QUESTIONS = {
    "release": {"model": MODEL},
    "apply": {"model": MODEL, "release_id": "r1-v1"},
    "approve": {"model": MODEL, "version": 1, "reason": "again", "by": BY},
    "rollback": {"model": MODEL, "version": 99, "reason": "no", "by": BY},
    "sweep": {"model": MODEL, "dry_run": True},
    "watch": {},
}
"""What each function is asked, none of which changes anything."""

FUNCTIONS = [
    ("release", "cloudformation:DescribeStacks"),
    ("release", "dynamodb:Query"),
    ("release", "kms:Decrypt"),
    ("release", "sagemaker:DescribeEndpoint"),
    ("release", "sagemaker:ListModelPackages"),
    ("apply", "dynamodb:Query"),
    ("approve", "sagemaker:DescribeEndpoint"),
    ("approve", "sagemaker:DescribeModelPackage"),
    ("sweep", "cloudformation:DescribeStackResources"),
    ("sweep", "sagemaker:ListEndpointConfigs"),
    ("sweep", "sagemaker:ListModels"),
    ("watch", "kms:Decrypt"),
]
COMMANDS = [
    ("scientist", "sagemaker:StartPipelineExecution", f"run {MODEL} --no-watch"),
    ("scientist", "sagemaker:DescribePipeline", f"run {MODEL} --no-watch"),
    ("approver", "sagemaker:UpdateModelPackage", f"reject {MODEL}/1 --reason no"),
    ("operator", "lambda:InvokeFunction", f"gc {MODEL} --dry-run"),
    ("operator", "sagemaker:InvokeEndpoint", f"invoke {MODEL} --data tests/golden/applicants.csv"),
]
STEPS = ["iam:PassRole", "s3:ListBucket", "sagemaker:CreateProcessingJob"]


@pytest.fixture(scope="module")
def served(town):
    """The stage with its first version behind the endpoint."""
    bring_up(town.admin)
    version, _ = train(town.person("scientist"), given={})
    town.type("approver", f"approve {MODEL}/{version} --reason 'it serves as a sample'")
    assert follow_release(town.person("operator"), version)["outcome"] == "deployed"
    town.rest()
    return town


@contextmanager
def without(town, role, action):
    """Take an action away from a role, in whatever statements it stands, for a while."""
    iam = town.admin.client("iam")
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    had = {n: json.dumps(iam.get_role_policy(RoleName=role, PolicyName=n)["PolicyDocument"]) for n in names}
    cut = had
    while taken := next((c for c in proof.cuts(role, cut) if c.action == action), None):
        cut = proof.reduced(cut, taken)
    assert cut != had
    try:
        _put(iam, role, cut)
        yield
    finally:
        _put(iam, role, had)


def _put(iam, role, documents):
    for name, document in documents.items():
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=document)


@pytest.mark.parametrize(("verb", "action"), FUNCTIONS)
def test_a_function_fails_without_an_action(served, verb, action):
    """Its answer is an error that names the action."""
    stage, functions = served.admin.stage, served.admin.client("lambda")
    event = json.dumps(QUESTIONS[verb]).encode()
    with without(served, naming.function_role(stage, verb), action):
        answer = functions.invoke(FunctionName=naming.function(stage, verb), Payload=event)
        said = answer["Payload"].read().decode()
    assert answer.get("FunctionError") == "Unhandled", said
    assert f"is not authorized to perform: {action}" in said


@pytest.mark.parametrize(("person", "action", "line"), COMMANDS)
def test_a_person_cannot_go_on_without_an_action(served, person, action, line):
    """The command ends in AWS's refusal."""
    with (
        without(served, naming.person_role(served.admin.stage, person), action),
        pytest.raises((ClientError, CliError, click.ClickException)) as refused,
    ):
        served.type(person, line)
    assert f"is not authorized to perform: {action}" in str(refused.value)


@pytest.mark.parametrize("action", STEPS)
def test_a_pipeline_fails_without_an_action(served, action):
    """The step's reason names it."""
    sagemaker, stage = served.admin.client("sagemaker"), served.admin.stage
    with without(served, naming.training_role(stage, MODEL), action):
        arn = sagemaker.start_pipeline_execution(PipelineName=naming.pipeline(stage, MODEL))["PipelineExecutionArn"]
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (status := sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn))[
            "PipelineExecutionStatus"
        ] == "Executing":
            assert time.monotonic() < deadline
            time.sleep(0.1)
    assert status["PipelineExecutionStatus"] == "Failed"
    steps = sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=arn)["PipelineExecutionSteps"]
    assert any(f"is not authorized to perform: {action}" in step.get("FailureReason", "") for step in steps), steps


def test_a_model_whose_role_may_not_read_it_is_not_made(served):
    """SageMaker looks at the model's data in the model's role."""
    sagemaker, stage = served.admin.client("sagemaker"), served.admin.stage
    package = f"arn:aws:sagemaker:{stage.region}:{stage.account}:model-package/{MODEL}/1"
    described = sagemaker.describe_model_package(ModelPackageName=package)
    [container] = described["InferenceSpecification"]["Containers"]
    role = naming.serving_role(stage, MODEL)
    kept = {key: container[key] for key in ("Image", "ModelDataUrl")}
    with without(served, role, "s3:GetObject"), pytest.raises(ClientError) as refused:
        sagemaker.create_model(ModelName="m", PrimaryContainer=kept, ExecutionRoleArn=naming.role_arn(stage, role))
    assert "Could not access model data" in str(refused.value)


def test_a_schedule_that_may_not_call_leaves_a_dead_letter(served):
    """The letter says what was not allowed."""
    stage, sqs = served.admin.stage, served.admin.client("sqs")
    url = sqs.get_queue_url(QueueName=naming.dead_letter_queue(stage))["QueueUrl"]
    with without(served, naming.scheduler_role(stage), "lambda:InvokeFunction"):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (found := _letters(sqs, url)):
            assert time.monotonic() < deadline
            time.sleep(0.1)
    said = found[0]["MessageAttributes"]
    assert "lambda:InvokeFunction" in said["ERROR_MESSAGE"]["StringValue"]


def _letters(sqs, url):
    received = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"], MaxNumberOfMessages=10)
    return [message for message in received.get("Messages", []) if "SCHEDULE_ARN" in message["MessageAttributes"]]
