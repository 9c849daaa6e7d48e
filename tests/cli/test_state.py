import io
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from rich.console import Console

from cli import ledger
from cli.serving import live_package
from cli.state import gather
from cli.status import facts, line, summary, view
from tests.cli.fakes import FakeClient, connection, ledger_of, refusal

DATE = {"ResponseMetadata": {"HTTPHeaders": {"date": "Sat, 21 Nov 2026 10:30:00 GMT"}}}
OPENED = {"kind": "opened", "release_id": "r1-v1", "version": 1, "rollout": "guarded", "cause": "approval"}
DEPLOYED = {"kind": "outcome", "release_id": "r1-v1", "version": 1, "outcome": "deployed", "config": "old"}
NEXT = {**OPENED, "release_id": "r3-v2", "version": 2, "reason": "better"}
VETO = {"kind": "veto", "version": 2, "by": "arn:bob", "cause": "person", "reason": "complaints"}
ABORT = {"kind": "abort", "release_id": "r3-v2", "by": "sluice", "reason": "untested"}


class SageMaker(FakeClient):
    """An endpoint of two instances; `deleted` says that its config was, by hand."""

    def __init__(self, *, status="InService", baking=False, deleted=False):
        super().__init__()
        self.status, self.baking, self.deleted = status, baking, deleted

    def describe_endpoint(self, **_):
        described = {"EndpointName": "credit-risk-local", "EndpointConfigName": "old", "EndpointStatus": self.status}
        described |= {"ProductionVariants": [{"CurrentInstanceCount": 2}], **DATE}
        if not self.baking:
            return described
        told = {"Status": "Baking", "StatusMessage": "Baking for 240 seconds", "StartTime": datetime.now(UTC)}
        variant = {"CurrentInstanceCount": 1, "DesiredInstanceCount": 2, "VariantStatus": [told]}
        return described | {"PendingDeploymentSummary": {"EndpointConfigName": "new", "ProductionVariants": [variant]}}

    def describe_endpoint_config(self, *, EndpointConfigName):
        if self.deleted:
            raise refusal("ValidationException", "Could not find endpoint configuration")
        return {"ProductionVariants": [{"ModelName": EndpointConfigName}]}

    def describe_model(self, *, ModelName):
        return {
            "Containers": [{"ModelPackageName": f"arn:x:model-package/credit-risk/{1 if ModelName == 'old' else 2}"}]
        }


def stage(sagemaker, *records, stack="UPDATE_COMPLETE", alarms=()):
    """A stage whose stack is in a state, with alarms by name and state."""

    def describe_alarms(*, AlarmNamePrefix):
        since = datetime(2026, 11, 21, 10, tzinfo=UTC)
        found = [(name, state) for name, state in alarms if name.startswith(AlarmNamePrefix)]
        return {"MetricAlarms": [{"AlarmName": n, "StateValue": s, "StateUpdatedTimestamp": since} for n, s in found]}

    def get_metric_data(*, MetricDataQueries, **_):
        values = {"requests": [30.0, 12.0], "errors": [0.0, 2.0], "p90": [15_000.0]}
        return {"MetricDataResults": [{"Id": q["Id"], "Values": values[q["Id"]]} for q in MetricDataQueries]}

    described = {"Stacks": [{"StackStatus": stack, "Parameters": []}]}
    return connection(
        sagemaker=sagemaker,
        dynamodb=ledger_of(*records),
        cloudwatch=FakeClient(describe_alarms=describe_alarms, get_metric_data=get_metric_data),
        cloudformation=FakeClient(describe_stacks=lambda **_: described),
    )


def test_now_is_the_clouds_time():
    """A local cloud's clock may run sixty times as fast as this machine's."""
    assert gather(stage(SageMaker(), OPENED, DEPLOYED), "credit-risk").now == datetime(2026, 11, 21, 10, 30, tzinfo=UTC)


def test_what_serves_is_what_the_endpoint_says():
    """Not what was released last: a release under way does not serve yet."""
    state = gather(stage(SageMaker(baking=True), OPENED, DEPLOYED, NEXT), "credit-risk")
    assert summary(state)["serves"] == "credit-risk/1"
    assert [(fleet["version"], fleet["share"]) for fleet in facts(state)["fleets"]] == [
        ("credit-risk/1", 0.5),
        ("credit-risk/2", 0.5),
    ]


def test_each_fleet_has_its_requests_errors_and_latency():
    """Sums over the last minutes, the newest minute's 90th percentile in milliseconds."""
    (fleet,) = facts(gather(stage(SageMaker(), OPENED, DEPLOYED), "credit-risk"))["fleets"]
    assert (fleet["requests"], fleet["errors"], fleet["p90_ms"]) == (42, 2, 15.0)


