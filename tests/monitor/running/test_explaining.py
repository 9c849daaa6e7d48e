import csv
import io
import json
import subprocess
import tarfile
from dataclasses import replace
from datetime import timedelta

import botocore.session
import botocore.validate
import numpy as np
import pyarrow as pa
import pytest

from monitor.judgement import Outcome
from monitor.policy import ExplainabilityPolicy
from monitor.running import explaining, run
from monitor.running.explaining import few, sample
from monitor.running.job import Jobs
from monitor.running.serving import look
from monitor.running.storage import Stored
from monitor.running.window import Window
from tests.monitor.running.account import NOW, OUTPUT, PLACE

JOBS = Jobs(
    role="arn:aws:iam::123456789012:role/job",
    image="analyzer",
    code="s3://artifacts/assets/code",
    key="arn:aws:kms:eu-west-1:123456789012:alias/sluice",
    parameter="/sluice/dev/monitor/credit-risk",
    subnets=("subnet-1",),
    security_groups=("sg-1",),
)
WINDOW = Window.ending(NOW, minutes=30)
BASELINE = {"age": 0.02, "amount": 0.3, "duration": 0.4}
STARTED = "reports/credit-risk/explained/started.json"


def analysis(values):
    """What Clarify would say of them."""
    return {"version": "1.0", "explanations": {"kernel_shap": {"label0": {"global_shap_values": values}}}}


@pytest.fixture
def explained(policy):
    """The policy with a fifth monitor."""
    return replace(policy, explainability=ExplainabilityPolicy(rows=100))


@pytest.fixture
def account(account):
    """An account whose baseline says how much each feature counts."""
    at = Stored.at(OUTPUT)
    account.s3.put_object(
        Bucket=at.bucket, Key=f"{at.key}/explainability/analysis.json", Body=_bytes(analysis(BASELINE))
    )
    return account


def _bytes(document):
    return json.dumps(document).encode()


def judged(account, policy, window=WINDOW):
    """Run, with jobs to explain; gives what the verdict says of explainability."""
    verdict = run.run(PLACE, policy, window, account.clients, jobs=JOBS)
    return verdict["monitors"]["explainability"]


def finish(account, values):
    """What the job of the newest window leaves."""
    newest = account.s3.json("captured", STARTED)[-1]["run"]
    key = f"reports/credit-risk/explained/{newest}/output/analysis.json"
    account.s3.put_object(Bucket="captured", Key=key, Body=_bytes(analysis(values)))


def test_a_run_has_a_job_explain_its_window(account, explained):
    """In the model's image, with its archive, the baseline's background and rows as they were asked; no network."""
    account.asked(count=150)
    assert judged(account, explained)["outcome"] == Outcome.INSUFFICIENT_DATA
    (job,) = account.sagemaker.jobs
    shapes = botocore.session.get_session().get_service_model("sagemaker")
    validator = botocore.validate.ParamValidator()
    assert not validator.validate(job, shapes.operation_model("CreateProcessingJob").input_shape).has_errors()
    assert job["AppSpecification"]["ImageUri"] == "sklearn:1.4-2"
    assert job["NetworkConfig"]["EnableNetworkIsolation"]
    assert job["ProcessingOutputConfig"]["KmsKeyId"] == JOBS.key
    words = job["AppSpecification"]["ContainerEntrypoint"]
    assert max(map(len, words)) <= shapes.shape_for("ContainerEntrypointString").metadata["max"] == 256
    inputs = {each["InputName"]: each["S3Input"]["S3Uri"] for each in job["ProcessingInputs"]}
    assert inputs["model"] == "s3://artifacts/credit-risk/e1/output/model.tar.gz"
    assert inputs["background"] == f"{OUTPUT}/explainability/background.csv"
    rows = list(csv.DictReader(io.StringIO(account.s3.kept["captured", Stored.at(inputs["rows"]).key].decode())))
    assert len(rows) == 100
    assert rows[0].keys() >= {"sex", "age", "credit_amount"}
    assert rows[0]["age"].isdigit()


def test_a_later_run_judges_what_the_job_has_left(account, explained):
    """The window before is judged as soon as it is explained, with its end told; the features' order counts."""
    account.asked(count=150)
    judged(account, explained)
    finish(account, {"duration": 0.5, "amount": 0.2, "age": 0.1})
    later = Window.ending(NOW + timedelta(minutes=5), minutes=30)
    same = judged(account, explained, later)
    assert same["outcome"] == Outcome.COMPLETED
    assert same["reason"].endswith("Of the answers until 2026-11-02T10:30:00+00:00.")
    assert same["rows"] == 100
    finish(account, {"duration": 0.01, "amount": 0.02, "age": 0.9})
    moved = judged(account, explained, Window.ending(NOW + timedelta(minutes=9), minutes=30))
    assert moved["outcome"] == Outcome.COMPLETED_WITH_VIOLATIONS
    assert [each["check"] for each in moved["violations"]] == ["feature_attribution_drift_check"]


