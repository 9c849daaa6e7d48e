"""What each Lambda of a stage is told and what it may do: least rights, one function here for each function there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

from env import naming
from env.stage import Stage
from infra import ledger, rights
from infra.alarms import NAMESPACE, PERIOD_SECONDS
from infra.rights import Refusal, Right
from infra.serving import logical_id
from lambdas import apply, approve, release, rollback, sweep, watch

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


@dataclass(frozen=True, kw_only=True)
class Duty:
    """One Lambda: its module, its environment, its rights beside logs and failures, its size, and what it needs."""

    verb: naming.Verb
    module: ModuleType
    settings: DataclassInstance
    rights: Sequence[Right]
    refusals: Sequence[Refusal] = ()
    timeout_seconds: int = 60
    memory_mb: int = 256
    storage_mb: int = 512
    """Room for files in ``/tmp``."""
    rooms: Sequence[str] = ("lambdas",)
    """The rooms whose code it needs."""
    layers: Sequence[str] = ()
    """The ARNs of the layers with its libraries."""


def of(stage: Stage) -> list[Duty]:
    """The duties of all Lambdas of a stage."""
    return [_release(stage), _apply(stage), _rollback(stage), _approve(stage), _watch(stage), _sweep(stage)]


def _release(stage: Stage) -> Duty:
    policies = {
        model: release.ReleasePolicy(
            two_people=parts.release.two_people,
            approval_valid_hours=parts.release.approval_valid_hours,
            watch_hours=parts.release.watch_hours,
            backstop_seconds=parts.serving.alarms.periods * PERIOD_SECONDS,
        )
        for model, parts in stage.models.items()
    }
    return Duty(
        verb="release",
        module=release,
        settings=release.Settings(
            stage=stage.name,
            first=stage.first,
            may_reject_deployed=not stage.others,
            registry=rights.registry_arn(stage),
            apply_function=naming.function(stage, "apply"),
            ledger=naming.ledger(stage),
            topic=naming.topic_arn(stage),
            models=policies,
        ),
        rights=[
            *ledger.append(stage),
            *(right for model in stage.models for right in _observe(stage, model)),
            *_judge(stage),
            *_tell(stage),
            rights.ask(stage, "apply"),
        ],
        refusals=rights.never_rehash(),
        # It reads a model's whole artefact to compare its hash.
        timeout_seconds=300,
        memory_mb=512,
    )


def _observe(stage: Stage, model: str) -> list[Right]:
    """Seeing what should serve, what does, and what is under way; and saying of a package why it may not serve."""
    return [
        rights.read_packages(stage, model),
        _speak_of_packages(stage, model),
        Right(actions=["sagemaker:DescribeEndpoint"], resources=[rights.endpoint_arn(stage, model)]),
        rights.read_stack(stage, model, calls=["DescribeStackEvents", "DescribeStacks"]),
    ]


def _speak_of_packages(stage: Stage, model: str) -> Right:
    """Saying on a package why it may not serve, which never approves one.

    The condition key has what the request says of the status, and is absent from one with a description alone. That is
    all a later stage may say; the first one takes back what nobody else can have got from it.
    """
    only = (
        {"StringEqualsIfExists": {"sagemaker:ModelApprovalStatus": "Rejected"}}
        if stage.first
        else {"Null": {"sagemaker:ModelApprovalStatus": "true"}}
    )
    return Right(
        actions=["sagemaker:UpdateModelPackage"],
        resources=[rights.packages_arn(stage, model)],
        conditions=only,
        because=rights.PACKAGE_NUMBERS,
    )


def _judge(stage: Stage) -> list[Right]:
    """Checking an approval, and whether alarms have rung."""
    executions = f"arn:aws:sagemaker:{stage.region}:{stage.account}:pipeline"
    given = [
        *(_read_artefact(stage, model) for model in stage.models),
        rights.use_key(stage.owner, actions=["Decrypt"], via="s3"),
        rights.see_alarms(),
        rights.read_alarm_history(),
        rights.put_metrics_of_ours(NAMESPACE),
    ]
    # Pipelines cannot be lent to another account: there, who trained is known from the package alone.
    if stage.account == stage.registry_account:
        pipelines = [naming.pipeline(stage.owner, model) for model in stage.models]
        given.append(
            Right(
                actions=["sagemaker:DescribePipelineExecution"],
                resources=[f"{executions}/{pipeline}/execution/*" for pipeline in pipelines],
                because="SageMaker chooses the ids of executions.",
            )
        )
    return given


def _read_artefact(stage: Stage, model: str) -> Right:
    """Reading what a pipeline has left: a model's artefact, its evidence, its sample requests."""
    return rights.read_objects(naming.artifact_bucket(stage.owner), prefixes=[model])


def _tell(stage: Stage) -> list[Right]:
    """Telling people, through a topic that is encrypted with the stage's key."""
    return [
        Right(actions=["sns:Publish"], resources=[naming.topic_arn(stage)]),
        rights.use_key(stage, actions=["Decrypt", "GenerateDataKey"], via="sns"),
    ]


def _apply(stage: Stage) -> Duty:
    return Duty(
        verb="apply",
        module=apply,
        settings=apply.Settings(
            stage=stage.name, account=stage.account, region=stage.region, ledger=naming.ledger(stage)
        ),
        rights=[*ledger.read(stage), *(right for model in stage.models for right in _update_stack(stage, model))],
        # A release keeps the template; IAM can at least refuse one that is fetched from somewhere.
        refusals=[
            Refusal(
                actions=["cloudformation:UpdateStack"],
                conditions={"Null": {"cloudformation:TemplateUrl": "false"}},
            )
        ],
    )


