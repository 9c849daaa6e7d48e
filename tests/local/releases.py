"""A serving stack on processes of their own, which is updated as the release Lambdas do."""

import json
import threading

from local.autoscaling import AutoScaling
from local.clock import Clock
from local.cloudformation import CloudFormation
from local.cloudwatch import CloudWatch
from local.sagemaker import SageMaker
from tests.local.sagemaker.conftest import ECHO_MODEL, IMAGE, ROLE, PlainImages, World

PATIENCE_SECONDS = 90
SPEED = 150
SHORT_BAKE_SECONDS, LONG_BAKE_SECONDS = 30, 3600
"""A release that goes through bakes for a moment; one that is aborted has time enough on a slow machine."""


def _template(url):
    config = {"Fn::GetAtt": ["Config", "EndpointConfigName"]}
    alarm = {"Fn::Join": ["-", [config, "abort"]]}
    return {
        "Parameters": {"Release": {"Type": "String"}, "Word": {"Type": "String"}, "Bake": {"Type": "Number"}},
        "Resources": {
            "Model": {
                "Type": "AWS::SageMaker::Model",
                "UpdateReplacePolicy": "Retain",
                "Properties": {
                    "ExecutionRoleArn": ROLE,
                    "PrimaryContainer": {
                        "Image": IMAGE,
                        "ModelDataUrl": {"Fn::Sub": f"{url}/${{Word}}/model.tar.gz"},
                        "Environment": {"RELEASE": {"Ref": "Release"}},
                    },
                },
            },
            "Config": {
                "Type": "AWS::SageMaker::EndpointConfig",
                "UpdateReplacePolicy": "Retain",
                "Properties": {
                    "ProductionVariants": [
                        {
                            "VariantName": "AllTraffic",
                            "ModelName": {"Fn::GetAtt": ["Model", "ModelName"]},
                            "InitialInstanceCount": 2,
                            "InstanceType": "ml.m5.large",
                            "InitialVariantWeight": 1,
                        }
                    ]
                },
            },
            "Alarm": {
                "Type": "AWS::CloudWatch::Alarm",
                "Properties": {
                    "AlarmName": alarm,
                    "Namespace": "Sluice/Release",
                    "MetricName": "Abort",
                    "Dimensions": [{"Name": "EndpointConfigName", "Value": config}],
                    "Statistic": "Maximum",
                    "Period": 60,
                    "EvaluationPeriods": 1,
                    "Threshold": 1,
                    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
                    "TreatMissingData": "notBreaching",
                },
            },
            "Endpoint": {
                "Type": "AWS::SageMaker::Endpoint",
                "Properties": {
                    "EndpointName": "churn-local",
                    "EndpointConfigName": config,
                    "RetainAllVariantProperties": True,
                    "ExcludeRetainedVariantProperties": [{"VariantPropertyType": "DataCaptureConfig"}],
                    "DeploymentConfig": {
                        "BlueGreenUpdatePolicy": {
                            "TrafficRoutingConfiguration": {
                                "Type": "CANARY",
                                "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 50},
                                "WaitIntervalInSeconds": {"Ref": "Bake"},
                            },
                            "TerminationWaitInSeconds": SHORT_BAKE_SECONDS,
                            "MaximumExecutionTimeoutInSeconds": 28_800,
                        },
                        "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": {"Ref": "Alarm"}}]},
                    },
                },
            },
        },
    }


class Releases:
    """The stack `s` with the endpoint `churn-local`, of two instances. `more` are further resources of it."""

    def __init__(self, small_cloud, rollbacks="unnoticed", **more) -> None:
        cloud = small_cloud(
            lambda services: SageMaker(services, images=PlainImages()),
            lambda services: CloudFormation(services, rollbacks=rollbacks),
            CloudWatch,
            AutoScaling,
            clock=Clock(speed=SPEED),
        )
        cloud.listen()
        self.world = World(cloud)
        self.world.services.record = cloud.parts[2].record
        self._part, self.client = cloud.parts[1], cloud.client("cloudformation")
        self._metrics = cloud.client("cloudwatch")
        for word in ("one", "two", "three"):
            url = self.world.archive(f"models/{word}/model.tar.gz", {**ECHO_MODEL, "word": word})
        template = _template(url.rpartition("/")[0].rpartition("/")[0])
        self._template = json.dumps({**template, "Resources": {**template["Resources"], **more}})

    def create(self, word):
        """The first release."""
        parameters = self._parameters("r1", word)
        self.client.create_stack(StackName="s", TemplateBody=self._template, Parameters=parameters)
        return self.ended()

    def update(self, release, word, *, abort=False):
        """Another release, aborted or not while it bakes."""
        self.client.update_stack(
            StackName="s",
            UsePreviousTemplate=True,
            Parameters=self._parameters(release, word, LONG_BAKE_SECONDS if abort else SHORT_BAKE_SECONDS),
            ClientRequestToken=release,
        )
        if abort:
            self.world.stage("Baking", "churn-local")
            self._abort()
        return self.ended()

    def ended(self):
        """The stack's status at its end."""
        assert self._part.settled(PATIENCE_SECONDS)
        return self.client.describe_stacks(StackName="s")["Stacks"][0]["StackStatus"]

    def answers(self):
        """What the endpoint makes of a request."""
        return self.world.invoke("x", "churn-local")

    def _abort(self):
        pending = self.endpoint()["PendingDeploymentSummary"]["EndpointConfigName"]
        datum = {"MetricName": "Abort", "Dimensions": [{"Name": "EndpointConfigName", "Value": pending}], "Value": 1}
        pause = threading.Event()
        while self.endpoint().get("PendingDeploymentSummary", {}).get("EndpointConfigName") == pending:
            self._metrics.put_metric_data(Namespace="Sluice/Release", MetricData=[datum])
            pause.wait(0.1)

    def endpoint(self):
        """What DescribeEndpoint says."""
        return self.world.sm.describe_endpoint(EndpointName="churn-local")

    def _parameters(self, release, word, bake_seconds=SHORT_BAKE_SECONDS):
        given = {"Release": release, "Word": word, "Bake": str(bake_seconds)}
        return [{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()]
