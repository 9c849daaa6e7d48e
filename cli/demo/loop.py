"""What the demo does, part by part: each through the same functions that the commands call."""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from cli import evidence, history, ledger, registry, rollback, serving, tracking
from cli.connection import LOCAL, Connection, connect
from cli.demo import drift, mistake
from cli.demo.accounts import Books, table
from cli.demo.applicants import Applicants
from cli.demo.inbox import Inbox
from cli.demo.people import MODEL, People
from cli.demo.scoring import HeldOut, score
from cli.demo.story import Story
from cli.demo.traffic import Traffic
from cli.deploy import bring_up
from cli.errors import CliError
from cli.printing import out, print_rows, progress
from cli.running.ending import conclude
from cli.running.following import follow as follow_run
from cli.running.starting import start
from cli.state import State
from cli.status import follow
from env import naming

TOLERANCE = 1e-9
PER_SECOND = 40.0
"""Requests of the applicants in the background."""

_SEED = 5

_PAUSE_SECONDS = 0.5
_PATIENCE_SECONDS = 120


@dataclass(frozen=True)
class Evaluation:
    """What the pipeline's own evaluation reported, and the rows it was made on."""

    auc: float
    held_out: HeldOut


def tell(story: Story) -> None:
    """Deploy, train, approve, release; a canary, a mistake that is stopped, a rollback; drift and what comes of it."""
    with story.part("Deploy stage local through CloudFormation") as said:
        connection = connect(LOCAL)
        said.append(f"{len(bring_up(connection))} stacks")
    people = People(*(connection.acting_as(person) for person in ("scientist", "approver", "operator")))
    inbox = Inbox(connection)
    first, evaluation = _first_release(story, people)
    scored = _score(story, people.operator, evaluation)
    with story.part("Train a second version with another seed") as said:
        second, _ = train(people.scientist, given={"Seed": "7"})
        said.append(f"{MODEL}/{second}")
    everybody = Applicants.read().shuffled(seed=_SEED)
    with Traffic(connection, MODEL, rows=everybody.rows, per_second=PER_SECOND, name="applicant") as traffic:
        _canary(story, people, traffic, version=second)
        third = _stopped_mistake(story, people, connection, inbox, after=second)
        _roll_back(story, people, vetoed=second, returns_to=first)
    others = drift.tell(story, people, inbox, everybody)
    sent = scored + traffic.sent + others
    _settle(story, Books(connection, MODEL), sent=sent, failed=traffic.failed, faulty=third)
    with story.part("Read the ledger") as said:
        entries = history.rows(ledger.records(connection, MODEL))
        out.print(history.table(entries))
        said.append(f"{len(entries)} entries")
    _compare(story, people.scientist, trained={first, second})


def _compare(story: Story, connection: Connection, *, trained: set[int]) -> None:
    with story.part("Compare the runs, as MLflow has them") as said:
        found, deadline = tracking.newest(connection, MODEL), time.monotonic() + _PATIENCE_SECONDS
        while {run["version"] for run in found if run["approval"]} < set(map(str, trained)):
            if time.monotonic() > deadline:
                break
            time.sleep(_PAUSE_SECONDS)
            found = tracking.newest(connection, MODEL)
        print_rows(tracking.rows(found), as_json=False)
        known = [run for run in found if run["data"]["sha256"] and run["commit"] and run["approved_by"]]
        claim = "each says which data, which code and who approved"
        story.check(claim, {run["version"] for run in known} == set(map(str, trained)))
        said.append(f"{len(found)} runs")


def _first_release(story: Story, people: People) -> tuple[int, Evaluation]:
    with story.part("Train on 1,000 real applicants, as the data scientist") as said:
        version, evaluation = train(people.scientist, given={})
        said.append(f"{MODEL}/{version}")
    with story.part("Read the evidence and approve, as somebody else") as said:
        out.print(evidence.view(people.approver, evidence.evidence(people.approver, MODEL, version)))
        waits = registry.describe(people.approver, MODEL, version)["ModelApprovalStatus"] == "PendingManualApproval"
        story.check("the version waits for a person", waits)
        approve(people, version, reason="the demo's evidence is good")
        said.append("Approved")
    with story.part("Follow the first release") as said:
        ended = follow_release(people.operator, version)
        story.check(f"{MODEL}/{version} serves", serves(people.operator) == version)
        said.append(f"{ended['release_id']} {ended['outcome']}")
    return version, evaluation


def _score(story: Story, connection: Connection, evaluation: Evaluation) -> int:
    """Score the held-out rows; gives the number of requests."""
    with story.part("Score the held-out applicants over HTTP") as said:
        auc, requests = score(connection, MODEL, evaluation.held_out)
        said.append(f"{len(evaluation.held_out.rows)} rows, AUC {auc:.4f}")
        claim = f"AUC over HTTP {auc:.12f} equals the evaluation step's {evaluation.auc:.12f}"
        story.check(claim, abs(auc - evaluation.auc) <= TOLERANCE)
    return requests


