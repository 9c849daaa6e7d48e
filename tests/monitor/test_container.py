import json

import numpy as np
import pytest

from monitor import container
from monitor.__main__ import main

HEADER = "score,age,kind"


def rows(*, seed, many=1200, shift=0.0):
    """Rows of a request, as CSV lines."""
    draw = np.random.default_rng(seed)
    return [f"{draw.normal() + shift:.4f},{draw.integers(18, 80)},{draw.choice(['a', 'b', 'c'])}" for _ in range(many)]


def captured(path, lines, *, seed=0, label=None):
    """A file of captured records, with answers, and labels when a function of the answer gives them."""
    draw = np.random.default_rng(seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        for number, line in enumerate(lines):
            answer = draw.random()
            record = {
                "captureData": {
                    "endpointInput": {"observedContentType": "text/csv", "data": line, "encoding": "CSV"},
                    "endpointOutput": {"observedContentType": "text/csv", "data": f"{answer:.3f}", "encoding": "CSV"},
                },
                "eventMetadata": {"eventId": f"event-{number}", "inferenceTime": "2026-11-02T09:30:50Z"},
                "eventVersion": "0",
            }
            if label:
                record["groundTruthData"] = {"data": str(label(draw, answer)), "encoding": "CSV"}
            file.write(json.dumps(record) + "\n")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A baseline made by the container from a CSV of answers and requests, as AWS's analyzer lines them up."""
    folder = tmp_path_factory.mktemp("job")
    data = folder / "data"
    data.mkdir()
    draw = np.random.default_rng(1)
    lines = [f"{draw.random():.3f},{row}" for row in rows(seed=2)]
    (data / "train.csv").write_text("\n".join([f"prediction,{HEADER}", *lines]) + "\n")
    environment = {
        "dataset_format": '{"csv":{"header":true,"output_columns_position":"START"}}',
        "dataset_source": str(data),
        "output_path": str(folder / "baseline"),
        "publish_cloudwatch_metrics": "Disabled",
    }
    assert run(environment, folder) == (0, "Completed: Job completed successfully with no violations.")
    return folder


def run(environment, folder):
    """Exit code and exit message of a job."""
    code = container.main(environment, message=folder / "message", metrics=folder / "metrics")
    return code, (folder / "message").read_text()


def checking(world, source, output, **more):
    """The environment of a monitoring job over captures."""
    return {
        "dataset_format": '{"sagemakerCaptureJson":{"captureIndexNames":["endpointInput","endpointOutput"]}}',
        "dataset_source": str(source),
        "output_path": str(output),
        "start_time": "2026-11-02T09:00:00Z",
        "end_time": "2026-11-02T10:00:00Z",
        "metric_time": "2026-11-02T09:00:00Z",
        "baseline_constraints": str(world / "baseline" / "constraints.json"),
        "baseline_statistics": str(world / "baseline" / "statistics.json"),
        "publish_cloudwatch_metrics": "Enabled",
        "sagemaker_endpoint_name": "credit-dev",
        "sagemaker_monitoring_schedule_name": "credit-dev-data-quality",
        **more,
    }


def violations(folder):
    """The violations file of a job."""
    return json.loads((folder / "constraint_violations.json").read_text())["violations"]


def test_a_quiet_hour_completes(world, tmp_path):
    """Captures like the baseline: the message, all three files, an empty list of violations, metrics as JSON lines."""
    captured(tmp_path / "in/credit-dev/AllTraffic/2026/11/02/09/a.jsonl", rows(seed=3))
    code, said = run(checking(world, tmp_path / "in", tmp_path / "out"), tmp_path)
    assert (code, said) == (0, "Completed: Job completed successfully with no violations.")
    assert violations(tmp_path / "out") == []
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "statistics.json",
        "constraints.json",
        "constraint_violations.json",
    }
    lines = [json.loads(line) for line in (tmp_path / "metrics/cloudwatch_metrics.jsonl").read_text().splitlines()]
    drift = next(line for line in lines if line["MetricName"] == "feature_baseline_drift_score")
    assert drift["Timestamp"] == "2026-11-02T09:00:00Z"
    assert drift["Dimensions"] == [
        {"Name": "Endpoint", "Value": "credit-dev"},
        {"Name": "MonitoringSchedule", "Value": "credit-dev-data-quality"},
    ]


