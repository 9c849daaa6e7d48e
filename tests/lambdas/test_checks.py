import hashlib
import io
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError
from botocore.response import StreamingBody

from lambdas.checks import SHA256, Hands, examine
from lambdas.identity import same
from lambdas.situation import ReleasePolicy

NOW = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)
ADA, TIM, PIPELINE = (f"arn:aws:iam::123456789012:{name}" for name in ("user/ada", "user/tim", "role/pipeline"))
EXECUTION = "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/churn-dev/execution/abc"
ARTEFACT = b"a model" * 300_000
PACKAGE = {
    "ModelPackageGroupName": "churn",
    "ModelPackageStatus": "Completed",
    "CreationTime": NOW,
    "CreatedBy": {"IamIdentity": {"Arn": PIPELINE}},
    "LastModifiedBy": {"IamIdentity": {"Arn": ADA}},
    "MetadataProperties": {"GeneratedBy": EXECUTION},
    "ModelMetrics": {"ModelQuality": {"Statistics": {"S3Uri": "s3://bucket/evaluation.json"}}},
    "CustomerMetadataProperties": {SHA256: hashlib.sha256(ARTEFACT).hexdigest()},
    "InferenceSpecification": {"Containers": [{"ModelDataUrl": "s3://bucket/churn/model.tar.gz"}]},
}


class S3:
    def __init__(self, body):
        self._body = body

    def get_object(self, *, Bucket, Key):
        assert (Bucket, Key) == ("bucket", "churn/model.tar.gz")
        if self._body is None:
            # Who may not list the bucket is not told that there is no such key.
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "Access Denied"}}, "GetObject")
        return {"Body": StreamingBody(io.BytesIO(self._body), len(self._body))}


class SageMaker:
    def __init__(self, package, started_by):
        self._package, self._started_by = package, started_by

    def describe_model_package(self, *, ModelPackageName):
        return self._package

    def describe_pipeline_execution(self, *, PipelineExecutionArn):
        assert PipelineExecutionArn == EXECUTION
        if self._started_by is None:
            raise ClientError({"Error": {"Code": "ResourceNotFound", "Message": "gone"}}, "DescribePipelineExecution")
        return {"CreatedBy": {"IamIdentity": {"Arn": self._started_by}}}


def examined(*, started_by=TIM, body=ARTEFACT, approved_by="", hours=1, two_people=True, **members):
    """A package that Ada approved and Tim trained, but for what is given; members that are None are missing."""
    package = {key: value for key, value in {**PACKAGE, **members}.items() if value is not None}
    policy = ReleasePolicy(two_people=two_people, approval_valid_hours=168, watch_hours=24, backstop_seconds=60)
    hands = Hands(sagemaker=SageMaker(package, started_by), s3=S3(body))
    approved_at = NOW - timedelta(hours=hours)
    return examine("arn", approved_by=approved_by, approved_at=approved_at, now=NOW, policy=policy, hands=hands)


def test_a_sound_package_approved_by_somebody_else_passes():
    """Who approved and who trained is known from then on."""
    approval = examined()
    assert approval.refusal is None
    assert (approval.approved_by, approval.trained_by) == (ADA, TIM)


@pytest.mark.parametrize(
    ("flaw", "reason"),
    [
        ({"ModelPackageStatus": "Failed"}, "the package is Failed, not Completed"),
        ({"ModelMetrics": None}, "has no evaluation"),
        ({"CustomerMetadataProperties": None}, "has no sluice:model-sha256"),
        ({"body": b"another model"}, "is not the one that was registered"),
        (
            {"body": None},
            "s3://bucket/churn/model.tar.gz is gone, or the release function may not read it (AccessDenied)",
        ),
        ({"InferenceSpecification": None}, "has 0 containers"),
        ({"InferenceSpecification": {"Containers": [{}, {}]}}, "has 2 containers"),
        ({"started_by": ADA}, "ada trained the package and cannot approve it"),
        (
            {"LastModifiedBy": None},
            "role/pipeline trained the package",
        ),
        ({"approved_by": TIM}, "tim trained the package and cannot approve it"),
        ({"LastModifiedBy": None, "CreatedBy": None}, "not known who approved"),
        ({"started_by": None, "CreatedBy": None}, "not known who trained"),
        ({"hours": 169}, "older than 168 hours"),
    ],
)
def test_what_does_not_hold_is_named(flaw, reason):
    """The first thing that is wrong, in words a person can act on."""
    given = {"started_by": None, **flaw} if flaw == {"LastModifiedBy": None} else flaw
    assert reason in examined(**given).refusal


def test_where_one_person_is_enough_who_trained_may_approve():
    """The stage's file says so."""
    assert examined(started_by=ADA, two_people=False).refusal is None


def test_a_package_whose_execution_is_gone_was_trained_by_who_made_it():
    """Executions go with their pipeline, and another account's cannot be seen."""
    assert examined(started_by=None).trained_by == PIPELINE


@pytest.mark.parametrize(
    ("arn", "who"),
    [
        ("arn:aws:sts::123456789012:assumed-role/sluice-dev-approver/ada@example.com", None),
        (
            "arn:aws:sts::123456789012:assumed-role/sluice-dev-approver/botocore-session-1795000000",
            "arn:aws:iam::123456789012:role/sluice-dev-approver",
        ),
        (ADA, ADA),
        ("", ""),
    ],
)
def test_a_session_named_by_a_program_is_the_role_itself(arn, who):
    """One person must not look like two because an SDK numbered the sessions; two people in one role stay two."""
    assert same(arn) == (arn if who is None else who)
