"""The AWS clients of the simulated stage: what boto3's answer, over one world."""

import io
import json
from email.utils import format_datetime
from types import SimpleNamespace

from botocore.exceptions import ClientError

from lambdas import apply
from tests.lambdas.world import LIMIT, MODEL, STAGE, Crash, Frame, error, history_item
from tests.lambdas.world_stack import NAME

OURS = "arn:aws:sts::123456789012:assumed-role/sluice-dev-release/sluice-dev-release"


class Taken(ClientError):
    """DynamoDB's ConditionalCheckFailedException."""


class Gone(ClientError):
    """S3's NoSuchKey."""


class Fake:
    """A client: `exceptions` as botocore has them, paginators of one page."""

    exceptions = SimpleNamespace(ClientError=ClientError, ConditionalCheckFailedException=Taken, NoSuchKey=Gone)

    def __init__(self, world):
        self._world = world

    def get_paginator(self, operation):
        def paginate(**params):
            yield getattr(self, operation)(**params)

        return SimpleNamespace(paginate=paginate)

    def _call(self, operation, effect):
        return self._world.call(operation, effect)


class DynamoDB(Fake):
    def query(self, **_):
        return self._call("Query", self._all)

    def _all(self):
        world = self._world
        world.frames[-1].known = len(world.ledger)
        date = format_datetime(world.now, usegmt=True)
        return {"Items": world.records(), "ResponseMetadata": {"HTTPHeaders": {"date": date}}}

    def put_item(self, *, Item, ConditionExpression="", **_):
        def put():
            if not self._world.put(Item, only_if_free=ConditionExpression == "attribute_not_exists(#sequence)"):
                raise Taken({"Error": {"Code": "ConditionalCheckFailedException", "Message": ""}}, "PutItem")

        return self._call("PutItem", put)


class SageMaker(Fake):
    def describe_model_package(self, *, ModelPackageName):
        return self._call("DescribeModelPackage", lambda: self._package(ModelPackageName))

    def _package(self, name):
        found = self._world.packages.get(int(name.rpartition("/")[2]))
        if found is None:
            raise error("DescribeModelPackage", "ValidationException", f"ModelPackage {name} does not exist.")
        return found

    def list_model_packages(self, *, ModelApprovalStatus, **_):
        def listed():
            found = [p for _, p in sorted(self._world.packages.items(), reverse=True)]
            return {"ModelPackageSummaryList": [p for p in found if p["ModelApprovalStatus"] == ModelApprovalStatus]}

        return self._call("ListModelPackages", listed)

    def update_model_package(self, *, ModelPackageArn, **members):
        version = int(ModelPackageArn.rpartition("/")[2])
        return self._call("UpdateModelPackage", lambda: self._world.change_package(version, OURS, **members))

    def describe_endpoint(self, *, EndpointName):
        return self._call("DescribeEndpoint", lambda: self._endpoint(EndpointName))

    def _endpoint(self, name):
        stack = self._world.stack
        if stack.endpoint is None:
            raise error("DescribeEndpoint", "ValidationException", f'Could not find endpoint "{name}".')
        pending = {"PendingDeploymentSummary": {"EndpointConfigName": stack.pending}} if stack.pending else {}
        return {"EndpointStatus": stack.endpoint, "EndpointConfigName": stack.config or "", **pending}

    def list_endpoint_configs(self, **_):
        return self._call("ListEndpointConfigs", lambda: {"EndpointConfigs": self._left("EndpointConfig", "Config")})

    def list_models(self, **_):
        return self._call("ListModels", lambda: {"Models": self._left("Model", "Model")})

    def _left(self, prefix, word):
        stack = self._world.stack
        names = {config.replace("Config", word): at for config, at in stack.made.items()}
        left = [(name, at) for name, at in names.items() if name not in stack.deleted]
        return [{f"{prefix}Name": name, f"{prefix}Arn": f"arn/{name}", "CreationTime": at} for name, at in left]

    def list_tags(self, **_):
        tags = [{"Key": "sluice:stage", "Value": STAGE}, {"Key": "sluice:model", "Value": MODEL}]
        return self._call("ListTags", lambda: {"Tags": tags})

    def describe_endpoint_config(self, *, EndpointConfigName):
        def described():
            if EndpointConfigName in self._world.stack.deleted:
                text = f"Could not find endpoint configuration {EndpointConfigName}."
                raise error("DescribeEndpointConfig", "ValidationException", text)
            return {"ProductionVariants": [{"ModelName": EndpointConfigName.replace("Config", "Model")}]}

        return self._call("DescribeEndpointConfig", described)

    def delete_endpoint_config(self, *, EndpointConfigName):
        return self._call("DeleteEndpointConfig", lambda: self._world.stack.delete(EndpointConfigName))

    def delete_model(self, *, ModelName):
        return self._call("DeleteModel", lambda: self._world.stack.delete(ModelName))


