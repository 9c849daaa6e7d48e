"""`make demo`: the whole loop on this machine, on real data, checked as it goes."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from rich.rule import Rule
from rich.table import Table

import env
from cli import children, registry, serving, stacks, training
from cli.border import guarded
from cli.connection import LOCAL, Connection, connect
from cli.deploy import ROOT, bring_up
from cli.errors import CliError
from cli.printing import out, print_facts, progress
from env import naming

MODEL = "credit-risk"
TOLERANCE = 1e-9
_LABEL = "bad"
_ROWS_PER_REQUEST = 50
_RULE_WIDTH = 80
_RELEASE_TIMEOUT_SECONDS = 180
_STARTUP_TIMEOUT_SECONDS = 60


@dataclass
class Story:
    """What has happened so far: how long each part took, and what was checked."""

    parts: list[tuple[str, float, str]] = field(default_factory=list)
    checks: list[tuple[str, bool]] = field(default_factory=list)

    @contextmanager
    def part(self, name: str) -> Iterator[list[str]]:
        """Announce a part and time it; what is put into the list stands beside it in the summary."""
        title = Rule(f"[bold]{len(self.parts) + 1}. {name}[/]", align="left", style="dim")
        progress.print(title, width=_RULE_WIDTH)
        begun, said = time.monotonic(), list[str]()
        yield said
        self.parts.append((name, time.monotonic() - begun, "; ".join(said)))

    def check(self, claim: str, held: bool) -> None:
        """Record a claim and whether it held, and say so."""
        self.checks.append((claim, held))
        progress.print(f"  {'[green]✓[/]' if held else '[red]✗[/]'} {claim}")


def main() -> None:
    """Run the loop; exit 0 only when every check held."""
    story = Story()
    children.heed_signals()
    code = guarded(lambda: _tell(story))
    sys.exit(code or (0 if all(held for _, held in story.checks) else 1))


def _tell(story: Story) -> None:
    with local_cloud(story) as url:
        tell_loop(story)
        summarize(story, url)


def tell_loop(story: Story) -> None:
    """Deploy, train, approve, release, score: each through the same functions that the commands call."""
    with story.part("Deploy stage local through CloudFormation") as said:
        connection = connect(LOCAL)
        changed = bring_up(connection)
        said.append(f"{len(changed)} stacks")
    with story.part("Train on 1,000 real applicants") as said:
        version, evaluation = train(connection)
        said.append(f"{MODEL}/{version}")
    with story.part("Read the evidence and approve") as said:
        print_facts(registry.evidence(connection, MODEL, version), as_json=False)
        story.check("the version waits for a person", _status(connection, version) == "PendingManualApproval")
        registry.decide(connection, f"{MODEL}/{version}", status="Approved", reason="the demo's evidence is good")
        said.append("Approved")
    with story.part("Follow the release") as said:
        follow_release(connection, version)
        state = serving.state(connection, MODEL)
        story.check(
            f"endpoint {naming.endpoint(connection.stage, MODEL)} serves {MODEL}/{version}",
            state["serves"] == f"{MODEL}/{version}",
        )
        said.append(f"{state['endpoint']}, {state['stack']}")
    with story.part("Score the held-out applicants over HTTP") as said:
        auc, count = score_held_out(connection, evaluation.held_out)
        said.append(f"{count} rows, AUC {auc:.4f}")
        story.check(
            f"AUC over HTTP {auc:.12f} equals the evaluation step's {evaluation.auc:.12f}",
            abs(auc - evaluation.auc) <= TOLERANCE,
        )


@dataclass(frozen=True)
class Evaluation:
    """What the pipeline's own evaluation reported, and the rows it was made on."""

    auc: float
    held_out: str


def train(connection: Connection) -> tuple[int, Evaluation]:
    """Run the pipeline; gives the version it registered and what it reported."""
    arn = training.start(connection, MODEL, given={})
    steps = training.watch_execution(connection, arn)
    package = next(s["Metadata"]["RegisterModel"]["Arn"] for s in steps if "RegisterModel" in s.get("Metadata", {}))
    version = int(package.rsplit("/", 1)[1])
    s3 = connection.client("s3")
    evaluation_uri = registry.evidence(connection, MODEL, version)["evaluation"]
    report = json.loads(_read(s3, evaluation_uri))
    bucket = naming.artifact_bucket(connection.stage)
    held_out = _read(s3, f"s3://{bucket}/{MODEL}/{arn.rsplit('/', 1)[1]}/test/test.csv").decode()
    return version, Evaluation(report["binary_classification_metrics"]["auc"]["value"], held_out)


def follow_release(connection: Connection, version: int) -> None:
    """Wait until the approval has reached the stack, then follow its update to the end."""
    name = naming.stack(connection.stage, "serving", MODEL)
    progress.print("  the approval is an event; the release Lambda decides and asks for a stack update")
    _until(lambda: _asked_for(connection, name, version), f"a release of {MODEL}/{version} by stack {name}")
    stacks.follow(connection, name, say=lambda line: progress.print(f"  [dim]{line}[/]"))


