"""The alarms of an endpoint: those that roll a new fleet back, and the one that watches whatever serves."""

from __future__ import annotations

from aws_cdk import CfnResource
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from env import naming
from env.stage import Alarms as Thresholds
from env.stage import Stage

NAMESPACE = "Sluice/Release"
"""The namespace of our own metrics: the one by which a deployment is aborted stands there."""
MONITORING = "Sluice/Monitoring"
"""The namespace of what the monitors tell: their alarms look at it, by the dimensions Endpoint and Monitor."""
PERIOD_SECONDS = 60
_MICROSECONDS_PER_MILLISECOND = 1000

Query = cloudwatch.CfnAlarm.MetricDataQueryProperty
Dimensions = list[cloudwatch.CfnAlarm.DimensionProperty]


class Alarms:
    """The alarms of one endpoint, three on rates of its new fleet, one to abort its deployment, one for good.

    Those of the fleet bear the name of its endpoint config, so that each release gets alarms that have never rung: an
    alarm that is updated keeps its state. The backstop looks at the whole endpoint, has twice their thresholds, and is
    in no deployment's rollback, since a release may be the cure.

    A minute without a request has no data, and a minute with fewer than the floor counts as good: neither breaks a
    threshold. An error metric has a 0 for each good request, so that a rate lacks data only where requests do
    (SageMaker Developer Guide, "Monitor Amazon SageMaker AI with Amazon CloudWatch").
    """

    def __init__(self, scope: Construct, *, stage: Stage, model: str, config: str, settings: Thresholds) -> None:
        self._scope, self._topic, self._settings = scope, naming.topic_arn(stage), settings
        endpoint = {"EndpointName": naming.endpoint(stage, model), "VariantName": naming.VARIANT}
        fleet = _dimensions({**endpoint, "EndpointConfigName": config})
        rate = settings.server_error_rate
        self._backstop = self._alarm(
            "Backstop",
            name=naming.backstop(stage, model),
            queries=self._worst_rate(_dimensions(endpoint)),
            threshold=1,
        )
        self.of_the_fleet = [
            self._alarm(
                "ServerErrors",
                name=naming.alarm(config, "server-errors"),
                queries=self._error_rate("Invocation5XXErrors", fleet),
                threshold=rate,
            ),
            self._alarm(
                "ModelErrors",
                name=naming.alarm(config, "model-errors"),
                queries=self._error_rate("InvocationModelErrors", fleet),
                threshold=settings.model_error_rate,
            ),
            self._alarm(
                "Latency",
                name=naming.alarm(config, "latency"),
                queries=self._latency(fleet),
                threshold=settings.p90_latency_ms * _MICROSECONDS_PER_MILLISECOND,
            ),
            self._abort(config),
        ]

    @property
    def all(self) -> list[CfnResource]:
        """Every alarm of the endpoint."""
        return [*self.of_the_fleet, self._backstop]

    def _error_rate(self, errors: str, dimensions: Dimensions) -> list[Query]:
        """The share of requests that end in an error, 0 while there are too few of both to judge."""
        requests, fewest = self._settings.minimum_invocations, self._settings.minimum_errors
        judged = f"requests >= {requests} AND errors >= {fewest}"
        return [
            _stat("errors", errors, dimensions, "Sum"),
            _stat("requests", "Invocations", dimensions, "Sum"),
            Query(id="rate", expression=f"IF({judged}, errors / requests, 0)", label=f"rate of {errors}"),
        ]

    def _worst_rate(self, dimensions: Dimensions) -> list[Query]:
        """The worse of both error rates as a multiple of what the backstop lets pass: twice a fleet's threshold.

        A rate of one is a reason to ring whatever the threshold. Latency is left out: after the bake a crowd is a
        likelier cause of it than a release, and what the backstop takes back never serves again.
        """
        limits = self._settings
        server, model = (min(1.0, 2 * rate) for rate in (limits.server_error_rate, limits.model_error_rate))
        worst = f"MAX([server / {server:g}, model / {model:g}]) / requests"
        judged = f"requests >= {limits.minimum_invocations} AND MAX([server, model]) >= {limits.minimum_errors}"
        return [
            _stat("server", "Invocation5XXErrors", dimensions, "Sum"),
            _stat("model", "InvocationModelErrors", dimensions, "Sum"),
            _stat("requests", "Invocations", dimensions, "Sum"),
            Query(
                id="worst",
                expression=f"IF({judged}, {worst}, 0)",
                label="error rate as a multiple of the allowed one",
            ),
        ]

    def _latency(self, dimensions: Dimensions) -> list[Query]:
        """The latency that nine requests of ten keep, 0 while there are too few to judge; microseconds."""
        floor = self._settings.minimum_invocations
        return [
            _stat("p90", "ModelLatency", dimensions, "p90"),
            _stat("requests", "Invocations", dimensions, "Sum"),
            Query(id="latency", expression=f"IF(requests >= {floor}, p90, 0)", label="p90 of ModelLatency"),
        ]

    def _alarm(self, logical_id: str, *, name: str, queries: list[Query], threshold: float) -> cloudwatch.CfnAlarm:
        return cloudwatch.CfnAlarm(
            self._scope,
            logical_id,
            alarm_name=name,
            metrics=queries,
            comparison_operator="GreaterThanOrEqualToThreshold",
            threshold=threshold,
            evaluation_periods=self._settings.periods,
            datapoints_to_alarm=self._settings.needed,
            treat_missing_data="notBreaching",
            alarm_actions=[self._topic],
        )

    def _abort(self, config: str) -> cloudwatch.CfnAlarm:
        """Rings when someone wants the deployment undone: no API stops one, but SageMaker obeys its alarms."""
        return cloudwatch.CfnAlarm(
            self._scope,
            "Abort",
            alarm_name=naming.alarm(config, "abort"),
            namespace=NAMESPACE,
            metric_name="Abort",
            dimensions=_dimensions({"EndpointConfigName": config}),
            statistic="Maximum",
            period=PERIOD_SECONDS,
            comparison_operator="GreaterThanOrEqualToThreshold",
            threshold=1,
            evaluation_periods=1,
            datapoints_to_alarm=1,
            treat_missing_data="notBreaching",
            alarm_actions=[self._topic],
        )


def _stat(query_id: str, metric: str, dimensions: Dimensions, statistic: str) -> Query:
    return Query(
        id=query_id,
        metric_stat=cloudwatch.CfnAlarm.MetricStatProperty(
            metric=cloudwatch.CfnAlarm.MetricProperty(
                namespace="AWS/SageMaker", metric_name=metric, dimensions=dimensions
            ),
            period=PERIOD_SECONDS,
            stat=statistic,
        ),
        return_data=False,
    )


def _dimensions(values: dict[str, str]) -> Dimensions:
    return [cloudwatch.CfnAlarm.DimensionProperty(name=name, value=value) for name, value in values.items()]
