import json

import pytest
from botocore.exceptions import ClientError
from moto.s3.models import s3_backends

from local.moto.app import ACCOUNT
from tests.local.cloudformation.samples import READ, bucket

KEY_POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:*", "Resource": "*"}],
}


@pytest.fixture
def s3(account):
    """A client of S3."""
    return account.cloud.client("s3")


FULL = {
    "BucketEncryption": {
        "ServerSideEncryptionConfiguration": [
            {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}, "BucketKeyEnabled": True}
        ]
    },
    "VersioningConfiguration": {"Status": "Enabled"},
    "PublicAccessBlockConfiguration": {
        "BlockPublicAcls": True,
        "BlockPublicPolicy": "true",
        "IgnorePublicAcls": True,
        "RestrictPublicBuckets": False,
    },
    "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
    "NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": True}},
    "LifecycleConfiguration": {
        "Rules": [
            {
                "Id": "old",
                "Status": "Enabled",
                "Prefix": "logs/",
                "ExpirationInDays": 30,
                "NoncurrentVersionExpiration": {"NoncurrentDays": 7},
                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
                "Transitions": [{"StorageClass": "GLACIER", "TransitionInDays": 10}],
            }
        ]
    },
    "Tags": [{"Key": "k", "Value": "v"}],
}


def _tells_eventbridge(name):
    # moto keeps this setting and does not show it.
    configuration = s3_backends[ACCOUNT]["aws"].get_bucket(name).notification_configuration
    return configuration is not None and configuration.event_bridge is not None


def test_a_bucket_has_every_setting(account, s3):
    """What the template says is what S3's own operations show."""
    account.create({"B": bucket(**FULL, BucketName="full")})
    (rule,) = s3.get_bucket_encryption(Bucket="full")["ServerSideEncryptionConfiguration"]["Rules"]
    assert (rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"], rule["BucketKeyEnabled"]) == ("aws:kms", True)
    assert s3.get_bucket_versioning(Bucket="full")["Status"] == "Enabled"
    block = s3.get_public_access_block(Bucket="full")["PublicAccessBlockConfiguration"]
    assert [name for name, on in block.items() if not on] == ["RestrictPublicBuckets"]
    owner = s3.get_bucket_ownership_controls(Bucket="full")["OwnershipControls"]
    assert owner == FULL["OwnershipControls"]
    assert _tells_eventbridge("full")
    assert s3.get_bucket_tagging(Bucket="full")["TagSet"] == FULL["Tags"]
    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket="full")["Rules"]
    assert rule == {
        "ID": "old",
        "Status": "Enabled",
        "Filter": {"Prefix": "logs/"},
        "Expiration": {"Days": 30},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 7},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
        "Transitions": [{"Days": 10, "StorageClass": "GLACIER"}],
    }


def test_a_bucket_loses_what_leaves_its_template(account, s3):
    """A setting that is no longer asked for is taken away; the bucket and its objects stay."""
    account.create({"B": bucket(**FULL, BucketName="full")})
    s3.put_object(Bucket="full", Key="k", Body=b"x")
    account.update({"B": bucket(BucketName="full")})
    assert s3.get_object(Bucket="full", Key="k")["Body"].read() == b"x"
    assert s3.get_bucket_versioning(Bucket="full")["Status"] == "Suspended"
    assert not _tells_eventbridge("full")
    for method, code in [
        ("get_bucket_lifecycle_configuration", "NoSuchLifecycleConfiguration"),
        ("get_public_access_block", "NoSuchPublicAccessBlockConfiguration"),
        ("get_bucket_ownership_controls", "OwnershipControlsNotFoundError"),
        ("get_bucket_tagging", "NoSuchTagSet"),
    ]:
        with pytest.raises(ClientError, match=code):
            getattr(s3, method)(Bucket="full")


