import base64
import json
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from local.errors import AwsError
from local.model import service
from local.signing import Scope
from local.wire import Raw, wires

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SIGNED = "AWS4-HMAC-SHA256 Credential=AKID/20260301/eu-west-1/events/aws4_request, SignedHeaders=host, Signature=0"
STATISTICS = {
    "Namespace": "n",
    "MetricName": "m",
    "Dimensions": [{"Name": "a", "Value": "b"}, {"Name": "c", "Value": "d"}],
    "StartTime": NOON,
    "EndTime": NOON,
    "Period": 60,
    "Statistics": ["Sum"],
}
DATAPOINTS = {"Label": "m", "Datapoints": [{"Timestamp": NOON, "Sum": 1.5, "Unit": "Count"}]}


def wire(service_name, protocol):
    """A protocol of a service, by botocore's name for it."""
    model = service(service_name)
    return wires(model)[model.metadata["protocols"].index(protocol)]


def request(protocol, service_name, operation, params):
    """What botocore would send, as the server sees it."""
    made = create_serializer(protocol).serialize_to_request(params, service(service_name).operation_model(operation))
    body = made["body"]
    if isinstance(body, dict):
        body, made["headers"]["Content-Type"] = urlencode(body), "application/x-www-form-urlencoded"
    path, _, inside = made["url_path"].partition("?")
    query = inside or urlencode(made["query_string"])
    return Request(
        EnvironBuilder(
            path, method=made["method"], headers=made["headers"], data=body, query_string=query
        ).get_environ()
    )


def read_back(protocol, service_name, operation, reply):
    """What botocore makes of an answer."""
    shape = service(service_name).operation_model(operation).output_shape
    response = {"status_code": reply.status, "headers": reply.headers, "body": reply.body}
    return create_parser(protocol).parse(response, shape)


@pytest.mark.parametrize("protocol", ["smithy-rpc-v2-cbor", "json", "query"])
def test_cloudwatch_is_understood_in_each_of_its_protocols(protocol):
    """The same parameters, whatever the client speaks."""
    asked, speaks = request(protocol, "cloudwatch", "GetMetricStatistics", STATISTICS), wire("cloudwatch", protocol)
    model = service("cloudwatch")
    assert speaks.operation(model, asked) == "GetMetricStatistics"
    assert speaks.read(model.operation_model("GetMetricStatistics"), asked) == STATISTICS


@pytest.mark.parametrize("protocol", ["smithy-rpc-v2-cbor", "json", "query"])
def test_cloudwatch_answers_in_each_of_its_protocols(protocol):
    """botocore reads the same result from each."""
    reply = wire("cloudwatch", protocol).write(service("cloudwatch").operation_model("GetMetricStatistics"), DATAPOINTS)
    parsed = read_back(protocol, "cloudwatch", "GetMetricStatistics", reply)
    assert {name: parsed[name] for name in DATAPOINTS} == DATAPOINTS


@pytest.mark.parametrize("protocol", ["smithy-rpc-v2-cbor", "json", "query"])
def test_an_error_carries_its_code_and_message(protocol):
    """In each protocol, for any message."""
    error = AwsError("ResourceNotFound", "no <alarm> & “nothing”", status=404)
    reply = wire("cloudwatch", protocol).write_error(service("cloudwatch"), error)
    parsed = read_back(protocol, "cloudwatch", "DeleteAlarms", reply)
    assert (reply.status, parsed["Error"]["Code"], parsed["Error"]["Message"]) == (404, error.code, error.message)


def test_rest_json_finds_parameters_in_path_query_headers_and_body():
    """Lambda's Invoke has them in all four."""
    params = {
        "FunctionName": "arn:aws:lambda:eu-west-1:123456789012:function:ff",
        "Qualifier": "$LATEST",
        "InvocationType": "Event",
        "Payload": b'{"a": 1}',
    }
    asked, speaks, model = (
        request("rest-json", "lambda", "Invoke", params),
        wire("lambda", "rest-json"),
        service("lambda"),
    )
    assert speaks.operation(model, asked) == "Invoke"
    assert speaks.read(model.operation_model("Invoke"), asked) == params


