"""A cloud that has SageMaker alone in front of moto, and an image that needs nothing but the standard library."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from env import images as catalogue
from local.clock import Clock
from local.errors import UnsupportedLocally
from local.images import Images, Interpreter
from local.sagemaker import SageMaker
from tests.local.conftest import ACCOUNT, REGION, SmallCloud

IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/plain:1"


class PlainImages:
    """The tests' own Python stands for one image."""

    def require(self, uri: str) -> None:
        if uri != IMAGE:
            raise UnsupportedLocally(f"image {uri}")

    def interpreter(self, uri: str) -> Interpreter:
        self.require(uri)
        return Interpreter(Path(sys.executable), "local versions differ from image plain: numpy 2 for 1")

    def algorithm(self, uri: str) -> str:
        self.require(uri)
        return ""

    def program(self, uri: str) -> tuple[str, ...]:
        self.require(uri)
        return ()


class WithAnalyzers(PlainImages):
    """The tests' own Python plays AWS's analyzers too: it has the libraries of Sluice's."""

    def require(self, uri: str) -> None:
        if not self._own(uri):
            super().require(uri)

    def program(self, uri: str) -> tuple[str, ...]:
        return self._own(uri) or super().program(uri)

    def _own(self, uri: str) -> tuple[str, ...]:
        image = catalogue.find(uri)
        return image.program if image is not None else ()


@contextmanager
def sagemaker_cloud(
    factory: pytest.TempPathFactory, *, clock: Clock | None = None, images: Images | None = None, **more: Any
) -> Iterator[SmallCloud]:
    """Such a cloud, for as long as the tests that share it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "false")
        known = images or PlainImages()
        cloud = SmallCloud(
            factory.mktemp("cloud"), lambda services: SageMaker(services, images=known, **more), clock=clock
        )
        cloud.listen()
        yield cloud
        cloud.close()
