"""Model Monitor's analyzer, played by Sluice's own, in pipelines and schedules."""

import csv
import io
import json
import random

import pytest

from env import images
from local.clock import Clock
from tests.local.sagemaker.clouds import WithAnalyzers, sagemaker_cloud
from tests.local.sagemaker.conftest import World
from tests.local.sagemaker.monitors import NOON, Monitors, label
from tests.local.sagemaker.test_pipelines import definition, step

ANALYZER = images.uri("model-monitor", region="eu-west-1")
DATA, OUTPUT = "/opt/ml/processing/input/baseline_dataset_input", "/opt/ml/processing/output"
ROWS = 600
CLARIFY = images.uri("clarify:1.0", region="eu-west-1")
CONFIG = {
    "headers": ["age", "city", "label"],
    "label": "label",
    "label_values_or_threshold": [1],
    "facet": [{"name_or_index": "city", "value_or_threshold": ["Oslo"]}],
}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A world at noon whose clock stands still, in which AWS's analyzers are played."""
    with sagemaker_cloud(tmp_path_factory, clock=Clock(speed=0, start=NOON), images=WithAnalyzers()) as cloud:
        yield World(cloud)


def people(seed, *, older_by=0):
    """Rows of an answer, an age and a city; the older, the likelier the answer."""
    chance = random.Random(seed)
    for _ in range(ROWS):
        age = chance.gauss(40, 8) + older_by
        yield [round(min(0.99, age / 80), 4), round(age, 1), chance.choice(["Rome", "Oslo"])]


def table(rows, header=("prediction", "age", "city")):
    """Rows as CSV."""
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    return text.getvalue()


def check(world, name, rows, **members):
    """A step of the SDK's that checks data, without an entry point: the image has one."""
    place = world.put(f"{name}/data.csv", table(rows))
    arguments = world.processing("", outputs=[("monitoring_output", f"s3://work/{name}", "output")])
    del arguments["AppSpecification"]["ContainerEntrypoint"]
    arguments["AppSpecification"]["ImageUri"] = ANALYZER
    (code,) = arguments["ProcessingInputs"]
    source = {**code["S3Input"], "S3Uri": place, "LocalPath": DATA}
    arguments["ProcessingInputs"] = [{"InputName": "baseline_dataset_input", "S3Input": source}]
    arguments["Environment"] = {
        "dataset_format": json.dumps({"csv": {"header": True, "output_columns_position": "START"}}),
        "dataset_source": DATA,
        "output_path": OUTPUT,
        "publish_cloudwatch_metrics": "Disabled",
    }
    return step("Check", "QualityCheck", arguments, CheckType="DATA_QUALITY", **members)


@pytest.fixture(scope="module")
def baseline(world):
    """The members of a later step: the files that a first run has made."""
    first = check(world, "first", people(1), SkipCheck=True, RegisterNewBaseline=True)
    execution = world.run_pipeline(definition(first), pipeline="first")
    assert execution["PipelineExecutionStatus"] == "Succeeded", execution
    made = world.steps(execution)["Check"]["Metadata"]["QualityCheck"]
    return {f"SuppliedBaseline{part}": made[f"CalculatedBaseline{part}"] for part in ("Statistics", "Constraints")}


def test_a_quality_check_finds_drift(world, baseline):
    """The step fails with a report that names the column that moved."""
    drifted = check(world, "drifted", people(2, older_by=6), **baseline)
    found = world.steps(world.run_pipeline(definition(drifted), pipeline="drifted"))["Check"]
    assert found["FailureReason"].startswith("ClientError: Quality check failed. See violation report: ")
    report = json.loads(world.read("drifted/constraint_violations.json"))
    assert ("age", "baseline_drift_check") in {
        (each["feature_name"], each["constraint_check_type"]) for each in report["violations"]
    }


@pytest.mark.clients
def test_a_schedule_is_held_to_what_a_quality_check_has_made(world, baseline):
    """Captured requests of the same kind are no drift; the numbers are put as Model Monitor's."""
    monitors = Monitors(world)
    monitors.endpoint()
    monitors.put(3, *(request(number, row) for number, row in enumerate(people(3))))
    constraints, statistics = baseline["SuppliedBaselineConstraints"], baseline["SuppliedBaselineStatistics"]
    monitors.define("same", image=ANALYZER, constraints=constraints, statistics=statistics)
    monitors.schedule("same")
    ended = monitors.ended("same")
    assert ended["MonitoringExecutionStatus"] == "Completed", ended
    folder = f"reports/e/same/{monitors.hour(0)}"
    assert json.loads(world.read(f"{folder}/constraint_violations.json"))["violations"] == []
    assert json.loads(world.read(f"{folder}/statistics.json"))["dataset"]["item_count"] == ROWS
    put = {metric["MetricName"] for metric in world.metrics if metric["Namespace"].endswith("/data-metrics")}
    assert "feature_baseline_drift_age" in put


