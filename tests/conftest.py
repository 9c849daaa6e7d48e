"""What tests of several rooms share."""

import pytest

from env import images
from local.images import ImageEnvironments


@pytest.fixture(scope="session")
def image_python():
    """The interpreter that stands for the image of the credit risk model, made when it is not there yet."""
    return ImageEnvironments().interpreter(images.uri("sklearn:1.4-2", region="eu-west-1")).python
