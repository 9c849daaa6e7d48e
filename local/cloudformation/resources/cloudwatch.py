"""AWS::CloudWatch: metric alarms."""

from __future__ import annotations

from typing import Any

from local.cloudformation.names import Naming
from local.cloudformation.resources.provisioner import (
    Provisioner,
    Request,
    Schema,
    refuse_existing,
    required,
    tags,
    text,
)


class Alarm(Provisioner):
    """A metric alarm."""

    schema = Schema(
        type="AWS::CloudWatch::Alarm",
        properties=frozenset(
            {
                "ActionsEnabled",
                "AlarmActions",
                "AlarmDescription",
                "AlarmName",
                "ComparisonOperator",
                "DatapointsToAlarm",
                "Dimensions",
                "EvaluateLowSampleCountPercentile",
                "EvaluationPeriods",
                "ExtendedStatistic",
                "InsufficientDataActions",
                "MetricName",
                "Metrics",
                "Namespace",
                "OKActions",
                "Period",
                "Statistic",
                "Tags",
                "Threshold",
                "ThresholdMetricId",
                "TreatMissingData",
                "Unit",
            }
        ),
        create_only=frozenset({"AlarmName"}),
        attributes=frozenset({"Arn"}),
        name="AlarmName",
        naming=Naming(limit=255),
        tags="list",
    )

    def create(self, request: Request) -> str:
        """Put the alarm, unless one of that name exists."""
        found = request.call("cloudwatch", "describe_alarms", AlarmNames=[request.name])
        if found.get("MetricAlarms"):
            raise refuse_existing(self.schema, request.name)
        request.call("cloudwatch", "put_metric_alarm", **{**request.properties, "AlarmName": request.name})
        return request.name

    def update(self, request: Request) -> None:
        """Put the alarm anew, which leaves its state, and change its tags."""
        settings = {name: value for name, value in request.properties.items() if name != "Tags"}
        request.call("cloudwatch", "put_metric_alarm", **{**settings, "AlarmName": request.name})
        request.retag("cloudwatch", ResourceARN=self._arn(request))

    def delete(self, request: Request) -> None:
        """Delete the alarm."""
        request.call("cloudwatch", "delete_alarms", AlarmNames=[request.physical_id])

    def attributes(self, request: Request) -> dict[str, Any]:
        """The alarm's ARN."""
        return {"Arn": self._arn(request)}

    def read(self, request: Request) -> dict[str, Any]:
        """The alarm with its tags."""
        found = request.call("cloudwatch", "describe_alarms", AlarmNames=[request.physical_id])["MetricAlarms"]
        labels = request.call("cloudwatch", "list_tags_for_resource", ResourceARN=self._arn(request))["Tags"]
        return {**found[0], "Tags": tags(labels)} if found else {}

    def _arn(self, request: Request) -> str:
        return request.arn("cloudwatch", f"alarm:{request.physical_id}")


class Dashboard(Provisioner):
    """A dashboard."""

    schema = Schema(
        type="AWS::CloudWatch::Dashboard",
        properties=frozenset({"DashboardBody", "DashboardName", "Tags"}),
        create_only=frozenset({"DashboardName"}),
        name="DashboardName",
        naming=Naming(limit=255),
        tags="list",
    )

    def create(self, request: Request) -> str:
        """Put the dashboard."""
        self._put(request, **request.some("Tags"))
        return request.name

    def update(self, request: Request) -> None:
        """Put the dashboard anew, and change its tags."""
        self._put(request)
        request.retag("cloudwatch", ResourceARN=self._arn(request))

    def delete(self, request: Request) -> None:
        """Delete the dashboard."""
        request.drop("cloudwatch", "delete_dashboards", DashboardNames=[request.physical_id])

    def read(self, request: Request) -> dict[str, Any]:
        """The dashboard with its tags."""
        found = request.call("cloudwatch", "get_dashboard", DashboardName=request.physical_id)
        labels = request.call("cloudwatch", "list_tags_for_resource", ResourceARN=found["DashboardArn"])["Tags"]
        return {**found, "Tags": tags(labels)}

    def _put(self, request: Request, **more: Any) -> None:
        body = text(required(request, "DashboardBody"))
        request.call("cloudwatch", "put_dashboard", DashboardName=request.name, DashboardBody=body, **more)

    def _arn(self, request: Request) -> str:
        return f"arn:aws:cloudwatch::{request.services.account}:dashboard/{request.name}"


TYPES = (Alarm(), Dashboard())
