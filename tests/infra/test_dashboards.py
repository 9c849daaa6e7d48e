import itertools
import json
import re
from pathlib import Path

import pytest

import env
from infra import dashboards
from lambdas import measuring
from monitor.files.metrics import OURS, of_alarms
from monitor.judgement import Judgement, Monitor, Outcome
from tests.infra.templates import resources

RUNBOOKS = (Path(__file__).parents[2] / "docs" / "runbooks.md").read_text()
SAGEMAKER = {
    *("Invocations", "Invocation4XXErrors", "Invocation5XXErrors", "InvocationModelErrors", "ModelLatency"),
}


def boards():
    """Every dashboard's body of every stage, by stage and dashboard."""
    for name in env.names():
        stage = env.load(name)
        yield f"{name}", dashboards.of_stage(stage)
        for model in stage.models:
            yield f"{name}-{model}", dashboards.of_model(stage, model)


BOARDS = dict(boards())


def metrics(board):
    """Namespace, name and dimensions of each metric that a dashboard names, without those that it searches for."""
    for widget in board["widgets"]:
        for entry in widget["properties"].get("metrics", []):
            *named, _ = entry
            if named:
                pairs = named[2:]
                yield named[0], named[1], dict(zip(pairs[::2], pairs[1::2], strict=True))


@pytest.mark.parametrize("name", BOARDS)
def test_tiles_fill_the_grid_and_none_lies_on_another(name):
    """A reader sees every graph with what is said of it right under it."""
    taken = set()
    for widget in BOARDS[name]["widgets"]:
        columns = range(widget["x"], widget["x"] + widget["width"])
        cells = set(itertools.product(columns, range(widget["y"], widget["y"] + widget["height"])))
        assert max(columns) < 24
        assert not cells & taken, widget
        taken |= cells


@pytest.mark.parametrize("name", BOARDS)
def test_every_graph_says_its_unit_and_what_to_do_when_it_is_red(name):
    """Under each graph stands a text with a section of the runbooks that exists."""
    widgets = BOARDS[name]["widgets"]
    texts = {
        (widget["x"], widget["y"]): widget["properties"]["markdown"] for widget in widgets if widget["type"] == "text"
    }
    graphs = [widget for widget in widgets if widget["type"] == "metric"]
    for graph in graphs:
        properties = graph["properties"]
        below = texts[graph["x"], graph["y"] + graph["height"]]
        assert properties["title"].endswith(f"({properties['yAxis']['left']['label']})")
        assert below.startswith("**")
        [anchor] = re.findall(r"Runbook: `docs/runbooks\.md#([a-z-]+)`$", below)
        assert f"## {anchor.replace('-', ' ').capitalize()}\n" in RUNBOOKS, anchor


@pytest.mark.parametrize("name", BOARDS)
def test_the_three_families_are_there(name):
    """Where nobody looks, the dashboard says so and how to change that: an empty family would look like health."""
    markdown = [w["properties"]["markdown"] for w in BOARDS[name]["widgets"] if w["type"] == "text"]
    headings = [text.split(":")[0] for text in markdown if text.startswith("## ")]
    assert headings == ["## Operational health", "## Data and model fidelity", "## Business"]
    if "abalone" in name:
        assert any("Add `[models.abalone.monitor]`" in text for text in markdown)


@pytest.mark.parametrize("name", BOARDS)
def test_what_is_drawn_is_put_by_somebody(name):
    """Each metric's name and dimensions are those with which SageMaker, `release` or the monitor puts it."""
    quiet = Judgement(monitor=Monitor.BIAS, outcome=Outcome.COMPLETED, reason="", rows=1)
    ours = {metric.name for metric in of_alarms(quiet)}
    released = {*measuring._COUNTS.values(), "LeadTime", "ReleaseTime", "TimeToRollBack", "Probes"}
    shapes = {
        ("AWS/SageMaker", "EndpointName VariantName"): SAGEMAKER,
        ("AWS/SQS", "QueueName"): {"ApproximateNumberOfMessagesVisible"},
        ("Sluice/Release", "EndpointName"): released,
        (OURS, "Endpoint Monitor"): ours,
        (OURS, "Endpoint"): {"Retrainings"},
    }
    for namespace, metric, dimensions in metrics(BOARDS[name]):
        if namespace.endswith("-metrics"):
            assert set(dimensions) == {"Endpoint", "MonitoringSchedule"}
            continue
        assert metric in shapes[namespace, " ".join(dimensions)], (namespace, metric)


