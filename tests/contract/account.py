"""The account that a contract test talks to: the local cloud, or a real one when SLUICE_TEST_AWS is 1."""

import contextlib
import functools
import io
import json
import os
import re
import secrets
import tarfile
import time
from pathlib import Path

import boto3
from botocore.exceptions import ClientError

from env import images

REAL = os.environ.get("SLUICE_TEST_AWS") == "1"
ANSWERS = Path(os.environ.get("SLUICE_TEST_ANSWERS", "contract-answers.json"))

_GONE = re.compile(r"could not find|cannot find|not found|notfound|does not exist|nosuch|nonexistent", re.IGNORECASE)

CODE = """
def model_fn(folder):
    with open(folder + "/word") as file:
        return file.read()

def input_fn(body, content_type):
    return body if isinstance(body, str) else body.decode()

def predict_fn(data, model):
    return f"{model} {data}"

def output_fn(prediction, accept):
    return prediction, accept
"""
"""A model that says its word before what it is sent; it needs the standard library alone."""


def archive(word):
    """A model.tar.gz of that code."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, text in {"code/inference.py": CODE, "word": word}.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            tar.addfile(entry, io.BytesIO(text.encode()))
    return buffer.getvalue()


class Account:
    """Clients of one account, names that nobody else has, and what is to be undone at the end, last first."""

    def __init__(self, session, *, endpoint_url=None) -> None:
        self._session, self._endpoint_url = session, endpoint_url
        self.region = session.region_name
        self.id = self.client("sts").get_caller_identity()["Account"]
        self._prefix = f"sluice-contract-{secrets.token_hex(3)}"
        self._undoing = contextlib.ExitStack()

    @functools.cache  # noqa: B019 - as long-lived as the tests
    def client(self, name):
        """A client with the credentials of whoever runs the tests."""
        return self._session.client(name, endpoint_url=self._endpoint_url)

    def client_as(self, name, role_arn):
        """A client that acts as a role, which may take a moment to be assumable."""
        assumed = self.patiently(
            lambda: self.client("sts").assume_role(RoleArn=role_arn, RoleSessionName="contract"), "AccessDenied"
        )["Credentials"]
        session = boto3.Session(
            aws_access_key_id=assumed["AccessKeyId"],
            aws_secret_access_key=assumed["SecretAccessKey"],
            aws_session_token=assumed["SessionToken"],
            region_name=self.region,
        )
        return session.client(name, endpoint_url=self._endpoint_url)

    def name(self, what):
        """A name of this run's own."""
        return f"{self._prefix}-{what}"

    def image(self):
        """The image that serves."""
        return images.uri("sklearn:1.4-2", region=self.region)

    def arn(self, service, resource):
        """An ARN of this account and region."""
        return f"arn:aws:{service}:{self.region}:{self.id}:{resource}"

    def later(self, undo, *arguments, **named):
        """Undo something when the tests have ended; that it is gone already is no failure."""

        def gone_or_undone():
            try:
                undo(*arguments, **named)
            except ClientError as error:
                if not _GONE.search(str(error)):
                    raise

        self._undoing.callback(gone_or_undone)

    def close(self):
        """Undo everything; what fails does not keep the rest, and is told: it may cost money."""
        self._undoing.close()

    def until(self, look, reached, *, minutes=20):
        """What `look` gives as soon as `reached` says so of it; fails when that takes longer, in AWS's minutes."""
        pause, deadline = (0.1, 90) if not REAL else (5, minutes * 60)
        end = time.monotonic() + deadline
        while not reached(found := look()):
            assert time.monotonic() < end, found
            time.sleep(pause)
        return found

    def patiently(self, call, *codes):
        """What a call gives once new roles have spread; until then it fails with one of the codes."""
        end = time.monotonic() + (60 if REAL else 5)
        while True:
            try:
                return call()
            except ClientError as error:
                if error.response["Error"]["Code"] not in codes or time.monotonic() > end:
                    raise
                time.sleep(5 if REAL else 0.2)


def refused(call, **arguments):
    """The code and message with which a call is refused; None when it is not."""
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["Error"]["Message"]
    return None


def answer(question, found, *, here):
    """Take down what an account answers to a question that AWS's documents leave open.

    The local cloud plays `here`; a real account's answer is written down next to it, whatever it is.
    """
    if not REAL:
        assert found == here
        return
    known = json.loads(ANSWERS.read_text()) if ANSWERS.exists() else {}
    known[question] = {"answer": found, "the local cloud plays": here, "same": found == here}
    ANSWERS.write_text(json.dumps(known, indent=2, default=str) + "\n")
