"""What the tests of models share: the image's interpreter, and the model beside whose tests they stand."""

import functools
import os
import subprocess
from pathlib import Path

import pytest

from env import images
from local.images import ImageEnvironments
from tests.pipelines.image import Image
from tests.pipelines.model import SHARED, Model


@pytest.fixture(scope="session")
def image():
    """Runs programs in the interpreter that stands for the image of the models, made when it is not there yet."""
    python = ImageEnvironments().interpreter(images.uri("sklearn:1.4-2", region="eu-west-1")).python
    inside = Path(__file__).parents[1] / "tests" / "pipelines" / "inside.py"
    env = {**os.environ, "PYTHONPATH": str(SHARED.parent)}
    with subprocess.Popen(
        [str(python), str(inside)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env
    ) as process:
        yield Image(process, python)
        process.stdin.close()


@pytest.fixture(scope="session")
def models(image, tmp_path_factory):
    """Gives the model in a folder; each is trained once for all tests."""
    return functools.cache(lambda folder: Model(folder, image, tmp_path_factory.mktemp))


@pytest.fixture
def model(models, request):
    """The model in whose folder the test is."""
    return models(request.path.parents[1])


@pytest.fixture
def trained(model):
    """One execution of the model's pipeline on its own data up to the gate; write into new folders alone."""
    return model.trained
