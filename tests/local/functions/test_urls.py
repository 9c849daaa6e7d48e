import json
import urllib.error
import urllib.request

import pytest
from botocore.exceptions import ClientError

SHOW = """
def handler(event, context):
    if event["rawPath"] == "/fail":
        raise ValueError("no")
    if event["rawPath"] == "/plain":
        return {"query": event.get("queryStringParameters"), "method": event["requestContext"]["http"]["method"]}
    return {"statusCode": 201, "headers": {"content-type": "text/plain"}, "body": event.get("body", "") + "!"}
"""


@pytest.fixture
def url(cloud):
    """The URL of a function that everybody may use."""
    cloud.create(SHOW)
    made = cloud.functions.create_function_url_config(FunctionName="fn", AuthType="NONE")
    rights = {"Action": "lambda:InvokeFunctionUrl", "Principal": "*", "FunctionUrlAuthType": "NONE"}
    cloud.functions.add_permission(FunctionName="fn", StatementId="all", **rights)
    return made["FunctionUrl"]


def visit(url, **more):
    """Status, content type and text of an answer."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, **more), timeout=10) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers["Content-Type"], error.read().decode()


def test_a_function_answers_at_its_url(url):
    """With its own status and headers, or with whatever it gives as JSON; its failure is a bad gateway."""
    assert visit(url, data=b"hello", method="POST") == (201, "text/plain", "hello!")
    status, kind, text = visit(f"{url}plain?a=1&a=2&b=")
    assert (status, kind) == (200, "application/json")
    assert json.loads(text) == {"query": {"a": "1,2", "b": ""}, "method": "GET"}
    assert visit(f"{url}fail")[0] == 502


def test_only_who_is_let_in_gets_an_answer(cloud, url):
    """Without a permission for everybody, and at addresses that are nobody's, it is forbidden."""
    cloud.functions.remove_permission(FunctionName="fn", StatementId="all")
    assert visit(url)[0] == 403
    assert visit(url.rstrip("/") + "x/")[0] == 403


def test_a_url_is_configured_and_taken_away(cloud, url):
    """One for a function; what cannot be served is refused by name."""
    functions = cloud.functions
    changed = functions.update_function_url_config(FunctionName="fn", Cors={"AllowOrigins": ["*"]})
    assert (changed["FunctionUrl"], changed["Cors"]) == (url, {"AllowOrigins": ["*"]})
    assert [
        each["FunctionUrl"] for each in functions.list_function_url_configs(FunctionName="fn")["FunctionUrlConfigs"]
    ]
    with pytest.raises(ClientError, match="ResourceConflictException"):
        functions.create_function_url_config(FunctionName="fn", AuthType="NONE")
    with pytest.raises(ClientError, match=r"UnsupportedLocally.*AuthType AWS_IAM"):
        functions.update_function_url_config(FunctionName="fn", AuthType="AWS_IAM")
    functions.delete_function_url_config(FunctionName="fn")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        functions.get_function_url_config(FunctionName="fn")
