"""What tests of several rooms share."""

from pathlib import Path

import pytest

from env import images
from local.images import ImageEnvironments

TESTS = Path(__file__).parent


@pytest.fixture(scope="session")
def image_python():
    """The interpreter that stands for the image of the credit risk model, made when it is not there yet."""
    return ImageEnvironments().interpreter(images.uri("sklearn:1.4-2", region="eu-west-1")).python


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Keep on one worker what shares costly fixtures, and begin with what takes longest: two cores end together."""
    for item in items:
        room = item.path.relative_to(TESTS)
        item.add_marker(pytest.mark.xdist_group("infra" if room.parts[0] == "infra" else room.as_posix()))
    items.sort(key=lambda item: (item.path.name != "test_loop.py", item.path.parent.name != "infra"))