def test_a_config_that_was_deleted_by_hand_is_known_to_the_ledger():
    """Nobody is told that nothing serves while it does."""
    there = stage(SageMaker(deleted=True), OPENED, DEPLOYED)
    assert gather(there, "credit-risk").serves == "credit-risk/1"
    assert live_package(there, "credit-risk").endswith("model-package/credit-risk/1")


@pytest.mark.parametrize("undone", [VETO, ABORT])
def test_a_release_that_shall_be_undone_says_when(undone):
    """In the bake that is under way, or at the next one."""
    baking = gather(stage(SageMaker(baking=True), OPENED, DEPLOYED, NEXT, undone), "credit-risk")
    early = gather(stage(SageMaker(status="Updating"), OPENED, DEPLOYED, NEXT, undone), "credit-risk")
    assert "in this bake" in baking.pending_veto
    assert early.pending_veto == "acts at the next bake"
    assert gather(stage(SageMaker(), OPENED, DEPLOYED, NEXT), "credit-risk").pending_veto is None


@pytest.mark.parametrize(
    ("endpoint", "stack", "section"),
    [
        ("InService", "UPDATE_ROLLBACK_FAILED", "stack-stuck"),
        ("UpdateRollbackFailed", "UPDATE_COMPLETE", "endpoint-stuck"),
    ],
)
def test_trouble_comes_with_its_runbook(endpoint, stack, section):
    """Who looks at night reads where to go on."""
    state = gather(stage(SageMaker(status=endpoint), OPENED, DEPLOYED, stack=stack), "credit-risk")
    (trouble,) = state.trouble
    assert trouble.endswith(f"docs/runbooks.md#{section}")
    assert trouble in line(state)


def test_alarms_are_those_of_the_fleets_and_of_the_endpoint():
    """Not those of fleets that are gone; a line names them by their fleet."""
    alarms = [("old-latency", "OK"), ("new-model-errors", "ALARM"), ("gone-latency", "ALARM")]
    alarms.append(("credit-risk-local-backstop", "ALARM"))
    state = gather(stage(SageMaker(baking=True), OPENED, DEPLOYED, NEXT, alarms=alarms), "credit-risk")
    assert state.ringing == ["new-model-errors", "credit-risk-local-backstop"]
    assert "rings: new model-errors, backstop" in line(state)


def test_alarms_of_the_monitors_are_alarms_of_the_model():
    """Who asks how a model is reads that its traffic has drifted, or that nobody could judge it."""
    alarms = [("credit-risk-local-data-quality", "ALARM"), ("credit-risk-local-not-judged", "ALARM")]
    alarms += [("credit-risk-local-bias", "OK"), ("credit-risk-locally-bias", "ALARM")]
    state = gather(stage(SageMaker(), OPENED, DEPLOYED, alarms=alarms), "credit-risk")
    assert len(state.alarms) == 3
    assert "rings: data-quality, not-judged" in line(state)
    assert "rings: data-quality, not-judged" in line(replace(state, endpoint=None, fleets=[]))


def test_a_stage_without_a_ledger_still_says_what_serves():
    """A table that is gone is no reason to leave people in the dark."""

    def missing(**_):
        raise refusal("ResourceNotFoundException", "Requested resource not found")

    there = stage(SageMaker())
    there.session.client("dynamodb").query = missing
    assert gather(there, "credit-risk").serves == "credit-risk/1"
    with pytest.raises(ledger.NoLedgerError, match="ledger-unreachable"):
        ledger.records(there, "credit-risk")


def test_people_see_a_row_for_each_condition_and_a_column_for_each_fleet():
    """Names of configs say nothing to them."""
    alarms = [("old-latency", "OK"), ("new-latency", "ALARM"), ("credit-risk-local-backstop", "OK")]
    state = gather(stage(SageMaker(baking=True), OPENED, DEPLOYED, NEXT, alarms=alarms), "credit-risk")
    console = Console(width=200, file=io.StringIO())
    console.print(view(state))
    said = [text.split() for text in console.file.getvalue().splitlines()]
    assert ["alarm", "serving", "new", "endpoint"] in said
    assert [words[:3] for words in said if words[:1] == ["latency"]] == [["latency", "OK", "ALARM"]]
    assert ["backstop", "OK"] in said


def test_at_rest_people_read_the_last_entry_of_the_ledger():
    """Who wonders why nothing goes out reads that it was refused, without a second command."""
    refused = {"kind": "refused", "version": 2, "reason": "it has no metrics"}
    state = gather(stage(SageMaker(), OPENED, DEPLOYED, refused), "credit-risk")
    console = Console(width=200, file=io.StringIO())
    console.print(view(state))
    assert "version 2 refused: it has no metrics" in console.file.getvalue()
