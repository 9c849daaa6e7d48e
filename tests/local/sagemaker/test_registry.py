import json
from concurrent.futures import ThreadPoolExecutor

import pytest


@pytest.fixture
def world(world):
    """With the group `credit-risk`."""
    world.sm.create_model_package_group(ModelPackageGroupName="credit-risk", Tags=[{"Key": "team", "Value": "risk"}])
    return world


def versions(answer):
    """The versions of a page."""
    return [package["ModelPackageVersion"] for package in answer["ModelPackageSummaryList"]]


def test_a_package_is_registered_whole_and_pending(world):
    """Nothing that was sent is lost; approval starts pending; the registration is complete."""
    sent = {
        "ModelPackageDescription": "first",
        "CustomerMetadataProperties": {"sluice:auc": "0.78"},
        "MetadataProperties": {"CommitId": "abc"},
        "ModelMetrics": {"ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": "s3://work/e"}}},
        "ModelLifeCycle": {"Stage": "Staging", "StageStatus": "PendingApproval"},
        "SourceUri": "s3://work/source",
        "SkipModelValidation": "None",
    }
    arn = world.package("credit-risk", **sent)

    package = world.sm.describe_model_package(ModelPackageName=arn)
    assert arn == "arn:aws:sagemaker:eu-west-1:123456789012:model-package/credit-risk/1"
    assert sent.items() <= package.items()
    assert package["ModelPackageStatus"] == "Completed"
    assert package["ModelPackageStatusDetails"] == {"ValidationStatuses": [], "ImageScanStatuses": []}
    assert package["ModelApprovalStatus"] == "PendingManualApproval"
    assert package["ModelPackageGroupName"] == "credit-risk"
    assert package["CreatedBy"]["IamIdentity"]["Arn"].startswith("arn:aws:sts::123456789012:")


def test_thirty_two_clients_get_thirty_two_versions(world):
    """No version is lost or given twice under concurrent registration, by the group's name or ARN."""
    group = world.sm.describe_model_package_group(ModelPackageGroupName="credit-risk")["ModelPackageGroupArn"]
    named = ["credit-risk", group] * 16
    with ThreadPoolExecutor(32) as clients:
        arns = list(clients.map(world.package, named))
    assert sorted(int(arn.rsplit("/", 1)[1]) for arn in arns) == list(range(1, 33))


def test_a_deleted_version_is_not_given_again(world):
    """Numbers go on."""
    world.sm.delete_model_package(ModelPackageName=world.package("credit-risk"))
    assert world.package("credit-risk").endswith("/2")


def test_the_same_client_token_registers_once(world):
    """A request that is sent twice makes one version."""
    assert world.package("credit-risk", ClientToken="a" * 36) == world.package("credit-risk", ClientToken="a" * 36)


def test_an_artefact_that_is_not_in_s3_is_refused(world):
    """The model data is looked at."""
    url = "s3://work/nowhere/model.tar.gz"
    specification = {"Containers": [{"Image": world.image, "ModelDataUrl": url}]}
    refused = world.refused(
        world.sm.create_model_package, ModelPackageGroupName="credit-risk", InferenceSpecification=specification
    )
    assert refused == ("ValidationException", f"Could not find model data at {url}.")
    assert versions(world.sm.list_model_packages(ModelPackageGroupName="credit-risk")) == []


def test_what_aws_refuses_is_refused(world):
    """Tags on a version, an unknown group, a package of nothing."""
    create, source = world.sm.create_model_package, {"SourceUri": "s3://work/source"}
    tags = [{"Key": "a", "Value": "b"}]
    assert "Tags" in world.refused(create, ModelPackageGroupName="credit-risk", Tags=tags, **source)[1]
    assert "does not exist" in world.refused(create, ModelPackageGroupName="other", **source)[1]
    assert "InferenceSpecification" in world.refused(create, ModelPackageGroupName="credit-risk")[1]
    assert "Exactly one" in world.refused(create, **source)[1]


def test_approval_keeps_everything_else(world):
    """An update merges: metadata stays, removed keys go, any status may follow any other."""
    arn = world.package("credit-risk", CustomerMetadataProperties={"a": "1", "b": "2"})
    update = world.sm.update_model_package
    update(ModelPackageArn=arn, ModelApprovalStatus="Approved", ApprovalDescription="good")
    update(ModelPackageArn=arn, CustomerMetadataProperties={"c": "3"}, CustomerMetadataPropertiesToRemove=["a"])

    package = world.sm.describe_model_package(ModelPackageName=arn)
    assert package["ModelApprovalStatus"] == "Approved"
    assert package["ApprovalDescription"] == "good"
    assert package["CustomerMetadataProperties"] == {"b": "2", "c": "3"}
    assert "LastModifiedBy" in package
    for status in ("Rejected", "Approved", "PendingManualApproval"):
        update(ModelPackageArn=arn, ModelApprovalStatus=status)
        assert world.sm.describe_model_package(ModelPackageName=arn)["ModelApprovalStatus"] == status


