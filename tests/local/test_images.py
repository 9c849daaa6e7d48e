import re
import sys
from pathlib import Path

import pytest

from env import images as catalogue
from local.errors import LocalError, UnsupportedLocally
from local.images import ImageEnvironments

URI = catalogue.uri("sklearn:1.4-2", region="eu-west-1")


def test_an_image_of_the_catalogue_has_a_counterpart_in_every_region():
    """AWS's accounts differ, the image does not."""
    images = ImageEnvironments()
    images.require(URI)
    images.require(catalogue.uri("sklearn:1.4-2", region="us-east-1"))


@pytest.mark.parametrize("uri", ["nginx:1", URI.replace("1.4-2", "0.9"), URI.replace("eu-west-1", "us-east-1")])
def test_another_image_is_refused_by_name_with_what_there_is(uri):
    """Another tag, and another account than AWS's, are other images."""
    with pytest.raises(UnsupportedLocally) as caught:
        ImageEnvironments().require(uri)
    assert uri in caught.value.message
    assert "sklearn:1.4-2" in caught.value.message


def test_another_version_is_played_by_the_one_there_is_which_the_log_says(image_python):
    """The SageMaker SDK's RepackModel steps name sklearn:1.2-1; what differs is told, library by library."""
    interpreter = ImageEnvironments().interpreter(URI.replace("1.4-2", "1.2-1"))
    assert interpreter.python == image_python
    assert "differ from image sklearn:1.2-1" in interpreter.differences
    assert re.search(r"scikit-learn \S+ for 1\.2\.1", interpreter.differences)


def test_what_an_image_does_by_itself_its_player_does():
    """In every version of XGBoost; a scikit-learn image runs scripts alone."""
    xgboost = catalogue.uri("xgboost:1.7-1", region="eu-west-1")
    assert [ImageEnvironments().algorithm(uri) for uri in (xgboost, URI)] == ["xgboost", ""]


def test_somebodys_copy_of_another_version_is_not_played():
    """What another plays are AWS's own images."""
    with pytest.raises(UnsupportedLocally):
        ImageEnvironments().require(URI.replace("1.4-2", "1.2-1").replace("141502667606", "210987654321"))


def test_an_interpreter_has_the_images_libraries_or_says_what_differs(image_python):
    """Whatever is not as in the image is named."""
    interpreter = ImageEnvironments().interpreter(URI)
    assert interpreter.python == image_python
    image = catalogue.get("sklearn:1.4-2")
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert (here == image.python) is ("python" not in interpreter.differences)


def test_an_interpreter_that_cannot_be_made_is_an_error_with_uvs_own_words(tmp_path):
    """A folder without a project."""
    with pytest.raises(LocalError, match=r"sklearn-1\.4-2 cannot be made: .+"):
        ImageEnvironments(Path(tmp_path)).interpreter(URI)