class CloudFormation(Fake):
    def describe_stack_resources(self, **_):
        held = self._world.stack.held
        names = {
            "AWS::SageMaker::EndpointConfig": held,
            "AWS::SageMaker::Model": held and held.replace("Config", "Model"),
        }
        found = [
            {
                "ResourceType": kind,
                "LogicalResourceId": name.rpartition("-")[0],
                "PhysicalResourceId": f"arn/{name.lower()}",
            }
            for kind, name in names.items()
            if name
        ]
        return self._call("DescribeStackResources", lambda: {"StackResources": found})

    def describe_stacks(self, **_):
        def described():
            stack = self._world.stack
            parameters = [{"ParameterKey": k, "ParameterValue": v} for k, v in stack.parameters.items()]
            return {"Stacks": [{"StackStatus": stack.status, "Parameters": parameters}]}

        return self._call("DescribeStacks", described)

    def describe_stack_events(self, **_):
        return self._call("DescribeStackEvents", lambda: {"StackEvents": self._world.stack.events[::-1]})

    def update_stack(self, *, ClientRequestToken, Parameters, **_):
        given = {p["ParameterKey"]: p["ParameterValue"] for p in Parameters if "ParameterValue" in p}
        return self._call("UpdateStack", lambda: self._update(ClientRequestToken, given))

    def _update(self, token, given):
        world = self._world
        refused = world.stack.accept(token, given)
        if refused:
            raise error("UpdateStack", refused, f"{NAME} is in {world.stack.status} state and can not be updated.")
        assert world.open_releases() == [token], f"{token} begins, and open is {world.open_releases()}"
        version = int(given["ModelPackageArn"].rpartition("/")[2])
        assert version not in world.vetoed(upto=world.frames[-1].known), f"version {version} is vetoed and begins"

    def continue_update_rollback(self, *, ClientRequestToken, ResourcesToSkip=(), **_):
        def go_on():
            refused = self._world.stack.go_on(ClientRequestToken, ResourcesToSkip)
            if refused:
                raise error("ContinueUpdateRollback", refused, f"{NAME} is not in UPDATE_ROLLBACK_FAILED state")

        return self._call("ContinueUpdateRollback", go_on)


class CloudWatch(Fake):
    def put_metric_data(self, *, Namespace, MetricData):
        assert Namespace == "Sluice/Release"
        return self._call("PutMetricData", lambda: self._world.measure(MetricData))

    def describe_alarm_history(self, *, AlarmName, StartDate, EndDate=None, **_):
        def found():
            items = [history_item(name, at) for name, at in self._world.history if name == AlarmName]
            span = [i for i in items if StartDate <= i["Timestamp"] and (EndDate is None or i["Timestamp"] <= EndDate)]
            return {"AlarmHistoryItems": span}

        return self._call("DescribeAlarmHistory", found)

    def describe_alarms(self, **_):
        return self._call("DescribeAlarms", lambda: {"MetricAlarms": []})


class S3(Fake):
    def get_object(self, **_):
        body = SimpleNamespace(iter_chunks=lambda _: iter([b""]))
        return self._call("GetObject", lambda: {"Body": body})


class SNS(Fake):
    def publish(self, *, Subject, Message, **_):
        assert len(Subject) <= 100
        assert Subject.isascii()
        return self._call("Publish", lambda: self._world.messages.append((Subject, Message)))


class Functions(Fake):
    """Lambda's Invoke: of `apply`, here and now; an event for `release` is an event more on its way."""

    def invoke(self, *, FunctionName, Payload, InvocationType="RequestResponse"):
        if InvocationType == "Event":
            return self._call("Invoke", lambda: None)
        return self._call("Invoke", lambda: self._run(json.loads(Payload)))

    def _run(self, event):
        """`apply` has its own time, and its own death: its caller hears of an error."""
        world = self._world
        outer = world.frames[-1]
        inner = Frame(ends=world.now + LIMIT, faults=outer.faults, calls=outer.calls)
        world.frames.append(inner)
        try:
            answer = {"Payload": json.dumps(apply.handler(event, None, clients=lambda: clients(world)))}
        except (Crash, ClientError) as died:
            answer = {"Payload": json.dumps({"errorMessage": repr(died)}), "FunctionError": "Unhandled"}
        finally:
            world.frames.pop()
        return {**answer, "Payload": io.BytesIO(answer["Payload"].encode())}


def clients(world):
    """All clients, for whichever handler."""
    return SimpleNamespace(
        cloudformation=CloudFormation(world),
        cloudwatch=CloudWatch(world),
        dynamodb=DynamoDB(world),
        functions=Functions(world),
        s3=S3(world),
        sagemaker=SageMaker(world),
        sns=SNS(world),
    )
