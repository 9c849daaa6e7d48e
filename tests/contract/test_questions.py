"""Seven questions that AWS's documents leave open: the local cloud plays one answer, an account gives its own.

First to be run by whoever has an account (docs/aws_verified.md). There each test takes the answer down instead of
judging it.
"""

import json
import secrets

import pytest

from tests.contract.account import answer, refused
from tests.contract.serving import blue_green, stages

pytestmark = [pytest.mark.clients, pytest.mark.aws_verified]


@pytest.fixture(scope="module")
def endpoint(serving):
    """An endpoint that serves its first configuration."""
    return serving.endpoint("asked", serving.config("asked-one"))


@pytest.fixture(scope="module")
def other(serving):
    """A configuration with the other model."""
    return serving.config("asked-two", "two")


class ServingStack:
    """A stack that owns an endpoint: a release changes the word, and with it model and configuration."""

    def __init__(self, serving) -> None:
        self.serving, self.account = serving, serving.account
        self.client = serving.account.client("cloudformation")
        mine = f"stacked-{secrets.token_hex(2)}"
        self.name = self.endpoint = serving.account.name(mine)
        self.alarm = serving.alarm(mine)
        parameters = self._parameters("one")
        self.client.create_stack(StackName=self.name, TemplateBody=self._template(), Parameters=parameters)
        self.account.later(self._delete)
        assert self.rested() == "CREATE_COMPLETE"

    def release(self, word):
        """Begin to release a word, and wait until its canary bakes."""
        self.client.update_stack(StackName=self.name, UsePreviousTemplate=True, Parameters=self._parameters(word))
        self.serving.baking(self.endpoint)

    def rested(self):
        """The stack's status when it rests."""
        return self.account.until(self._status, lambda status: not status.endswith("IN_PROGRESS"), minutes=60)

    def _status(self):
        return self.client.describe_stacks(StackName=self.name)["Stacks"][0]["StackStatus"]

    def _delete(self):
        # What a release replaces is retained, since the endpoint may go back to it: it outlives the stack.
        pages = self.client.get_paginator("describe_stack_events").paginate(StackName=self.name)
        made = {
            (event["ResourceType"], event["PhysicalResourceId"].rpartition("/")[2])
            for page in pages
            for event in page["StackEvents"]
            if event.get("PhysicalResourceId")
        }
        sagemaker = self.account.client("sagemaker")
        for kind, name in made:
            if kind == "AWS::SageMaker::Model":
                self.account.later(sagemaker.delete_model, ModelName=name)
            if kind == "AWS::SageMaker::EndpointConfig":
                self.account.later(sagemaker.delete_endpoint_config, EndpointConfigName=name)
        self.client.delete_stack(StackName=self.name)
        self.client.get_waiter("stack_delete_complete").wait(
            StackName=self.name, WaiterConfig={"Delay": 5, "MaxAttempts": 240}
        )

    def _parameters(self, word):
        return [{"ParameterKey": "Word", "ParameterValue": word}]

    def _template(self):
        container = self.serving.container("WORD")
        url = {"Fn::Sub": container["ModelDataUrl"].replace("WORD", "${Word}")}
        variant = {
            "VariantName": "AllTraffic",
            "ModelName": {"Fn::GetAtt": ["Model", "ModelName"]},
            "InitialInstanceCount": 2,
            "InstanceType": "ml.t2.medium",
            "InitialVariantWeight": 1,
        }
        model = {"ExecutionRoleArn": self.serving.role, "PrimaryContainer": {**container, "ModelDataUrl": url}}
        watched = {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": self.alarm}]}}
        served = {
            "EndpointName": self.endpoint,
            "EndpointConfigName": {"Fn::GetAtt": ["Config", "EndpointConfigName"]},
            "DeploymentConfig": {**blue_green(), **watched},
        }
        kinds = {"Model": model, "EndpointConfig": {"ProductionVariants": [variant]}, "Endpoint": served}
        names = {"Model": "Model", "EndpointConfig": "Config", "Endpoint": "Endpoint"}
        resources = {
            names[kind]: {"Type": f"AWS::SageMaker::{kind}", "UpdateReplacePolicy": "Retain", "Properties": properties}
            for kind, properties in kinds.items()
        }
        return json.dumps({"Parameters": {"Word": {"Type": "String"}}, "Resources": resources})


@pytest.fixture
def stack(serving):
    """Such a stack, which serves "one"; each question gets its own, because its answer may leave one that is stuck."""
    return ServingStack(serving)


def test_does_a_stack_fail_when_an_alarm_takes_its_endpoint_back(stack, serving):
    """Sluice is right in both cases, because it compares configurations; the local cloud can play either."""
    before = serving.describe(stack.endpoint)["EndpointConfigName"]
    stack.release("two")
    serving.ring(stack.alarm, until=lambda: "Baking" not in stages(serving.describe(stack.endpoint)))
    status = stack.rested()
    assert serving.describe(stack.endpoint)["EndpointConfigName"] == before
    answer("does the stack's update fail on an alarm rollback", status, here="UPDATE_COMPLETE")


def test_what_does_an_update_to_the_current_configuration_do(serving, endpoint):
    """Deploy a fresh fleet of the same, or nothing, or refuse."""
    config = serving.describe(endpoint)["EndpointConfigName"]
    said = refused(serving.update, endpoint=endpoint, config=config)
    found = said or serving.describe(endpoint)["EndpointStatus"]
    serving.rested(endpoint)
    answer("UpdateEndpoint to the configuration that serves", found, here="Updating")


def test_does_an_alarm_that_rings_already_stop_a_deployment(serving, endpoint, other):
    """Refused at once, taken back at the first bake, or not noticed."""
    alarm = serving.alarm("ringing")
    serving.ring(alarm, until=lambda: serving.rings(alarm))
    before = serving.describe(endpoint)["EndpointConfigName"]
    said = refused(lambda **_: serving.update(endpoint, other, alarm))
    found = "refused" if said else "deployed"
    if not said:
        serving.ring(alarm, until=lambda: "PendingDeploymentSummary" not in serving.describe(endpoint))
        if serving.rested(endpoint)["EndpointConfigName"] == before:
            found = "taken back"
    answer("an alarm that is in ALARM when the deployment begins", found, here="taken back")


def test_who_needs_to_describe_alarms(account, serving, endpoint, role):
    """Whoever calls UpdateEndpoint with alarms, or the execution role, which has no such right here, or nobody."""
    iam, name = account.client("iam"), account.name("deployer")
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account.id}:root"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    account.later(iam.delete_role, RoleName=name)
    rights = [{"Effect": "Allow", "Action": "sagemaker:*", "Resource": "*"}]
    rights.append({"Effect": "Allow", "Action": "iam:PassRole", "Resource": role})
    policy = json.dumps({"Version": "2012-10-17", "Statement": rights})
    iam.put_role_policy(RoleName=name, PolicyName="deploy", PolicyDocument=policy)
    account.later(iam.delete_role_policy, RoleName=name, PolicyName="deploy")
    deployer = account.client_as("sagemaker", arn)
    account.patiently(lambda: deployer.list_endpoints(MaxResults=1), "AccessDeniedException")
    said = refused(
        deployer.update_endpoint,
        EndpointName=endpoint,
        EndpointConfigName=serving.describe(endpoint)["EndpointConfigName"],
        DeploymentConfig={
            **blue_green(),
            "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": serving.alarm("described")}]},
        },
    )
    serving.rested(endpoint)
    answer("who needs cloudwatch:DescribeAlarms", said[0] if said else "not the caller", here="not the caller")


