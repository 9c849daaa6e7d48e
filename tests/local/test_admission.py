import gzip
import json
import sys

import pytest
from werkzeug.test import Client, EnvironBuilder, run_wsgi_app

from local import admission
from local.front import Family, Front
from local.moto.app import moto_app, reset_moto

REGION = "eu-west-1"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def front():
    """EventBridge's rules, of which one operation is known, in front of moto."""
    yield Front(
        [Family("events", {"ListRules": lambda params, call: {"Rules": []}})], fallback=moto_app(), region=REGION
    )
    reset_moto()


def signed(service):
    """The header of a request that is signed for a service."""
    scope = f"AKID/20260301/{REGION}/{service}/aws4_request"
    return {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"}


def ask(front, target, body, headers=None):
    """Send a JSON request and give status, code and message of the answer."""
    service = {"AWSEvents": "events", "AmazonSSM": "ssm", "DynamoDB_20120810": "dynamodb"}[target.partition(".")[0]]
    headers = {"X-Amz-Target": target, **(signed(service) if headers is None else headers)}
    answer = Client(front).post("/", headers=headers, data=body, content_type="application/x-amz-json-1.1")
    said = json.loads(answer.data)
    return answer.status_code, said.get("__type"), said.get("message")


@pytest.mark.parametrize("target", ["AWSEvents.ListRules", "AmazonSSM.GetParameter"])
@pytest.mark.parametrize("body", ["{", "[]", "null x", "\ud800".encode("utf-8", "surrogatepass"), b"\x00"])
def test_a_body_that_is_not_json_is_refused(front, target, body):
    """By ours and before moto's, with AWS's SerializationException."""
    assert ask(front, target, body)[:2] == (400, "SerializationException")


@pytest.mark.parametrize("target", ["AWSEvents.FlyToTheMoon", "AmazonSSM.FlyToTheMoon"])
def test_an_unknown_target_is_refused(front, target):
    """By ours and before moto's."""
    assert ask(front, target, "{}")[:2] == (400, "UnknownOperationException")


@pytest.mark.parametrize(
    ("service", "form", "code"),
    [
        ("sns", "Action=FlyToTheMoon", b"<Code>InvalidAction</Code>"),
        ("iam", "Version=2010-05-08", b"<Code>InvalidAction</Code>"),
        ("iam", "Action=GetRole", b"<Code>ValidationError</Code>"),
    ],
)
def test_a_query_that_names_nothing_is_refused_in_xml(front, service, form, code):
    """As clients of that protocol read it."""
    answer = Client(front).post("/", headers=signed(service), data=form, content_type=FORM)
    assert answer.status_code == 400
    assert code in answer.data


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("PATCH", "/bucket", b"", 405, b"<Code>MethodNotAllowed</Code>"),
        ("PUT", "/bucket", b"<CreateBucketConfiguration", 400, b"<Code>MalformedXML</Code>"),
        ("POST", "/bucket?delete", b"nonsense", 400, b"<Code>MalformedXML</Code>"),
        ("GET", "/bucket?max-keys=many", b"", 400, b"<Code>InvalidArgument</Code>"),
    ],
)
def test_s3_says_what_is_wrong_in_its_own_xml(front, method, path, body, status, code):
    """Methods, bodies and numbers."""
    answer = Client(front).open(path, method=method, headers=signed("s3"), data=body, content_type="text/xml")
    assert (answer.status_code, answer.mimetype) == (status, "application/xml")
    assert code in answer.data


def test_what_moto_would_choke_on_is_a_broken_constraint(front):
    """A missing member of a service of moto's."""
    status, code, message = ask(front, "DynamoDB_20120810.PutItem", "{}")
    assert (status, code) == (400, "ValidationException")
    assert "Value null at 'tableName' failed to satisfy constraint: Member must not be null" in message


@pytest.mark.parametrize(
    ("header", "status", "code", "message"),
    [
        ({}, 403, "MissingAuthenticationTokenException", "Missing Authentication Token"),
        (
            {"Authorization": f"AWS4-HMAC-SHA256 Credential=AKID/20260301/{REGION}/ssm/aws4_request"},
            403,
            "IncompleteSignature",
            "Authorization header requires 'SignedHeaders' parameter. "
            "Authorization header requires 'Signature' parameter.",
        ),
        (
            {"Authorization": "AWS4-HMAC-SHA256 Credential=AKID, SignedHeaders=host, Signature=0"},
            403,
            "IncompleteSignature",
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term",
        ),
    ],
)
def test_a_signature_has_a_shape(front, header, status, code, message):
    """What has not is told what is missing."""
    assert ask(front, "AmazonSSM.GetParameter", '{"Name": "p"}', header) == (status, code, message)


@pytest.mark.parametrize(
    ("service", "path", "status", "code"),
    [
        ("events", "/", 413, b"RequestEntityTooLargeException"),
        ("ssm", "/", 413, b"RequestEntityTooLargeException"),
        ("s3", "/bucket/key", 400, b"EntityTooLarge"),
    ],
)
def test_a_body_that_is_too_long_is_not_read(front, monkeypatch, service, path, status, code):
    """It is refused by the length it is said to have."""
    monkeypatch.setattr(admission, "_MOST_BYTES_OF_OBJECT", 70_000_000)
    environ = EnvironBuilder(path, method="PUT", headers=signed(service)).get_environ()
    body, said, _ = run_wsgi_app(front, environ | {"CONTENT_LENGTH": "99000000"})
    assert int(said[:3]) == status
    assert code in b"".join(body)


