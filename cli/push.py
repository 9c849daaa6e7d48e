"""`sluice push`: a scientist gives a pipeline another definition, and changes nothing else of the stage."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from botocore.exceptions import ClientError
from rich.markup import escape

from cli import compiling, definitions, stacks
from cli.assembly import SynthesizedStack
from cli.checkout import ROOT
from cli.connection import Connection, connect, person_option, stage_option
from cli.deploy import publish, synthesized
from cli.errors import CliError, WrongUseError
from cli.printing import out, progress, working
from env import naming

Template = Mapping[str, Any]

_WAY = stacks.Way(change_set=naming.PUSH_CHANGE_SET, types=naming.PUSHED_TYPES)
_DEFINITION = "PipelineDefinition"


@click.command()
@click.argument("model")
@stage_option
@person_option
def push(model: str, stage: str | None, person: naming.Person | None) -> None:
    """Give MODEL's pipeline the definition of its lock, through its own stack and with a scientist's rights.

    What needs more than that, such as a right of a role, is refused: it takes a deployment.
    """
    connection = connect(stage, person=person)
    name = connection.model(model)
    try:
        changed = bring(connection, name)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("AccessDenied", "AccessDeniedException"):
            raise
        stage_name = connection.stage.name
        older = f"the stage may be older than this checkout: ask for `sluice deploy {stage_name}`"
        remedy = older if person == "scientist" else "push as a scientist, with --as scientist"
        raise WrongUseError(f"you may not push to stage {stage_name} ({error}): {remedy}") from error
    pipeline = naming.pipeline(connection.stage, name)
    if changed:
        out.print(f"[bold]{pipeline}[/] pushed: {', '.join(changed)}")
        progress.print(f"[dim]try it: `sluice run {name} --stage {connection.stage.name}`[/]")
    else:
        out.print(f"[bold]{pipeline}[/] is what the lock says: nothing to push")


def bring(connection: Connection, model: str) -> list[str]:
    """Bring a deployed pipeline to its lock; gives the names of the steps and parts that changed.

    Raises WrongUseError where there is nothing to push to, CliError where the lock is stale, where the change needs
    more than a push may give, and StackFailedError where CloudFormation refuses it.
    """
    stage = connection.stage
    if stage.models[model].training is None:
        raise WrongUseError(f"stage {stage.name} does not train {model}: push to {stage.owner.name}, which does")
    there = definitions.deployed(connection, model)
    if there is None:
        remedy = f"ask for `sluice deploy {stage.name}`, which makes it"
        raise WrongUseError(f"there is no pipeline {naming.pipeline(stage, model)} to push to: {remedy}")
    check_lock(ROOT / "pipelines" / naming.folder(model))
    changed = definitions.differing(there, definitions.locked(stage, model))
    if not changed:
        return []
    with synthesized(stage.name) as found:
        by_name = {stack.name: stack for stack in found}
        stack = by_name[naming.stack(stage, "training", model)]
        check_rights(connection, by_name[naming.stack(stage, "registry")], model)
        check_stack(connection, stack)
        give(connection, stack, model)
    return changed


def give(connection: Connection, stack: SynthesizedStack, model: str) -> None:
    """Update a model's training stack in the narrow role of a push, its files first. Raises StackFailedError."""
    stage = connection.stage
    with working(f"{stack.name}: pushing"):
        bucket = naming.artifact_bucket(stage)
        publish(connection, (asset for asset in stack.assets if asset.bucket == bucket))
        role = naming.role_arn(stage, naming.push_role(stage, model))
        stacks.deploy(connection, replace(stack, role=role), say=_say, way=_WAY)


def _say(line: str) -> None:
    progress.print(f"  [dim]{escape(line)}[/]")


def check_lock(folder: Path) -> None:
    """Raise CliError for a model's folder whose lock was not made of the sources in it."""
    if compiling.stale(folder):
        remedy = f"run `sluice compile {folder.name.replace('_', '-')}` and read what changes"
        raise CliError(f"pipelines/{folder.name}/lock was not made of the sources that are there: {remedy}")


def check_rights(connection: Connection, registry: SynthesizedStack, model: str) -> None:
    """Raise CliError for a definition whose steps need rights that the pipeline's role has not been given."""
    stage = connection.stage
    wanted = _allowed(json.loads(registry.template), naming.training_role(stage, model))
    given = _allowed(_template(connection, registry.name), naming.training_role(stage, model))
    if missing := sorted({action for action, _ in wanted - given}):
        lacking = f"the role {naming.training_role(stage, model)} may not {', '.join(missing)} as its steps need"
        raise CliError(f"{lacking}, and a push changes no rights: ask for `sluice deploy {stage.name}`")


def check_stack(connection: Connection, stack: SynthesizedStack) -> None:
    """Raise CliError for what would change beside the definition: CloudFormation would refuse it half-way."""
    current = stacks.describe(connection, stack.name) or {}
    tags = {tag["Key"]: tag["Value"] for tag in current.get("Tags", [])}
    before, after = _template(connection, stack.name), json.loads(stack.template)
    others = sorted(_differing(before, after))
    if tags != dict(stack.tags):
        others.append("tags")
    if others:
        stage = connection.stage.name
        raise CliError(
            f"{stack.name} would change in {', '.join(others)}, and a push gives another definition alone: "
            f"ask for `sluice deploy {stage}`"
        )


def _template(connection: Connection, name: str) -> Template:
    """The template of a deployed stack."""
    body = connection.client("cloudformation").get_template(StackName=name, TemplateStage="Original")["TemplateBody"]
    found: Template = json.loads(body) if isinstance(body, str) else body
    return found


def _differing(before: Template, after: Template) -> Iterator[str]:
    """The parts of a template that differ, but for the definitions of pipelines."""
    for section in {*before, *after}:
        old, new = before.get(section, {}), after.get(section, {})
        if section != "Resources":
            yield from [section] if old != new else []
            continue
        yield from (name for name in {*old, *new} if _undefined(old.get(name)) != _undefined(new.get(name)))


def _undefined(resource: Mapping[str, Any] | None) -> Any:
    """A resource without the definition that a push may change."""
    if resource is None or resource["Type"] not in naming.PUSHED_TYPES:
        return resource
    properties = {key: value for key, value in resource.get("Properties", {}).items() if key != _DEFINITION}
    return {**resource, "Properties": properties}


def _allowed(template: Template, role: str) -> set[tuple[str, str]]:
    """What a template's role may do: each action with the resources and conditions of its statement, as a text."""
    resources = template.get("Resources", {})
    names = {name for name, resource in resources.items() if resource.get("Properties", {}).get("RoleName") == role}
    policies = (resource["Properties"] for resource in resources.values() if resource["Type"] == "AWS::IAM::Policy")
    mine = (policy for policy in policies if {each.get("Ref") for each in policy["Roles"]} & names)
    return {
        (action, json.dumps([statement["Effect"], resource, statement.get("Condition")], sort_keys=True))
        for policy in mine
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
        for action in _listed(statement["Action"])
        for resource in _listed(statement["Resource"])
    }


def _listed(value: Any) -> Iterable[Any]:
    """An element of a policy, which IAM lets stand alone when there is one."""
    return value if isinstance(value, list) else [value]
