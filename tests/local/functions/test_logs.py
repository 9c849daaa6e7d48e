import json
import time
from concurrent.futures import ThreadPoolExecutor

LOGS = """
import logging, sys
log = logging.getLogger("app")
log.setLevel("INFO")
def handler(event, context):
    log.debug("too fine")
    log.info("counted %d", 2, extra={"model": "credit-risk"})
    print("plain")
    try:
        1 / 0
    except ZeroDivisionError:
        log.exception("failed")
    sys.stderr.write("to the error stream")
    if event: raise ValueError("bad")
"""


def test_the_text_log_has_lambdas_lines(cloud):
    """Start, what the function wrote, end and report, one event each."""
    cloud.create(LOGS)
    cloud.invoke()
    lines = cloud.log()
    request_id = lines[0].split()[2]
    assert lines[0] == f"START RequestId: {request_id} Version: $LATEST"
    assert lines[1].startswith("[INFO]\t")
    assert lines[1].endswith(f"\t{request_id}\tcounted 2")
    assert lines[2] == "plain"
    assert lines[3].split("\r")[0].endswith("failed")
    assert lines[3].endswith("ZeroDivisionError: division by zero")
    assert lines[4] == "to the error stream"
    assert lines[5] == f"END RequestId: {request_id}"
    assert lines[6].startswith(f"REPORT RequestId: {request_id}\tDuration: ")
    assert lines[6].count("Init Duration") == 1
    assert len(lines) == 7


def test_an_error_is_in_the_text_log(cloud):
    """As one event."""
    cloud.create(LOGS)
    cloud.invoke(1)
    [error] = [line for line in cloud.log() if line.startswith("[ERROR] ")]
    assert error.startswith("[ERROR] ValueError: bad\rTraceback (most recent call last):\r")


def test_the_json_log_has_records_as_objects(cloud):
    """With timestamp, level, message, logger and request id, and what `extra` adds."""
    cloud.create(LOGS, LoggingConfig={"LogFormat": "JSON"})
    cloud.invoke()
    lines = cloud.log()
    start, info, failed, report = (json.loads(lines[number]) for number in (0, 1, 3, 5))
    assert (start["type"], report["type"], report["record"]["status"]) == (
        "platform.start",
        "platform.report",
        "success",
    )
    request_id = start["record"]["requestId"]
    assert {name: value for name, value in info.items() if name != "timestamp"} == {
        "level": "INFO",
        "message": "counted 2",
        "logger": "app",
        "model": "credit-risk",
        "requestId": request_id,
    }
    assert info["timestamp"].endswith("Z")
    assert (failed["level"], failed["errorType"], failed["errorMessage"]) == (
        "ERROR",
        "ZeroDivisionError",
        "division by zero",
    )
    assert lines[2] == "plain"


def test_an_error_is_in_the_json_log(cloud):
    """With its type and its trace."""
    cloud.create(LOGS, LoggingConfig={"LogFormat": "JSON"})
    cloud.invoke(1)
    records = [json.loads(line) for line in cloud.log() if line.startswith("{")]
    [error] = [record for record in records if record.get("errorType") == "ValueError"]
    assert (error["log_level"], error["errorMessage"], len(error["stackTrace"])) == ("ERROR", "bad", 1)
    assert records[-1]["record"]["status"] == "error"


def test_the_application_log_level_is_that_of_the_configuration(cloud):
    """Lambda sets the root logger's."""
    cloud.create(
        "import logging\ndef handler(e, c):\n    logging.info('fine')\n    logging.warning('loud')",
        LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "WARN"},
    )
    cloud.invoke()
    written = [json.loads(line).get("message") for line in cloud.log()]
    assert [message for message in written if message] == ["loud"]


def test_a_log_can_go_to_a_group_of_another_name(cloud):
    """That of the configuration."""
    cloud.create("def handler(e, c): print('here')", LoggingConfig={"LogGroup": "/ml/releases"})
    cloud.invoke()
    assert "here" in cloud.log("/ml/releases")


def test_a_module_that_fails_to_load_says_so_in_the_log(cloud):
    """There is nowhere else to look."""
    cloud.create("import absent")
    cloud.invoke()
    assert any("Runtime.ImportModuleError" in line for line in cloud.log())


def test_a_function_that_was_deleted_while_it_ran_leaves_no_log_group(cloud, tmp_path):
    """Its group was deleted with it, and a next deployment must be able to make both anew."""
    begun = tmp_path / "begun"
    cloud.create(f"import pathlib, time\ndef handler(e, c):\n pathlib.Path({str(begun)!r}).touch(); time.sleep(0.5)")
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(cloud.invoke)
        while not begun.exists():
            time.sleep(0.01)
        cloud.functions.delete_function(FunctionName="fn")
    answer.exception()
    assert cloud.client("logs").describe_log_groups()["logGroups"] == []