def test_creation_and_approval_are_told_in_the_documented_shape(world):
    """The event names the package, its version as a number, and what has changed."""
    arn = world.package("credit-risk")
    world.sm.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")

    created, approved = world.told("SageMaker Model Package State Change")
    assert "UpdatedModelPackageFields" not in created
    assert approved["ModelPackageArn"] == arn
    assert approved["ModelPackageGroupName"] == "credit-risk"
    assert approved["ModelPackageVersion"] == 1
    assert approved["ModelApprovalStatus"] == "Approved"
    assert approved["ModelPackageStatus"] == "Completed"
    assert approved["UpdatedModelPackageFields"] == ["ModelApprovalStatus"]
    assert approved["CreationTime"].endswith("Z")
    assert world.events[-1]["resources"] == [arn]
    assert world.events[-1]["source"] == "aws.sagemaker"


def test_the_approval_status_filters_within_a_page(world):
    """As on AWS, a page may be empty and still have a token."""
    arns = [world.package("credit-risk") for _ in range(3)]
    world.sm.update_model_package(ModelPackageArn=arns[0], ModelApprovalStatus="Approved")
    ask = {"ModelPackageGroupName": "credit-risk", "ModelApprovalStatus": "Approved", "SortOrder": "Descending"}

    first = world.sm.list_model_packages(MaxResults=2, **ask)
    assert versions(first) == []
    assert versions(world.sm.list_model_packages(MaxResults=2, NextToken=first["NextToken"], **ask)) == [1]


def test_the_newest_version_comes_first_in_descending_order(world):
    """Also when versions were made within one millisecond."""
    for _ in range(3):
        world.package("credit-risk")
    listed = world.sm.list_model_packages(ModelPackageGroupName="credit-risk", SortOrder="Descending")
    assert versions(listed) == [3, 2, 1]


def test_a_list_without_a_group_holds_unversioned_packages(world):
    """That is the default of ModelPackageType."""
    world.package("credit-risk")
    world.sm.create_model_package(ModelPackageName="alone", SourceUri="s3://work/source")
    names = [p["ModelPackageName"] for p in world.sm.list_model_packages()["ModelPackageSummaryList"]]
    assert names == ["alone"]


def test_a_batch_tells_found_and_missing_packages_apart(world):
    """Every ARN is answered, in one map or the other."""
    arn = world.package("credit-risk")
    missing = arn.replace("/1", "/9")
    answer = world.sm.batch_describe_model_package(ModelPackageArnList=[arn, missing])
    assert answer["ModelPackageSummaries"][arn]["ModelPackageVersion"] == 1
    assert answer["BatchDescribeModelPackageErrorMap"][missing]["ErrorCode"] == "ValidationException"


def test_a_group_with_packages_is_not_deleted(world):
    """ConflictException until the last version is gone."""
    arn = world.package("credit-risk")
    refused = world.refused(world.sm.delete_model_package_group, ModelPackageGroupName="credit-risk")
    assert refused[0] == "ConflictException"
    world.sm.delete_model_package(ModelPackageName=arn)
    world.sm.delete_model_package_group(ModelPackageGroupName="credit-risk")
    refused = world.refused(world.sm.describe_model_package_group, ModelPackageGroupName="credit-risk")
    assert refused[1].startswith("ModelPackageGroup arn:aws:sagemaker:")


def test_a_groups_policy_is_kept_and_missed_in_aws_words(world):
    """Put, get, delete; what is not JSON is refused."""
    group = {"ModelPackageGroupName": "credit-risk"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    missing = world.refused(world.sm.get_model_package_group_policy, **group)
    assert missing[1].startswith("Cannot find resource policy for: arn:")
    assert world.refused(world.sm.put_model_package_group_policy, **group, ResourcePolicy="{")[0] == (
        "ValidationException"
    )
    world.sm.put_model_package_group_policy(**group, ResourcePolicy=policy)
    assert world.sm.get_model_package_group_policy(**group)["ResourcePolicy"] == policy
    world.sm.delete_model_package_group_policy(**group)
    assert world.refused(world.sm.get_model_package_group_policy, **group) == missing


def test_a_group_is_tagged_when_it_is_made(world):
    """Tags given at creation are those of the ARN."""
    arn = world.sm.describe_model_package_group(ModelPackageGroupName="credit-risk")["ModelPackageGroupArn"]
    world.sm.add_tags(ResourceArn=arn, Tags=[{"Key": "team", "Value": "credit"}, {"Key": "x", "Value": "y"}])
    world.sm.delete_tags(ResourceArn=arn, TagKeys=["x"])
    assert world.sm.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "credit"}]
