"""An endpoint that is being updated, as DescribeEndpoint shows it (SageMaker API Reference)."""

from tests.lambdas.aws import START

CANARY = {
    "BlueGreenUpdatePolicy": {
        "TrafficRoutingConfiguration": {
            "Type": "CANARY",
            "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 50},
            "WaitIntervalInSeconds": 240,
        },
        "TerminationWaitInSeconds": 120,
    }
}


def updating(config, *, status="Baking", active=1, wanted=2, old=2, message="", since=START, began=START):
    """A deployment of `config` whose fleet has `active` of its `wanted` instances in traffic, the old one `old`."""
    variant = {"VariantName": "AllTraffic", "CurrentWeight": 1.0, "DesiredWeight": 1.0}
    stage = {"Status": status, "StatusMessage": message, "StartTime": began}
    fleet = {"CurrentInstanceCount": active, "DesiredInstanceCount": wanted, "InstanceType": "ml.m5.large"}
    return {
        "EndpointConfigName": "config-1",
        "EndpointStatus": "Updating",
        "ProductionVariants": [{**variant, "CurrentInstanceCount": old, "DesiredInstanceCount": old}],
        "PendingDeploymentSummary": {
            "EndpointConfigName": config,
            "StartTime": since,
            "ProductionVariants": [{**variant, **fleet, "VariantStatus": [stage]}],
        },
        "LastDeploymentConfig": CANARY,
    }