def test_a_buckets_access_control_is_a_canned_one(account, s3):
    """AccessControl names a canned ACL in words of its own; without it the bucket is private again."""

    def readers():
        grantees = [grant["Grantee"] for grant in s3.get_bucket_acl(Bucket="full")["Grants"]]
        return [grantee["URI"].rsplit("/", 1)[1] for grantee in grantees if "URI" in grantee]

    account.create({"B": bucket(BucketName="full", AccessControl="PublicRead")})
    assert readers() == ["AllUsers"]
    account.update({"B": bucket(BucketName="full", AccessControl="Private")})
    assert readers() == []
    account.update({"B": bucket(BucketName="full", AccessControl="AuthenticatedRead")})
    assert readers() == ["AuthenticatedUsers"]
    account.update({"B": bucket(BucketName="full")})
    assert readers() == []


def test_a_buckets_attributes_are_its_names(account):
    """GetAtt gives the ARN and the host names."""
    names = ("Arn", "DomainName", "RegionalDomainName")
    sections = {"Outputs": {name: {"Value": {"Fn::GetAtt": ["B", name]}} for name in names}}
    account.create({"B": bucket(BucketName="full")}, sections=sections)
    assert account.outputs() == {
        "Arn": "arn:aws:s3:::full",
        "DomainName": "full.s3.amazonaws.com",
        "RegionalDomainName": "full.s3.eu-west-1.amazonaws.com",
    }


def test_an_unnamed_bucket_has_a_valid_name(account, s3):
    """The name comes from stack and logical id, in lower case, and lasts through updates."""
    account.create({"TheBucket": bucket()}, name="Stack")
    name = account.physical("TheBucket", name="Stack")
    assert name.startswith("stack-thebucket-")
    account.update({"TheBucket": bucket(Tags=[{"Key": "k", "Value": "v"}])}, name="Stack")
    assert [found["Name"] for found in s3.list_buckets()["Buckets"]] == [name]


@pytest.mark.parametrize(
    ("rule", "sent"),
    [
        ({}, {"Prefix": ""}),
        ({"TagFilters": [{"Key": "k", "Value": "v"}]}, {"Tag": {"Key": "k", "Value": "v"}}),
        (
            {"Prefix": "p", "TagFilters": [{"Key": "k", "Value": "v"}]},
            {"And": {"Prefix": "p", "Tags": [{"Key": "k", "Value": "v"}]}},
        ),
    ],
)
def test_a_lifecycle_rule_filters_as_it_says(account, s3, rule, sent):
    """Prefix and tags become the filter that the API takes for them."""
    rules = {"Rules": [{"Status": "Enabled", "ExpirationInDays": 1, **rule}]}
    account.create({"B": bucket(BucketName="full", LifecycleConfiguration=rules)})
    (found,) = s3.get_bucket_lifecycle_configuration(Bucket="full")["Rules"]
    assert found["Filter"] == sent


