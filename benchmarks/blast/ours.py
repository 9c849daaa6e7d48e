"""Our own alarms and deployment, read from the template that ``infra`` synthesizes: what is shipped is measured."""

from __future__ import annotations

import functools
import tempfile
from typing import Any

from env.stage import Model, Place, Serving, Stage
from infra import node

_PLACE = Place(name="bench", account="123456789012", region="eu-west-1")
_MODEL = "scores"


@functools.cache
def _resources(serving: str) -> dict[str, Any]:
    """The resources of the serving stack for settings in JSON."""
    node.choose()
    from aws_cdk import App

    from infra.serving import Serving as Stack

    settings = Serving.model_validate_json(serving)
    stage = Stage(
        account=_PLACE.account,
        region=_PLACE.region,
        registry=True,
        models={_MODEL: Model(serving=settings)},
        name=_PLACE.name,
        owner=_PLACE,
        others=(),
    )
    with tempfile.TemporaryDirectory() as folder:
        app = App(outdir=folder, analytics_reporting=False)
        stack = Stack(app, stage=stage, model=_MODEL, settings=settings)
        template: dict[str, Any] = app.synth().get_stack_by_name(stack.stack_name).template
    resources: dict[str, Any] = template["Resources"]
    return resources


def deployment(serving: Serving) -> dict[str, Any]:
    """UpdateEndpoint's DeploymentConfig of a guarded release, without its alarms."""
    [endpoint] = _of_type(serving, "AWS::SageMaker::Endpoint").values()
    guarded: dict[str, Any] = endpoint["DeploymentConfig"]["Fn::If"][1]
    return {"BlueGreenUpdatePolicy": guarded["BlueGreenUpdatePolicy"]}


def alarms(serving: Serving, *, endpoint: str, config: str) -> list[dict[str, Any]]:
    """PutMetricAlarm's members of the alarms that a guarded release of ``config`` to ``endpoint`` is watched by."""
    [described] = _of_type(serving, "AWS::SageMaker::Endpoint").values()
    rollback = described["DeploymentConfig"]["Fn::If"][1]["AutoRollbackConfiguration"]
    watched = {alarm["AlarmName"]["Ref"] for alarm in rollback["Alarms"]}
    found = _of_type(serving, "AWS::CloudWatch::Alarm")
    return [
        _rendered({**found[name], "AlarmActions": []}, endpoint=endpoint, config=config) for name in sorted(watched)
    ]


def _of_type(serving: Serving, kind: str) -> dict[str, Any]:
    resources = _resources(serving.model_dump_json())
    return {name: resource["Properties"] for name, resource in resources.items() if resource["Type"] == kind}


def _rendered(value: Any, *, endpoint: str, config: str) -> Any:
    """A part of the template with the names that it would get."""
    if isinstance(value, list):
        return [_rendered(entry, endpoint=endpoint, config=config) for entry in value]
    if not isinstance(value, dict):
        return endpoint if value == f"{_MODEL}-{_PLACE.name}" else value
    if "Fn::GetAtt" in value:
        return config
    if "Fn::Join" in value:
        separator, parts = value["Fn::Join"]
        return separator.join(_rendered(parts, endpoint=endpoint, config=config))
    return {key: _rendered(entry, endpoint=endpoint, config=config) for key, entry in value.items()}
