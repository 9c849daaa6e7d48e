import base64
import json
import os

import pytest
from botocore.exceptions import ClientError


def test_the_real_handler_runs(cloud):
    """With the event, and what it returns comes back as JSON."""
    cloud.create("def handler(event, context): return {'double': event['n'] * 2, 'ü': 'é'}")
    answer = cloud.functions.invoke(FunctionName="fn", Payload=json.dumps({"n": 21}))
    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
    assert json.loads(answer["Payload"].read()) == {"double": 42, "ü": "é"}


def test_the_context_tells_where_the_handler_runs(cloud):
    """Every member that AWS documents."""
    cloud.create(
        """
        def handler(event, context):
            names = ("function_name", "function_version", "invoked_function_arn", "memory_limit_in_mb",
                     "log_group_name", "identity", "client_context")
            left = context.get_remaining_time_in_millis()
            return {name: getattr(context, name) for name in names} | {
                "left": 0 < left <= 9000, "id": len(context.aws_request_id), "stream": context.log_stream_name[10:20]}
        """,
        Timeout=9,
        MemorySize=256,
    )
    context = base64.b64encode(b'{"custom": {"a": "b"}}').decode()
    assert cloud.invoke(ClientContext=context)[0] == {
        "function_name": "fn",
        "function_version": "$LATEST",
        "invoked_function_arn": "arn:aws:lambda:eu-west-1:123456789012:function:fn",
        "memory_limit_in_mb": "256",
        "log_group_name": "/aws/lambda/fn",
        "identity": None,
        "client_context": {"custom": {"a": "b"}},
        "left": True,
        "id": 36,
        "stream": "/[$LATEST]",
    }


def test_the_environment_is_lambdas_and_nothing_of_this_process(cloud, monkeypatch):
    """The function's variables, Lambda's own, and the address of the cloud."""
    monkeypatch.setenv("SECRET_OF_THE_USER", "x")
    cloud.create(
        "import os\ndef handler(event, context): return dict(os.environ)", Environment={"Variables": {"STAGE": "local"}}
    )
    variables, _ = cloud.invoke()
    assert "SECRET_OF_THE_USER" not in variables
    assert {name: variables[name] for name in ("STAGE", "AWS_REGION", "AWS_LAMBDA_FUNCTION_NAME", "_HANDLER")} == {
        "STAGE": "local",
        "AWS_REGION": "eu-west-1",
        "AWS_LAMBDA_FUNCTION_NAME": "fn",
        "_HANDLER": "app.handler",
    }
    assert variables["AWS_ENDPOINT_URL"] == cloud.services.endpoint_url


def test_a_function_calls_the_cloud_under_its_own_role(cloud):
    """With boto3, which the runtime brings along."""
    cloud.create(
        "import boto3\ndef handler(event, context): return boto3.client('sts').get_caller_identity()['Arn']", Timeout=30
    )
    assert cloud.invoke() == ("arn:aws:sts::123456789012:assumed-role/fn/fn", None)


@pytest.mark.parametrize("module", ["pydantic", "moto", "local", "cli"])
def test_what_is_not_packaged_cannot_be_imported(cloud, module):
    """AWS's runtime has boto3 alone: neither the libraries of this environment nor the checkout are there."""
    cloud.create(f"import {module}\ndef handler(event, context): return 1")
    payload, error = cloud.invoke()
    assert (payload["errorType"], error) == ("Runtime.ImportModuleError", "Unhandled")
    assert payload["errorMessage"] == f"Unable to import module 'app': No module named '{module}'"


def test_packages_of_the_archive_are_found(cloud):
    """And come before any other of their name, such as the checkout's."""
    cloud.create(
        "import lambdas.where\ndef handler(event, context): return lambdas.where.here",
        files={"lambdas/where.py": "here = 'the archive'", "lambdas/__init__.py": ""},
    )
    assert cloud.invoke() == ("the archive", None)


def test_an_error_of_the_handler_is_its_answer(cloud):
    """In Lambda's documented shape, without frames of the runtime."""
    cloud.create("def handler(event, context):\n    raise ValueError('no such model')")
    payload, error = cloud.invoke()
    assert error == "Unhandled"
    assert (payload["errorType"], payload["errorMessage"]) == ("ValueError", "no such model")
    assert len(payload["requestId"]) == 36
    [frame] = payload["stackTrace"]
    assert "app.py" in frame
    assert "in handler" in frame


@pytest.mark.parametrize(
    ("handler", "source", "kind", "message"),
    [
        ("app", "", "Runtime.MalformedHandlerName", "Bad handler 'app'"),
        ("app.absent", "", "Runtime.HandlerNotFound", "Handler 'absent' missing on module 'app'"),
        ("gone.handler", "", "Runtime.ImportModuleError", "Unable to import module 'gone': No module named 'gone'"),
        ("app.handler", "def (", "Runtime.UserCodeSyntaxError", "Syntax error in module 'app'"),
        ("app.handler", "1 / 0", "ZeroDivisionError", "division by zero"),
        ("app.handler", "def handler(e, c): return {1, 2}", "Runtime.MarshalError", "Unable to marshal response"),
    ],
)
def test_what_can_be_wrong_with_a_handler_has_a_name(cloud, handler, source, kind, message):
    """The runtime's error types."""
    cloud.create(source, Handler=handler)
    payload, error = cloud.invoke()
    assert (payload["errorType"], error) == (kind, "Unhandled")
    assert payload["errorMessage"].startswith(message)