def _canary(story: Story, people: People, traffic: Traffic, *, version: int) -> None:
    with story.part(f"Release version {version} by canary, under traffic of {PER_SECOND:g} requests a second") as said:
        approve(people, version, reason="trained on another split, as good as the first")
        ended = follow_release(people.operator, version)
        story.check(f"{MODEL}/{version} was deployed and serves", serves(people.operator) == version)
        story.check(f"none of {traffic.sent:,} requests failed meanwhile", traffic.failed == 0)
        said.append(f"{ended['release_id']} {ended['outcome']}")


def _stopped_mistake(story: Story, people: People, connection: Connection, inbox: Inbox, *, after: int) -> int:
    with story.part("A mistake is approved, and the canary stops it") as said:
        version = mistake.register(connection, MODEL, after=after)
        progress.print(
            f"  {MODEL}/{version} was registered past the pipeline: its code forgot the purpose {mistake.FORGOTTEN!r}"
        )
        approve(people, version, reason="it has the same evidence")
        ended = follow_release(people.operator, version)
        alarms = ", ".join(ended["alarms"])
        story.check(f"{MODEL}/{version} was rolled back by an alarm: {alarms}", ended["outcome"] == "rolled_back")
        story.check(f"{MODEL}/{after} still serves", serves(people.operator) == after)
        message = inbox.wait_for(ended["release_id"])
        progress.print(message)
        told = (f"version {version} was rolled back", f"Serves now: version {after} ", "docs/runbooks.md#rolled-back")
        story.check("a person was told what happened, what serves, what to do", all(text in message for text in told))
        follow(people.operator, MODEL, until=lambda state: state.at_rest, pause_seconds=_PAUSE_SECONDS)
        said.append(f"{ended['release_id']} {ended['outcome']}")
    return version


def _roll_back(story: Story, people: People, *, vetoed: int, returns_to: int) -> None:
    with story.part(f"Take version {vetoed} back by hand, as the operator") as said:
        rollback.take_back(people.operator, MODEL, reason="the demo wants the one before", wait=True)
        story.check(f"{MODEL}/{returns_to} serves again", serves(people.operator) == returns_to)
        said.append(f"{MODEL}/{returns_to}")


def _settle(story: Story, books: Books, *, sent: int, failed: int, faulty: int) -> None:
    with story.part("Account for every request") as said:
        accounts = books.settle(sent=sent)
        out.print(table(accounts))
        probes = books.probes()
        story.check(
            f"CloudWatch counts what was sent: {sent:,} by applicants, {probes.sent:,} by probes",
            sum(account.requests for account in accounts) == sent + probes.sent,
        )
        errors = Counter[int]()
        for account in accounts:
            errors[account.version] += account.errors
        story.check(
            f"{MODEL}/{faulty}'s canary made every error: {failed:,} to applicants, {probes.failed:,} to probes",
            errors.total() == errors[faulty] == failed + probes.failed > 0,
        )
        said.append(f"{sent:,} sent, {failed:,} failed")


def train(connection: Connection, *, given: dict[str, str]) -> tuple[int, Evaluation]:
    """Run the pipeline; gives the version it registered and what it reported."""
    arn = start(connection, MODEL, given=given)
    run = follow_run(connection, arn)
    conclude(connection, run)
    version = int(str(run.version).rpartition("/")[2])
    s3 = connection.client("s3")
    report = json.loads(mistake.read(s3, evidence.evidence(connection, MODEL, version)["evaluation"]))
    uri = f"s3://{naming.artifact_bucket(connection.stage)}/{MODEL}/{arn.rsplit('/', 1)[1]}/test/test.csv"
    held_out = HeldOut.parse(mistake.read(s3, uri).decode())
    return version, Evaluation(report["binary_classification_metrics"]["auc"]["value"], held_out)


def approve(people: People, version: int, *, reason: str) -> None:
    """Approve a version as the approver, who is somebody else than who trained it."""
    registry.decide(people.approver, f"{MODEL}/{version}", status="Approved", reason=reason)


def follow_release(connection: Connection, version: int) -> dict[str, Any]:
    """Follow the release of a version to its outcome; gives the ledger's record of it."""

    deadline = time.monotonic() + _PATIENCE_SECONDS

    def ended(state: State) -> list[dict[str, Any]]:
        if time.monotonic() > deadline:
            raise CliError(f"the release of {MODEL}/{version} has not ended within {_PATIENCE_SECONDS} s")
        return [dict(r) for r in state.records if r["kind"] == "outcome" and r["version"] == version]

    return ended(follow(connection, MODEL, until=lambda state: bool(ended(state)), pause_seconds=_PAUSE_SECONDS))[-1]


def serves(connection: Connection) -> int | None:
    """The version that takes traffic, by the endpoint's own word."""
    return serving.live_version(connection, MODEL)
