import functools
import subprocess
import sys
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

from cli.compiling import author
from cli.compiling.offline import answers as offline
from cli.compiling.offline import faults

ROOT = Path(__file__).parents[2]
VALUES = {
    **{"account": "000000000000", "role": "arn:aws:iam::000000000000:role/r"},
    **{"bucket": "artifacts", "default_bucket": "own"},
}


@pytest.fixture
def client(tmp_path):
    """Makes AWS clients that hear the offline answers; uploads land in the test's folder."""
    answers = offline.Answers(tmp_path, VALUES)

    @functools.cache
    def client(service):
        session = boto3.Session(aws_access_key_id="a", aws_secret_access_key="b", region_name="eu-west-1")
        session.events.register("before-send", answers.answer)
        return session.client(service, config=Config(request_checksum_calculation="when_required"))

    return client


@pytest.fixture
def raised(tmp_path):
    """The error that an author's file raises when it is loaded."""

    def raised(source):
        (tmp_path / "pipeline.py").write_text(source)
        try:
            exec(compile(source, str(tmp_path / "pipeline.py"), "exec"), {"NetworkUseError": offline.NetworkUseError})
        except (LookupError, OSError, SyntaxError, ValueError) as error:
            return error
        return None

    return raised


def test_sets_have_one_order(tmp_path):
    """An author's set of names is in the same order in each compiling process, or a lock would never be up to date."""
    program = [sys.executable, "-c", "print({*'abcdefghij'})"]
    environment = author._environment(tmp_path)
    said = {subprocess.run(program, env=environment, capture_output=True, check=True).stdout for _ in range(2)}
    assert len(said) == 1


def test_the_caller_is_nobody(client):
    """Who asks who they are hears the account of compiling."""
    assert client("sts").get_caller_identity()["Account"] == "000000000000"


def test_the_role_is_the_pipelines(client):
    """Who looks the role up hears of the one that get_pipeline is given."""
    assert client("iam").get_role(RoleName="r")["Role"]["Arn"] == VALUES["role"]


def test_uploads_are_kept(client, tmp_path):
    """An object that is put is a file under its bucket and key."""
    client("s3").put_object(Bucket="artifacts", Key="code/my step.py", Body=b"print()")
    assert (tmp_path / "artifacts" / "code" / "my step.py").read_bytes() == b"print()"


def test_large_uploads_come_in_parts(client, tmp_path):
    """A file that boto3 sends in several requests is one file, in the order of its parts."""
    place = {"Bucket": "artifacts", "Key": "data.csv"}
    started = client("s3").create_multipart_upload(**place)["UploadId"]
    for number in (2, 1):
        client("s3").upload_part(**place, UploadId=started, PartNumber=number, Body=f"part {number};".encode())
    client("s3").complete_multipart_upload(**place, UploadId=started)
    assert (tmp_path / "artifacts" / "data.csv").read_text() == "part 1;part 2;"


def test_the_bucket_exists(client):
    """The artifact bucket is there, so that nothing tries to create it."""
    assert [bucket["Name"] for bucket in client("s3").list_buckets()["Buckets"]] == ["artifacts", "own"]
    client("s3").head_bucket(Bucket="artifacts")


def test_other_calls_are_refused_by_name(client):
    """A call that needs AWS is told by service and operation."""
    with pytest.raises(offline.NetworkUseError, match=r"AWS's sagemaker\.ListModels"):
        client("sagemaker").list_models()


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("\n\nraise ValueError('rate\\nis negative')", "pipeline.py:3 raises ValueError: rate is negative"),
        ("def (", "pipeline.py:1 raises SyntaxError: invalid syntax"),
        ("raise KeyError()", "pipeline.py:1 raises KeyError: no message"),
        (
            "import json\njson.loads('x')",
            "pipeline.py:2 raises JSONDecodeError: Expecting value: line 1 column 1 (char 0)",
        ),
    ],
    ids=["a message", "syntax", "no message", "within a library"],
)
def test_an_authors_error_is_told_with_its_line(raised, tmp_path, source, sentence):
    """An author reads file, line and message of the error in the author's own code, in one line."""
    assert faults.told(raised(source), tmp_path) == sentence


def test_network_use_is_told_though_a_library_hides_it(raised, tmp_path):
    """An attempt to use the network is told as such, whatever error a library makes of it."""
    source = "try:\n    raise NetworkUseError('the host x')\nexcept Exception as e:\n    raise OSError('down') from e"
    assert faults.told(raised(source), tmp_path) == (
        "pipeline.py:4 asks for the host x, but a pipeline is compiled without network; "
        "use the arguments of get_pipeline or pipeline parameters."
    )


@pytest.mark.parametrize(
    ("attempt", "host"),
    [
        ("import urllib.request; urllib.request.urlopen('http://localhost:1')", "localhost"),
        ("import socket; socket.socket().connect(('127.0.0.1', 1))", "127.0.0.1"),
    ],
    ids=["by name", "by address"],
)
def test_the_network_is_closed(attempt, host):
    """In a process whose network is closed, every connection is refused with the host's name."""
    program = f"from cli.compiling.offline import answers; answers.close_network(); {attempt}"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert f"NetworkUseError: the host {host}" in done.stderr