def _update_stack(stage: Stage, model: str) -> list[Right]:
    """Updating one serving stack, and bringing a failed update to its end, in its narrow role only.

    The role must be named: without one the call would run in the role of the last ``cdk deploy``, an administrator.
    """
    role = naming.role_arn(stage, naming.deploy_role(stage, model))
    return [
        Right(
            actions=["cloudformation:ContinueUpdateRollback", "cloudformation:UpdateStack"],
            resources=[rights.stack_arn(stage, model)],
            conditions={"StringEquals": {"cloudformation:RoleArn": role}},
            because=rights.STACK_IDS,
        ),
        # A release brings a stack policy along, which protects the endpoint.
        rights.read_stack(stage, model, calls=["DescribeStacks", "SetStackPolicy"]),
        rights.pass_role(role, service="cloudformation.amazonaws.com"),
        rights.describe_package(stage, model),
    ]


def _rollback(stage: Stage) -> Duty:
    return Duty(
        verb="rollback",
        module=rollback,
        settings=rollback.Settings(
            stage=stage.name,
            models=tuple(stage.models),
            ledger=naming.ledger(stage),
            release_function=naming.function(stage, "release"),
        ),
        rights=[
            *ledger.append(stage),
            *_see_endpoints(stage),
            *(rights.describe_package(stage, model) for model in stage.models),
            rights.ask(stage, "release"),
        ],
    )


def _see_endpoints(stage: Stage) -> list[Right]:
    endpoints = [rights.endpoint_arn(stage, model) for model in stage.models]
    return [Right(actions=["sagemaker:DescribeEndpoint"], resources=endpoints)]


def _approve(stage: Stage) -> Duty:
    before = stage.before
    return Duty(
        verb="approve",
        module=approve,
        settings=approve.Settings(
            stage=stage.name,
            registry=rights.registry_arn(stage),
            ledger=naming.ledger(stage),
            before_stage=before.name if before else "",
            before_ledger=naming.ledger_arn(before) if before else "",
            release_function=naming.function(stage, "release"),
            models={model: parts.release.soak_hours for model, parts in stage.models.items()},
        ),
        rights=[
            *ledger.append(stage),
            *(ledger.read(before) if before else []),
            *_see_endpoints(stage),
            *(rights.describe_package(stage, model) for model in stage.models),
            rights.ask(stage, "release"),
        ],
    )


def _watch(stage: Stage) -> Duty:
    probes = {
        model: watch.Probe(enabled=parts.serving.probe, minimum_invocations=parts.serving.alarms.minimum_invocations)
        for model, parts in stage.models.items()
    }
    endpoints = [rights.endpoint_arn(stage, model) for model in stage.models]
    return Duty(
        verb="watch",
        module=watch,
        settings=watch.Settings(
            stage=stage.name,
            ledger=naming.ledger(stage),
            release_function=naming.function(stage, "release"),
            models=probes,
        ),
        rights=[
            *ledger.append(stage),
            *_see_endpoints(stage),
            Right(actions=["sagemaker:InvokeEndpoint"], resources=endpoints),
            *(rights.describe_package(stage, model) for model in stage.models),
            *(_read_artefact(stage, model) for model in stage.models),
            rights.use_key(stage.owner, actions=["Decrypt"], via="s3"),
            rights.read_metrics(),
            rights.put_metrics_of_ours(NAMESPACE),
            rights.ask(stage, "release"),
        ],
    )


def _sweep(stage: Stage) -> Duty:
    kept = {
        model: sweep.Keep(releases=parts.release.keep_releases, days=parts.release.keep_days)
        for model, parts in stage.models.items()
    }
    return Duty(
        verb="sweep",
        module=sweep,
        settings=sweep.Settings(stage=stage.name, ledger=naming.ledger(stage), models=kept),
        rights=[
            *ledger.read(stage),
            *_see_endpoints(stage),
            Right(
                actions=["sagemaker:ListEndpointConfigs", "sagemaker:ListModels"],
                resources=["*"],
                because="Listing knows no resources.",
            ),
            *(right for model in stage.models for right in _delete_leftovers(stage, model)),
        ],
        timeout_seconds=300,
    )


def _delete_leftovers(stage: Stage, model: str) -> list[Right]:
    """Deleting models and configs that bear both a name and the tags of this model in this stage."""
    arn = f"arn:aws:sagemaker:{stage.region}:{stage.account}"
    named = [
        *rights.named_after(f"{arn}:model", logical_id(stage, model, "Model")),
        *rights.named_after(f"{arn}:endpoint-config", logical_id(stage, model, "Config")),
    ]
    ours = {"aws:ResourceTag/sluice:stage": stage.name, "aws:ResourceTag/sluice:model": model}
    return [
        Right(
            actions=["sagemaker:DescribeEndpointConfig", "sagemaker:ListTags"],
            resources=named,
            because=rights.NAME_ENDS,
        ),
        Right(
            actions=["sagemaker:DeleteEndpointConfig", "sagemaker:DeleteModel"],
            resources=named,
            conditions={"StringEquals": ours},
            because=rights.NAME_ENDS,
        ),
        rights.read_stack(stage, model, calls=["DescribeStackResources", "DescribeStacks"]),
    ]
