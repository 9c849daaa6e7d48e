"""Requests of roles, users and strangers against a cloud that evaluates them."""

import io
import json
import re
import zipfile
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from local.iam import Decision, Origin
from local.iam.issued import Issued, UnknownKey
from local.iam.refusals import bad_key
from tests.local.iam.town import ACCOUNT, REGION, allow, deny, document

SAGEMAKER = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}"


def refused(call, **arguments):
    """The code and words with which AWS says no."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response
    assert error["ResponseMetadata"]["HTTPStatusCode"] in (400, 403, 404)
    return error["Error"]["Code"], error["Error"].get("Message", "")


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


def test_who_one_is_everybody_may_ask(town):
    """Even a role that is denied everything."""
    identity = town.as_role(deny("*"))("sts").get_caller_identity()
    assert identity["Arn"].startswith(f"arn:aws:sts::{ACCOUNT}:assumed-role/")


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


def test_boundary_and_session_policies_limit(town):
    """They give nothing, and nothing passes that they do not allow."""
    policy = town.client("iam").create_policy(PolicyName="boundary", PolicyDocument=document(allow("sqs:*")))
    client = town.as_role(allow("*"), PermissionsBoundary=policy["Policy"]["Arn"])
    client("sqs").list_queues()
    assert refused(client("sns").list_topics)[1].endswith("no permissions boundary allows the sns:ListTopics action")
    client = town.as_role(allow("*"), session=[allow("sqs:*")])
    client("sqs").list_queues()
    assert refused(client("sns").list_topics)[1].endswith("no session policy allows the sns:ListTopics action")


def test_a_users_own_and_its_groups_policies(town):
    """Count for the user's keys until they are made inactive, and deleted keys open nothing."""
    iam = town.client("iam")
    iam.create_user(UserName="ann")
    iam.create_group(GroupName="folk")
    iam.add_user_to_group(GroupName="folk", UserName="ann")
    iam.put_group_policy(GroupName="folk", PolicyName="p", PolicyDocument=document(allow("sqs:ListQueues")))
    own = document(allow("iam:GetUser", f"arn:aws:iam::{ACCOUNT}:user/${{aws:username}}"))
    iam.put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=own)
    key = iam.create_access_key(UserName="ann")["AccessKey"]

    def client(name):
        return town.admin.client(
            name, aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"]
        )

    client("sqs").list_queues()
    assert client("iam").get_user(UserName="ann")["User"]["UserName"] == "ann"
    assert f"User: arn:aws:iam::{ACCOUNT}:user/ann is not" in refused(client("sns").list_topics)[1]
    iam.update_access_key(UserName="ann", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    assert refused(client("sqs").list_queues)[0] == "InvalidClientTokenId"
    iam.delete_access_key(UserName="ann", AccessKeyId=key["AccessKeyId"])
    assert refused(client("sqs").list_queues)[0] == "InvalidClientTokenId"


def test_a_session_ends_with_its_role(town):
    """Its keys open nothing any more."""
    role = town.role(allow("*"))
    client, name = town.assume(role), role.rpartition("/")[2]
    client("ssm").describe_parameters()
    town.client("iam").delete_role_policy(RoleName=name, PolicyName="own")
    town.client("iam").delete_role(RoleName=name)
    assert refused(client("ssm").describe_parameters)[0] == "UnrecognizedClientException"
    assert refused(client("s3").list_buckets)[0] == "InvalidAccessKeyId"


def test_a_session_ends_after_its_time(town):
    """An hour, or what was asked for."""
    arn, sts = town.role(), town.client("sts")
    given = sts.assume_role(RoleArn=arn, RoleSessionName="test", DurationSeconds=900)["Credentials"]
    before, after = (given["Expiration"] + timedelta(seconds=seconds) for seconds in (-1, 1))
    assert Issued(account=ACCOUNT, now=lambda: before).caller(given["AccessKeyId"]).role == arn
    with pytest.raises(UnknownKey, match="expired"):
        Issued(account=ACCOUNT, now=lambda: after).caller(given["AccessKeyId"])


@pytest.mark.parametrize(
    ("service", "expired", "code"),
    [
        ("sagemaker", True, "ExpiredTokenException"),
        ("sagemaker", False, "UnrecognizedClientException"),
        ("lambda", True, "ExpiredTokenException"),
        ("sqs", True, "ExpiredToken"),
        ("s3", True, "ExpiredToken"),
        ("s3", False, "InvalidAccessKeyId"),
        ("iam", False, "InvalidClientTokenId"),
    ],
)
def test_what_a_key_is_told_that_is_good_no_more(service, expired, code):
    """Each service has its own word for it."""
    assert bad_key(service, expired=expired).code == code


def test_only_who_is_trusted_assumes_a_role(town):
    """An account that a role trusts leaves it to its policies; a role that trusts services lets no person in."""
    lambdas = town.role(trust={"Principal": {"Service": "lambda.amazonaws.com"}})
    missing = f"arn:aws:iam::{ACCOUNT}:role/missing"
    for arn in (lambdas, missing):
        said = refused(town.client("sts").assume_role, RoleArn=arn, RoleSessionName="test")[1]
        assert said.endswith("because no role trust policy allows the sts:AssumeRole action")
    named = town.role()
    refused(town.as_role()("sts").assume_role, RoleArn=named, RoleSessionName="test")
    town.as_role(allow("sts:AssumeRole", named))("sts").assume_role(RoleArn=named, RoleSessionName="test")
    friend = town.role()
    trusting = town.role(trust={"Principal": {"AWS": friend}, "Condition": {"StringEquals": {"sts:ExternalId": "42"}}})
    sts = town.assume(friend)("sts")
    sts.assume_role(RoleArn=trusting, RoleSessionName="test", ExternalId="42")
    refused(sts.assume_role, RoleArn=trusting, RoleSessionName="test", ExternalId="43")


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
    from botocore import UNSIGNED
    from botocore.config import Config

    bucket = town.bucket(**{"open/k": b"1", "k": b"1"})
    anyone = town.admin.client("s3", config=Config(signature_version=UNSIGNED))
    assert refused(anyone.get_object, Bucket=bucket, Key="open/k")[0] in ("403", "AccessDenied")
    policy = document(allow("s3:GetObject", f"arn:aws:s3:::{bucket}/open/*") | {"Principal": "*"})
    town.client("s3").put_bucket_policy(Bucket=bucket, Policy=policy)
    assert anyone.get_object(Bucket=bucket, Key="open/k")["Body"].read() == b"1"
    assert refused(anyone.get_object, Bucket=bucket, Key="k")[0] in ("403", "AccessDenied")
    assert refused(anyone.put_object, Bucket=bucket, Key="open/k", Body=b"2")[0] == "AccessDenied"
    assert refused(anyone.list_objects_v2, Bucket=bucket)[0] == "AccessDenied"


def test_who_may_not_list_a_bucket_is_not_told_what_is_missing(town):
    """A missing object is denied to them, and missing for those who may list."""
    bucket = town.bucket()
    reading = allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*")
    assert refused(town.as_role(reading)("s3").get_object, Bucket=bucket, Key="k")[0] == "AccessDenied"
    listing = allow("s3:ListBucket", f"arn:aws:s3:::{bucket}")
    with pytest.raises(ClientError, match="NoSuchKey"):
        town.as_role(reading, listing)("s3").get_object(Bucket=bucket, Key="k")


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


def test_a_metrics_namespace_can_be_told(town):
    """By a condition, as PutMetricData knows no resources."""
    own = allow("cloudwatch:PutMetricData", "*", StringEquals={"cloudwatch:namespace": "mine"})
    cloudwatch = town.as_role(own)("cloudwatch")
    cloudwatch.put_metric_data(Namespace="mine", MetricData=[{"MetricName": "m", "Value": 1}])
    refused(cloudwatch.put_metric_data, Namespace="yours", MetricData=[{"MetricName": "m", "Value": 1}])


def test_tokens_that_would_know_no_policies_are_refused(town):
    """moto's session tokens are nobody's, and it forgets the managed policies and tags of sessions."""
    sts = town.as_role(allow("*"))("sts")
    assert "session credentials" in refused(sts.get_session_token)[1]
    arn = town.role()
    for limits in (
        {"PolicyArns": [{"arn": f"arn:aws:iam::{ACCOUNT}:policy/p"}]},
        {"Tags": [{"Key": "k", "Value": "v"}]},
    ):
        assert refused(sts.assume_role, RoleArn=arn, RoleSessionName="test", **limits)[0] == "UnsupportedLocally"


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


def test_the_simulator_answers_as_the_guard_would(town):
    """For each action and resource: what is decided, by which policy, and what the conditions lack."""
    role = town.role(
        allow("s3:GetObject", "arn:aws:s3:::b/*"),
        deny("s3:DeleteObject"),
        allow("s3:ListBucket", "arn:aws:s3:::b", StringLike={"s3:prefix": "x/*"}),
    )
    iam, actions = town.client("iam"), ["s3:GetObject", "s3:DeleteObject", "s3:ListBucket"]
    pages = iam.get_paginator("simulate_principal_policy").paginate(
        PolicySourceArn=role, ActionNames=actions, ResourceArns=["arn:aws:s3:::b/k", "arn:aws:s3:::c/k"]
    )
    found = [result for page in pages for result in page["EvaluationResults"]]
    assert [(r["EvalActionName"], r["EvalResourceName"][-3:], r["EvalDecision"]) for r in found] == [
        ("s3:GetObject", "b/k", "allowed"),
        ("s3:GetObject", "c/k", "implicitDeny"),
        ("s3:DeleteObject", "b/k", "explicitDeny"),
        ("s3:DeleteObject", "c/k", "explicitDeny"),
        ("s3:ListBucket", "b/k", "implicitDeny"),
        ("s3:ListBucket", "c/k", "implicitDeny"),
    ]
    assert found[0]["MatchedStatements"] == [{"SourcePolicyId": "own", "SourcePolicyType": "IAM Policy"}]
    assert found[4]["MissingContextValues"] == ["s3:prefix"]
    entry = {"ContextKeyName": "s3:prefix", "ContextKeyValues": ["x/1"], "ContextKeyType": "string"}
    [listing] = iam.simulate_principal_policy(
        PolicySourceArn=role, ActionNames=["s3:ListBucket"], ResourceArns=["arn:aws:s3:::b"], ContextEntries=[entry]
    )["EvaluationResults"]
    assert listing["EvalDecision"] == "allowed"
    assert refused(iam.simulate_principal_policy, PolicySourceArn=f"{role}x", ActionNames=actions)[0] == "NoSuchEntity"


def test_policies_that_nobody_has_can_be_simulated(town):
    """With a boundary and a resource's own."""
    iam, bucket = town.client("iam"), "arn:aws:s3:::b/k"
    given = {"PolicyInputList": [document(allow("s3:*"))], "ActionNames": ["s3:GetObject"], "ResourceArns": [bucket]}
    [result] = iam.simulate_custom_policy(**given)["EvaluationResults"]
    assert result["EvalDecision"] == "allowed"
    [result] = iam.simulate_custom_policy(**given, PermissionsBoundaryPolicyInputList=[document(allow("sqs:*"))])[
        "EvaluationResults"
    ]
    assert result["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}
    closed = document(deny("s3:GetObject") | {"Principal": "*"})
    [result] = iam.simulate_custom_policy(**given, ResourcePolicy=closed)["EvaluationResults"]
    assert result["EvalDecision"] == "explicitDeny"


def test_the_administrator_is_the_accounts_root(town):
    """Whatever key is used that nobody was given here."""
    identity = town.client("sts").get_caller_identity()
    assert (identity["Arn"], identity["UserId"]) == (f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT)


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


def test_roles_can_be_made_under_a_boundary_only(town):
    """Whoever makes or changes one must give it, or leave it, the boundary that the maker's policy asks for."""
    boundary = town.client("iam").create_policy(PolicyName="fence", PolicyDocument=document(allow("sqs:*")))
    arn = boundary["Policy"]["Arn"]
    actions = ["iam:CreateRole", "iam:PutRolePolicy"]
    iam = town.as_role(allow(actions, StringEquals={"iam:PermissionsBoundary": arn}))("iam")
    trust = document({"Effect": "Allow", "Principal": {"Service": "x.amazonaws.com"}, "Action": "sts:AssumeRole"})
    refused(iam.create_role, RoleName="free", AssumeRolePolicyDocument=trust)
    iam.create_role(RoleName="fenced", AssumeRolePolicyDocument=trust, PermissionsBoundary=arn)
    iam.put_role_policy(RoleName="fenced", PolicyName="p", PolicyDocument=document(allow("*")))
    free = town.role().rpartition("/")[2]
    refused(iam.put_role_policy, RoleName=free, PolicyName="p", PolicyDocument=document(allow("*")))


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
