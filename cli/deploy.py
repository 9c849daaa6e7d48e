"""`sluice deploy` and `sluice destroy`: a stage's stacks, brought up and taken down."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from botocore.exceptions import ClientError
from rich.markup import escape

from cli import keeping, stacks
from cli.assembly import Asset, SynthesizedStack, synthesize
from cli.checkout import ROOT
from cli.connection import Connection, connect
from cli.errors import CliError, WrongUseError
from cli.printing import out, progress, working
from env import Stage, naming

_WATCHED = {"Rollout": "guarded"}
"""A way back leaves its `immediate` in the serving stack; the next change of the endpoint shall be watched again."""

_THERE_BY_NOW = ("PreconditionFailed", "ConditionalRequestConflict")
"""What S3 answers when somebody else has put the object meanwhile."""

_OF_A_MODEL: tuple[naming.Capability, ...] = ("serving", "training")


@click.command()
@click.argument("stage")
@click.argument("model", required=False)
def deploy(stage: str, model: str | None) -> None:
    """Synthesize STAGE and deploy its stacks, or those of one MODEL alone."""
    connection = connect(stage)
    bring_up(connection, model=connection.model(model) if model else None)


def bring_up(connection: Connection, *, model: str | None = None, brief: bool = False) -> list[str]:
    """Deploy a stage's stacks in order, or those of one model; gives the names of those that changed.

    Each resource is told of, unless `brief`, which leaves out unchanged stacks too. Raises WrongUseError where the
    account or the stage is not ready, StackFailedError where a stack fails.
    """
    if model is not None:
        _check_deployed(connection)
    with synthesized(connection.stage.name) as found:
        names = _stacks_of(connection.stage, model) if model is not None else {stack.name for stack in found}
        wanted = [stack for stack in found if stack.name in names]
        _check_bootstrapped(connection, wanted)
        return [stack.name for stack in wanted if _bring_up(connection, stack, brief=brief)]


@contextmanager
def synthesized(stage: str) -> Iterator[list[SynthesizedStack]]:
    """A stage's stacks, in a folder of this deployment's own: another one may run in the same checkout.

    What was synthesized is left in `cdk.out/<stage>` to be read.
    """
    place = ROOT / "cdk.out"
    place.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{stage}-", dir=place) as folder:
        with working(f"synthesizing stage {stage}"):
            found = synthesize(stage, root=ROOT, output=Path(folder) / stage)
        shutil.copytree(Path(folder) / stage, place / stage, dirs_exist_ok=True)
        yield found


def _stacks_of(stage: Stage, model: str) -> set[str]:
    """The stacks that one model needs beside those of all: its own, and the registry's, which holds its roles."""
    own = {naming.stack(stage, capability, model) for capability in _OF_A_MODEL}
    return own | {naming.stack(stage, "registry")}


def _bring_up(connection: Connection, stack: SynthesizedStack, *, brief: bool) -> bool:
    with progress.status(stack.name) if brief else working(f"{stack.name}: deploying"):
        publish(connection, stack.assets)
        differed = stacks.deploy(connection, stack, say=(lambda _: None) if brief else _say, along=_WATCHED)
    if brief and differed:
        _say(f"{stack.name} deployed")
    elif not brief:
        out.print(f"[bold]{stack.name}[/] {'deployed' if differed else 'unchanged'}")
    return differed


def _say(line: str) -> None:
    progress.print(f"  [dim]{escape(line)}[/]")


def publish(connection: Connection, assets: Iterable[Asset]) -> None:
    """Upload the assets that are not there yet; their keys tell their contents.

    Raises CliError for one that is there and holds something else.
    """
    assets = tuple(assets)
    sessions: dict[str | None, Any] = {None: connection.client("s3")}
    for role in {asset.role for asset in assets if asset.role}:
        sessions[role] = _writer(connection, role)
    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(lambda asset: _upload(sessions[asset.role], asset), assets))


def _upload(s3: Any, asset: Asset) -> None:
    if object_exists(s3, asset.bucket, asset.key):
        if asset.role is None:
            _compare(s3, asset)
        return
    try:
        s3.put_object(Bucket=asset.bucket, Key=asset.key, Body=asset.read(), IfNoneMatch="*")
    except ClientError as error:
        if error.response["Error"]["Code"] not in _THERE_BY_NOW:
            raise


