"""The life of a version in the registry, and the events that it causes. Costs nothing."""

import pytest

from tests.contract.account import refused

pytestmark = [pytest.mark.clients, pytest.mark.aws_verified]

DETAIL_TYPE = "SageMaker Model Package State Change"


@pytest.fixture(scope="module")
def group(account):
    """A group of this run's own."""
    sagemaker, name = account.client("sagemaker"), account.name("registry")
    sagemaker.create_model_package_group(ModelPackageGroupName=name)
    account.later(sagemaker.delete_model_package_group, ModelPackageGroupName=name)
    return name


@pytest.fixture(scope="module")
def version(account, group, serving, letters):
    """Its first version, which waits for a person."""
    sagemaker = account.client("sagemaker")
    container = serving.container("one")
    made = sagemaker.create_model_package(
        ModelPackageGroupName=group,
        ModelApprovalStatus="PendingManualApproval",
        InferenceSpecification={
            "Containers": [{"Image": container["Image"], "ModelDataUrl": container["ModelDataUrl"]}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
        CustomerMetadataProperties={"commit": "0123abc"},
    )["ModelPackageArn"]
    account.later(sagemaker.delete_model_package, ModelPackageName=made)
    return made


@pytest.fixture(scope="module")
def approved(account, version):
    """The version after a person's yes."""
    sagemaker = account.client("sagemaker")
    sagemaker.update_model_package(
        ModelPackageArn=version, ModelApprovalStatus="Approved", ApprovalDescription="as good as any"
    )
    return sagemaker.describe_model_package(ModelPackageName=version)


def test_a_version_is_counted_from_one_and_completed_at_once(account, group, version):
    """Its ARN names group and number; it needs no processing."""
    assert version == account.arn("sagemaker", f"model-package/{group}/1")
    found = account.client("sagemaker").describe_model_package(ModelPackageName=version)
    assert (found["ModelPackageVersion"], found["ModelPackageStatus"]) == (1, "Completed")
    assert found["CustomerMetadataProperties"] == {"commit": "0123abc"}


def test_an_approval_is_kept_with_its_reason(approved):
    """Status and description, and who it was that changed them."""
    assert (approved["ModelApprovalStatus"], approved["ApprovalDescription"]) == ("Approved", "as good as any")
    assert "LastModifiedTime" in approved


def test_an_approval_is_an_event(account, group, version, approved, letters):
    """The event names version and status as the API does, and what was updated."""

    def approves(event):
        detail = event["detail"]
        return detail.get("ModelPackageArn") == version and detail.get("ModelApprovalStatus") == "Approved"

    (event, *_) = [event for event in letters.until(approves) if approves(event)]
    assert (event["source"], event["detail-type"]) == ("aws.sagemaker", DETAIL_TYPE)
    assert (event["account"], event["region"], event["resources"]) == (account.id, account.region, [version])
    detail = event["detail"]
    assert (detail["ModelPackageGroupName"], detail["ModelPackageVersion"]) == (group, 1)
    assert "ModelApprovalStatus" in detail["UpdatedModelPackageFields"]


def test_a_group_with_versions_cannot_be_deleted(account, group, approved):
    """ConflictException; it is there as before."""
    sagemaker = account.client("sagemaker")
    code, _ = refused(sagemaker.delete_model_package_group, ModelPackageGroupName=group)
    assert code == "ConflictException"
    assert sagemaker.describe_model_package_group(ModelPackageGroupName=group)["ModelPackageGroupStatus"] == "Completed"
