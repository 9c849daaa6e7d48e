"""Requests as boto3 makes them, sent without boto3, which costs more than either server."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import re
import socket
import tarfile
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.awsrequest import AWSResponse

from cloud.servers import REGION, Server

CONNECTIONS = 4
_IMAGE = "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
_TOKEN = re.compile(rb'"ClientToken": "([0-9a-f-]{36})"')
_PATIENCE_SECONDS = 30
_INFERENCE = """
def model_fn(folder):
    return None
def predict_fn(data, model):
    return data
"""
_PACKAGE = {
    "ModelPackageGroupName": "benchmark",
    "ModelApprovalStatus": "PendingManualApproval",
    "InferenceSpecification": {
        "Containers": [{"Image": _IMAGE, "ModelDataUrl": "s3://benchmark/model.tar.gz"}],
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["text/csv"],
    },
}
_METRICS = [
    {"MetricName": "latency", "Dimensions": [{"Name": "Endpoint", "Value": "benchmark"}], "Value": 12.5, "Unit": "None"}
]
OPERATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "DescribeEndpoint": ("sagemaker", {"EndpointName": "benchmark"}),
    "CreateModelPackage": ("sagemaker", _PACKAGE),
    "PutMetricData": ("cloudwatch", {"Namespace": "benchmark", "MetricData": _METRICS}),
    "SendMessage": ("sqs", {"QueueUrl": "", "MessageBody": "x" * 100}),
    "GetObject": ("s3", {"Bucket": "benchmark", "Key": "model.tar.gz"}),
}
"""What is asked of both. The first three have goals; the others are moto's part of ours."""


@dataclass(frozen=True)
class Rate:
    """Requests answered in a second, over one round."""

    answered: int
    seconds: float

    @property
    def a_second(self) -> float:
        """The rate."""
        return self.answered / self.seconds


