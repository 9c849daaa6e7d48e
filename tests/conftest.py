"""What tests of several rooms share."""

import gc
from pathlib import Path

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

from env import images
from local.images import ImageEnvironments

TESTS = Path(__file__).parent

# What is collected stays: looking through it again and again took a sixth of the time of collecting, and of all tests.
gc.set_threshold(100_000, 50, 100)

# A machine that has other work to do is slow, and no example is wrong for that. Each run draws other examples.
settings.register_profile("suite", deadline=None, max_examples=50)
settings.load_profile("suite")


@pytest.fixture(scope="session")
def image_python():
    """The interpreter that stands for the image of the credit risk model, made when it is not there yet."""
    return ImageEnvironments().interpreter(images.uri("sklearn:1.4-2", region="eu-west-1")).python


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Begin with what takes longest: two cores end together."""
    items.sort(key=lambda item: (item.path.name != "test_loop.py", item.path.parent.name != "infra"))


def pytest_collection_finish():
    """Spare the collector what is there to stay, a million objects."""
    gc.collect()
    gc.freeze()


class SharedFixtures(LoadScopeScheduling):
    """Keep on one worker what shares costly fixtures: a file, all of `infra`, which synthesizes once, a model."""

    def _split_scope(self, nodeid):
        file = nodeid.split("::")[0]
        if file.startswith("pipelines/"):
            return file.rpartition("/tests/")[0]
        return "infra" if file.startswith("tests/infra/") else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """How pytest-xdist spreads the tests over its workers."""
    return SharedFixtures(config, log)
