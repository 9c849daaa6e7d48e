"""Reads what a decision needs: the ledger, the registry, the stack, its events, the endpoint and its alarms."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from lambdas.decide import watched
from lambdas.journal import Journal
from lambdas.records import Opened
from lambdas.situation import Endpoint, Package, ReleasePolicy, Situation, Stack, Trace, same_name

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_sagemaker import SageMakerClient

_RECENT_VETOES: Final = 3
_FLEET_ALARMS: Final = ("server-errors", "model-errors", "latency")
_CLOCKS: Final = timedelta(minutes=1)
"""How far the clocks of two AWS services may be apart."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a model of a stage is: `registry` is the ARN prefix of the account that owns its packages."""

    stage: str
    model: str
    registry: str

    @property
    def stack(self) -> str:
        """The serving stack."""
        return f"sluice-{self.stage}-serving-{self.model}"

    @property
    def endpoint(self) -> str:
        """The endpoint."""
        return f"{self.model}-{self.stage}"

    @property
    def backstop(self) -> str:
        """The alarm on whatever serves."""
        return f"{self.endpoint}-backstop"

    def package(self, version: int) -> str:
        """The ARN of a version."""
        return f"{self.registry}:model-package/{self.model}/{version}"


@dataclass(frozen=True, kw_only=True)
class Eyes:
    """The clients that only look."""

    cloudformation: CloudFormationClient
    cloudwatch: CloudWatchClient
    sagemaker: SageMakerClient


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What the stage says about a model's releases."""

    policy: ReleasePolicy
    first: bool
    may_reject_deployed: bool


def observe(place: Place, *, journal: Journal, rules: Rules, eyes: Eyes, barred: frozenset[int]) -> Situation:
    """What stands in the registry, in CloudFormation, SageMaker and CloudWatch for one model of the stage.

    The order matters, since the world moves on meanwhile: the stack, then its events, which know better if it has
    moved, then the endpoint.
    """
    release = journal.open
    stack = _stack(place.stack, eyes.cloudformation)
    events: list[Any] = []
    if stack and release:
        events = list(_events(place.stack, release.at - _CLOCKS, eyes.cloudformation))
        stack = replace(stack, status=_status(stack.status, events))
    if stack and stack.status == "UPDATE_ROLLBACK_FAILED":
        stack = replace(stack, failed=_failed(_events(place.stack, None, eyes.cloudformation)))
    endpoint = _endpoint(place.endpoint, eyes.sagemaker)
    situation = Situation(
        journal=journal,
        registry=place.registry,
        policy=rules.policy,
        first=rules.first,
        may_reject_deployed=rules.may_reject_deployed,
        packages={},
        stack=stack,
        endpoint=endpoint,
        trace=_trace(release, events) if release else Trace(),
        barred=barred,
    )
    situation = replace(situation, packages=_packages(place, situation, eyes.sagemaker))
    return _hear(place, situation, eyes.cloudwatch)


def _stack(name: str, cloudformation: CloudFormationClient) -> Stack | None:
    try:
        described = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    parameters = {p["ParameterKey"]: p["ParameterValue"] for p in described.get("Parameters", [])}
    # A stack whose first change set waits for its execution has no parameters yet.
    return Stack(
        status=described["StackStatus"],
        package_arn=parameters.get("ModelPackageArn", "none"),
        release_id=parameters.get("ReleaseId", "none"),
    )


def _events(stack: str, since: datetime | None, cloudformation: CloudFormationClient) -> Iterator[Any]:
    """The stack's events since a moment, newest first."""
    pages = cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack)
    events = (event for page in pages for event in page["StackEvents"])
    return takewhile(lambda event: since is None or event["Timestamp"] >= since, events)


def _status(described: str, newest_first: list[Any]) -> str:
    """The stack's status: what moves in one of two answers is not at rest."""
    of_stack = (event["ResourceStatus"] for event in newest_first if _is_stack(event))
    newest: str = next(of_stack, described)
    return newest if newest.endswith("_IN_PROGRESS") else described


def _is_stack(event: Any) -> bool:
    return bool(event["ResourceType"] == "AWS::CloudFormation::Stack")


def _failed(events: Iterator[Any]) -> tuple[str, ...]:
    """The endpoint of a stack, when its update failed: that is what the stack's rollback stumbled over."""
    of_endpoint = (event for event in events if event["ResourceType"] == "AWS::SageMaker::Endpoint")
    newest = next(of_endpoint, None)
    return (newest["LogicalResourceId"],) if newest and newest["ResourceStatus"] == "UPDATE_FAILED" else ()


def _trace(release: Opened, newest_first: list[Any]) -> Trace:
    """What the events say of a release: AWS CloudFormation API Reference, "StackEvent"."""
    events = newest_first[::-1]
    own = [event for event in events if event.get("ClientRequestToken") == release.release_id]
    if not own:
        return Trace()
    forward = list(takewhile(lambda event: not _turns_back(event), own))
    others = events[events.index(own[-1]) + 1 :]
    later = [name for event in others if (name := _new_config(event))]
    config = next((name for event in forward if (name := _new_config(event))), None)
    return Trace(
        began=True,
        config=config,
        alarms=tuple(_alarms(own, config)),
        failure=next((event.get("ResourceStatusReason", "") for event in own if _fails(event)), ""),
        later=frozenset(name.lower() for name in later),
    )


def _turns_back(event: Any) -> bool:
    return _is_stack(event) and "ROLLBACK" in event["ResourceStatus"]


def _fails(event: Any) -> bool:
    return event["ResourceStatus"].endswith("_FAILED") and not _is_stack(event)


