"""What stands at the seam of the command line's tests: a connection whose clients answer what a test says."""

import io
import json
from types import SimpleNamespace

from boto3.dynamodb.types import TypeSerializer
from botocore.exceptions import ClientError

import env
from cli.connection import Connection

CALLER = "arn:aws:sts::123456789012:assumed-role/sluice-local-operator/ann"


class Paginated:
    """A client's paginator, which gives one page."""

    def __init__(self, operation):
        self._operation = operation

    def paginate(self, **arguments):
        yield self._operation(**arguments)  # when it is read, as boto3's


class FakeClient(SimpleNamespace):
    """A client that has the operations it is made with; any other one is a defect of the test."""

    def get_paginator(self, operation):
        return Paginated(getattr(self, operation))


def connection(stage="local", **clients):
    """A connection to a stage whose services are `clients`, by their names in boto3 with `_` for `-`."""
    sts = FakeClient(get_caller_identity=lambda: {"Arn": CALLER, "Account": "123456789012"})
    known = {"sts": sts, **clients}
    session = SimpleNamespace(client=lambda name, **_: known[name.replace("-", "_")])
    return Connection(env.load(stage), session)


def refusal(code, message, operation="Operation"):
    """The error of a call that AWS refuses."""
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


class FakeFunctions(FakeClient):
    """Lambdas that answer what they are told and remember what they were asked."""

    def __init__(self, **answers):
        super().__init__()
        self.answers, self.asked = answers, []

    def invoke(self, *, FunctionName, Payload):
        verb = FunctionName.rsplit("-", 1)[1]
        self.asked.append((verb, json.loads(Payload)))
        if verb not in self.answers:
            raise refusal("ResourceNotFoundException", "Function not found", "Invoke")
        answer = self.answers[verb]
        failed = {"FunctionError": "Unhandled"} if "errorMessage" in answer else {}
        return {"Payload": io.BytesIO(json.dumps(answer).encode()), **failed}


def ledger_of(*records):
    """A DynamoDB client whose table holds records, numbered from 1 and a minute apart."""
    write = TypeSerializer()
    stamped = [
        {"model": "credit-risk", "sequence": number, "at": f"2026-11-21T10:{number:02}:00+00:00", **record}
        for number, record in enumerate(records, start=1)
    ]
    items = [{name: write.serialize(value) for name, value in record.items()} for record in stamped]
    return FakeClient(query=lambda **_: {"Items": items})


class FakeBucket(FakeClient):
    """An S3 client whose only bucket is a dictionary of texts; it answers at a time of its own."""

    DATE = "Sat, 21 Nov 2026 10:59:30 GMT"

    def __init__(self, **objects):
        super().__init__()
        self.objects = dict(objects)

    def list_objects_v2(self, *, Bucket, Prefix, Delimiter=None):
        keys = [key for key in self.objects if key.startswith(Prefix)]
        below = {f"{Prefix}{key[len(Prefix) :].partition('/')[0]}/" for key in keys if "/" in key[len(Prefix) :]}
        found = {"CommonPrefixes": [{"Prefix": each} for each in below]} if Delimiter else {}
        contents = {} if Delimiter else {"Contents": [{"Key": key} for key in keys]}
        return {**found, **contents, "ResponseMetadata": {"HTTPHeaders": {"date": self.DATE}}}

    def get_object(self, *, Bucket, Key):
        if Key not in self.objects:
            raise refusal("NoSuchKey", "The specified key does not exist.", "GetObject")
        return {"Body": io.BytesIO(self.objects[Key].encode())}

    def put_object(self, *, Bucket, Key, Body, **_):
        self.objects[Key] = Body.decode()
        return {}
