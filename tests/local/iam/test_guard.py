"""Requests of roles against a cloud that evaluates them."""

import re

import pytest
from botocore.exceptions import ClientError

from local.iam import Decision, Origin
from tests.local.iam.town import ACCOUNT, REGION, allow, deny, document, refused

SAGEMAKER = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}"


def test_a_role_may_what_its_policies_allow(town):
    """On the objects it may read, below the prefix it may list, and nothing more."""
    bucket = town.bucket(**{"x/1": b"1", "y/1": b"1"})
    s3 = town.as_role(
        allow("s3:GetObject", f"arn:aws:s3:::{bucket}/x/*"),
        allow("s3:ListBucket", f"arn:aws:s3:::{bucket}", StringLike={"s3:prefix": "x/*"}),
    )("s3")
    assert s3.get_object(Bucket=bucket, Key="x/1")["Body"].read() == b"1"
    assert s3.list_objects_v2(Bucket=bucket, Prefix="x/")["KeyCount"] == 1
    assert refused(s3.get_object, Bucket=bucket, Key="y/1")[0] == "AccessDenied"
    assert refused(s3.list_objects_v2, Bucket=bucket)[0] == "AccessDenied"
    assert refused(s3.put_object, Bucket=bucket, Key="x/1", Body=b"")[0] == "AccessDenied"
    assert refused(s3.head_object, Bucket=bucket, Key="y/1")[0] == "403"
    assert refused(s3.copy_object, Bucket=bucket, Key="z", CopySource=f"{bucket}/x/1")[0] == "AccessDenied"


def test_the_words_of_a_refusal(town):
    """AWS names caller, action, resource and the kind of policy; each service has a code of its own."""
    client = town.as_role(deny("sqs:*"))
    words = (
        rf"User: arn:aws:sts::{ACCOUNT}:assumed-role/role-\d+/test is not authorized to perform: "
        rf"sagemaker:DescribeModel on resource: {SAGEMAKER}:model/m "
        "because no identity-based policy allows the sagemaker:DescribeModel action"
    )
    code, message = refused(client("sagemaker").describe_model, ModelName="M")
    assert code == "AccessDeniedException"
    assert re.fullmatch(words, message)
    denied = refused(client("sqs").create_queue, QueueName="q")[1]
    assert f"sqs:CreateQueue on resource: arn:aws:sqs:{REGION}:{ACCOUNT}:q " in denied
    assert denied.endswith("with an explicit deny in an identity-based policy")
    assert refused(client("s3").list_buckets)[1].endswith(
        's3:ListAllMyBuckets on resource: "*" because no identity-based policy allows the s3:ListAllMyBuckets action'
    )


@pytest.mark.parametrize(
    ("service", "operation", "arguments", "code", "status"),
    [
        ("cloudformation", "list_stacks", {}, "AccessDenied", 403),
        ("cloudwatch", "list_metrics", {}, "AccessDenied", 403),
        ("dynamodb", "list_tables", {}, "AccessDeniedException", 400),
        ("events", "list_rules", {}, "AccessDeniedException", 400),
        ("iam", "list_roles", {}, "AccessDenied", 403),
        ("kms", "list_keys", {}, "AccessDeniedException", 400),
        ("lambda", "list_functions", {}, "AccessDeniedException", 403),
        ("logs", "describe_log_groups", {}, "AccessDeniedException", 400),
        ("sagemaker", "list_models", {}, "AccessDeniedException", 400),
        ("sagemaker-runtime", "invoke_endpoint", {"EndpointName": "e", "Body": b""}, "AccessDeniedException", 403),
        ("scheduler", "list_schedules", {}, "AccessDeniedException", 403),
        ("sns", "list_topics", {}, "AuthorizationError", 403),
        ("sqs", "list_queues", {}, "AccessDenied", 403),
        ("ssm", "describe_parameters", {}, "AccessDeniedException", 400),
        (
            "sts",
            "assume_role",
            {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/x", "RoleSessionName": "s1"},
            "AccessDenied",
            403,
        ),
    ],
)
def test_each_service_refuses_in_its_own_way(town, nobody, service, operation, arguments, code, status):
    """With the code and the HTTP status that its clients know."""
    with pytest.raises(ClientError) as caught:
        getattr(nobody(service), operation)(**arguments)
    answer = caught.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)


@pytest.fixture(scope="module")
def nobody(town):
    """Clients of a role without rights."""
    return town.as_role()


def test_a_change_of_policy_counts_at_once(town):
    """What is allowed now is allowed now, and what is taken away is gone."""
    role = town.role()
    sqs, iam, name = town.assume(role)("sqs"), town.client("iam"), role.rpartition("/")[2]
    refused(sqs.list_queues)
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document(allow("sqs:ListQueues")))
    sqs.list_queues()
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document(allow("sqs:CreateQueue")))
    refused(sqs.list_queues)
    managed = iam.create_policy(PolicyName=f"{name}-managed", PolicyDocument=document(allow("sqs:List*")))
    arn = managed["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=name, PolicyArn=arn)
    sqs.list_queues()
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(allow("sns:*")), SetAsDefault=True)
    refused(sqs.list_queues)


def test_who_may_not_list_a_bucket_is_not_told_what_is_missing(town):
    """A missing object is denied to them, and missing for those who may list."""
    bucket = town.bucket()
    reading = allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*")
    assert refused(town.as_role(reading)("s3").get_object, Bucket=bucket, Key="k")[0] == "AccessDenied"
    listing = allow("s3:ListBucket", f"arn:aws:s3:::{bucket}")
    with pytest.raises(ClientError, match="NoSuchKey"):
        town.as_role(reading, listing)("s3").get_object(Bucket=bucket, Key="k")