def test_a_bucket_logs_to_another(account, s3):
    """Access logs go to the bucket that is named; that one must let them in first."""
    service = {"Service": "logging.s3.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": service, "Action": "s3:PutObject", "Resource": "arn:aws:s3:::logs/*"}
    policy = {
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {
            "Bucket": {"Ref": "Logs"},
            "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        },
    }
    logging = {"DestinationBucketName": {"Ref": "Logs"}, "LogFilePrefix": "full/"}
    logged = bucket(BucketName="full", LoggingConfiguration=logging) | {"DependsOn": "Policy"}
    account.create({"Logs": bucket(BucketName="logs"), "Policy": policy, "B": logged})
    enabled = s3.get_bucket_logging(Bucket="full")["LoggingEnabled"]
    assert (enabled["TargetBucket"], enabled["TargetPrefix"]) == ("logs", "full/")


@pytest.mark.parametrize(
    ("setting", "named"),
    [
        ({"NotificationConfiguration": {"HttpConfigurations": []}}, "HttpConfigurations"),
        ({"LoggingConfiguration": {"TargetObjectKeyFormat": {}}}, "TargetObjectKeyFormat"),
        ({"LifecycleConfiguration": {"Rules": [], "TransitionDefaultMinimumObjectSize": "x"}}, "TransitionDefault"),
        ({"PublicAccessBlockConfiguration": {"BlockAll": True}}, "BlockAll"),
    ],
)
def test_settings_that_would_be_lost_are_refused(account, setting, named):
    """A nested property that nobody would apply fails the bucket by name."""
    assert account.create({"B": bucket(**setting)})["StackStatus"] == "ROLLBACK_COMPLETE"
    assert named in account.reasons("B")[-1]


def test_a_bucket_policy_comes_changes_and_goes(account, s3):
    """The policy follows its template; the bucket outlives it."""

    def resources(effect):
        statement = {"Effect": effect, "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::full/*"}
        document = {"Version": "2012-10-17", "Statement": [statement]}
        policy = {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {"Bucket": {"Ref": "B"}, "PolicyDocument": document},
        }
        return {"B": bucket(BucketName="full"), "Policy": policy}

    def effect():
        return json.loads(s3.get_bucket_policy(Bucket="full")["Policy"])["Statement"][0]["Effect"]

    account.create(resources("Allow"))
    assert effect() == "Allow"
    account.update(resources("Deny"))
    assert effect() == "Deny"
    account.update({"B": bucket(BucketName="full")})
    with pytest.raises(ClientError, match="NoSuchBucketPolicy"):
        effect()


def _key(**properties):
    return {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": KEY_POLICY, **properties}}


def test_a_key_is_as_its_template_says(account):
    """Description, policy, rotation, tags and state follow the template; deletion is scheduled."""
    kms = account.cloud.client("kms")
    alias = {"Type": "AWS::KMS::Alias", "Properties": {"AliasName": "alias/a", "TargetKeyId": {"Ref": "K"}}}
    first = _key(Description="one", EnableKeyRotation=True, Tags=[{"Key": "k", "Value": "v"}])
    sections = {"Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["K", "Arn"]}}}}
    account.create({"K": first, "A": alias}, sections=sections)
    key = account.physical("K")
    described = kms.describe_key(KeyId="alias/a")["KeyMetadata"]
    assert (described["KeyId"], described["Arn"], described["Description"]) == (key, account.outputs()["Arn"], "one")
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"]
    assert json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"]) == KEY_POLICY
    second = _key(Description="two", Enabled="false", Tags=[{"Key": "l", "Value": "w"}])
    second["Properties"]["KeyPolicy"] = {**KEY_POLICY, "Id": "two"}
    assert account.update({"K": second, "A": alias})["StackStatus"] == "UPDATE_COMPLETE"
    described = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert (described["Description"], described["Enabled"]) == ("two", False)
    assert json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])["Id"] == "two"
    assert kms.list_resource_tags(KeyId=key)["Tags"] == [{"TagKey": "l", "TagValue": "w"}]
    account.delete()
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    assert "alias/a" not in {found["AliasName"] for found in kms.list_aliases()["Aliases"]}


def test_an_alias_moves_to_another_key(account):
    """A new target is set in place."""
    kms = account.cloud.client("kms")

    def resources(target):
        alias = {"Type": "AWS::KMS::Alias", "Properties": {"AliasName": "alias/a", "TargetKeyId": {"Ref": target}}}
        return {"K": _key(), "L": _key(), "A": alias}

    account.create(resources("K"))
    account.update(resources("L"))
    assert kms.describe_key(KeyId="alias/a")["KeyMetadata"]["KeyId"] == account.physical("L")


def test_what_a_key_is_cannot_change(account):
    """A change of a key's spec fails, as CloudFormation documents, and is rolled back."""
    account.create({"K": _key(KeySpec="SYMMETRIC_DEFAULT")})
    stack = account.update({"K": _key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")})
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "cannot be changed" in account.reasons("K")[-1]


def test_a_table_is_as_its_template_says(account):
    """Keys, billing, recovery, encryption, stream, time to live, indexes and tags follow the template."""
    dynamodb = account.cloud.client("dynamodb")
    attributes = [{"AttributeName": "pk", "AttributeType": "S"}]
    index = {
        "IndexName": "by-other",
        "KeySchema": [{"AttributeName": "other", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }
    base = {
        "TableName": "t",
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": attributes,
    }
    first = {
        **base,
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "SSESpecification": {"SSEEnabled": True, "SSEType": "KMS"},
        "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
        "TimeToLiveSpecification": {"AttributeName": "expires", "Enabled": True},
        "Tags": [{"Key": "k", "Value": "v"}],
    }
    sections = {"Outputs": {"Stream": {"Value": {"Fn::GetAtt": ["T", "StreamArn"]}}}}
    account.create({"T": {"Type": "AWS::DynamoDB::Table", "Properties": first}}, sections=sections)

    def recovery():
        backups = dynamodb.describe_continuous_backups(TableName="t")["ContinuousBackupsDescription"]
        return backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]

    table = dynamodb.describe_table(TableName="t")["Table"]
    assert (table["SSEDescription"]["Status"], recovery()) == ("ENABLED", "ENABLED")
    assert account.outputs() == {"Stream": table["LatestStreamArn"]}
    assert dynamodb.describe_time_to_live(TableName="t")["TimeToLiveDescription"]["TimeToLiveStatus"] == "ENABLED"
    dynamodb.put_item(TableName="t", Item={"pk": {"S": "1"}})
    indexed = {
        **base,
        "AttributeDefinitions": [*attributes, {"AttributeName": "other", "AttributeType": "S"}],
        "GlobalSecondaryIndexes": [index],
    }
    second = {"Type": "AWS::DynamoDB::Table", "Properties": indexed}
    assert account.update({"T": second})["StackStatus"] == "UPDATE_COMPLETE"
    table = dynamodb.describe_table(TableName="t")["Table"]
    assert [found["IndexName"] for found in table["GlobalSecondaryIndexes"]] == ["by-other"]
    assert (recovery(), "StreamSpecification" in table) == ("DISABLED", False)
    assert dynamodb.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"] == []
    assert dynamodb.get_item(TableName="t", Key={"pk": {"S": "1"}})["Item"]
    account.update({"T": {"Type": "AWS::DynamoDB::Table", "Properties": base}})
    assert not dynamodb.describe_table(TableName="t")["Table"].get("GlobalSecondaryIndexes")
    account.delete()
    assert dynamodb.list_tables()["TableNames"] == []


def test_a_repository_is_as_its_template_says(account):
    """Mutability, scanning and policies follow the template."""
    ecr = account.cloud.client("ecr")
    policy = {**READ, "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}]}
    rule = {
        "rulePriority": 1,
        "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 1},
        "action": {"type": "expire"},
    }
    first = {
        "RepositoryName": "repo",
        "ImageTagMutability": "IMMUTABLE",
        "ImageScanningConfiguration": {"ScanOnPush": "true"},
        "RepositoryPolicyText": policy,
        "LifecyclePolicy": {"LifecyclePolicyText": json.dumps({"rules": [rule]})},
    }
    account.create({"R": {"Type": "AWS::ECR::Repository", "Properties": first}})
    (found,) = ecr.describe_repositories()["repositories"]
    assert (found["imageTagMutability"], found["imageScanningConfiguration"]) == ("IMMUTABLE", {"scanOnPush": True})
    assert json.loads(ecr.get_repository_policy(repositoryName="repo")["policyText"]) == policy
    assert json.loads(ecr.get_lifecycle_policy(repositoryName="repo")["lifecyclePolicyText"]) == {"rules": [rule]}
    account.update({"R": {"Type": "AWS::ECR::Repository", "Properties": {"RepositoryName": "repo"}}})
    (found,) = ecr.describe_repositories()["repositories"]
    assert found["imageTagMutability"] == "MUTABLE"
    with pytest.raises(ClientError, match="RepositoryPolicyNotFoundException"):
        ecr.get_repository_policy(repositoryName="repo")
    account.delete()
    assert ecr.describe_repositories()["repositories"] == []
