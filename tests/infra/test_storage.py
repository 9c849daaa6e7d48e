import pytest

from tests.infra.templates import only, resources

_READERS = ("release", "watch", "monitor")


def buckets(synthesized):
    """The buckets of a stage by name."""
    found = resources(synthesized.template("storage"), "AWS::S3::Bucket")
    return {resource["Properties"]["BucketName"]: resource for _, resource in found}


def test_buckets_have_names_that_other_stacks_know(every):
    """The three buckets are named after stage, account and region."""
    stage = every.stage
    tail = f"{stage.account}-{stage.region}"

    assert buckets(every).keys() == {
        f"sluice-{stage.name}-artifacts-{tail}",
        f"sluice-{stage.name}-capture-{tail}",
        f"sluice-{stage.name}-logs-{tail}",
    }


def test_data_outlives_its_stack(every):
    """CloudFormation never deletes a bucket or the key."""
    template = every.template("storage")
    kept = [*resources(template, "AWS::S3::Bucket"), *resources(template, "AWS::KMS::Key")]

    assert {resource["DeletionPolicy"] for _, resource in kept} == {"Retain"}


def test_buckets_are_closed_versioned_and_expire_what_is_old(every):
    """No bucket is public or without versions, and none keeps old versions for ever."""
    for bucket in buckets(every).values():
        properties = bucket["Properties"]
        assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
        assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
        rule = properties["LifecycleConfiguration"]["Rules"][-1]
        assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
        assert "Prefix" not in rule


@pytest.mark.parametrize(("kind", "days"), [("artifacts", None), ("capture", 365), ("logs", 365)])
def test_what_is_written_down_expires(local, kind, days):
    """Reports and access logs are kept for a year, models for good."""
    bucket = buckets(local)[f"sluice-local-{kind}-123456789012-eu-west-1"]

    assert bucket["Properties"]["LifecycleConfiguration"]["Rules"][-1].get("ExpirationInDays") == days


def test_what_is_captured_of_people_expires_when_the_stage_says_so(local):
    """Requests, answers and labels of a model go after its days of retention, and a day later for good."""
    capture = buckets(local)["sluice-local-capture-123456789012-eu-west-1"]
    rules = capture["Properties"]["LifecycleConfiguration"]["Rules"][:-1]

    assert {rule["Prefix"] for rule in rules} == {"credit-risk/", "labels/credit-risk/"}
    assert {rule["ExpirationInDays"] for rule in rules} == {30}
    assert [rule["NoncurrentVersionExpiration"] for rule in rules] == [{"NoncurrentDays": 1}] * 2


def test_data_is_encrypted_with_the_stages_key(local):
    """Artifacts and capture are encrypted with the stage's key, which rotates and bears its alias."""
    template = local.template("storage")
    ((key, definition),) = resources(template, "AWS::KMS::Key")

    assert definition["Properties"]["EnableKeyRotation"] is True
    assert only(template, "AWS::KMS::Alias")["AliasName"] == "alias/sluice-local"
    for kind in ("artifacts", "capture"):
        bucket = buckets(local)[f"sluice-local-{kind}-123456789012-eu-west-1"]["Properties"]
        (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"] == {"Fn::GetAtt": [key, "Arn"]}


def test_buckets_want_tls(every):
    """Every bucket's policy refuses what comes without TLS."""
    for _, policy in resources(every.template("storage"), "AWS::S3::BucketPolicy"):
        denied = [s for s in policy["Properties"]["PolicyDocument"]["Statement"] if s["Effect"] == "Deny"]
        assert [statement["Condition"] for statement in denied] == [{"Bool": {"aws:SecureTransport": "false"}}]


def lent(statements):
    """The roles of other accounts that some statements are bound to."""
    return {
        role.rpartition("/")[2]
        for statement in statements
        for role in statement.get("Condition", {}).get("ArnLike", {}).get("aws:PrincipalArn", [])
    }


def test_later_stages_may_read_what_was_trained(synthesized):
    """Bucket and key of the registry's stage are open to the others' models, their judges, their probe, no one else."""
    template = synthesized("dev").template("storage")
    reading = [
        statement
        for _, policy in resources(template, "AWS::S3::BucketPolicy")
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if statement["Action"] == "s3:GetObject"
    ]
    decrypting = only(template, "AWS::KMS::Key")["KeyPolicy"]["Statement"]

    assert lent(reading) == lent(decrypting)
    assert lent(reading) == {
        f"sluice-{stage}-{role}"
        for stage in ("staging", "prod")
        for role in ("serving-*", "approver", "monitor-job", *(f"function-{verb}" for verb in _READERS))
    }


def test_the_monitors_of_later_stages_may_list_what_was_trained(synthesized):
    """S3 tells only those who may list a bucket that an object is not there; these list the models' folders alone."""
    statements = [
        statement
        for _, policy in resources(synthesized("dev").template("storage"), "AWS::S3::BucketPolicy")
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if statement["Action"] == "s3:ListBucket"
    ]

    assert lent(statements) == {
        f"sluice-{stage}-{role}" for stage in ("staging", "prod") for role in ("monitor-job", "function-monitor")
    }
    assert [statement["Condition"]["StringLike"]["s3:prefix"] for statement in statements] == [["credit-risk/*"]] * 2


def test_the_key_opens_the_ledger_to_the_next_stage(synthesized):
    """The approvals of the stage that follows may decrypt, by way of DynamoDB alone."""
    for name, following in (("dev", "222222222222:role/sluice-staging"), ("staging", "333333333333:role/sluice-prod")):
        statements = only(synthesized(name).template("storage"), "AWS::KMS::Key")["KeyPolicy"]["Statement"]
        (opening,) = [s for s in statements if "ArnEquals" in s.get("Condition", {})]
        assert opening["Condition"] == {
            "ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{following}-function-approve"},
            "StringEquals": {"kms:ViaService": "dynamodb.eu-west-1.amazonaws.com"},
        }


def test_a_stage_that_stands_alone_lends_nothing(local):
    """Without later stages there is no word of another account."""
    assert "aws:PrincipalArn" not in str(local.template("storage"))


def test_access_is_logged_where_logs_may_be_written(local):
    """S3 takes a target of access logs only when its policy lets S3 write, so that policy comes first."""
    template = local.template("storage")
    ((policy, definition),) = [
        found
        for found in resources(template, "AWS::S3::BucketPolicy")
        if "logging.s3.amazonaws.com" in str(found[1]["Properties"]["PolicyDocument"])
    ]
    logged = [bucket for bucket in buckets(local).values() if "LoggingConfiguration" in bucket["Properties"]]

    assert [bucket["Properties"]["LoggingConfiguration"]["LogFilePrefix"] for bucket in logged] == [
        "artifacts/",
        "capture/",
    ]
    assert [policy in bucket["DependsOn"] for bucket in logged] == [True, True]
    assert {bucket["Properties"]["LoggingConfiguration"]["DestinationBucketName"]["Ref"] for bucket in logged} == {
        definition["Properties"]["Bucket"]["Ref"]
    }
