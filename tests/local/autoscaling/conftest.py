"""Application Auto Scaling on a stepped clock, with an endpoint that is scaled as told and metrics from its traffic."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from local.autoscaling import AutoScaling
from local.clock import Clock
from local.cloudwatch import CloudWatch
from local.errors import ValidationError
from local.front import Family

START = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
PLACE = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "endpoint/churn-prod/variant/AllTraffic",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}
TEN_SECONDS = 10.0


class FakeEndpoint:
    """One endpoint, scaled at once unless it is `slow`. `status` and `refuses` are set by tests."""

    def __init__(self, services) -> None:
        self.count = self._wanted = 2
        self.status = "InService"
        self.refuses = self.slow = False

    def families(self):
        handlers = {"DescribeEndpoint": self._describe, "UpdateEndpointWeightsAndCapacities": self._scale}
        return [Family("sagemaker", handlers)]

    def resume(self) -> None:
        pass

    def close(self) -> None:
        pass

    def go(self) -> None:
        """Come to the count that was asked for."""
        self.count, self.status = self._wanted, "InService"

    def _describe(self, params, call):
        if params["EndpointName"] != "churn-prod":
            raise ValidationError(f'Could not find endpoint "{params["EndpointName"]}".')
        variant = {
            "VariantName": "AllTraffic",
            "CurrentInstanceCount": self.count,
            "DesiredInstanceCount": self._wanted,
        }
        return {
            "EndpointName": "churn-prod",
            "EndpointArn": "arn:aws:sagemaker:eu-west-1:123456789012:endpoint/churn-prod",
            "EndpointStatus": self.status,
            "ProductionVariants": [variant],
            "CreationTime": START,
            "LastModifiedTime": START,
        }

    def _scale(self, params, call):
        if self.refuses:
            raise ValidationError("Cannot update in-progress endpoint")
        [wanted] = params["DesiredWeightsAndCapacities"]
        assert wanted["VariantName"] == "AllTraffic"
        self._wanted, self.status = wanted["DesiredInstanceCount"], "Updating"
        if not self.slow:
            self.go()
        return {"EndpointArn": "arn"}


class Account:
    """An account whose endpoint can be given traffic."""

    def __init__(self, small_cloud) -> None:
        self.clock = Clock(speed=0, start=START)
        self.cloud = small_cloud(AutoScaling, FakeEndpoint, CloudWatch, clock=self.clock)
        self._part, self.endpoint, self._metrics = self.cloud.parts
        self.client = self.cloud.client("application-autoscaling")

    def register(self, least=2, most=8, **more):
        """Register the endpoint's variant."""
        return self.client.register_scalable_target(**PLACE, MinCapacity=least, MaxCapacity=most, **more)

    def follow(self, target=100.0, name="p", **more):
        """Let the variant follow its traffic."""
        metric = {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}
        configuration = {"TargetValue": target, "PredefinedMetricSpecification": metric, **more}
        return self.client.put_scaling_policy(
            **PLACE,
            PolicyName=name,
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration=configuration,
        )

    def minutes(self, number, *, requests=None):
        """Let minutes pass, each with so many requests to the whole variant."""
        for _ in range(number):
            if requests is not None:
                self._serve(requests)
            self.clock.advance(timedelta(minutes=1))
            assert self._part.resting(TEN_SECONDS)

    def activities(self):
        """What was done, the newest first."""
        return self.client.describe_scaling_activities(ServiceNamespace="sagemaker")["ScalingActivities"]

    def _serve(self, requests):
        dimensions = [{"Name": "EndpointName", "Value": "churn-prod"}, {"Name": "VariantName", "Value": "AllTraffic"}]
        datum = {
            "MetricName": "InvocationsPerInstance",
            "Dimensions": dimensions,
            "Values": [1 / self.endpoint.count],
            "Counts": [requests],
            "Unit": "None",
        }
        self._metrics.record("AWS/SageMaker", [datum])


@pytest.fixture
def account(small_cloud):
    """An account whose endpoint has two instances and no traffic."""
    return Account(small_cloud)