@pytest.mark.parametrize("namespace", ["aws/sagemaker/Endpoints/data-metrics", "/aws/sagemaker/SluiceContract"])
def test_may_metrics_be_put_under_aws_names(account, namespace):
    """CloudWatch keeps namespaces that begin with AWS/ to itself; Model Monitor's begin in small letters."""
    datum = {"MetricName": account.name("metric"), "Value": 1}
    said = refused(account.client("cloudwatch").put_metric_data, Namespace=namespace, MetricData=[datum])
    answer(f"PutMetricData to {namespace}", said[0] if said else "taken", here="taken")


def test_can_a_model_be_made_from_a_rejected_version(account, serving):
    """Of a version that waits AWS says no; of a rejected one its documents say nothing."""
    sagemaker, group = account.client("sagemaker"), account.name("rejected")
    sagemaker.create_model_package_group(ModelPackageGroupName=group)
    account.later(sagemaker.delete_model_package_group, ModelPackageGroupName=group)
    container = serving.container("one")
    version = sagemaker.create_model_package(
        ModelPackageGroupName=group,
        ModelApprovalStatus="Rejected",
        InferenceSpecification={
            "Containers": [{"Image": container["Image"], "ModelDataUrl": container["ModelDataUrl"]}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
    )["ModelPackageArn"]
    account.later(sagemaker.delete_model_package, ModelPackageName=version)
    model = account.name("rejected")
    said = refused(
        sagemaker.create_model,
        ModelName=model,
        PrimaryContainer={"ModelPackageName": version},
        ExecutionRoleArn=serving.role,
    )
    account.later(sagemaker.delete_model, ModelName=model)
    answer("CreateModel from a rejected version", said[0] if said else "made", here="ValidationException")


def test_can_a_release_be_cancelled_while_it_bakes(stack, serving):
    """CancelUpdateStack asks CloudFormation to turn back; SageMaker has no operation that stops a deployment."""
    before = serving.describe(stack.endpoint)["EndpointConfigName"]
    stack.release("two")
    stack.client.cancel_update_stack(StackName=stack.name)
    status = stack.rested()
    serving.rested(stack.endpoint)
    served = "before" if serving.describe(stack.endpoint)["EndpointConfigName"] == before else "after"
    answer(
        "CancelUpdateStack in a bake",
        f"{status}, serves what was {served}",
        here="UPDATE_ROLLBACK_FAILED, serves what was after",
    )
