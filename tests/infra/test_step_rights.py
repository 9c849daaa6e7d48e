import pytest

import env
from infra import step_rights
from infra.errors import StepError

LOCAL = env.load("local")
QUEUE = "https://sqs.eu-west-1.amazonaws.com/123456789012/approvals"
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:notify"


def given(*steps, parameters=()):
    """The actions that a pipeline of these steps may do, with what on."""
    named = [{"Name": f"S{number}", **step} for number, step in enumerate(steps)]
    rights = step_rights.of({"Steps": named, "Parameters": list(parameters)}, LOCAL, "credit-risk")
    return {action: list(right.resources) for right in rights for action in right.actions}


@pytest.mark.parametrize(
    ("kind", "action", "resource"),
    [
        ("Processing", "sagemaker:CreateProcessingJob", "processing-job/pipelines-*"),
        ("QualityCheck", "sagemaker:CreateProcessingJob", "processing-job/pipelines-*"),
        ("QualityCheck", "sagemaker:ListModelPackages", "model-package-group/credit-risk"),
        ("Training", "sagemaker:CreateTrainingJob", "training-job/pipelines-*"),
        ("Transform", "sagemaker:CreateTransformJob", "transform-job/pipelines-*"),
        ("Tuning", "sagemaker:CreateHyperParameterTuningJob", "hyper-parameter-tuning-job/*"),
        ("Model", "sagemaker:CreateModel", "model/pipelines-*"),
        ("RegisterModel", "sagemaker:CreateModelPackage", "model-package-group/credit-risk"),
    ],
)
def test_a_step_brings_the_rights_it_needs(kind, action, resource):
    """The pipeline may make what the step makes, where SageMaker makes it."""
    assert f"arn:aws:sagemaker:eu-west-1:123456789012:{resource}" in given({"Type": kind})[action]


def test_a_pipeline_has_no_rights_for_steps_that_it_has_not():
    """A pipeline that only processes neither trains nor registers."""
    assert set(given({"Type": "Processing"})) == {
        "sagemaker:AddTags",
        "sagemaker:CreateProcessingJob",
        "sagemaker:DescribeProcessingJob",
        "sagemaker:StopProcessingJob",
    }


def test_steps_in_branches_count():
    """What may happen needs its rights."""
    gate = {"Type": "Condition", "Arguments": {"IfSteps": [{"Name": "R", "Type": "RegisterModel"}], "ElseSteps": []}}
    assert "sagemaker:CreateModelPackage" in given(gate)


def test_a_function_is_invoked_that_a_step_names():
    """This one, and no other; a parameter's default names one too."""
    named = {"Name": "Function", "Type": "String", "DefaultValue": f"{FUNCTION}-2"}
    steps = (
        {"Type": "Lambda", "FunctionArn": FUNCTION},
        {"Type": "Lambda", "FunctionArn": {"Get": "Parameters.Function"}},
    )
    assert given(*steps, parameters=[named]) == {"lambda:InvokeFunction": [FUNCTION, f"{FUNCTION}-2"]}


def test_a_callback_is_sent_to_the_queue_that_a_step_names():
    """By the queue's ARN, which IAM knows it by."""
    assert given({"Type": "Callback", "SqsQueueUrl": QUEUE}) == {
        "sqs:SendMessage": ["arn:aws:sqs:eu-west-1:123456789012:approvals"]
    }


@pytest.mark.parametrize(
    "step",
    [
        {"Type": "Lambda", "FunctionArn": {"Get": "Steps.Other.OutputParameters['f']"}},
        {"Type": "Lambda", "FunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:*"},
        {"Type": "Lambda"},
        {"Type": "Callback", "SqsQueueUrl": {"Get": "Parameters.None"}},
    ],
)
def test_what_a_step_calls_must_be_known(step):
    """A right to whatever a run may find would be a right to everything."""
    with pytest.raises(StepError, match=r"credit-risk: the step S0 has no (FunctionArn|SqsQueueUrl)"):
        given(step)


def test_a_kind_of_step_without_rights_is_refused():
    """With its name, and the kinds that have rights."""
    with pytest.raises(StepError, match=r"S0 \(EMR\).*Processing.*Tuning"):
        given({"Type": "EMR"})