def _new_config(event: Any) -> str | None:
    """The config an event says was made. Its physical id is its ARN."""
    made = event["ResourceStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
    if event["ResourceType"] != "AWS::SageMaker::EndpointConfig" or not made:
        return None
    return str(event["PhysicalResourceId"]).rpartition("/")[2]


def _alarms(events: list[Any], config: str | None) -> Iterator[str]:
    """The fleet's alarms, each once: their names begin with the config's; those of the fleet before go meanwhile.

    The abort alarm speaks of our wish and not of the fleet.
    """
    if config is None:
        return
    found = (event for event in events if event["ResourceType"] == "AWS::CloudWatch::Alarm")
    for name in dict.fromkeys(event.get("PhysicalResourceId", "") for event in found):
        if name.lower().startswith(f"{config.lower()}-") and not name.endswith("-abort"):
            yield name


def _endpoint(name: str, sagemaker: SageMakerClient) -> Endpoint | None:
    try:
        described = sagemaker.describe_endpoint(EndpointName=name)
    except ClientError as error:
        # SageMaker says "not found" with a ValidationException: "Could not find endpoint …".
        if "Could not find endpoint" in str(error):
            return None
        raise
    return Endpoint(
        status=described["EndpointStatus"],
        config=described.get("EndpointConfigName", ""),
        pending=described.get("PendingDeploymentSummary", {}).get("EndpointConfigName"),
    )


def _packages(place: Place, situation: Situation, sagemaker: SageMakerClient) -> dict[int, Package]:
    """The versions that may be released, those that serve or served well, and those vetoed last."""
    journal = situation.journal
    found = {package.version: package for package in _approved(place, journal, sagemaker)} if situation.first else {}
    named = (situation.serving, journal.open, journal.order, journal.forward)
    vetoed = list(journal.vetoes)[-_RECENT_VETOES:]
    for version in dict.fromkeys([*(record.version for record in named if record), *vetoed]):
        if version not in found and (package := _package(place, version, sagemaker)):
            found[version] = package
    for good in journal.served_well():
        package = found.get(good.version) or _package(place, good.version, sagemaker)
        if package:
            found[good.version] = package
        if package and package.admitted and not _serves(situation, good.version):
            break
    return found


def _serves(situation: Situation, version: int) -> bool:
    return situation.serving is not None and situation.serving.version == version


def _approved(place: Place, journal: Journal, sagemaker: SageMakerClient) -> Iterator[Package]:
    """Approved versions that were never released, newest first."""
    # The filter is applied after paging, so that an empty page may have a successor.
    pages = sagemaker.get_paginator("list_model_packages").paginate(
        ModelPackageGroupName=f"{place.registry}:model-package-group/{place.model}",
        ModelApprovalStatus="Approved",
        SortBy="CreationTime",
        SortOrder="Descending",
    )
    summaries = (summary for page in pages for summary in page["ModelPackageSummaryList"])
    for summary in takewhile(lambda summary: summary["ModelPackageVersion"] > journal.high_water, summaries):
        if package := _package(place, summary["ModelPackageVersion"], sagemaker):
            yield package


def _package(place: Place, version: int, sagemaker: SageMakerClient) -> Package | None:
    arn = place.package(version)
    try:
        described = sagemaker.describe_model_package(ModelPackageName=arn)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationException" and "does not exist" in str(error):
            return None
        raise
    return Package(
        arn=arn,
        version=version,
        approval=described.get("ModelApprovalStatus", ""),
        status=described["ModelPackageStatus"],
        modified=described.get("LastModifiedTime", described["CreationTime"]),
    )


def _hear(place: Place, situation: Situation, cloudwatch: CloudWatchClient) -> Situation:
    """What the alarms say, as far as the decision depends on it."""
    trace, release = situation.trace, situation.journal.open
    if release:
        ended = not situation.moving and release.rollout == "guarded"
        served = situation.endpoint and same_name(situation.endpoint.config, trace.config)
        if not ended or served:
            return situation
        rang = tuple(name for name in trace.alarms if _first_ring(name, release.at, None, cloudwatch))
        return replace(situation, trace=replace(trace, rang=rang))
    backstop = None
    if watch := watched(situation):
        deployed, begins, ends = watch
        backstop = _first_ring(place.backstop, deployed.at + begins, deployed.at + ends, cloudwatch)
    return replace(situation, backstop=backstop, ringing=_ringing(place, situation, cloudwatch))


def _first_ring(alarm: str, since: datetime, until: datetime | None, cloudwatch: CloudWatchClient) -> datetime | None:
    """When an alarm first went into ALARM in a span of time. The history outlives the alarm."""
    span: Any = {"StartDate": since} if until is None else {"StartDate": since, "EndDate": until}
    pages = cloudwatch.get_paginator("describe_alarm_history").paginate(
        AlarmName=alarm, HistoryItemType="StateUpdate", **span
    )
    items = (item for page in pages for item in page["AlarmHistoryItems"])
    return min((item["Timestamp"] for item in items if _into_alarm(item)), default=None)


def _into_alarm(item: Any) -> bool:
    return bool(json.loads(item["HistoryData"])["newState"]["stateValue"] == "ALARM")


def _ringing(place: Place, situation: Situation, cloudwatch: CloudWatchClient) -> tuple[str, ...]:
    names = [place.backstop]
    if situation.endpoint:
        names += [f"{situation.endpoint.config}-{alarm}" for alarm in _FLEET_ALARMS]
    answer = cloudwatch.describe_alarms(AlarmNames=names, StateValue="ALARM")
    return tuple(sorted(alarm["AlarmName"] for alarm in answer["MetricAlarms"]))