def test_a_handler_that_takes_too_long_is_ended(cloud):
    """After its timeout; the next invocation gets a new process."""
    cloud.create(
        """
        import os, time
        def handler(event, context):
            print("begun")
            time.sleep(event)
            return os.getpid()
        """,
        Timeout=1,
    )
    before, _ = cloud.invoke(0)
    payload, error = cloud.invoke(600)
    after, _ = cloud.invoke(0)
    assert (payload["errorType"], error) == ("Sandbox.Timedout", "Unhandled")
    assert payload["errorMessage"].endswith("Error: Task timed out after 1.00 seconds")
    assert after != before
    assert any(line.endswith("Task timed out after 1.00 seconds") for line in cloud.log())
    assert cloud.log().count("begun") == 3


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("import sys; sys.exit(3)", "Runtime exited with error: exit status 3"),
        ("import os; os._exit(0)", "Runtime exited without providing a reason"),
        ("import os; os.kill(os.getpid(), 9)", "Runtime exited with error: signal: killed"),
    ],
)
def test_a_process_that_ends_is_an_error_of_the_platform(cloud, program, message):
    """It says how the process ended."""
    cloud.create(f"def handler(event, context):\n    {program}")
    payload, _ = cloud.invoke()
    assert payload["errorType"] == "Runtime.ExitError"
    assert payload["errorMessage"].endswith(f"Error: {message}")


def test_a_warm_process_serves_the_next_invocation(cloud):
    """The module is loaded once; state of the module stays."""
    cloud.create("n = 0\ndef handler(event, context):\n    global n\n    n += 1\n    return n")
    assert [cloud.invoke()[0] for _ in range(3)] == [1, 2, 3]


def test_large_events_and_answers_pass(cloud):
    """Up to Lambda's six megabytes."""
    cloud.create()
    event = {"text": "x" * 5_000_000}
    assert cloud.invoke(event) == (event, None)


def test_a_talkative_handler_does_not_stall(cloud):
    """Output is read while it runs, however much there is; a child of the handler reads no invocation."""
    cloud.create(
        """
        import subprocess, sys
        def handler(event, context):
            for _ in range(5_000):
                print("x" * 50)
            return subprocess.run(["cat"], capture_output=True).stdout.decode()
        """,
        Timeout=30,
    )
    assert cloud.invoke({"secret": 1}) == ("", None)
    assert len(cloud.log()) == 5_003


def test_the_tail_of_the_log_comes_with_the_answer_when_asked_for(cloud):
    """At most four kilobytes of it."""
    cloud.create("def handler(event, context):\n    for n in range(1000): print('line', n)")
    tail = base64.b64decode(
        cloud.functions.invoke(FunctionName="fn", LogType="Tail")["LogResult"],
    ).decode()
    assert len(tail) == 4096
    assert "line 999\nEND RequestId" in tail
    assert "LogResult" not in cloud.functions.invoke(FunctionName="fn")


def test_a_dry_run_runs_nothing(cloud):
    """It only says that it could."""
    cloud.create("raise SystemExit")
    assert cloud.functions.invoke(FunctionName="fn", InvocationType="DryRun")["StatusCode"] == 204


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"Payload": b"{"}, "InvalidRequestContentException"),
        ({"ClientContext": "%%%"}, "InvalidRequestContentException"),
        ({"FunctionName": "absent"}, "ResourceNotFoundException"),
        ({"Qualifier": "7"}, "ResourceNotFoundException"),
        ({"Qualifier": "live"}, "ResourceNotFoundException"),
    ],
)
def test_an_invocation_that_cannot_be_is_refused(cloud, params, code):
    """Before anything runs."""
    cloud.create()
    with pytest.raises(ClientError) as caught:
        cloud.functions.invoke(**{"FunctionName": "fn", **params})
    assert caught.value.response["Error"]["Code"] == code


def test_a_function_has_several_names(cloud):
    """Its name, its partial ARN, its ARN, each with or without a version."""
    arn = cloud.create()["FunctionArn"]
    names = ("fn", "123456789012:function:fn", arn, f"{arn}:$LATEST", "fn:$LATEST")
    assert [cloud.invoke(1, name=name)[0] for name in names] == [1] * 5


def test_the_process_is_not_this_one(cloud):
    """Nothing of a handler's happens in here."""
    cloud.create("import os\ndef handler(event, context): return os.getpid()")
    assert cloud.invoke()[0] != os.getpid()
