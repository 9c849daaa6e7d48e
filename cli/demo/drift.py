"""The demo's last act: other people apply; the monitors see it, an alarm rings, and a model trained on them waits."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from cli import evidence, monitor, report
from cli.demo.applicants import Applicants
from cli.demo.inbox import Inbox
from cli.demo.people import MODEL, People
from cli.demo.story import Story
from cli.demo.traffic import Traffic
from cli.errors import CliError
from cli.label_file import Label
from cli.labels import bring
from cli.printing import out, progress
from cli.running.ending import conclude
from cli.running.finding import summaries
from cli.running.following import follow
from cli.verdicts import Verdict
from env import naming

PER_SECOND = 50.0
MANY = 400
"""So many requests as let the monitors judge and the model be trained anew, with some to spare."""

SHIFTED = ("age", "credit_amount")
_SEED = 22
"""A draw on which the pipeline's gates hold: of a hundred test rows they are not certain to."""

_SPARE = 50
"""Who may still ask while the last one is waited for; nobody shall ask twice."""

_NAME = "newcomer"
_PATIENCE_SECONDS = 60
_PAUSE_SECONDS = 0.3

T = TypeVar("T")


def tell(story: Story, people: People, inbox: Inbox, everybody: Applicants) -> int:
    """Let the applicants change and see what comes of it; gives how many requests they have sent."""
    before = _latest_run(people)
    sent = _apply(story, people, everybody)
    verdict = _look(story, people)
    retraining = _retraining(story, people, inbox, verdict, before=before)
    _weigh(story, people, retraining)
    return sent


def _apply(story: Story, people: People, everybody: Applicants) -> int:
    with story.part("Other people apply: younger, for larger loans") as said:
        newcomers = everybody.drifted(many=MANY + _SPARE, seed=_SEED)
        with Traffic(people.operator, MODEL, rows=newcomers.rows, per_second=PER_SECOND, name=_NAME) as traffic:
            _until("the last applicant", lambda: _all_answered(traffic))
        story.check(f"each of {traffic.sent:,} was answered", traffic.failed == 0 < traffic.sent)
        known = [
            Label(number, f"{_NAME}-{number}", newcomers.truth[number])
            for number in sorted(traffic.answered())
            if number < MANY
        ]
        bring(people.operator, MODEL, known)
        progress.print(f"  {len(known):,} labels pushed: what became of each loan, by inference id")
        said.append(f"{traffic.sent:,} applicants, {len(known):,} labels")
    return traffic.sent


def _all_answered(traffic: Traffic) -> bool | None:
    """Threads ask side by side: one may still wait for its answer when later applicants have theirs."""
    return True if sum(number < MANY for number in traffic.answered()) == MANY else None


def _look(story: Story, people: People) -> Verdict:
    with story.part("Let the monitors look, and read what has moved") as said:
        verdict = monitor.look(people.operator, MODEL)
        out.print(monitor.view(verdict))
        found = {violation["feature"] for violation in verdict["monitors"]["data-quality"]["violations"]}
        story.check(f"{' and '.join(SHIFTED)} have moved, the monitor says", found.issuperset(SHIFTED))
        progress.print("  the page about it:")
        report.write(people.operator, MODEL, run=verdict["run"], output=None)
        said.append(monitor.moved(verdict))
    return verdict


def _retraining(story: Story, people: People, inbox: Inbox, verdict: Verdict, *, before: str | None) -> str:
    """Wait for the alarm, the message and the execution that come of a verdict; gives the version it registers."""
    with story.part("The alarm rings, and a retraining runs") as said:
        alarm = naming.monitor_alarm(people.operator.stage, MODEL, "data-quality")
        _until(f"{alarm} rings", lambda: _rings(people, alarm))
        story.check(f"{alarm} rings", True)
        message = inbox.wait_for(alarm)
        story.check("a person was told", alarm in message)
        arn = _until("a retraining", lambda: _newer(people, before))
        run = follow(people.scientist, arn)
        conclude(people.scientist, run)
        said.append(f"{run.version}")
    return str(run.version)


def _weigh(story: Story, people: People, version: str) -> None:
    with story.part("Read the evidence of the new version, which waits for a person") as said:
        number = int(version.rpartition("/")[2])
        facts = evidence.evidence(people.approver, MODEL, number)
        out.print(evidence.view(people.approver, facts))
        first = evidence.evidence(people.approver, MODEL, 1)
        story.check(f"{version} waits for an approval", facts["status"] == "PendingManualApproval")
        story.check("it was trained on other data", facts["data_sha256"] not in (None, first["data_sha256"]))
        story.check("its reason is the drift, with the report", _is_reasoned(facts))
        said.append("PendingManualApproval")


def _is_reasoned(facts: Mapping[str, Any]) -> bool:
    return any(name in str(facts["trained_because"]) for name in SHIFTED) and "report.html" in str(facts["report"])


def _latest_run(people: People) -> str | None:
    newest = next(summaries(people.scientist, MODEL), None)
    return str(newest["PipelineExecutionArn"]) if newest else None


def _newer(people: People, before: str | None) -> str | None:
    newest = _latest_run(people)
    return None if newest == before else newest


def _rings(people: People, alarm: str) -> bool | None:
    told = people.operator.client("cloudwatch").describe_alarms(AlarmNames=[alarm])["MetricAlarms"]
    return True if told and told[0]["StateValue"] == "ALARM" else None


def _until(what: str, look: Callable[[], T | None]) -> T:
    """What `look` gives once it gives something. Raises CliError when it does not for long."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if (found := look()) is not None:
            return found
        time.sleep(_PAUSE_SECONDS)
    raise CliError(f"{what}: it has not come within {_PATIENCE_SECONDS} s")