def test_a_deleted_object_is_missing_and_its_versions_are_not(town):
    """Under the marker of its deletion (Amazon S3 API Reference, "GetObject"): as if there were none of that name."""
    bucket = town.bucket()
    owner = town.client("s3")
    owner.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    version = owner.put_object(Bucket=bucket, Key="k", Body=b"1")["VersionId"]
    owner.delete_object(Bucket=bucket, Key="k")
    reading = allow(["s3:GetObject", "s3:GetObjectVersion"], f"arn:aws:s3:::{bucket}/*")
    reader = town.as_role(reading)("s3")
    assert refused(reader.get_object, Bucket=bucket, Key="k")[0] == "AccessDenied"
    assert reader.get_object(Bucket=bucket, Key="k", VersionId=version)["Body"].read() == b"1"
    with pytest.raises(ClientError, match="NoSuchKey"):
        town.as_role(reading, allow("s3:ListBucket", f"arn:aws:s3:::{bucket}"))("s3").get_object(Bucket=bucket, Key="k")


def test_deleting_several_objects_asks_for_each(town):
    """By their keys, which stand in the body."""
    bucket = town.bucket(**{"x/1": b"", "x/2": b"", "y/1": b""})
    s3 = town.as_role(allow("s3:DeleteObject", f"arn:aws:s3:::{bucket}/x/*"))("s3")
    refused(s3.delete_objects, Bucket=bucket, Delete={"Objects": [{"Key": "x/1"}, {"Key": "y/1"}]})
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "x/1"}, {"Key": "x/2"}]})
    assert town.client("s3").list_objects_v2(Bucket=bucket)["KeyCount"] == 1


def test_passing_a_role_takes_a_right(town):
    """To that role, for the service that gets it."""
    execution = town.role(trust={"Principal": {"Service": "sagemaker.amazonaws.com"}})

    def create(name, *statements):
        sagemaker = town.as_role(allow("sagemaker:*"), *statements)("sagemaker")
        container = {"Image": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/x:1"}
        return lambda: sagemaker.create_model(ModelName=name, ExecutionRoleArn=execution, PrimaryContainer=container)

    code, said = refused(create("m1"))
    assert (code, f"iam:PassRole on resource: {execution}" in said) == ("AccessDeniedException", True)
    refused(
        create("m2", allow("iam:PassRole", execution, StringEquals={"iam:PassedToService": "lambda.amazonaws.com"}))
    )
    create("m3", allow("iam:PassRole", execution, StringEquals={"iam:PassedToService": "sagemaker.amazonaws.com"}))()


def test_tags_of_the_request_and_of_the_resource(town):
    """Making something with tags takes the right to tag; what bears a tag can be told by it."""
    arn = f"{SAGEMAKER}:model-package-group/*"
    group = {"ModelPackageGroupName": "tagged", "Tags": [{"Key": "Team", "Value": "red"}]}
    making = allow("sagemaker:CreateModelPackageGroup", arn, StringEquals={"aws:RequestTag/team": "red"})
    tagging = allow("sagemaker:AddTags", arn, **{"ForAllValues:StringEquals": {"aws:TagKeys": ["Team"]}})
    assert "sagemaker:AddTags" in refused(town.as_role(making)("sagemaker").create_model_package_group, **group)[1]
    maker = town.as_role(making, tagging)("sagemaker")
    refused(maker.create_model_package_group, ModelPackageGroupName="plain")
    maker.create_model_package_group(**group)
    deleting = allow("sagemaker:DeleteModelPackageGroup", arn, StringEquals={"aws:ResourceTag/Team": "red"})
    town.client("sagemaker").create_model_package_group(ModelPackageGroupName="other")
    deleter = town.as_role(deleting)("sagemaker")
    refused(deleter.delete_model_package_group, ModelPackageGroupName="other")
    deleter.delete_model_package_group(ModelPackageGroupName="tagged")


def test_a_metrics_namespace_can_be_told(town):
    """By a condition, as PutMetricData knows no resources."""
    own = allow("cloudwatch:PutMetricData", "*", StringEquals={"cloudwatch:namespace": "mine"})
    cloudwatch = town.as_role(own)("cloudwatch")
    cloudwatch.put_metric_data(Namespace="mine", MetricData=[{"MetricName": "m", "Value": 1}])
    refused(cloudwatch.put_metric_data, Namespace="yours", MetricData=[{"MetricName": "m", "Value": 1}])


def test_decisions_are_told(town):
    """Each with who, what, on what, why, and all that policies could ask about."""
    heard = []
    role = town.role(allow("sqs:*"), allow("ssm:GetParameter", "*") | {"Sid": "Read"})
    client = town.assume(role)("ssm")
    with town.cloud.guard.decisions(heard.append):
        with pytest.raises(ClientError, match="ParameterNotFound"):
            client.get_parameter(Name="/a/b")
        refused(client.describe_parameters)
        town.client("ssm").describe_parameters()
    allowed, denied = heard
    name = role.rpartition("/")[2]
    assert allowed == Decision(
        principal=f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/test",
        role=role,
        action="ssm:GetParameter",
        resource=f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/a/b",
        effect="Allow",
        statement=Origin("identity", role, "own", 1, "Read"),
        context=allowed.context,
        service="ssm",
        operation="GetParameter",
        request_id=allowed.request_id,
    )
    assert allowed.context["aws:principalarn"] == (role,)
    assert (denied.action, denied.effect, denied.statement) == ("ssm:DescribeParameters", "ImplicitDeny", None)
