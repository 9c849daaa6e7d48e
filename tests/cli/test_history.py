import io

from rich.console import Console

from cli import history, ledger
from tests.cli.fakes import connection, ledger_of

OPENED = {"kind": "opened", "rollout": "guarded", "cause": "approval", "reason": "better", "approved_by": "arn:ann"}


def opened(number, version):
    """A release that was begun as record `number`."""
    return {**OPENED, "release_id": f"r{number}-v{version}", "version": version}


def ended(number, version, outcome, **more):
    """How that release ended."""
    told = {"reason": "as it is", "config": f"config-{number}", "seconds": 61, **more}
    return {"kind": "outcome", "release_id": f"r{number}-v{version}", "version": version, "outcome": outcome, **told}


def told(*records):
    """The rows of a ledger that holds the records."""
    return history.rows(ledger.records(connection(dynamodb=ledger_of(*records)), "credit-risk"))


def test_a_release_is_one_row_from_what_served_to_what_was_released():
    """Opening and outcome are one story, newest first."""
    second, first = told(opened(1, 1), ended(1, 1, "deployed"), opened(3, 2), ended(3, 2, "rolled_back", alarms=["a"]))
    assert (first["from"], first["version"], first["outcome"]) == (None, 1, "deployed")
    assert (second["from"], second["version"], second["outcome"]) == (1, 2, "rolled_back")
    assert second["alarms"] == ["a"]
    assert second["seconds"] == 61


def test_a_release_under_way_is_open():
    """It has no outcome yet, and its reason is the approval's."""
    (row,) = told(opened(1, 1), {"kind": "started", "release_id": "r1-v1"})
    assert (row["outcome"], row["why"], row["by"]) == ("open", "better", "arn:ann")


def test_vetoes_refusals_and_approvals_have_rows_of_their_own():
    """What people did and were refused stands among the releases."""
    rows = told(
        {"kind": "approved", "version": 1, "by": "arn:ann", "reason": "good"},
        {"kind": "refused", "version": 1, "reason": "the artefact is another one"},
        {"kind": "veto", "version": 1, "by": "arn:bob", "cause": "person", "reason": "complaints"},
        {"kind": "stuck", "version": 1, "reason": "nothing to go back to"},
        {"kind": "told", "about": 4},
    )
    assert [row["outcome"] for row in rows] == ["stuck", "vetoed", "refused", "approved"]


def test_a_config_that_a_deployment_replaced_is_told_as_such():
    """The release that serves has not ended a second time."""
    deploy, release = told(
        opened(1, 1), ended(1, 1, "deployed", cause="release"), ended(1, 1, "deployed", cause="deploy", config="new")
    )
    assert (release["kind"], deploy["kind"], deploy["config"]) == ("release", "deploy", "new")


DRIFTED = {
    "kind": "retraining",
    "version": 1,
    "monitors": ["data-quality"],
    "run": "run-9",
    "reason": "version 1 has drifted",
    "report": "s3://captures/report.html",
    "data": "s3://artifacts/window.csv",
    "rows": 900,
    "sha256": "ab",
}


def test_a_retraining_is_one_row_with_what_came_of_it():
    """Decided and started are one story; its execution can be followed."""
    (row,) = told(DRIFTED, {"kind": "retraining_started", "about": 1, "version": 1, "execution": "arn", "reason": "so"})
    assert (row["outcome"], row["version"], row["by"]) == ("retrained", 1, "sluice")
    assert (row["why"], row["alarms"], row["execution"]) == ("version 1 has drifted", ["data-quality"], "arn")


def test_a_retraining_that_never_began_says_why():
    """The reason against it stands after the one for it; while neither is known it is about to begin."""
    (row,) = told(DRIFTED, {"kind": "not_retrained", "about": 1, "version": 1, "reason": "retraining was stopped"})
    assert (row["outcome"], row["why"]) == ("not retrained", "version 1 has drifted → retraining was stopped")
    assert [row["outcome"] for row in told(DRIFTED)] == ["retraining"]


def test_a_retraining_that_was_refused_has_a_row_of_its_own():
    """An alarm rings, and the history says why nothing follows."""
    (row,) = told({"kind": "not_retrained", "version": 1, "reason": "version 2 waits", "about": 0})
    assert (row["kind"], row["outcome"], row["why"]) == ("retraining", "not retrained", "version 2 waits")


def test_people_read_who_it_was_and_not_an_arn():
    """Role and session of an assumed role, the name of a user."""
    assert (
        history.person("arn:aws:sts::123456789012:assumed-role/sluice-prod-approver/ann") == "sluice-prod-approver/ann"
    )
    assert history.person("arn:aws:iam::123456789012:user/bob") == "bob"
    assert history.person("sluice") == "sluice"


def test_what_people_write_is_no_markup():
    """A reason with brackets is read as it was written, in a line and in a table."""
    reason = "see [/runbooks] and [bold]"
    (entry,) = told({"kind": "approved", "version": 1, "by": "x", "reason": reason})
    console = Console(width=200, file=io.StringIO())
    console.print(history.sentence(entry))
    console.print(history.table([entry]))
    assert console.file.getvalue().count(reason) == 2