def _compare(s3: Any, asset: Asset) -> None:
    """Look into a file that people may have put there: one under the key of another would run in its name."""
    there = s3.get_object(Bucket=asset.bucket, Key=asset.key)["Body"].read()
    if there != asset.read():
        where = f"s3://{asset.bucket}/{asset.key}"
        raise CliError(f"{where} is not {asset.path.name} of this checkout, though its key says so: have it removed")


def object_exists(s3: Any, bucket: str, key: str) -> bool:
    """Whether there is an object under a key; what hinders the look is raised (ClientError)."""
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("404", "NoSuchKey", "NotFound"):
            raise
        return False
    return True


def _writer(connection: Connection, role: str) -> Any:
    """An S3 client in the role that the CDK's bootstrap made for publishing, or in the caller's own rights."""
    try:
        return connection.in_role(role, name="sluice-deploy").client("s3")
    except ClientError:
        # The CDK CLI does the same: credentials of the right account may be enough without the role.
        return connection.client("s3")


def _check_deployed(connection: Connection) -> None:
    """A model's own stacks need the stage's: its buckets, and the roles that the release stack holds."""
    stage = connection.stage
    if stacks.describe(connection, naming.stack(stage, "release")) is None:
        raise WrongUseError(f"stage {stage.name} is not deployed yet: run `sluice deploy {stage.name}` first")


def _check_bootstrapped(connection: Connection, wanted: list[SynthesizedStack]) -> None:
    stage = connection.stage
    for bucket in {asset.bucket for stack in wanted for asset in stack.assets if asset.bucket.startswith("cdk-")}:
        try:
            connection.client("s3").head_bucket(Bucket=bucket)
        except ClientError as error:
            remedy = f"run `npx aws-cdk@2.1148.1 bootstrap aws://{stage.account}/{stage.region}` once"
            raise WrongUseError(f"account {stage.account} is not bootstrapped for the CDK: {remedy}") from error


@click.command()
@click.argument("stage")
@click.option("--yes", is_flag=True, help="Do not ask.")
def destroy(stage: str, yes: bool) -> None:
    """Empty and remove what a deployment of STAGE made, its data and its model versions included."""
    connection = connect(stage)
    if not yes:
        typed = click.prompt(_warning(connection))
        if typed != stage:
            raise WrongUseError(f"{typed!r} is not {stage!r}: nothing was deleted")
    take_down(connection)


def _warning(connection: Connection) -> str:
    stage = connection.stage
    others = ", ".join(place.name for place in stage.others)
    theirs = f" Its buckets hold the models of {others}, too." if stage.registry and others else ""
    return f"This deletes stage {stage.name} with its data, endpoints and model versions.{theirs} Type its name"


def take_down(connection: Connection) -> None:
    """Delete a stage's stacks, last deployed first, and what they keep on purpose; says what stays."""
    stage = connection.stage
    # Groups of these names that the stage never made are somebody else's.
    if stage.registry and stacks.describe(connection, naming.stack(stage, "registry")):
        for model in stage.models:
            _delete_packages(connection, model)
    for name in [*_forgotten(connection), *_teardown_order(stage)]:
        if name == naming.stack(stage, "storage"):
            _put_away_ledger(connection)  # before the key goes that it is encrypted with
        with working(f"{name}: deleting"):
            current = stacks.describe(connection, name)
            role = _execution_role(connection) if current else None
            gone = stacks.delete(connection, name, role=role, say=_say)
        out.print(f"[bold]{name}[/] {'deleted' if gone else 'is not there'}")
    _sweep_endpoint_parts(connection)
    for bucket in (naming.artifact_bucket(stage), naming.capture_bucket(stage), naming.log_bucket(stage)):
        _delete_bucket(connection, bucket)
    out.print(f"kept: the KMS key behind {naming.key_alias(stage)}, which KMS deletes after its waiting period")