def test_rest_json_answers_in_status_headers_and_body():
    """A function's error is a header, its payload the body."""
    result = {"StatusCode": 202, "FunctionError": "Unhandled", "Payload": b'{"\xc3\xbc": 1}'}
    reply = wire("lambda", "rest-json").write(service("lambda").operation_model("Invoke"), result)
    assert (reply.status, reply.headers["X-Amz-Function-Error"], reply.body) == (202, "Unhandled", result["Payload"])


def test_a_literal_path_wins_over_a_placeholder():
    """`/2015-03-31/functions/` names no function."""
    environ = EnvironBuilder("/2015-03-31/functions/", method="GET").get_environ()
    assert wire("lambda", "rest-json").operation(service("lambda"), Request(environ)) == "ListFunctions"


@pytest.mark.parametrize(("query", "operation"), [("", "ListLayers"), ("find=LayerVersion", "GetLayerVersionByArn")])
def test_a_literal_query_tells_operations_of_one_path_apart(query, operation):
    """Lambda finds a layer's version under the path at which it lists layers."""
    environ = EnvironBuilder("/2018-10-31/layers", method="GET", query_string=query).get_environ()
    assert wire("lambda", "rest-json").operation(service("lambda"), Request(environ)) == operation


@pytest.mark.parametrize(
    ("service_name", "operation", "body"),
    [("events", "ListRules", b"{"), ("events", "ListRules", b"\xff"), ("lambda", "CreateFunction", b"{")],
)
def test_a_body_that_is_not_of_the_protocol_is_refused(service_name, operation, body):
    """With AWS's SerializationException."""
    model = service(service_name)
    environ = EnvironBuilder("/", method="POST", data=body, content_type="application/json").get_environ()
    with pytest.raises(AwsError) as caught:
        wires(model)[0].read(model.operation_model(operation), Request(environ))
    assert caught.value.code == "SerializationException"


def test_an_empty_json_body_is_an_empty_request():
    """Some clients send none."""
    model = service("events")
    environ = EnvironBuilder("/", method="POST", data=b"").get_environ()
    assert wires(model)[0].read(model.operation_model("ListRules"), Request(environ)) == {}


def test_an_answer_in_json_says_which_version():
    """EventBridge's is 1.1, and blobs are base64."""
    reply = wires(service("kms"))[0].write(service("kms").operation_model("Encrypt"), {"CiphertextBlob": b"x"})
    assert reply.headers["Content-Type"] == "application/x-amz-json-1.1"
    assert json.loads(reply.body) == {"CiphertextBlob": base64.b64encode(b"x").decode()}


def test_the_scope_comes_from_the_header_or_from_a_presigned_url():
    """It says who asks which service where; a request without it is not signed."""
    header = EnvironBuilder("/", headers={"Authorization": SIGNED}).get_environ()
    presigned = EnvironBuilder("/", query_string={"X-Amz-Credential": "AKID/20260301/eu-west-1/events/aws4_request"})
    scope = Scope("AKID", "eu-west-1", "events")
    found = [
        Scope.of(Request(environ)) for environ in (header, presigned.get_environ(), EnvironBuilder("/").get_environ())
    ]
    assert found == [scope, scope, None]


def test_a_raw_answer_has_no_headers_unless_given():
    """A handler need not name any."""
    assert Raw({"Body": b""}).headers == {}


def test_a_slash_inside_a_label_is_no_slash_of_the_path():
    """An ARN in the path is one label, as it was sent; servers hand the path over with its quotes taken off."""
    speaks, model = wire("scheduler", "rest-json"), service("scheduler")
    arn = "arn:aws:scheduler:eu-west-1:123456789012:schedule-group/g"
    asked = request("rest-json", "scheduler", "ListTagsForResource", {"ResourceArn": arn})
    assert asked.path == f"/tags/{arn}"
    asked.environ["RAW_URI"] = "/tags/arn%3Aaws%3Ascheduler%3Aeu-west-1%3A123456789012%3Aschedule-group%2Fg?x=1"
    assert speaks.operation(model, asked) == "ListTagsForResource"
    assert speaks.read(model.operation_model("ListTagsForResource"), asked) == {"ResourceArn": arn}
