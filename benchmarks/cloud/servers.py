"""The two servers that are compared, each in a process of its own."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import boto3
import uv

ROOT = Path(__file__).resolve().parents[2]
REGION = "eu-west-1"
_PATIENCE_SECONDS = 120
_MEGABYTE_KB = 1024
_FIRST_REQUEST = (
    b"POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: SageMaker.ListEndpoints\r\nContent-Length: 2\r\n"
    b"Content-Type: application/x-amz-json-1.1\r\nConnection: close\r\nAuthorization: AWS4-HMAC-SHA256 "
    b"Credential=test/20260101/eu-west-1/sagemaker/aws4_request, SignedHeaders=host, Signature=0\r\n\r\n{}"
)
_NO_PROXY = {"NO_PROXY": "localhost,127.0.0.1"}


@dataclass(frozen=True)
class Server:
    """A server that listens."""

    port: int
    pid: int

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://localhost:{self.port}"

    def session(self, access_key_id: str = "test", token: str | None = None) -> boto3.Session:
        """A session of a client that reaches nothing else."""
        return boto3.Session(access_key_id, "test", token, region_name=REGION)

    def client(self, name: str) -> object:
        """A client of its administrator."""
        return self.session().client(name, endpoint_url=self.url)  # type: ignore[call-overload]

    def memory(self, which: str = "VmRSS") -> float:
        """Its resident memory in MB; `VmHWM` is the most it ever was."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(which)) / _MEGABYTE_KB


@contextlib.contextmanager
def ours() -> Iterator[Server]:
    """`sluice up`, with everything on: validation, IAM, the history of calls."""
    with _running([sys.executable, "-m", "cli", "up", "--port", "{port}"]) as server:
        yield server


@contextlib.contextmanager
def motos() -> Iterator[Server]:
    """moto_server of the version that the kit pins, from an environment of its own under .cache."""
    with _running([str(_moto_server()), "-H", "127.0.0.1", "-p", "{port}"]) as server:
        yield server


def start_seconds() -> float:
    """From the start of `sluice up` to its first answer."""
    began = time.perf_counter()
    with ours():
        return time.perf_counter() - began


@contextlib.contextmanager
def _running(command: Sequence[str]) -> Iterator[Server]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {**os.environ, **_NO_PROXY, "AWS_EC2_METADATA_DISABLED": "true"}
    child = subprocess.Popen(
        [word.format(port=port) for word in command],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for_an_answer(port, child)
        yield Server(port, child.pid)
    finally:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _wait_for_an_answer(port: int, child: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < end and child.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE_SECONDS) as connection:
                connection.sendall(_FIRST_REQUEST)
                if connection.recv(16).startswith(b"HTTP/1.1 200"):
                    return
        except OSError:
            time.sleep(0.005)  # nobody listens yet: there is nothing else to wait for
    raise SystemExit(f"the server on port {port} did not answer (exit {child.poll()})")


def _moto_server() -> Path:
    version = importlib.metadata.version("moto")
    folder = ROOT / ".cache" / "benchmarks" / f"moto_server-{version}"
    made = folder / "made"
    if not made.exists():
        sys.stderr.write(f"making an environment for moto_server {version} (once)\n")
        python = folder / "bin" / "python"
        for arguments in (
            ["venv", "-q", "--clear", folder],
            ["pip", "install", "-q", "--python", python, f"moto[server]=={version}"],
        ):
            subprocess.run([uv.find_uv_bin(), *arguments], check=True)
        made.touch()
    return folder / "bin" / "moto_server"