@pytest.mark.parametrize("name", BOARDS)
def test_expressions_name_metrics_of_their_own_graph(name):
    """Ids are as CloudWatch wants them, each once, and every name in an expression is one of them or a function."""
    for widget in BOARDS[name]["widgets"]:
        entries = [entry[-1] for entry in widget["properties"].get("metrics", [])]
        ids = [entry["id"] for entry in entries if "id" in entry]
        assert len(ids) == len(set(ids))
        assert all(re.fullmatch(r"[a-z][A-Za-z0-9_]*", each) for each in ids)
        for expression in (entry["expression"] for entry in entries if "expression" in entry):
            if not expression.startswith("SEARCH("):
                assert set(re.findall(r"[a-z]\w*", expression)) <= set(ids), expression


def test_red_lines_are_the_limits_of_the_stage():
    """Whoever changes env changes the lines with it."""
    lines = {
        widget["properties"]["title"]: {
            line["label"]: line["value"] for line in widget["properties"]["annotations"]["horizontal"]
        }
        for widget in BOARDS["prod-credit-risk"]["widgets"]
        if widget["type"] == "metric"
    }
    assert lines["Errors (% of requests)"] == {"backstop, 5xx": 1.5, "backstop, model": 4.0}
    assert lines["Latency of the model (ms)"] == {"90 % must be faster": 500}
    assert lines["Distance from the baseline, by feature (0 to 1)"] == {"limit": 0.05}


def test_runbooks_that_have_an_address_are_linked():
    """One click from what is red to what to do."""
    stage = env.load("dev").model_copy(update={"runbooks": "https://git.example.com/docs/runbooks.md"})
    texts = [w["properties"]["markdown"] for w in dashboards.of_stage(stage)["widgets"] if w["type"] == "text"]
    link = "Runbook: [docs/runbooks.md#dead-letters](https://git.example.com/docs/runbooks.md#dead-letters)"
    assert any(text.endswith(link) for text in texts)


def test_infinite_disparity_leaves_the_others_visible():
    """Clarify's infinity is a number of 108 digits: its graph has a scale of its own."""
    [graph] = [
        w
        for w in BOARDS["local-credit-risk"]["widgets"]
        if w["properties"].get("title", "").startswith("Bias of sex = female")
    ]
    left = graph["properties"]["yAxis"]["left"]
    assert (left["min"], left["max"]) == (-1, 2)


def test_a_number_of_the_business_has_its_bound_and_its_unit():
    """The local stage watches the good applicants that are refused."""
    [graph] = [w for w in BOARDS["local-credit-risk"]["widgets"] if "refused-good" in w["properties"].get("title", "")]
    watched = env.load("local").models["credit-risk"].monitor.business["refused-good"]
    assert graph["properties"]["title"] == f"refused-good ({watched.unit})"
    [line] = graph["properties"]["annotations"]["horizontal"]
    assert (line["value"], line["fill"]) == (watched.at_most, "above")


def test_every_alarm_that_keeps_its_name_is_shown(local):
    """The first thing to be seen is what rings; those of a fleet come and go with its config."""
    [alarms] = [w["properties"]["alarms"] for w in BOARDS["local"]["widgets"] if w["type"] == "alarm"]
    templates = local.templates().values()
    found = [r["Properties"]["AlarmName"] for t in templates for _, r in resources(t, "AWS::CloudWatch::Alarm")]
    named = {f"arn:aws:cloudwatch:eu-west-1:123456789012:alarm:{name}" for name in found if isinstance(name, str)}
    assert named <= set(alarms)
    assert len(alarms) == len(set(alarms))


def test_the_dashboards_are_deployed_with_the_releases(local):
    """One of the stage, one of the model, under names that people find."""
    found = {
        r["Properties"]["DashboardName"]: r
        for _, r in resources(local.template("release"), "AWS::CloudWatch::Dashboard")
    }
    assert set(found) == {"sluice-local", "sluice-local-credit-risk"}
    for resource in found.values():
        assert json.loads(resource["Properties"]["DashboardBody"])["widgets"]
