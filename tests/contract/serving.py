"""Models, endpoint configurations, alarms and endpoints of the smallest size, removed when the tests have ended."""

INSTANCE = "ml.t2.medium"
BAKE_SECONDS = 300
NAMESPACE = "SluiceContract"


class Serving:
    """Makes what serves, from the two models of the bucket."""

    def __init__(self, account, bucket, role) -> None:
        self.account, self.bucket, self.role = account, bucket, role
        self.sagemaker = account.client("sagemaker")

    def container(self, word):
        """The container of a model that says a word."""
        return {
            "Image": self.account.image(),
            "ModelDataUrl": f"s3://{self.bucket}/{word}/model.tar.gz",
            "Environment": {
                "SAGEMAKER_PROGRAM": "inference.py",
                "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
            },
        }

    def model(self, what, word="one"):
        """A model's name, made."""
        name = self.account.name(what)
        # A new role takes a while until SageMaker can assume it.
        self.account.patiently(
            lambda: self.sagemaker.create_model(
                ModelName=name, PrimaryContainer=self.container(word), ExecutionRoleArn=self.role
            ),
            "ValidationException",
        )
        self.account.later(self.sagemaker.delete_model, ModelName=name)
        return name

    def config(self, what, word="one"):
        """The name of a configuration of two instances, made, with a model of its own."""
        name = self.account.name(what)
        self.sagemaker.create_endpoint_config(
            EndpointConfigName=name,
            ProductionVariants=[
                {
                    "VariantName": "AllTraffic",
                    "ModelName": self.model(what, word),
                    "InitialInstanceCount": 2,
                    "InstanceType": INSTANCE,
                    "InitialVariantWeight": 1,
                }
            ],
        )
        self.account.later(self.sagemaker.delete_endpoint_config, EndpointConfigName=name)
        return name

    def endpoint(self, what, config):
        """The name of an endpoint, which serves."""
        name = self.account.name(what)
        self.account.later(self._delete_endpoint, name)
        self.account.patiently(
            lambda: self.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config), "ValidationException"
        )
        assert self.rested(name)["EndpointStatus"] == "InService"
        return name

    def update(self, endpoint, config, *alarms):
        """Begin a canary of half the capacity that is watched by alarms."""
        watched = {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": name} for name in alarms]}} if alarms else {}
        return self.sagemaker.update_endpoint(
            EndpointName=endpoint,
            EndpointConfigName=config,
            DeploymentConfig={**blue_green(), **watched},
        )

    def describe(self, endpoint):
        """What DescribeEndpoint says."""
        return self.sagemaker.describe_endpoint(EndpointName=endpoint)

    def baking(self, endpoint):
        """Wait for the canary's bake; the description at that time."""
        return self.account.until(lambda: self.describe(endpoint), lambda found: "Baking" in stages(found))

    def rested(self, endpoint):
        """Wait for the end of what is under way; the description then."""
        moving = ("Creating", "Updating", "RollingBack", "SystemUpdating", "Deleting")
        return self.account.until(
            lambda: self.describe(endpoint), lambda found: found["EndpointStatus"] not in moving, minutes=40
        )

    def alarm(self, what):
        """The name of an alarm on a metric of its own, without data."""
        name, cloudwatch = self.account.name(what), self.account.client("cloudwatch")
        cloudwatch.put_metric_alarm(
            AlarmName=name,
            Namespace=NAMESPACE,
            MetricName=name,
            Statistic="Maximum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            TreatMissingData="notBreaching",
        )
        self.account.later(cloudwatch.delete_alarms, AlarmNames=[name])
        return name

    def ring(self, alarm, *, until):
        """Feed an alarm's metric until something has come of it; gives that."""
        cloudwatch = self.account.client("cloudwatch")

        def feed_and_look():
            cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=[{"MetricName": alarm, "Value": 1}])
            return until()

        return self.account.until(feed_and_look, bool)

    def rings(self, alarm):
        """Whether an alarm is in ALARM."""
        (found,) = self.account.client("cloudwatch").describe_alarms(AlarmNames=[alarm])["MetricAlarms"]
        return found["StateValue"] == "ALARM"

    def says(self, endpoint):
        """What the endpoint makes of "x"."""
        runtime = self.account.client("sagemaker-runtime")
        answer = runtime.invoke_endpoint(EndpointName=endpoint, Body=b"x", ContentType="text/csv", Accept="text/csv")
        return answer["Body"].read().decode()

    def _delete_endpoint(self, name):
        self.rested(name)
        self.sagemaker.delete_endpoint(EndpointName=name)
        self.sagemaker.get_waiter("endpoint_deleted").wait(
            EndpointName=name, WaiterConfig={"Delay": 5, "MaxAttempts": 120}
        )


def blue_green():
    """The update policy of these tests."""
    return {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": {
                "Type": "CANARY",
                "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 50},
                "WaitIntervalInSeconds": BAKE_SECONDS,
            },
            "TerminationWaitInSeconds": 0,
            "MaximumExecutionTimeoutInSeconds": 3600,
        }
    }


def stages(described):
    """The stages of the variants of a deployment under way."""
    pending = described.get("PendingDeploymentSummary", {}).get("ProductionVariants", [])
    return {status["Status"] for variant in pending for status in variant.get("VariantStatus", [])}