class Target:
    """A server with what the requests need, and the requests, signed by a role that may do these things alone."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._prepare()
        self._session = server.session(*self._role_keys())
        self.requests = {name: self._recorded(name) for name in OPERATIONS}

    def round(self, operation: str, seconds: float) -> Rate:
        """Ask over a few connections at once for some seconds. Raises SystemExit when anything is refused."""
        counts, end = [0] * CONNECTIONS, time.perf_counter() + seconds
        began = time.perf_counter()
        threads = [
            threading.Thread(target=self._ask, args=(operation, counts, number, end)) for number in range(CONNECTIONS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if not all(counts):
            raise SystemExit(f"{operation} was refused by {self.server.url}")
        return Rate(sum(counts), time.perf_counter() - began)

    def repeat(self, operation: str, times: int) -> None:
        """Ask so many times over one connection."""
        with Connection(self.server.port) as connection:
            for request in itertools.islice(_each_its_own(self.requests[operation]), times):
                connection.ask(request)

    def _ask(self, operation: str, counts: list[int], number: int, end: float) -> None:
        with Connection(self.server.port) as connection:
            for request in _each_its_own(self.requests[operation]):
                if time.perf_counter() >= end or not connection.ask(request):
                    return
                counts[number] += 1

    def _client(self, name: str) -> Any:
        return self.server.client(name)

    def _prepare(self) -> None:
        s3, sagemaker = self._client("s3"), self._client("sagemaker")
        s3.create_bucket(Bucket="benchmark", CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_object(Bucket="benchmark", Key="model.tar.gz", Body=_archive())
        url = self._client("sqs").create_queue(QueueName="benchmark")["QueueUrl"]
        OPERATIONS["SendMessage"][1]["QueueUrl"] = url
        sagemaker.create_model_package_group(ModelPackageGroupName="benchmark")
        container = {"Image": _IMAGE, "ModelDataUrl": "s3://benchmark/model.tar.gz"}
        role = self._role("sagemaker.amazonaws.com", "model", "*")
        sagemaker.create_model(ModelName="benchmark", PrimaryContainer=container, ExecutionRoleArn=role)
        variant = {"VariantName": "v", "ModelName": "benchmark", "InitialInstanceCount": 1}
        sagemaker.create_endpoint_config(
            EndpointConfigName="benchmark", ProductionVariants=[{**variant, "InstanceType": "ml.m5.large"}]
        )
        sagemaker.create_endpoint(EndpointName="benchmark", EndpointConfigName="benchmark")
        sagemaker.get_waiter("endpoint_in_service").wait(
            EndpointName="benchmark", WaiterConfig={"Delay": 1, "MaxAttempts": _PATIENCE_SECONDS}
        )

    def _role_keys(self) -> tuple[str, str]:
        actions = [
            "sagemaker:DescribeEndpoint",
            "sagemaker:CreateModelPackage",
            "cloudwatch:PutMetricData",
            "sqs:SendMessage",
            "s3:GetObject",
        ]
        role = self._role({"AWS": "*"}, "benchmark", actions)
        keys = self._client("sts").assume_role(RoleArn=role, RoleSessionName="benchmark")["Credentials"]
        return keys["AccessKeyId"], keys["SessionToken"]

    def _role(self, principal: Any, name: str, actions: Any) -> str:
        iam = self._client("iam")
        who = principal if isinstance(principal, dict) else {"Service": principal}
        trust = {"Effect": "Allow", "Principal": who, "Action": "sts:AssumeRole"}
        rights = {"Effect": "Allow", "Action": actions, "Resource": "*"}
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy(trust))["Role"]["Arn"]
        iam.put_role_policy(RoleName=name, PolicyName="rights", PolicyDocument=_policy(rights))
        return str(made)

    def _recorded(self, operation: str) -> bytes:
        service, params = OPERATIONS[operation]
        client = self._session.client(service, endpoint_url=self.server.url)  # type: ignore[call-overload]
        sent: list[Any] = []

        def record(request: Any, **_: Any) -> AWSResponse:
            sent.append(request)
            raise _RecordedError

        client.meta.events.register("before-send", record)
        with contextlib.suppress(_RecordedError):
            getattr(client, re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower())(**params)
        return _bytes(sent[0], self.server.port)


class _RecordedError(Exception):
    """The request was taken down and goes nowhere."""


class Connection:
    """One connection, made anew where a server ends it after an answer, as moto_server does."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket = self._connected()

    def _connected(self) -> socket.socket:
        connected = socket.create_connection(("127.0.0.1", self._port), timeout=_PATIENCE_SECONDS)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connected

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def ask(self, request: bytes) -> bool:
        """Send a request and read its answer whole; whether it was 200."""
        self._socket.sendall(request)
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._more()
        head, _, body = received.partition(b"\r\n\r\n")
        length = int(re.search(rb"(?i)content-length: *(\d+)", head)[1])  # type: ignore[index]
        while len(body) < length:
            body += self._more()
        if b"connection: close" in head.lower():
            self._socket.close()
            self._socket = self._connected()
        return head.split(b" ", 2)[1] == b"200"

    def _more(self) -> bytes:
        if not (piece := self._socket.recv(65_536)):
            raise SystemExit("the server closed a connection")
        return piece


def _each_its_own(request: bytes) -> Iterator[bytes]:
    """The request again and again; a token that would make it the same request is new each time."""
    token = _TOKEN.search(request)
    while True:
        yield request.replace(token[1], str(uuid.uuid4()).encode()) if token else request


def _bytes(request: Any, port: int) -> bytes:
    path = "/" + request.url.split("/", 3)[3] if request.url.count("/") > 2 else "/"
    body = request.body or b""
    body = body if isinstance(body, bytes) else body.encode()
    headers = {name: value if isinstance(value, str) else value.decode() for name, value in request.headers.items()}
    headers |= {"Host": f"localhost:{port}", "Content-Length": str(len(body))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{request.method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body


def _policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _archive() -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        entry = tarfile.TarInfo("code/inference.py")
        entry.size = len(_INFERENCE)
        tar.addfile(entry, io.BytesIO(_INFERENCE.encode()))
    return packed.getvalue()
