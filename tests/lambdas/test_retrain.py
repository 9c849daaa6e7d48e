import io
import os
from datetime import timedelta

import pytest

from lambdas import retrain
from lambdas.errors import EventError, LambdaError
from lambdas.settings import from_environ
from tests.lambdas.drifting import ALARM, PIPELINE, Drifting, clients
from tests.lambdas.world import MODEL, STAGE, Fault


@pytest.fixture(autouse=True)
def variables(monkeypatch):
    """What the function's variables are set to is taken back."""
    for name in ("STAGE", "REGISTRY", "LEDGER", "CAPTURES", "MONITOR_FUNCTION", "MODELS"):
        monkeypatch.setenv(name, "")


@pytest.fixture
def world():
    """Version 1 serves, and the monitor has just found drift."""
    world = Drifting()
    world.judge()
    return world


def kinds(world):
    """What the function wrote, but for who gathers rows."""
    written = [record["kind"]["S"] for record in world.records()[3:]]
    return [kind for kind in written if kind != "gathering"]


def test_drift_starts_the_pipeline_on_the_drifted_rows(world):
    """With the reason and the report as parameters beside the stage's; it is written down first, and counted."""
    report = world.ask()["models"][MODEL]
    [execution] = world.executions
    assert execution["name"] == "retraining-5"
    assert execution["parameters"] == {
        "MinAuc": "0.7",
        "InputData": "s3://artifacts/900/window.csv",
        "Reason": "Retrained because version 1 has drifted. data-quality: age moved by 0.4.",
        "Report": "s3://captures/report.html",
    }
    assert kinds(world) == ["retraining", "retraining_started"]
    assert world.of_kind("retraining_started")[0]["execution"]["S"] == execution["arn"]
    assert world.metrics == {("Retrainings", f"{MODEL}-{STAGE}"): 1}
    assert report[:2] == ["wrote gathering", "gathered 900 rows with labels"]
    assert report[2:4] == ["wrote retraining", f"started {execution['arn']}"]
    assert report[4].startswith("waits: ")


def test_the_same_event_twice_does_nothing_more(world):
    """Nor do others that say the same in other words."""
    for event in ({"model": MODEL}, {"model": MODEL}, ended(), rang(), {"detail-type": "Scheduled Event"}):
        assert "models" in world.ask(event)
    assert len(world.executions) == 1
    assert kinds(world) == ["retraining", "retraining_started"]


def test_a_refusal_is_written_once_and_gathers_nothing(world):
    """Rows are read for minutes: not for a model whose switch is off."""
    world.stop = True
    for _ in range(3):
        world.ask()
    assert kinds(world) == ["not_retrained"]
    assert world.gathered == 0
    assert world.executions == []


def test_what_sagemaker_refuses_is_given_up_with_its_words(world):
    """A pipeline without the parameter never starts: nobody is served by ten more attempts on the same run."""
    world.rows = -900
    world.ask()
    assert kinds(world) == ["retraining", "not_retrained"]
    why = world.of_kind("not_retrained")[0]["reason"]["S"]
    assert why == f"SageMaker refused to start {PIPELINE}: Parameter InputData is unknown"


@pytest.mark.parametrize("kind", ["lost", "died"])
def test_an_answer_that_gets_lost_starts_nothing_twice(world, kind):
    """SageMaker has begun it, and nobody knows."""
    died = world.ask(faults={("StartPipelineExecution", 1): Fault(kind)})
    assert not isinstance(died, dict)
    world.pass_time(60)
    world.ask()
    assert len(world.executions) == 1
    assert kinds(world) == ["retraining", "retraining_started"]


def test_of_two_functions_one_gathers(world):
    """Alarms of several monitors ring in the same minute; what one gathers the others need not."""

    def other(steps):
        assert world.ask()["models"][MODEL] == ["waits: the rows with labels are being gathered, or were a moment ago"]

    world.play = other
    assert "models" in world.ask(faults={("Invoke", 1): Fault("meanwhile")})
    assert (world.gathered, len(world.executions)) == (1, 1)