@pytest.mark.parametrize("ours", [True, False])
def test_drift_ends_with_violations(world, tmp_path, ours):
    """The message says so in AWS's words, exit code 0; with our profile beside the statistics or without."""
    captured(tmp_path / "in/a.jsonl", rows(seed=4, shift=0.6))
    for name in ("constraints.json", "statistics.json", *(["profile.json.gz"] if ours else [])):
        (tmp_path / name).write_bytes((world / "baseline" / name).read_bytes())
    files = {f"baseline_{kind}": str(tmp_path / f"{kind}.json") for kind in ("constraints", "statistics")}
    code, said = run(checking(world, tmp_path / "in", tmp_path / "out", **files), tmp_path)
    found = violations(tmp_path / "out")
    assert code == 0
    assert said == f"CompletedWithViolations: Job completed successfully with {len(found)} violations."
    assert ("score", "baseline_drift_check") in {
        (each["feature_name"], each["constraint_check_type"]) for each in found
    }


def test_a_baseline_without_names_is_lined_up_as_aws_does(tmp_path):
    """Columns _c0, _c1 … of a headerless CSV: the answer is the first, the request the rest."""
    (tmp_path / "data").mkdir()
    draw = np.random.default_rng(5)
    (tmp_path / "data/train.csv").write_text("".join(f"{draw.random():.3f},{row}\n" for row in rows(seed=6)))
    made = {"dataset_format": '{"csv":{"header":false}}', "dataset_source": str(tmp_path / "data")}
    assert run({**made, "output_path": str(tmp_path / "baseline")}, tmp_path)[0] == 0
    captured(tmp_path / "in/a.jsonl", rows(seed=7))
    assert run(checking(tmp_path, tmp_path / "in", tmp_path / "out"), tmp_path)[1].startswith("Completed:")
    named = [each["name"] for each in json.loads((tmp_path / "out/statistics.json").read_text())["features"]]
    assert named == ["_c0", "_c1", "_c2", "_c3"]


def test_model_quality_is_judged_by_its_constraints(world, tmp_path):
    """Merged records against constraints of model quality: what Model Monitor calls LessThanThreshold is violated."""
    captured(tmp_path / "in/a.jsonl", rows(seed=8, many=400), label=lambda draw, _: int(draw.random() < 0.5))
    auc = {"threshold": 0.8, "comparison_operator": "LessThanThreshold"}
    constraints = {"version": 0.0, "binary_classification_constraints": {"auc": auc}}
    (tmp_path / "constraints.json").write_text(json.dumps(constraints))
    environment = {
        **checking(world, tmp_path / "in", tmp_path / "out"),
        "dataset_format": '{"sagemakerMergeJson":{"captureIndexNames":["endpointOutput"]}}',
        "analysis_type": "MODEL_QUALITY",
        "problem_type": "BinaryClassification",
        "probability_attribute": "0",
        "baseline_constraints": str(tmp_path / "constraints.json"),
    }
    del environment["baseline_statistics"]
    assert run(environment, tmp_path) == (0, "CompletedWithViolations: Job completed successfully with 1 violations.")
    assert [each["metric_name"] for each in violations(tmp_path / "out")] == ["auc"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"start_time": "2026-11-02T11:00:00Z", "end_time": "2026-11-02T12:00:00Z"}, "no data"),
        ({"baseline_constraints": "/nowhere/constraints.json"}, "there is no file /nowhere/constraints.json"),
        ({"record_preprocessor_script": "/opt/ml/script.py"}, "record_preprocessor_script is not supported"),
        ({"analysis_type": "MODEL_QUALITY", "problem_type": "Ranking"}, "'Ranking'"),
        ({"dataset_format": "{"}, "ClientError"),
    ],
)
def test_a_job_that_cannot_be_done_says_why(world, tmp_path, more, said):
    """No data in the window, no baseline, what is not supported: exit code 1 and a sentence."""
    captured(tmp_path / "in/a.jsonl", rows(seed=9, many=20))
    code, message = run(checking(world, tmp_path / "in", tmp_path / "out", **more), tmp_path)
    assert code == 1
    assert said in message


def test_people_check_files_from_the_command_line(world, tmp_path, capsys):
    """`check` names what moved and exits 1; the baseline's own data exit 0; what is not there exits 2."""
    captured(tmp_path / "in/a.jsonl", rows(seed=10, shift=0.6))
    arguments = ["--baseline", str(world / "baseline")]
    written = ["--output", str(tmp_path / "out"), "--report", str(tmp_path / "report.html")]
    assert main(["check", str(tmp_path / "in"), *arguments, *written]) == 1
    assert "score: baseline_drift_check: Its values have moved" in capsys.readouterr().out
    assert violations(tmp_path / "out")
    assert "score" in (tmp_path / "report.html").read_text()
    assert main(["check", str(world / "data"), *arguments]) == 0
    assert main(["check", str(tmp_path / "in"), *arguments, "--ignore", "score"]) == 0
    assert main(["check", str(tmp_path / "nothing"), *arguments]) == 2
    assert "there is no file" in capsys.readouterr().err
