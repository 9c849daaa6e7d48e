"""The codes and words with which SageMaker refuses: people and programs match on them. Costs nothing."""

import re

import pytest

from tests.contract.account import refused

pytestmark = [pytest.mark.clients, pytest.mark.aws_verified]

MISSING = [
    ("describe_endpoint", "EndpointName", "ValidationException", 'Could not find endpoint "{arn:endpoint}".'),
    ("delete_endpoint", "EndpointName", "ValidationException", 'Could not find endpoint "{arn:endpoint}".'),
    (
        "describe_endpoint_config",
        "EndpointConfigName",
        "ValidationException",
        'Could not find endpoint configuration "{arn:endpoint-config}".',
    ),
    ("describe_model", "ModelName", "ValidationException", 'Could not find model "{arn:model}".'),
    ("delete_model", "ModelName", "ValidationException", 'Could not find model "{arn:model}".'),
    ("describe_training_job", "TrainingJobName", "ValidationException", "Requested resource not found"),
    ("stop_training_job", "TrainingJobName", "ValidationException", "Requested resource not found"),
    ("describe_processing_job", "ProcessingJobName", "ValidationException", "Could not find requested job"),
    ("describe_model_package_group", "ModelPackageGroupName", "ValidationException", "does not exist"),
    ("describe_pipeline", "PipelineName", "ResourceNotFound", ""),
]


@pytest.mark.parametrize(("operation", "member", "code", "words"), MISSING, ids=[case[0] for case in MISSING])
def test_what_is_not_there(account, operation, member, code, words):
    """The control plane says ValidationException of most that is missing, and names it by its ARN."""
    name = account.name("nobody")
    said = refused(getattr(account.client("sagemaker"), operation), **{member: name})
    assert said is not None
    kind = re.search(r"\{arn:([\w-]+)\}", words)
    expected = words.replace(kind[0], account.arn("sagemaker", f"{kind[1]}/{name}")) if kind else words
    assert (said[0], expected in said[1]) == (code, True), said


def test_a_group_is_made_once(account):
    """The second is refused, and the name is said."""
    sagemaker, name = account.client("sagemaker"), account.name("twice")
    sagemaker.create_model_package_group(ModelPackageGroupName=name)
    account.later(sagemaker.delete_model_package_group, ModelPackageGroupName=name)
    code, words = refused(sagemaker.create_model_package_group, ModelPackageGroupName=name)
    assert code == "ValidationException"
    assert "already exists" in words


def test_a_model_is_made_once(account, serving):
    """`Cannot create already existing model`."""
    name = serving.model("model-twice")
    code, words = refused(
        account.client("sagemaker").create_model,
        ModelName=name,
        PrimaryContainer=serving.container("one"),
        ExecutionRoleArn=serving.role,
    )
    assert code == "ValidationException"
    assert words.startswith(f'Cannot create already existing model "{account.arn("sagemaker", f"model/{name}")}"')


def test_an_endpoint_of_no_configuration_is_refused(account):
    """The configuration is named."""
    sagemaker, name = account.client("sagemaker"), account.name("no-config")
    code, words = refused(sagemaker.create_endpoint, EndpointName=name, EndpointConfigName=name)
    assert code == "ValidationException"
    assert "Could not find endpoint configuration" in words
    assert refused(sagemaker.describe_endpoint, EndpointName=name) is not None