def test_a_metric_that_cannot_be_put_disturbs_nothing(world):
    """What is counted stands in the ledger."""
    assert "models" in world.ask(faults={("PutMetricData", 1): Fault("throttled")})
    assert kinds(world) == ["retraining", "retraining_started"]


def test_a_monitor_that_fails_is_heard_of(world):
    """Its error is in ours; what it answers in another shape is not taken for rows."""
    world.environment()
    made = clients(world)
    for answer, words in (
        (b'{"errorMessage": "no labels"}', "failed: no labels"),
        (b'{"rows": 5}', "no labelled rows"),
    ):
        failed = {"FunctionError": "Unhandled"} if b"error" in answer else {}
        made.functions = Answering({"Payload": io.BytesIO(answer), **failed})
        [died] = [
            world.run(lambda event, made=made: retrain.handler(event, None, clients=lambda: made), {"model": MODEL})
        ]
        assert isinstance(died, LambdaError)
        assert words in str(died)
        world.pass_time(1000)  # whoever died may not gather on
    assert world.executions == []


def test_a_verdict_that_cannot_be_read_is_a_failure(world):
    """It is retried and ends among the dead letters: it is not taken for one that has found nothing."""
    world.verdict = {"monitors": {}}
    assert "cannot be read" in str(world.ask())


def test_a_version_of_drift_waits_for_people_before_the_next_is_made(world):
    """One that somebody trained on request is no reason to wait."""
    world.start("")
    world.end()
    world.ask()
    assert kinds(world) == ["retraining", "retraining_started"]
    world.end()
    world.pass_time(90_000)
    world.judge()
    world.ask()
    why = "version 3, trained because of drift, waits for a decision: approve or reject it"
    assert [record["reason"]["S"] for record in world.of_kind("not_retrained")] == [why]


@pytest.mark.parametrize(("minutes", "code"), [(-5, {"CodeCommit": "437ddd7"}), (5, {})])
def test_the_commit_is_said_where_nothing_was_deployed_since(world, minutes, code):
    """An auditor reads which code trained a version; another pipeline than the one that made it is not passed off."""
    arn = world.start("")
    world.end(fails=True)
    world.packages[1]["MetadataProperties"] = {"CommitId": "437ddd7", "GeneratedBy": arn}
    world.deployed = world.now + timedelta(minutes=minutes)
    world.ask()
    given = world.executions[-1]["parameters"]
    assert {name: value for name, value in given.items() if name == "CodeCommit"} == code


def test_an_execution_that_is_gone_tells_of_no_commit(world):
    """Executions are deleted with their pipeline; the retraining begins all the same."""
    world.packages[1]["MetadataProperties"] = {"CommitId": "437ddd7", "GeneratedBy": "arn/execution/99"}
    world.ask()
    assert "CodeCommit" not in world.executions[-1]["parameters"]


class Answering:
    """Lambda's Invoke with one answer."""

    def __init__(self, answer):
        self._answer = answer

    def invoke(self, **_):
        return self._answer


def ended(stage=STAGE):
    """The monitor's own event."""
    return {"detail-type": "Monitoring run ended", "detail": {"stage": stage, "model": MODEL}}


def rang(alarm=ALARM):
    """An alarm's event."""
    return {"detail-type": "CloudWatch Alarm State Change", "detail": {"alarmName": alarm}}


@pytest.mark.parametrize(
    ("event", "models"),
    [
        ({"model": MODEL}, [MODEL]),
        ({"model": "other"}, []),
        (ended(), [MODEL]),
        (ended("prod"), []),
        (rang(), [MODEL]),
        (rang("other"), []),
        ({"detail-type": "Scheduled Event"}, [MODEL]),
    ],
)
def test_an_event_says_which_models_to_look_at(world, event, models):
    """Those of this stage that may be trained anew."""
    world.environment()
    assert retrain.parse(event, from_environ(retrain.Settings, os.environ)) == models


def test_an_event_of_no_rule_is_refused(world):
    """It would be a defect of a rule."""
    world.environment()
    with pytest.raises(EventError):
        retrain.parse({"detail-type": "Something"}, from_environ(retrain.Settings, os.environ))