@pytest.mark.clients
def test_a_clarify_check_finds_bias_in_data(world):
    """Labels that one city has less often than the baseline says, before anything is trained."""
    chance = random.Random(5)
    rows = [[int(chance.random() < (0.7 if city == "Rome" else 0.4)), age, city] for _, age, city in people(5)]
    lines = table(rows).split("\n", 1)[1]
    config = {**CONFIG, "headers": ["label", "age", "city"], "methods": {"pre_training_bias": {"methods": "all"}}}
    given = {"config": json.dumps(config), "data": lines}
    names = {"config": "analysis_config.json", "data": "train.csv"}
    inputs = [(name, world.put(f"clarify/{name}/{names[name]}", text), f"input/{name}") for name, text in given.items()]
    arguments = world.processing("", inputs=inputs, outputs=[("analysis_result", "s3://work/clarified", "output")])
    arguments["AppSpecification"] = {"ImageUri": CLARIFY}
    fair = {"version": "1.0", "pre_training_bias_metrics": {"facets": {"city": [{**FAIR, "metrics": [DPL]}]}}}
    held = {"SuppliedBaselineConstraints": world.put("fair/analysis.json", json.dumps(fair))}
    asked = step("Check", "ClarifyCheck", arguments, CheckType="DATA_BIAS", **held)
    found = world.steps(world.run_pipeline(definition(asked), pipeline="clarified"))["Check"]
    assert found["FailureReason"].startswith("ClientError: Clarify check failed. See violation report: ")
    report = json.loads(world.read("clarified/constraint_violations.json"))
    assert [each["metric_name"] for each in report["violations"]] == ["DPL"]


@pytest.mark.clients
def test_bias_is_looked_for_in_requests_with_late_labels(world):
    """The merged requests go to Clarify's image; a first analysis is another one's baseline."""
    monitors = Monitors(world)
    monitors.endpoint("b")
    chance = random.Random(4)
    rows = [[chance.random() ** (1 if city == "Rome" else 3), age, city] for _, age, city in people(4)]
    monitors.put(3, *(request(number, row) for number, row in enumerate(rows)), endpoint="b")
    labels = (label(f"id-{number}", str(round(answer))) for number, (answer, _, _) in enumerate(rows))
    world.put(f"labels/{monitors.hour(1)}/a.jsonl", "".join(labels))
    fair = {"version": "1.0", "post_training_bias_metrics": {"facets": {"city": [FAIR]}}}
    monitors.define(
        "bias",
        "model_bias",
        endpoint="b",
        image=CLARIFY,
        constraints=world.put("held/analysis.json", json.dumps(fair)),
        application={"ConfigUri": world.put("config/analysis_config.json", json.dumps(CONFIG))},
        ProbabilityAttribute="0",
        GroundTruthS3Input={"S3Uri": "s3://work/labels"},
    )
    monitors.schedule("bias", "model_bias")
    ended = monitors.ended("bias")
    assert ended["MonitoringExecutionStatus"] == "CompletedWithViolations", ended
    report = json.loads(world.read(f"reports/b/bias/{monitors.hour(0)}/constraint_violations.json"))
    assert {(each["facet"], each["facet_value"]) for each in report["violations"]} == {("city", "Oslo")}


DPL = {"name": "DPL", "description": "DPL", "value": 0.01}
FAIR = {"value_or_threshold": "Oslo", "metrics": [{"name": "DPPL", "description": "DPPL", "value": 0.01}]}


def request(number, row):
    """A captured request for an answer."""
    answer, *asked = row
    line = {
        "captureData": {
            "endpointInput": side("INPUT", ",".join(map(str, asked))),
            "endpointOutput": side("OUTPUT", str(answer)),
        },
        "eventMetadata": {"eventId": str(number), "inferenceId": f"id-{number}", "inferenceTime": "AT"},
        "eventVersion": "0",
    }
    return json.dumps(line) + "\n"


def side(mode, data):
    """One side of an exchange."""
    return {"observedContentType": "text/csv", "mode": mode, "data": data, "encoding": "CSV"}
