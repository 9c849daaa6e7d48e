"""`sluice up`: the local cloud in the foreground. The only module of this room that imports it."""

from __future__ import annotations

import math
import os
import signal
import threading
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

import env
from cli.checkout import ROOT
from cli.connection import LOCAL
from cli.errors import WrongUseError
from cli.printing import out
from env.errors import EnvError

if TYPE_CHECKING:
    from local.cloudformation import Rollbacks

_FASTEST = 10_000
_ROLLBACKS = ("unnoticed", "noticed", "noticed-again", "stuck")


@click.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=4566,
    show_default=True,
    help="Where to listen on 127.0.0.1; 0 takes any free port.",
)
@click.option(
    "--speed",
    type=click.FloatRange(0, _FASTEST, min_open=True),
    default=1.0,
    show_default=True,
    callback=lambda _context, _option, value: _number(value),
    help="Simulated seconds per second: bakes and schedules shrink.",
)
@click.option(
    "--rollbacks",
    type=click.Choice(_ROLLBACKS),
    default="unnoticed",
    show_default=True,
    help="What CloudFormation makes of a deployment that SageMaker takes back, which AWS leaves open.",
)
@click.option(
    "--state",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep what it holds in this folder, and go on from there; without, it ends with the process.",
)
def up(port: int, speed: float, rollbacks: Rollbacks, state: Path | None) -> None:
    """Run the local cloud until Ctrl-C; print the variables that point any AWS client at it."""
    # Imported late: every other command does without the local cloud and its import time.
    from local.bootstrap import bootstrap
    from local.cloud import LocalCloud
    from local.errors import StartError
    from local.proxy import Authority, Proxy

    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: _stop(stopped, _frame))
    try:
        stage = env.load(LOCAL)
        with LocalCloud(region=stage.region, speed=speed, rollbacks=rollbacks, state=state) as cloud:
            cloud.services.tell = out.print
            url = cloud.start(port=port)
            bootstrap(cloud.services)
            authority = Authority.at(ROOT / ".cache" / "proxy")
            wanted = port + 1 if port else 0
            with Proxy(authority, to=int(url.rsplit(":", 1)[1]), port=wanted) as proxy:
                _tell(url, stage)
                if wanted not in (0, proxy.port):
                    out.print(f"port {wanted} is in use: what follows names another")
                _tell_proxy(proxy.url, authority.bundle)
                stopped.wait()
                out.print("stopping")
    except (StartError, EnvError) as error:
        raise WrongUseError(str(error)) from error


def _number(value: float) -> float:
    if math.isnan(value):  # which is in every range
        raise click.BadParameter("nan is not a number")
    return value


def _stop(stopped: threading.Event, _: FrameType | None) -> None:
    stopped.set()


def _tell(url: str, stage: env.Stage) -> None:
    out.print(f"the local cloud listens at [bold]{url}[/] (account {stage.account}, {stage.region}); Ctrl-C ends it")
    out.print("point any AWS client at it:\n")
    for name, value in environment(url, stage).items():
        out.print(f"export {name}={value}")
    out.print()


def _tell_proxy(url: str, bundle: Path) -> None:
    out.print("and for programs that name AWS's hosts themselves, as the SageMaker SDK and `aws sqs` do:\n")
    straight = ",".join(
        dict.fromkeys(["localhost", "127.0.0.1", *filter(None, os.environ.get("NO_PROXY", "").split(","))])
    )
    for name, value in {"HTTPS_PROXY": url, "NO_PROXY": straight, "AWS_CA_BUNDLE": bundle}.items():
        out.print(f"export {name}={value}", soft_wrap=True)
    out.print()


def environment(url: str, stage: env.Stage) -> dict[str, str]:
    """The environment variables that lead an unmodified AWS client to the local cloud."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": stage.region,
        "AWS_DEFAULT_REGION": stage.region,
        "AWS_EC2_METADATA_DISABLED": "true",
        # Of AWS's plugin for MLflow, which asks no other variable for an address.
        "SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT": url,
    }
