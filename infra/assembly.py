"""All stacks of a stage, in their order, written as a cloud assembly."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aws_cdk import App, Stack

from env.stage import Stage
from infra import bundle as compiled
from infra import publishing, retraining, rules, step_rights
from infra.errors import RulesError
from infra.monitoring import Monitoring
from infra.monitoring import wanted as wants_monitoring
from infra.registry import Registry
from infra.release import Release
from infra.serving import Serving
from infra.storage import Storage
from infra.tracking import Tracking
from infra.training import Training

_FLAGS = {"@aws-cdk/aws-iam:minimizePolicies": True}

# The CDK's command line asks for metadata that change every template. Templates are the same whoever synthesizes them,
# so that nothing differs when `sluice deploy` follows `cdk deploy`.
_PLAIN = {"aws:cdk:enable-path-metadata": False, "aws:cdk:enable-asset-metadata": False}


def synthesize(
    stage: Stage,
    *,
    pipelines: Path,
    assembly: Path,
    context: Mapping[str, Any] | None = None,
    validated: bool = False,
) -> None:
    """Write the templates and files of a stage into the folder ``assembly``, the same bytes each time, offline.

    With ``validated`` the CDK compares each resource with its schema as well, which takes a second more. Raises
    InfraError for a pipeline that does not fit the stage, and for broken rules.
    """
    app = App(
        outdir=str(assembly),
        context={**_FLAGS, **(context or {})},
        post_cli_context=_PLAIN,
        analytics_reporting=False,
        tree_metadata=False,
        builtin_cloud_formation_validation=validated,
    )
    publishers = build(app, stage, pipelines=pipelines)
    rules.judge(app, stage)
    try:
        app.synth()
    except RuntimeError as error:
        raise RulesError(str(error)) from error
    for stack in publishers:
        publishing.publish(assembly, stack.assets, stack=stack.stack_name, stage=stage)


def build(app: App, stage: Stage, *, pipelines: Path) -> list[Training | Monitoring]:
    """The stacks of a stage, each after those whose resources it names; gives those with files to publish."""
    before: list[Stack] = [Storage(app, stage=stage)]
    trained = {model: parts.training for model, parts in stage.models.items() if parts.training is not None}
    bundles = {model: compiled.read(model, pipelines=pipelines) for model in trained}
    retraining.check(stage, bundles)
    if stage.registry and stage.models:
        before.append(Registry(app, stage=stage, bundles=bundles))
    trainings = [
        Training(app, stage=stage, bundle=bundles[model], settings=settings) for model, settings in trained.items()
    ]
    for training in trainings:
        _follow(training, before)
    if stage.models:
        kinds = step_rights.kinds(bundle.definition for bundle in bundles.values())
        release = Release(app, stage=stage, kinds=kinds)
        # Schedules start pipelines, so those come first.
        _follow(release, [*before, *trainings])
    publishers: list[Training | Monitoring] = [*trainings]
    if wants_monitoring(stage):
        monitoring = Monitoring(app, stage=stage)
        _follow(monitoring, [release])
        publishers.append(monitoring)
    for model, parts in stage.models.items():
        _follow(Serving(app, stage=stage, model=model, settings=parts.serving), [release])
    if stage.models and stage.tracking is not None:
        # Last: AWS takes half an hour to make a tracking server, and nothing waits for it.
        _follow(Tracking(app, stage=stage, settings=stage.tracking), [release])
    return publishers


def _follow(stack: Stack, before: list[Stack]) -> None:
    for earlier in before:
        stack.add_stack_dependency(earlier)
