"""Which actions and resources the operations of most services are, as data.

Source: Service Authorization Reference. An operation's action bears its name unless a table says otherwise. Its
resource is what the first of the templates gives whose members the request has, else an ARN that it holds, else `*`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from local.iam.actions.wanted import ANYTHING, Records, Wanted, arns, keys_at

if TYPE_CHECKING:
    from local.requests import Asked


_NAMES_IT: Final = re.compile(r"(?!.*role).*(arn|resource|resourceid|resourceidentifier)", re.IGNORECASE)
"""Members whose ARN may be the one that a request is about."""


def _last_part(url: str) -> str:
    return url.rpartition("/")[2]


def _parameter(name: str) -> str:
    return name if name.startswith("arn:") else name.partition(":")[0].lstrip("/")


def _topic(subscription_arn: str) -> str:
    return subscription_arn.rpartition(":")[0]


def _bus(name: str) -> str:
    # The default bus is not part of the ARNs of its rules.
    return "" if name == "default" else f"{_last_part(name)}/"


def _function(name: str) -> str:
    # `<account>:function:<name>` is a name as well.
    return name if name.startswith("arn:") else name.rpartition("function:")[2]


def _is_arn(value: object) -> bool:
    return isinstance(value, str) and value.startswith("arn:")


@dataclass(frozen=True)
class Table:
    """One service."""

    prefix: str
    resources: tuple[str, ...] = ()
    """Templates, see `arns`."""
    exact: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Operations with resources of their own: all the templates that the request has members for; none for `*`."""
    about: str = ".*"
    """Of the other operations, a regular expression for those that are about a resource; `*` is that of the rest."""
    actions: Mapping[str, str] = field(default_factory=dict)
    """Operations whose action has another name."""
    reads: Mapping[str, Callable[[str], str]] = field(default_factory=dict)
    """How members that are not names by themselves are read."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Condition keys in lower case, by JMESPath expressions over the request."""

    def __call__(self, asked: Asked, records: Records) -> list[Wanted]:
        """What a request of the service wants, tags and passed roles apart."""
        action = f"{self.prefix}:{self.actions.get(asked.operation, asked.operation)}"
        return [Wanted(action, self._resources(asked, records), keys_at(self.keys, asked.params))]

    def _resources(self, asked: Asked, records: Records) -> tuple[str, ...]:
        place = f"arn:aws:{self.prefix}:{records.region}:{records.account}:"
        exact = self.exact.get(asked.operation)
        if exact is None and not re.fullmatch(self.about, asked.operation):
            return ANYTHING
        templates = self.resources if exact is None else exact
        params = {"account": records.account, "region": records.region, **asked.params}
        found = (arns(template, params, place=place, reads=self.reads) for template in templates)
        given = [each for each in found if each]
        chosen = given[:1] if exact is None else given
        named = tuple(arn for each in chosen for arn in each)
        return named or (self._by_arn(asked) if exact is None else None) or ANYTHING

    def _by_arn(self, asked: Asked) -> tuple[str, ...] | None:
        """What a request names by an ARN of the service in any member."""
        members = asked.params.items()
        return next(((str(value),) for name, value in members if _NAMES_IT.fullmatch(name) and _is_arn(value)), None)


_NOTHING: Final[tuple[str, ...]] = ()


def _none(*operations: str) -> dict[str, tuple[str, ...]]:
    return dict.fromkeys(operations, _NOTHING)


_RULE: Final = "rule/{EventBusName=}{Name}"
_DOCUMENTS: Final = (
    "CreateDocument",
    "DeleteDocument",
    "DescribeDocument",
    "DescribeDocumentPermission",
    "GetDocument",
    "ListDocumentVersions",
    "ModifyDocumentPermission",
    "UpdateDocument",
    "UpdateDocumentDefaultVersion",
)
_QUEUE_ACTIONS: Final = ("SendMessage", "DeleteMessage", "ChangeMessageVisibility")