@pytest.mark.parametrize(
    ("service", "method", "target", "what"),
    [
        ("devops-guru", "GET", "", "the service devops-guru"),
        ("flyingcarpets", "POST", "Carpets.Fly", "the service flyingcarpets"),
        ("ssm", "POST", "AmazonSSM.DescribeActivations", "ssm:DescribeActivations"),
    ],
)
def test_what_moto_has_not_is_refused_by_name(front, service, method, target, what):
    """Operations and whole services."""
    path = "/" if target else "/accounts/health"
    headers = signed(service) | ({"X-Amz-Target": target} if target else {})
    answer = Client(front).open(path, method=method, headers=headers, data="{}")
    assert answer.status_code == 400
    assert f"The local cloud does not support {what}." in answer.text


def test_a_message_needs_a_target(front):
    """And its ARN the shape of one: moto would fail."""
    headers = signed("sns")
    answer = Client(front).post("/", headers=headers, data="Action=Publish&Message=m", content_type=FORM)
    assert (answer.status_code, "<Code>InvalidParameter</Code>" in answer.text) == (400, True)
    assert "TopicArn or TargetArn Reason: no value for required parameter" in answer.text
    form = "Action=Publish&Message=m&TopicArn=t"
    answer = Client(front).post("/", headers=headers, data=form, content_type=FORM)
    assert (answer.status_code, "<Message>Invalid parameter: TopicArn</Message>" in answer.text) == (400, True)


def test_motos_own_pages_are_closed(front):
    """They would empty every service, and moto takes requests for S3 to be theirs."""
    asked = [("/moto-api/reset", {}), ("/moto-api/reset?uploads", signed("s3")), ("/moto-api/data.json", {})]
    for path, headers in asked:
        answer = Client(front).post(path, headers=headers)
        assert (answer.status_code, "does not support moto's own pages" in answer.text) == (400, True)


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer a/b/c/iam/d"}, {"Host": "iam.amazonaws.com"}])
def test_who_does_not_sign_reaches_no_service_by_a_form(front, header):
    """Whatever moto would take the request for."""
    form = "Action=CreateUser&UserName=nobodys&Version=2010-05-08"
    answer = Client(front).post("/", headers=header, data=form, content_type=FORM)
    assert (answer.status_code, "MissingAuthenticationToken" in answer.text) == (403, True)
    listed = Client(front).post("/", headers=signed("iam"), data="Action=ListUsers", content_type=FORM)
    assert (listed.status_code, "nobodys" in listed.text) == (200, False)


def test_one_operation_is_named_in_one_place(front):
    """What is judged is what is run."""
    headers = signed("iam")
    form = "Action=CreateUser&UserName=second&Version=2010-05-08"
    answer = Client(front).post("/?Action=ListUsers&Version=2010-05-08", headers=headers, data=form, content_type=FORM)
    assert (answer.status_code, "MalformedQueryString" in answer.text) == (404, True)


@pytest.mark.parametrize("path", ["/", "/?Action=DeleteParameter"])
def test_a_value_is_no_operation(front, path):
    """Nor is a query string that JSON's protocol has no use for: moto would take either for the operation."""
    target = "AmazonSSM.PutParameter"
    body = {"Name": "url", "Value": "https://a/?b=c&Action=DeleteParameter&d=e", "Type": "String", "Overwrite": True}
    headers = {"X-Amz-Target": target, "Action": "DeleteParameter", **signed("ssm")}
    answer = Client(front).post(path, headers=headers, data=json.dumps(body), content_type="application/x-amz-json-1.1")
    assert answer.status_code == 200
    headers = {"X-Amz-Target": "AmazonSSM.GetParameter", **signed("ssm")}
    held = Client(front).post("/", headers=headers, data='{"Name": "url"}')
    assert json.loads(held.data)["Parameter"]["Value"] == body["Value"]


def test_a_body_that_unpacks_without_end_is_not_unpacked(front, monkeypatch):
    """What AWS takes is all that is read."""
    monkeypatch.setattr(admission, "_MOST_BYTES", 1_000_000)
    headers = {"X-Amz-Target": "AWSEvents.ListRules", "Content-Encoding": "gzip", **signed("events")}
    answer = Client(front).post("/", headers=headers, data=gzip.compress(b" " * 20_000_000))
    assert (answer.status_code, json.loads(answer.data)["__type"]) == (413, "RequestEntityTooLargeException")


def test_a_service_whose_library_is_not_here_is_refused_by_name(front, monkeypatch):
    """moto's Glue reads expressions with a library of its own, which is not among ours."""
    for name in [name for name in sys.modules if name.startswith("moto.glue")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyparsing", None)
    headers = signed("glue") | {"X-Amz-Target": "AWSGlue.GetDatabases"}
    answer = Client(front).open("/", method="POST", headers=headers, data="{}")
    assert answer.status_code == 400
    assert "does not support the service glue: it needs the library pyparsing, which is not installed" in answer.text


def test_a_crash_of_moto_is_an_internal_failure(front, monkeypatch):
    """In the protocol of the service, and the next request is served."""

    def broken(environ, start_response):
        raise KeyError("a defect of moto")

    crashing = Front([], fallback=broken, region=REGION)
    status, code, message = ask(crashing, "AmazonSSM.GetParameter", '{"Name": "p"}')
    assert (status, code, message) == (500, "InternalFailure", "the local cloud failed in ssm:GetParameter")
    assert ask(front, "AmazonSSM.GetParameter", '{"Name": "p"}')[1] == "ParameterNotFound"
