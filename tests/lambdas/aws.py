"""What the minute's functions need of AWS, in memory: a table, a registry, an endpoint, a list of who was called."""

import io
import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace

from botocore.exceptions import ClientError

from lambdas.ledger import Ledger

START = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
STAGE, MODEL, TABLE = "prod", "credit-risk", "sluice-prod-ledger"
REGISTRY = "arn:aws:sagemaker:eu-west-1:123456789012"


def refusal(code, message):
    """An error as boto3 raises it."""
    return ClientError({"Error": {"Code": code, "Message": message}}, "Operation")


def package_arn(version):
    """The ARN of a version of the model."""
    return f"{REGISTRY}:model-package/{MODEL}/{version}"


class Clock:
    def __init__(self):
        self.now = START

    def pass_(self, **span):
        self.now += timedelta(**span)

    def answer(self, **members):
        """A response as a client gives it, with the time at which the service sent it."""
        date = format_datetime(self.now, usegmt=True)
        return {**members, "ResponseMetadata": {"HTTPHeaders": {"date": date}}}


class Taken(Exception):
    """DynamoDB's ConditionalCheckFailedException."""


class Tables:
    """DynamoDB, with conditional puts; `faster` is called once before the next put, as somebody else who writes."""

    exceptions = SimpleNamespace(ConditionalCheckFailedException=Taken)

    def __init__(self, clock):
        self._clock, self._items, self.faster = clock, {}, None

    def get_paginator(self, _):
        return SimpleNamespace(paginate=self._query)

    def _query(self, *, TableName, ExpressionAttributeValues, **_):
        model = ExpressionAttributeValues[":model"]["S"]
        keys = sorted(key for key in self._items if key[:2] == (TableName, model))
        yield self._clock.answer(Items=[self._items[key] for key in keys])

    def put_item(self, *, TableName, Item, **_):
        faster, self.faster = self.faster, None
        if faster:
            faster()
        key = (TableName, Item["model"]["S"], int(Item["sequence"]["N"]))
        if key in self._items:
            raise Taken
        self._items[key] = Item
        return self._clock.answer()


class Functions:
    """Lambda's asynchronous Invoke: who was woken, with what."""

    def __init__(self):
        self.woken = []

    def invoke(self, *, FunctionName, InvocationType, Payload):
        assert InvocationType == "Event"
        self.woken.append((FunctionName, json.loads(Payload)))
        return {"StatusCode": 202}


class SageMaker:
    """Packages by version, endpoints by name; models and endpoint configs with their tags."""

    exceptions = SimpleNamespace(ClientError=ClientError)

    def __init__(self, clock):
        self._clock = clock
        self.packages, self.endpoints = {}, {}
        self.models, self.configs, self.tags, self.listed_tags, self.undeletable = {}, {}, {}, [], {}

    def register(self, version, *, status="Approved", **members):
        self.packages[package_arn(version)] = {"ModelApprovalStatus": status, **members}

    def describe_model_package(self, *, ModelPackageName):
        if ModelPackageName not in self.packages:
            raise refusal("ValidationException", f"ModelPackage {ModelPackageName} does not exist.")
        return self._clock.answer(**self.packages[ModelPackageName])

    def describe_endpoint(self, *, EndpointName):
        if EndpointName not in self.endpoints:
            raise refusal("ValidationException", f'Could not find endpoint "{EndpointName}".')
        return self._clock.answer(EndpointName=EndpointName, **self.endpoints[EndpointName])

    def serve(self, config, *, status="InService", **members):
        self.endpoints[f"{MODEL}-{STAGE}"] = {"EndpointConfigName": config, "EndpointStatus": status, **members}

    def make(self, config, *, model, age, stage=STAGE, tag=MODEL):
        """A config and the model it runs, that many days old."""
        created = self._clock.now - age
        self.configs[config], self.models[model] = ({"created": created, "model": model}, {"created": created})
        for kind, name in (("endpoint-config", config), ("model", model)):
            arn = f"arn:aws:sagemaker:eu-west-1:123456789012:{kind}/{name.lower()}"
            tags = {"owner": "credit", "sluice:stage": stage, **({"sluice:model": tag} if tag else {})}
            self.tags[arn] = [{"Key": key, "Value": value} for key, value in tags.items()]

    def get_paginator(self, operation):
        return SimpleNamespace(paginate=getattr(self, f"_{operation}"))

    def _list_models(self, *, NameContains):
        names = [name for name in self.models if NameContains in name]
        yield {"Models": [self._summary("Model", "model", name, self.models[name]) for name in names]}

    def _list_endpoint_configs(self, *, NameContains):
        names = [name for name in self.configs if NameContains in name]
        found = [self._summary("EndpointConfig", "endpoint-config", name, self.configs[name]) for name in names]
        yield {"EndpointConfigs": found}

    def _summary(self, prefix, kind, name, record):
        arn = f"arn:aws:sagemaker:eu-west-1:123456789012:{kind}/{name.lower()}"
        return {f"{prefix}Name": name, f"{prefix}Arn": arn, "CreationTime": record["created"]}

    def _list_tags(self, *, ResourceArn):
        self.listed_tags.append(ResourceArn.rpartition("/")[2])
        yield {"Tags": self.tags[ResourceArn]}

    def describe_endpoint_config(self, *, EndpointConfigName):
        if EndpointConfigName not in self.configs:
            raise refusal("ValidationException", f'Could not find endpoint configuration "{EndpointConfigName}".')
        return {"ProductionVariants": [{"ModelName": self.configs[EndpointConfigName]["model"]}]}

    def delete_endpoint_config(self, *, EndpointConfigName):
        self._refuse(EndpointConfigName)
        del self.configs[EndpointConfigName]

    def delete_model(self, *, ModelName):
        self._refuse(ModelName)
        assert ModelName not in [config["model"] for config in self.configs.values()], "a config runs it"
        del self.models[ModelName]

    def _refuse(self, name):
        if name in self.undeletable:
            raise refusal("ThrottlingException", self.undeletable[name])


class World:
    """A stage's ledger, registry, endpoint and functions, on one clock."""

    def __init__(self):
        self.clock = Clock()
        self.dynamodb, self.functions, self.sagemaker = Tables(self.clock), Functions(), SageMaker(self.clock)

    def write(self, *records, table=TABLE, model=MODEL):
        """Append records; gives the journal after them."""
        ledger = Ledger(table, dynamodb=self.dynamodb)
        journal = ledger.read(model)
        for record in records:
            journal = ledger.append(journal, record)
        return journal

    def journal(self, *, table=TABLE, model=MODEL):
        return Ledger(table, dynamodb=self.dynamodb).read(model)


def body(content):
    """A streaming body."""
    return io.BytesIO(content)
