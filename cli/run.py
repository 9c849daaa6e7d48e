"""`sluice run`, `sluice stop` and `sluice retry`: executions begun, ended, taken up again."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import click
from botocore.exceptions import ClientError

from cli.connection import LOCAL, Connection, connect, person_option, stage_option
from cli.errors import CliError, WrongUseError
from cli.printing import out, print_json, progress
from cli.running.ending import conclude
from cli.running.finding import find
from cli.running.following import follow
from cli.running.readiness import make_ready
from cli.running.record import gather, model_of, plan
from cli.running.starting import start, start_some
from cli.runs import facts
from env import naming


@dataclass(frozen=True)
class Shown:
    """What is shown of an execution: its steps, what they write, and its end for programs instead of for people."""

    steps: bool
    logs: bool
    as_json: bool

    def say(self, line: str) -> None:
        """Tell people something; where standard output is a program's, on standard error."""
        (progress if self.as_json else out).print(line)


@dataclass(frozen=True)
class Selection:
    """Steps to run, and the run whose results stand for those of all others."""

    source: str
    steps: Sequence[str]


def shown_option(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command `--watch/--no-watch`, `--logs` and `--json`, as one `shown`."""

    @click.option("--watch/--no-watch", default=True, help="Follow the steps until the end (default).")
    @click.option("--logs", is_flag=True, help="Show what the steps write while they run.")
    @click.option("--json", "as_json", is_flag=True, help="Print what the run came to as JSON.")
    @functools.wraps(command)
    def wrapped(*given: Any, watch: bool, logs: bool, as_json: bool, **others: Any) -> None:
        command(*given, shown=Shown(watch or logs, logs, as_json), **others)

    return wrapped


def selection_option(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command `--from` and `--steps`, as one `selection`, None when neither is given."""

    @click.option("--from", "source", metavar="RUN", help="With --steps: take the results of all other steps from it.")
    @click.option("--steps", metavar="A,B", help="With --from: run these steps alone.")
    @functools.wraps(command)
    def wrapped(*given: Any, source: str | None, steps: str | None, **others: Any) -> None:
        chosen = [step.strip() for step in (steps or "").split(",") if step.strip()]
        if bool(source) != bool(chosen):
            raise WrongUseError("--from RUN and --steps A,B belong together: whose results to take, which steps to run")
        command(*given, selection=Selection(source, chosen) if source else None, **others)

    return wrapped


@click.command()
@click.argument("model")
@stage_option
@click.option("--param", "params", multiple=True, metavar="K=V", help="A pipeline parameter; may be repeated.")
@selection_option
@shown_option
@person_option
def run(
    model: str,
    *,
    stage: str | None,
    params: tuple[str, ...],
    selection: Selection | None,
    shown: Shown,
    person: naming.Person | None,
) -> None:
    """Train MODEL: start its pipeline, follow the steps, and see its metrics against what serves.

    On the stage local what has changed is compiled and deployed first. Exit 1 when the execution fails.
    """
    given = _parsed(params)
    connection = connect(stage)
    name = connection.model(model)
    check_trained(connection, name)
    if connection.stage.name == LOCAL:
        make_ready(connection, name)
    if person:  # whose role is there once the stage is deployed
        connection = connection.acting_as(person)
    if selection:
        source = find(connection, selection.source)
        arn = start_some(connection, name, given=given, source=source, steps=selection.steps)
    else:
        arn = start(connection, name, given=given)
    shown.say(f"started run [bold]{_id(arn)}[/] of {name}")
    watch_run(connection, arn, shown)


@click.command()
@click.argument("run", metavar="RUN")
@stage_option
@person_option
def stop(run: str, stage: str | None, person: naming.Person | None) -> None:
    """Stop RUN (an id, its beginning, or a MODEL for its last): its jobs end, nothing more starts."""
    connection = connect(stage, person=person)
    arn = find(connection, run)
    with in_words(_id(arn)):
        connection.client("sagemaker").stop_pipeline_execution(PipelineExecutionArn=arn)
    out.print(f"run [bold]{_id(arn)}[/] is being stopped: `sluice runs {model_of(connection, arn)}`")


@click.command()
@click.argument("run", metavar="RUN")
@stage_option
@shown_option
@person_option
def retry(run: str, *, stage: str | None, shown: Shown, person: naming.Person | None) -> None:
    """Go on with RUN, which failed or was stopped, where it stood: what succeeded is not repeated."""
    connection = connect(stage, person=person)
    arn = find(connection, run)
    with in_words(_id(arn)):
        connection.client("sagemaker").retry_pipeline_execution(PipelineExecutionArn=arn)
    shown.say(f"run [bold]{_id(arn)}[/] goes on")
    watch_run(connection, arn, shown)


def watch_run(connection: Connection, arn: str, shown: Shown) -> None:
    """Follow an execution and tell what it has come to; whoever interrupts this leaves it running, and is told how.

    Raises CliError when it does not succeed.
    """
    if not shown.steps:
        if shown.as_json:
            print_json(facts(gather(connection, arn, known=plan(connection, arn))))
        return
    try:
        ended = follow(connection, arn, logs=shown.logs)
    except KeyboardInterrupt:
        name, model = _id(arn), model_of(connection, arn)
        progress.print(f"run [bold]{name}[/] goes on without you:")
        ways = {
            f"sluice logs {name} --follow": "what its steps write",
            f"sluice runs {model}": "how it ends",
            f"sluice stop {name}": "end it",
        }
        for command, what in ways.items():
            progress.print(f"  {command:<32} [dim]{what}[/]")
        raise
    if shown.as_json:
        print_json(facts(ended))
    conclude(connection, ended, brief=shown.as_json)


@contextmanager
def in_words(run: str) -> Iterator[None]:
    """SageMaker's refusal of what does not go with the state of an execution, as a sentence."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConflictException":
            raise
        raise CliError(f"run {run}: {error.response['Error']['Message']}") from error


def check_trained(connection: Connection, model: str) -> None:
    """Raise WrongUseError, with the stage that does, where a stage only serves a model."""
    stage = connection.stage
    if stage.models[model].training is not None:
        return
    remedy = f"add [models.{model}.training] to env/{stage.name}.toml"
    if stage.owner.name != stage.name:
        remedy = f"`sluice run {model} --stage {stage.owner.name}`"
    raise WrongUseError(f"stage {stage.name} does not train {model}: {remedy}")


def _id(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]


def _parsed(params: Sequence[str]) -> dict[str, str]:
    for param in params:
        if "=" not in param:
            raise WrongUseError(f"--param {param!r} is not of the form NAME=VALUE")
    return dict(param.split("=", 1) for param in params)
