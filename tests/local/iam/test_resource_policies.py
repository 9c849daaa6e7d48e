"""The policies of buckets, functions and groups of models, and what strangers may."""

import io
import json
import zipfile

import pytest
from botocore import UNSIGNED
from botocore.config import Config

from tests.local.iam.town import ACCOUNT, REGION, allow, deny, document, refused

SAGEMAKER = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}"


def test_a_buckets_policy_is_heard(town):
    """It lets a role in, shuts the administrator out, and asks for TLS, which loopback counts as."""
    bucket = town.bucket(k=b"1")
    everything = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    plain = deny("s3:*", everything, Bool={"aws:SecureTransport": "false"}) | {"Principal": "*"}
    role = town.role()
    welcome = allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*") | {"Principal": {"AWS": role}}
    policy = document(plain, welcome)
    town.client("s3").put_bucket_policy(Bucket=bucket, Policy=policy)
    assert json.loads(town.client("s3").get_bucket_policy(Bucket=bucket)["Policy"]) == json.loads(policy)
    assert town.assume(role)("s3").get_object(Bucket=bucket, Key="k")["Body"].read() == b"1"
    town.client("s3").put_object(Bucket=bucket, Key="k", Body=b"2")
    locked = document(deny("s3:PutObject", everything) | {"Principal": {"AWS": "*"}})
    town.client("s3").put_bucket_policy(Bucket=bucket, Policy=locked)
    said = refused(town.client("s3").put_object, Bucket=bucket, Key="k", Body=b"3")[1]
    assert said.endswith("with an explicit deny in a resource-based policy")


def test_strangers_read_what_a_buckets_policy_opens(town):
    """Nothing else, and they write nothing."""
    bucket = town.bucket(**{"open/k": b"1", "k": b"1"})
    anyone = town.admin.client("s3", config=Config(signature_version=UNSIGNED))
    assert refused(anyone.get_object, Bucket=bucket, Key="open/k")[0] in ("403", "AccessDenied")
    policy = document(allow("s3:GetObject", f"arn:aws:s3:::{bucket}/open/*") | {"Principal": "*"})
    town.client("s3").put_bucket_policy(Bucket=bucket, Policy=policy)
    assert anyone.get_object(Bucket=bucket, Key="open/k")["Body"].read() == b"1"
    assert refused(anyone.get_object, Bucket=bucket, Key="k")[0] in ("403", "AccessDenied")
    assert refused(anyone.put_object, Bucket=bucket, Key="open/k", Body=b"2")[0] == "AccessDenied"
    assert refused(anyone.list_objects_v2, Bucket=bucket)[0] == "AccessDenied"


def test_a_model_package_groups_policy_is_heard(town):
    """For the group and for its packages."""
    sagemaker = town.client("sagemaker")
    sagemaker.create_model_package_group(ModelPackageGroupName="lent")
    role, group = town.role(), f"{SAGEMAKER}:model-package-group/lent"
    reader = town.assume(role)("sagemaker")
    refused(reader.describe_model_package_group, ModelPackageGroupName="lent")
    actions = ["sagemaker:DescribeModelPackageGroup", "sagemaker:DescribeModelPackage"]
    policy = document(allow(actions, [group, f"{SAGEMAKER}:model-package/lent/*"]) | {"Principal": {"AWS": role}})
    sagemaker.put_model_package_group_policy(ModelPackageGroupName="lent", ResourcePolicy=policy)
    assert reader.describe_model_package_group(ModelPackageGroupName="lent")["ModelPackageGroupArn"] == group
    assert refused(reader.describe_model_package, ModelPackageName=f"{SAGEMAKER}:model-package/lent/1")[0] != (
        "AccessDeniedException"
    )


def test_a_functions_policy_lets_a_role_call_it(town):
    """Though the role itself may nothing."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as packed:
        packed.writestr("index.py", "def handler(event, context):\n    return event\n")
    function, role = town.client("lambda"), town.role()
    function.create_function(
        FunctionName="open",
        Runtime="python3.13",
        Handler="index.handler",
        Role=town.role(trust={"Principal": {"Service": "lambda.amazonaws.com"}}),
        Code={"ZipFile": code.getvalue()},
    )
    caller = town.assume(role)("lambda")
    refused(caller.get_function, FunctionName="open")
    function.add_permission(FunctionName="open", StatementId="s", Action="lambda:GetFunction", Principal=role)
    arn = caller.get_function(FunctionName="open")["Configuration"]["FunctionArn"]
    assert caller.get_function(FunctionName=arn)["Configuration"]["FunctionName"] == "open"
    refused(caller.delete_function, FunctionName="open")


@pytest.mark.parametrize(
    "policy", ["{", "[]", '{"Statement": [{"Effect": "Allow", "Condition": {"Like": {"a": "b"}}}]}']
)
def test_a_policy_that_cannot_be_read_is_not_taken(town, policy):
    """In the words of the service it was for; nothing is left that could not be judged later."""
    kms, sqs, sns = (town.client(name) for name in ("kms", "sqs", "sns"))
    assert refused(kms.create_key, Policy=policy)[0] == "MalformedPolicyDocumentException"
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    assert refused(sqs.set_queue_attributes, QueueUrl=url, Attributes={"Policy": policy})[0] == "InvalidAttributeValue"
    topic = sns.create_topic(Name="t")["TopicArn"]
    attribute = {"AttributeName": "Policy", "AttributeValue": policy}
    assert refused(sns.set_topic_attributes, TopicArn=topic, **attribute)[0] == "InvalidParameter"
    assert refused(town.client("s3").put_bucket_policy, Bucket=town.bucket(), Policy=policy)[0] == "MalformedPolicy"