TABLES: Final[Mapping[str, Table]] = {
    "application-autoscaling": Table(
        "application-autoscaling",
        keys={
            "application-autoscaling:scalable-dimension": "ScalableDimension",
            "application-autoscaling:service-namespace": "ServiceNamespace",
        },
        exact=dict.fromkeys(
            (
                "DeleteScalingPolicy",
                "DeleteScheduledAction",
                "DeregisterScalableTarget",
                "PutScalingPolicy",
                "PutScheduledAction",
                "RegisterScalableTarget",
            ),
            ("scalable-target/*",),
        ),
    ),
    "cloudtrail": Table(
        "cloudtrail", ("trail/{TrailName}", "trail/{Name}"), about="(?!List).*(Trail|TrailStatus|Logging|Selectors)"
    ),
    "cloudwatch": Table(
        "cloudwatch",
        (
            "alarm:{AlarmName}",
            "alarm:{AlarmNames}",
            "{ResourceARN}",
            "insight-rule/{RuleName}",
            "insight-rule/{RuleNames}",
            "metric-stream/{Names}",
        ),
        exact={
            # They list, whatever they are asked for.
            "DescribeAlarms": ("alarm:*",),
            "DescribeAlarmHistory": ("alarm:*",),
            "GetDashboard": ("arn:aws:cloudwatch::{account}:dashboard/{DashboardName}",),
            "PutDashboard": ("arn:aws:cloudwatch::{account}:dashboard/{DashboardName}",),
            "DeleteDashboards": ("arn:aws:cloudwatch::{account}:dashboard/{DashboardNames}",),
            "DeleteMetricStream": ("metric-stream/{Name}",),
            "GetMetricStream": ("metric-stream/{Name}",),
            "PutMetricStream": ("metric-stream/{Name}",),
            "GetAlarmMuteRule": ("alarm-mute-rule:{AlarmMuteRuleName}",),
            "DeleteAlarmMuteRule": ("alarm-mute-rule:{AlarmMuteRuleName}",),
            "PutAlarmMuteRule": ("alarm-mute-rule:{Name}",),
            "ListAlarmMuteRules": ("alarm-mute-rule:*",),
            **_none("ListManagedInsightRules"),
        },
        about=".*(?<!ResourceMetricsConfiguration)",
        keys={
            "cloudwatch:alarmactions": "[AlarmActions, OKActions, InsufficientDataActions][][]",
            "cloudwatch:namespace": "Namespace",
        },
    ),
    "ecr": Table(
        "ecr",
        ("repository/{repositoryName}", "repository/{repositoryNames}"),
        exact={
            "DescribeRepositories": ("repository/{repositoryNames=*}",),
            **_none(
                "CreatePullThroughCacheRule",
                "DeregisterPullTimeUpdateExclusion",
                "RegisterPullTimeUpdateExclusion",
                "CreateRepositoryCreationTemplate",
                "DeletePullThroughCacheRule",
                "DeleteRepositoryCreationTemplate",
                "UpdatePullThroughCacheRule",
                "UpdateRepositoryCreationTemplate",
                "ValidatePullThroughCacheRule",
            ),
        },
    ),
    "events": Table(
        "events",
        (
            "{ResourceARN}",
            "rule/{EventBusName=}{Rule}",
            "archive/{ArchiveName}",
            "replay/{ReplayName}",
        ),
        exact={
            **dict.fromkeys(("DeleteRule", "DescribeRule", "DisableRule", "EnableRule", "PutRule"), (_RULE,)),
            **dict.fromkeys(("CreateEventBus", "DeleteEventBus"), ("event-bus/{Name}",)),
            **dict.fromkeys(("DescribeEventBus", "UpdateEventBus"), ("event-bus/{Name=default}",)),
            **dict.fromkeys(
                (
                    "CreateConnection",
                    "DeauthorizeConnection",
                    "DeleteConnection",
                    "DescribeConnection",
                    "UpdateConnection",
                ),
                ("connection/{Name}",),
            ),
            **dict.fromkeys(
                ("CreateApiDestination", "DeleteApiDestination", "DescribeApiDestination", "UpdateApiDestination"),
                ("api-destination/{Name}",),
            ),
            **dict.fromkeys(
                ("CreateEndpoint", "DeleteEndpoint", "DescribeEndpoint", "UpdateEndpoint"), ("endpoint/{Name}",)
            ),
            **_none("ListApiDestinations", "ListArchives", "ListReplays", "ListRuleNamesByTarget", "ListRules"),
            **_none("PutPermission", "RemovePermission"),
            **dict.fromkeys(
                (
                    "ActivateEventSource",
                    "CreatePartnerEventSource",
                    "DeactivateEventSource",
                    "DeletePartnerEventSource",
                    "DescribeEventSource",
                    "DescribePartnerEventSource",
                ),
                ("arn:aws:events:{region}::event-source/{Name}",),
            ),
            "ListPartnerEventSourceAccounts": ("arn:aws:events:{region}::event-source/{EventSourceName}",),
        },
        keys={"events:targetarn": "Targets[].Arn"},
        reads={"EventBusName": _bus},
    ),
    "lambda": Table(
        "lambda",
        (
            "layer:{LayerName}:{VersionNumber}",
            "layer:{LayerName}",
            "event-source-mapping:{UUID}",
            "function:{FunctionName}:{Qualifier}",
            "function:{FunctionName}",
            "capacity-provider:{CapacityProviderName}",
        ),
        exact={
            **_none("CreateEventSourceMapping", "ListEventSourceMappings", "ListLayerVersions"),
            **dict.fromkeys(
                ("CreateAlias", "DeleteAlias", "GetAlias", "ListAliases", "UpdateAlias"), ("function:{FunctionName}",)
            ),
            **dict.fromkeys(("ListTags", "TagResource", "UntagResource"), ("{Resource}",)),
            "PutFunctionCodeSigningConfig": ("function:{FunctionName}", "{CodeSigningConfigArn}"),
        },
        actions={
            "GetLayerVersionByArn": "GetLayerVersion",
            "Invoke": "InvokeFunction",
            "InvokeAsync": "InvokeFunction",
            "InvokeWithResponseStream": "InvokeFunction",
        },
        keys={
            "lambda:codesigningconfigarn": "CodeSigningConfigArn",
            "lambda:functionarn": "FunctionName",
            "lambda:functionurlauthtype": "AuthType",
            "lambda:layer": "Layers",
            "lambda:principal": "Principal",
            "lambda:securitygroupids": "VpcConfig.SecurityGroupIds",
            "lambda:subnetids": "VpcConfig.SubnetIds",
        },
        reads={"FunctionName": _function},
    ),
    "logs": Table(
        "logs",
        (
            # IAM sees every group with a stream behind it, be it empty; only tags are the group's own.
            "log-group:{logGroupName}:log-stream:{logStreamName=}",
            "log-group:{logGroupIdentifier}:log-stream:",
            "log-group:{logGroupNames}:log-stream:",
            "delivery-destination:{deliveryDestinationName}",
            "delivery-source:{deliverySourceName}",
            "destination:{destinationName}",
            "delivery:{id}",
        ),
        exact={
            "PutSubscriptionFilter": ("log-group:{logGroupName}:log-stream:", "{destinationArn}"),
            "FilterLogEvents": (
                "log-group:{logGroupName}:log-stream:",
                "log-group:{logGroupIdentifier}:log-stream:",
            ),
            **dict.fromkeys(("ListTagsLogGroup", "TagLogGroup", "UntagLogGroup"), ("log-group:{logGroupName}",)),
            **dict.fromkeys(("DeleteDeliveryDestination", "GetDeliveryDestination"), ("delivery-destination:{name}",)),
            "PutDeliveryDestination": ("delivery-destination:{name}",),
            **dict.fromkeys(("GetDeliverySource", "PutDeliverySource"), ("delivery-source:{name}",)),
            # The reference has it so.
            "DeleteDeliverySource": ("delivery-destination:{name}",),
            **_none(
                "AssociateSourceToS3TableIntegration",
                "CreateImportTask",
                "DeleteIndexPolicy",
                "DeleteResourcePolicy",
                "DescribeFieldIndexes",
                "DescribeImportTasks",
                "DescribeIndexPolicies",
                "DescribeLogGroups",
                "DescribeQueries",
                "DescribeResourcePolicies",
                "ListLogGroups",
                "ListLogGroupsForQuery",
                "ListSourcesForS3TableIntegration",
                "ListSyslogConfigurations",
                "PutIndexPolicy",
                "PutQueryDefinition",
                "PutResourcePolicy",
            ),
        },
    ),
    "sagemaker-mlflow": Table("sagemaker-mlflow", ("{tracking_server_arn}",)),
    "scheduler": Table(
        "scheduler",
        ("schedule/{GroupName=default}/{Name}",),
        exact={
            **dict.fromkeys(
                ("CreateScheduleGroup", "DeleteScheduleGroup", "GetScheduleGroup"), ("schedule-group/{Name}",)
            ),
            **_none("ListSchedules", "ListScheduleGroups"),
        },
    ),
    "sns": Table(
        "sns",
        ("{TopicArn}", "{TargetArn}", "{ResourceArn}", "{SubscriptionArn}", "{Name}"),
        about="(?!List(Subscriptions|Topics)$|.*(Platform|Endpoint)).*",
        actions={"PublishBatch": "Publish"},
        keys={"sns:endpoint": "Endpoint", "sns:protocol": "Protocol"},
        reads={"SubscriptionArn": _topic},
    ),
    "sqs": Table(
        "sqs",
        ("{QueueUrl}", "{QueueName}", "{SourceArn}"),
        exact={**_none("ListQueues"), "CancelMessageMoveTask": ("*",)},
        actions={f"{action}Batch": action for action in _QUEUE_ACTIONS},
        reads={"QueueUrl": _last_part},
    ),
    "ssm": Table(
        "ssm",
        ("parameter/{Name}", "parameter/{Names}", "parameter/{Path}"),
        exact={
            **dict.fromkeys(
                ("AddTagsToResource", "ListTagsForResource", "RemoveTagsFromResource"), ("parameter/{ResourceId}",)
            ),
            **dict.fromkeys(_DOCUMENTS, ("document/{Name}",)),
        },
        about="(?!Describe).*Parameter.*",
        keys={"ssm:overwrite": "Overwrite", "ssm:recursive": "Recursive"},
        reads=dict.fromkeys(("Name", "Names", "Path", "ResourceId"), _parameter),
    ),
    "stepfunctions": Table(
        "states",
        ("{stateMachineArn}",),
        exact={
            "CreateActivity": ("activity:{name}",),
            "CreateStateMachine": ("stateMachine:{name}",),
            **_none("TestState", "ValidateStateMachineDefinition"),
        },
    ),
}
"""By botocore's name of the service."""
