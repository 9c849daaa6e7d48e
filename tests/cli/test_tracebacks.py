from cli.running.tracebacks import exception, excerpt, headline

BEGINS = "Traceback (most recent call last):"
SCRIPT = [
    "++ echo 'Running'",
    "epoch 1",
    BEGINS,
    'File "/opt/ml/input/data/code/train.py", line 30, in fit',
    'raise RuntimeError("my bug")',
    "RuntimeError: my bug",
]
DRIVER = [
    f"Command failed with exit code 1. Traceback: {BEGINS}",
    "subprocess.CalledProcessError: Command 'python train.py' returned non-zero exit status 1.",
    "+++ handle_error",
    "An error occurred with exit code 1",
]


def test_the_authors_exception_is_found_before_the_drivers():
    """The SDK's driver raises one of its own that says nothing, and its shell writes every command."""
    assert exception(SCRIPT + DRIVER) == "RuntimeError: my bug"
    assert excerpt(SCRIPT + DRIVER, most=3) == SCRIPT[-3:]
    assert excerpt(SCRIPT + DRIVER, most=9) == SCRIPT[1:]
    assert excerpt(["before"] * 9 + SCRIPT, most=99) == ["before", "epoch 1", *SCRIPT[2:]]


def test_without_a_traceback_no_line_is_an_exception():
    """A program may write of errors that it has got over."""
    lines = ["retrying after TimeoutError: too slow", "TimeoutError: too slow", "+ exit 1", "", "gave up"]
    assert exception(lines) is None
    assert excerpt(lines, most=2) == ["TimeoutError: too slow", "gave up"]


def test_an_exception_without_a_message_is_one():
    """And one of a package bears its name."""
    assert exception([BEGINS, "  File ...", "KeyboardInterrupt"]) == "KeyboardInterrupt"
    assert exception([BEGINS, "botocore.exceptions.ClientError: denied"]) == "botocore.exceptions.ClientError: denied"


def test_a_headline_ends_before_the_traceback():
    """It is a line of a table."""
    assert headline(f"AlgorithmError: exit code: 1, {BEGINS}\n  File") == "AlgorithmError: exit code: 1"
    assert headline("Not registered: AUC is low.") == "Not registered: AUC is low."
    assert headline("") == ""
