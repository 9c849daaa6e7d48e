import json

import pytest

from local.bootstrap import bootstrap, template
from local.clock import Clock
from local.cloud import LocalCloud
from local.errors import StartError

PLACE = "123456789012-eu-west-1"
NAMES = {
    "StagingBucket": f"cdk-hnb659fds-assets-{PLACE}",
    "FilePublishingRole": f"cdk-hnb659fds-file-publishing-role-{PLACE}",
    "ImagePublishingRole": f"cdk-hnb659fds-image-publishing-role-{PLACE}",
    "LookupRole": f"cdk-hnb659fds-lookup-role-{PLACE}",
    "DeploymentActionRole": f"cdk-hnb659fds-deploy-role-{PLACE}",
    "CloudFormationExecutionRole": f"cdk-hnb659fds-cfn-exec-role-{PLACE}",
    "CdkBootstrapVersion": "/cdk-bootstrap/hnb659fds/version",
}
"""Logical id → physical name, as the CDK expects them ("Bootstrapping your environment for use with the AWS CDK")."""


@pytest.fixture
def services():
    """A whole local cloud's."""
    with LocalCloud(region="eu-west-1", clock=Clock()) as cloud:
        yield cloud.services


def test_the_stack_makes_what_the_cdk_looks_for(services):
    """Under the CDK's names; once more changes nothing."""
    bootstrap(services)
    bootstrap(services)
    cloudformation = services.client("cloudformation")
    [stack] = cloudformation.describe_stacks(StackName="CDKToolkit")["Stacks"]
    resources = cloudformation.describe_stack_resources(StackName="CDKToolkit")["StackResources"]
    made = {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in resources}
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert {name: made[name] for name in NAMES} == NAMES
    assert {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]} == {
        "BucketName": NAMES["StagingBucket"],
        "BucketDomainName": f"{NAMES['StagingBucket']}.s3.eu-west-1.amazonaws.com",
        "BootstrapVersion": "30",
    }
    version = services.client("ssm").get_parameter(Name=NAMES["CdkBootstrapVersion"])
    assert version["Parameter"]["Value"] == "30"
    role = services.client("iam").get_role(RoleName=NAMES["CloudFormationExecutionRole"])["Role"]
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": "cloudformation.amazonaws.com"}


def test_a_bootstrap_that_fails_says_why(services):
    """The reason of the resource that failed, in one sentence."""
    services.client("ssm").put_parameter(Name=NAMES["CdkBootstrapVersion"], Value="1", Type="String")
    with pytest.raises(StartError, match=r"could not be bootstrapped: CdkBootstrapVersion: .*already exists"):
        bootstrap(services)


def test_the_bucket_admits_no_plain_http_and_nobody_from_outside():
    """The template says so."""
    resources = json.loads(template())["Resources"]
    [deny] = resources["StagingBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert (deny["Effect"], deny["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    assert set(resources["StagingBucket"]["Properties"]["PublicAccessBlockConfiguration"].values()) == {True}
    assert resources["StagingBucket"]["DeletionPolicy"] == "Retain"
