import io

from rich.console import Console

from cli.evidence import evidence, view
from cli.registry import _told, versions
from tests.cli.executions import ARN, SCIENTIST, SageMaker, package, stage
from tests.cli.fakes import refusal

APPROVER = "arn:aws:sts::123456789012:assumed-role/sluice-local-approver/bob"
FACTS = {"data_uri": "s3://b/rows.csv", "data_version": "v1", "data_sha256": "ab" * 32, "rows": "4177"}
COMMIT = "35e85c73eb39f6762896478a99aab0db34ae59a3"
OPENED = {"kind": "opened", "release_id": "r1-v1", "version": 1, "cause": "approval", "approved_by": APPROVER}


def registered(status="PendingManualApproval", **more):
    """A version that a pipeline has registered, from a checkout with changes."""
    origin = {"MetadataProperties": {"CommitId": f"{COMMIT}-dirty", "GeneratedBy": ARN}}
    return {**package(1, status, rmse="2.1", **FACTS), **origin, **more}


def registry(*packages, serving=None):
    """A registry that lists its packages, and the execution that made them."""
    sagemaker = SageMaker(("Succeeded", 1, []), packages=packages, serving=serving)
    listed = [{"ModelPackageArn": described["ModelPackageArn"]} for described in packages]
    sagemaker.list_model_packages = lambda **_: {"ModelPackageSummaryList": listed}
    return sagemaker


def test_the_evidence_says_which_data_code_run_and_who():
    """The five questions of an auditor, each answered by one member."""
    told = evidence(stage(registry(registered())), "credit-risk", 1)
    assert (told["data_uri"], told["data_version"], told["rows"]) == ("s3://b/rows.csv", "v1", 4177)
    assert (told["code_commit"], told["code_dirty"]) == (f"{COMMIT}-dirty", True)
    assert (told["run"], told["trained_by"]) == (ARN, SCIENTIST)
    assert (told["rmse"], told["metrics"]) == (2.1, {"rmse": 2.1})
    assert told["approved_by"] is None


def test_a_retrained_version_says_why_there_is_one():
    """The reason that the pipeline was given, the report that led to it, and what the version will be held to."""
    baseline = "s3://b/credit-risk/e1/baseline/data-quality/statistics.json"
    described = registered(
        ModelPackageDescription="age has moved",
        DriftCheckBaselines={"ModelDataQuality": {"Statistics": {"S3Uri": baseline}}},
    )
    described["CustomerMetadataProperties"]["sluice:report"] = "s3://c/report.html"
    there = stage(registry(described))
    told = evidence(there, "credit-risk", 1)
    assert (told["trained_because"], told["report"]) == ("age has moved", "s3://c/report.html")
    assert told["baseline"] == baseline
    console = Console(file=io.StringIO(), width=200)
    console.print(view(there, told))
    assert "age has moved" in console.file.getvalue()


def test_the_ledger_says_who_approved():
    """Whoever changed the package last may be somebody else."""
    last = {"LastModifiedBy": {"IamIdentity": {"Arn": SCIENTIST}}, "ApprovalDescription": "it is better"}
    there = stage(registry(registered("Approved", **last), serving=1), {**OPENED, "reason": "it is better"})
    told = evidence(there, "credit-risk", 1)
    assert (told["approved_by"], told["reason"], told["serves_in"]) == (APPROVER, "it is better", "local")


def test_a_later_stage_has_a_reason_of_its_own():
    """Not the one for which the first stage let the version in."""
    order = {"kind": "approved", "version": 1, "by": APPROVER, "reason": "it was good in dev", "at": "2026-11-21T12:00"}
    described = registered("Approved", ApprovalDescription="it is better")
    there = stage(registry(described), order, {**OPENED, "reason": "it was good in dev", "at": "2026-11-21T12:30"})
    told = evidence(there, "credit-risk", 1)
    assert (told["approved_by"], told["reason"], told["approved_at"]) == (APPROVER, order["reason"], order["at"])


def test_a_way_back_is_no_approval():
    """The release that brings a version back says neither when nor why it was approved."""
    back = {**OPENED, "cause": "rollback", "reason": "version 2 is vetoed", "at": "2026-11-22T12:00"}
    first = {**OPENED, "reason": "it is better", "at": "2026-11-21T12:00"}
    told = evidence(stage(registry(registered("Approved")), first, back), "credit-risk", 1)
    assert (told["reason"], told["approved_at"]) == ("it is better", first["at"])


def test_a_rejection_has_the_last_word():
    """Of a version that was let in before."""
    described = registered("Rejected", ApprovalDescription="it is unfair")
    told = evidence(stage(registry(described), {**OPENED, "reason": "it is better"}), "credit-risk", 1)
    assert (told["approved_by"], told["reason"]) == (APPROVER, "it is unfair")


def test_a_version_that_is_deleted_while_it_is_listed_is_left_out():
    """The others are listed."""
    sagemaker = registry(package(2), package(1))
    known = sagemaker.describe_model_package

    def describe(*, ModelPackageName):
        if ModelPackageName.endswith("/2"):
            raise refusal("ValidationException", "ModelPackage does not exist.")
        return known(ModelPackageName=ModelPackageName)

    sagemaker.describe_model_package = describe
    assert [row["version"] for row in versions(stage(sagemaker), "credit-risk")] == [1]


def test_before_a_release_the_registry_says_who_approved():
    """The ledger has not heard of it yet."""
    last = {"LastModifiedBy": {"IamIdentity": {"Arn": APPROVER}}, "ApprovalDescription": "it is better"}
    told = evidence(stage(registry(registered("Approved", **last))), "credit-risk", 1)
    assert (told["approved_by"], told["reason"]) == (APPROVER, "it is better")


def test_who_trained_it_is_left_out_where_the_reader_may_not_know():
    """The rest of the evidence is there."""
    sagemaker = registry(registered())

    def refused(**_):
        raise refusal("AccessDeniedException", "no")

    sagemaker.describe_pipeline_execution = refused
    told = evidence(stage(sagemaker), "credit-risk", 1)
    assert (told["trained_by"], told["run"]) == (None, ARN)


def test_people_read_that_code_was_not_committed():
    """A mark on a hash says little."""
    there = stage(registry(registered()))
    console = Console(width=100, file=io.StringIO())
    console.print(view(there, evidence(there, "credit-risk", 1)))
    said = console.file.getvalue()
    assert f"{COMMIT}, with changes that were not committed" in said
    assert ["rows", "4,177"] in [line.split() for line in said.splitlines()]
    assert ["rmse", "2.1"] in [line.split() for line in said.splitlines()]


def test_versions_with_different_metrics_share_a_table():
    """Each row has a column for every metric of any version."""
    first, second = versions(stage(registry(package(2, rmse="2.1"), package(1, auc="0.8"))), "credit-risk")
    assert list(first) == list(second)
    assert (first["rmse"], first["auc"], second["auc"]) == (2.1, None, 0.8)


def test_a_version_that_serves_says_so_with_its_status():
    """In one column, so that a line fits a screen."""
    (row,) = versions(stage(registry(package(1, "Approved"), serving=1)), "credit-risk")
    assert row["serves"] == "yes"
    assert _told(row)["status"] == "Approved, serves"