def test_the_same_window_is_explained_once(account, explained):
    """Runs are repeated; jobs are not."""
    account.asked(count=50)
    judged(account, explained)
    judged(account, explained)
    assert len(account.sagemaker.jobs) == 1
    assert len(account.s3.json("captured", STARTED)) == 1


def test_a_job_that_leaves_nothing_has_failed(account, explained):
    """After an hour it is no longer under way: said, and not passed over for an older window."""
    account.asked(count=50)
    judged(account, explained)
    late = judged(account, explained, Window.ending(NOW + timedelta(minutes=61), minutes=30))
    assert late["outcome"] == Outcome.FAILED
    assert "left nothing" in late["reason"]


def test_what_another_version_was_asked_is_not_judged(account, explained):
    """A release brings another model: what explained the one before says nothing of it."""
    account.asked(count=50)
    judged(account, explained)
    started = account.s3.json("captured", STARTED)
    account.s3.put_object(Bucket="captured", Key=STARTED, Body=_bytes([{**started[0], "package": "other/2"}]))
    finish(account, BASELINE)
    assert judged(account, explained, Window.ending(NOW + timedelta(minutes=90), minutes=30))["outcome"] == (
        Outcome.INSUFFICIENT_DATA
    )


def test_nobody_asked_starts_no_job(account, explained):
    """An empty window costs nothing."""
    assert judged(account, explained)["outcome"] == Outcome.INSUFFICIENT_DATA
    assert account.sagemaker.jobs == []


def test_what_hinders_a_job_is_told_and_hinders_no_other_monitor(account, explained):
    """The fault is the monitor's outcome; data quality is judged all the same."""
    account.asked(count=250)

    def refused(**_):
        raise ValueError("ResourceLimitExceeded")

    account.sagemaker.create_processing_job = refused
    verdict = run.run(PLACE, explained, WINDOW, account.clients, jobs=JOBS)
    assert verdict["monitors"]["explainability"]["outcome"] == Outcome.FAILED
    assert "ResourceLimitExceeded" in verdict["monitors"]["explainability"]["reason"]
    assert verdict["monitors"]["data-quality"]["outcome"] in (
        Outcome.COMPLETED,
        Outcome.COMPLETED_WITH_VIOLATIONS,
    )


def test_masked_features_cannot_be_explained(account, explained):
    """What the model was told is known as a hash alone."""
    served = look(PLACE, account.clients.sagemaker)
    known = run.reference(served.baseline, account.clients.s3)
    masked = replace(explained, masked=("age",))
    found = explaining.Explaining(place=PLACE, policy=masked, served=served, clients=account.clients)
    assert found.judge(known, now=NOW).reason == "What the model was told of age is masked."


def test_the_command_runs_the_program_in_the_archive(tmp_path):
    """A shell unpacks the archive, whatever the names in it begin with, and starts the program with its files."""
    folder = tmp_path / "input" / "model"
    folder.mkdir(parents=True)
    program = b"import sys\nprint(sys.argv[1:])\n"
    for prefix in ("", "./"):
        with tarfile.open(folder / "model.tar.gz", "w:gz") as packed:
            member = tarfile.TarInfo(f"{prefix}code/pipelines/serving/attribution.py")
            member.size = len(program)
            packed.addfile(member, io.BytesIO(program))
        command = [word.replace("/opt/ml/processing/input", str(tmp_path / "input")) for word in explaining.COMMAND]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        assert f"'--rows', '{tmp_path}/input/rows/rows.csv'" in ended.stdout


def test_rows_are_drawn_evenly():
    """Each as likely as any other, however they come in batches; fewer than wanted are all taken."""
    numbers = pa.table({"n": np.arange(10_000)})
    drawn = sample(numbers.to_batches(max_chunksize=700), most=1_000)["n"].to_numpy()
    assert len(set(drawn.tolist())) == 1_000
    assert abs(drawn.mean() - 5_000) < 300
    assert sample(numbers.slice(0, 5).to_batches(), most=10)["n"].to_pylist() == [0, 1, 2, 3, 4]
    assert sample([], most=10).num_rows == 0


def test_of_large_windows_some_files_are_read():
    """Evenly over the window, and never none."""
    files = [Stored(bucket="b", key=str(each), size_bytes=32_000_000) for each in range(10)]
    assert [each.key for each in few(files)] == ["0", "5"]
    assert few([Stored(bucket="b", key="one", size_bytes=900_000_000)])
    assert len(few(files[:2])) == 2