def _put_away_ledger(connection: Connection) -> None:
    """Keep what the ledger says in a file and delete the table: a table that is left would stop the next deployment."""
    table = naming.ledger(connection.stage)
    with working(f"{table}: exporting, then deleting"):
        file = keeping.export(connection, folder=Path.cwd())
        gone = keeping.delete(connection)
    if file:
        out.print(f"kept: the ledger's records, in [bold]{file.name}[/] in this folder")
    if gone:
        out.print(
            f"[bold]{table}[/] deleted; DynamoDB keeps a backup for 35 days, readable as long as the key is there"
        )


def _forgotten(connection: Connection) -> list[str]:
    """The stacks of models, of a tracking server, and of monitors, that the stage's file names no more."""
    stage = connection.stage
    alone = (naming.stack(stage, "tracking"), naming.stack(stage, "monitoring"))
    beginnings = (*(f"{naming.stack(stage, capability)}-" for capability in _OF_A_MODEL), *alone)
    pages = connection.client("cloudformation").get_paginator("describe_stacks").paginate()
    standing = [stack for page in pages for stack in page["Stacks"] if stack["StackName"].startswith(beginnings)]
    # The name alone might be that of a stage whose name goes on like this one's.
    ours = [stack["StackName"] for stack in standing if _tags(stack).get("sluice:stage") == stage.name]
    return sorted(set(ours).difference(_teardown_order(stage)))


def _teardown_order(stage: Stage) -> list[str]:
    serving = [naming.stack(stage, "serving", model) for model in stage.models]
    training = [naming.stack(stage, "training", model) for model in stage.models]
    return [
        *([naming.stack(stage, "tracking")] if stage.tracking else []),
        *serving,
        *([naming.stack(stage, "monitoring")] if stage.monitored else []),
        naming.stack(stage, "release"),
        *training,
        naming.stack(stage, "registry"),
        naming.stack(stage, "storage"),
    ]


def _execution_role(connection: Connection) -> str:
    stage = connection.stage
    # Without it CloudFormation would use the narrow role of the last release, which cannot delete the whole stack.
    return f"arn:aws:iam::{stage.account}:role/cdk-hnb659fds-cfn-exec-role-{stage.account}-{stage.region}"


def _delete_packages(connection: Connection, model: str) -> None:
    sagemaker = connection.client("sagemaker")
    try:
        pages = list(sagemaker.get_paginator("list_model_packages").paginate(ModelPackageGroupName=model))
    except ClientError as error:
        if "does not exist" in str(error):
            return
        raise
    versions = [package["ModelPackageArn"] for page in pages for package in page["ModelPackageSummaryList"]]
    for arn in versions:
        sagemaker.delete_model_package(ModelPackageName=arn)
    if versions:
        out.print(f"{model}: {len(versions)} model versions deleted")


def _sweep_endpoint_parts(connection: Connection) -> None:
    """Delete the models and endpoint configs that replaced stacks retained, known by their tags."""
    sagemaker = connection.client("sagemaker")
    kinds = (
        ("list_endpoint_configs", "EndpointConfigs", "EndpointConfig", sagemaker.delete_endpoint_config),
        ("list_models", "Models", "Model", sagemaker.delete_model),
    )
    for operation, key, kind, delete in kinds:
        for page in sagemaker.get_paginator(operation).paginate():
            for item in page[key]:
                if (
                    _tags(sagemaker.list_tags(ResourceArn=item[f"{kind}Arn"])).get("sluice:stage")
                    == connection.stage.name
                ):
                    delete(**{f"{kind}Name": item[f"{kind}Name"]})


def _tags(described: dict[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in described.get("Tags", [])}


def _delete_bucket(connection: Connection, bucket: str) -> None:
    s3 = connection.client("s3")
    try:
        s3.head_bucket(Bucket=bucket)
    except ClientError:
        return
    count = 0
    # The first page each time: where the next one begins is told by an object that is gone by then.
    while objects := _first_objects(s3, bucket):
        answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
        if answer.get("Errors"):
            raise CliError(f"bucket {bucket} cannot be emptied: {answer['Errors'][0]['Message']}")
        count += len(objects)
    s3.delete_bucket(Bucket=bucket)
    out.print(f"[bold]{bucket}[/] emptied ({count} objects) and deleted")


def _first_objects(s3: Any, bucket: str) -> list[dict[str, str]]:
    page = s3.list_object_versions(Bucket=bucket)
    found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
    return [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in found]