def score_held_out(connection: Connection, held_out: str) -> tuple[float, int]:
    """Score every held-out row through InvokeEndpoint; gives the AUC and the number of rows."""
    header, *rows = list(csv.reader(io.StringIO(held_out)))
    label = header.index(_LABEL)
    truth = [int(float(row[label])) for row in rows]
    features = [[*row[:label], *row[label + 1 :]] for row in rows]
    scores: list[float] = []
    for start in range(0, len(features), _ROWS_PER_REQUEST):
        body = _as_csv(features[start : start + _ROWS_PER_REQUEST])
        answer = serving.score(connection, MODEL, body, content_type="text/csv", accept="text/csv")
        scores += [float(line) for line in answer.decode().split()]
    return auc_of(truth, scores), len(scores)


def auc_of(truth: Sequence[int], scores: Sequence[float]) -> float:
    """Area under the ROC curve: the share of (bad, good) pairs ranked right, ties counting half (Mann-Whitney)."""
    order = sorted(range(len(scores)), key=scores.__getitem__)
    ranks = [0.0] * len(scores)
    at = 0
    while at < len(order):
        end = at
        while end < len(order) and scores[order[end]] == scores[order[at]]:
            end += 1
        for index in order[at:end]:
            ranks[index] = (at + 1 + end) / 2
        at = end
    positives = sum(truth)
    rank_sum = sum(rank for rank, bad in zip(ranks, truth, strict=True) if bad)
    return (rank_sum - positives * (positives + 1) / 2) / (positives * (len(truth) - positives))


@contextmanager
def local_cloud(story: Story) -> Iterator[str]:
    """A local cloud of the demo's own, on a free port, ended with all its children."""
    with story.part("Start the local cloud") as said:
        child = subprocess.Popen(
            [sys.executable, "-m", "cli", "up", "--port", "0"], stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        try:
            exported = _exported(child)
            os.environ.update(exported)
            said.append(exported["AWS_ENDPOINT_URL"])
        except BaseException:
            _end(child)
            raise
    try:
        yield exported["AWS_ENDPOINT_URL"]
    finally:
        _end(child)


def summarize(story: Story, url: str) -> None:
    """The end of the story: what was built, where, how long each part took, what to try next."""
    stage = env.load(LOCAL)
    total = sum(seconds for _, seconds, _ in story.parts)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("part", "seconds", ""):
        table.add_column(column, justify="right" if column == "seconds" else "left")
    for name, seconds, said in story.parts:
        table.add_row(name, f"{seconds:.1f}", f"[dim]{said}[/]")
    table.add_row("[bold]in all[/]", f"[bold]{total:.1f}[/]", "")
    held = sum(1 for _, ok in story.checks if ok)
    out.print()
    out.print(table)
    out.print(f"\n{held} of {len(story.checks)} checks held. Nothing left this machine: AWS was {url}, now ended.\n")
    out.print("What was built: a pipeline, an approved model, its endpoint, and the Lambdas that released it.")
    out.print(f"What the cloud was told to build stands in cdk.out/{stage.name}/*.template.json.\n")
    next_steps = {
        ".venv/bin/sluice up": "keep a local cloud running; it prints what to export",
        ".venv/bin/sluice deploy local": "the same stacks there; then run, models, approve, status, invoke",
        "pipelines/credit_risk/": "change the model, or add one of your own: see README.md",
    }
    for place, what in next_steps.items():
        out.print(f"[bold]{place:<30}[/] {what}")


def _exported(child: subprocess.Popen[str]) -> dict[str, str]:
    """The variables that `sluice up` prints, read until it has printed them all."""
    exported: dict[str, str] = {}
    assert child.stdout is not None
    for line in child.stdout:
        name, _, value = line.removeprefix("export ").strip().partition("=")
        if line.startswith("export "):
            exported[name] = value
        elif exported:
            return exported
    raise CliError(f"the local cloud ended before it listened (exit {child.wait(_STARTUP_TIMEOUT_SECONDS)})")


def _end(child: subprocess.Popen[str]) -> None:
    child.send_signal(signal.SIGTERM)
    try:
        child.wait(_STARTUP_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _RELEASE_TIMEOUT_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise CliError(f"{what} did not begin within {_RELEASE_TIMEOUT_SECONDS} s")
        time.sleep(0.3)


def _asked_for(connection: Connection, stack: str, version: int) -> bool:
    described = stacks.describe(connection, stack) or {}
    values = {item["ParameterKey"]: item["ParameterValue"] for item in described.get("Parameters", [])}
    return bool(values.get("ModelPackageArn", "").endswith(f"/{version}"))


def _status(connection: Connection, version: int) -> str:
    status: str = registry.describe(connection, MODEL, version)["ModelApprovalStatus"]
    return status


def _read(s3: Any, uri: str) -> bytes:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    data: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    return data


def _as_csv(rows: list[list[str]]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue().encode()


if __name__ == "__main__":
    main()
