import re
import tomllib
from pathlib import Path

import pytest

from env import images
from env.errors import EnvError
from env.loading import load

GROUPS = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["dependency-groups"]


def test_an_image_has_a_registry_in_each_region():
    """An image is pulled from the account that AWS has in the region, and in China from another domain."""
    assert images.uri("sklearn:1.4-2", region="eu-west-1") == (
        "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
    )
    assert images.uri("sklearn:1.4-2", region="cn-north-1") == (
        "450853457545.dkr.ecr.cn-north-1.amazonaws.com.cn/sagemaker-scikit-learn:1.4-2-cpu-py3"
    )


@pytest.mark.parametrize("key", images.keys())
def test_an_image_is_found_by_its_uri(key):
    """What a region pulls leads back to the catalogue, in every region."""
    image = images.get(key)
    assert all(images.find(images.uri(key, region=region)) == image for region in image.accounts)


@pytest.mark.parametrize(
    "uri",
    [
        "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-scikit-learn:0.19-1-cpu-py3",
        "141502667606.dkr.ecr.eu-west-2.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3",
        "210987654321.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3",
        "sagemaker-scikit-learn:1.4-2-cpu-py3",
    ],
    ids=["another version", "another region's account", "somebody's copy", "no registry"],
)
def test_other_uris_are_not_found(uri):
    """An image that AWS does not publish under this URI is not taken for one of the catalogue."""
    assert images.find(uri) is None


def test_an_unknown_image_is_told_with_those_that_exist():
    """A misspelt key is answered with the keys there are."""
    with pytest.raises(EnvError, match=r"image 'sklearn:1\.4' does not exist; the images are: .*sklearn:1\.4-2"):
        images.get("sklearn:1.4")


def test_a_region_without_the_image_is_told():
    """A region in which AWS has no such registry is named."""
    with pytest.raises(EnvError, match=r"image 'sklearn:1\.4-2' has no account for region 'mars-north-1'"):
        images.uri("sklearn:1.4-2", region="mars-north-1")


@pytest.mark.parametrize("key", images.keys())
def test_an_image_has_a_group_of_the_same_versions_or_is_played_by_one_that_has(key):
    """The dependency group that makes a laptop's interpreter pins what the image pins."""
    image = images.get(key)
    assert image.environment == key.replace(":", "-")
    if image.played_by:
        assert images.player(image).group
        return
    group = [re.split(r"==|;", line) for line in GROUPS[image.group] if "==" in line]
    assert {(name, version) for name, version, *_ in group} >= set(image.packages.items())


URI = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/churn:1"


def test_a_team_has_images_of_its_own(tmp_path):
    """A stage places them and says which of AWS's plays them; a file that cannot be read places none."""
    (tmp_path / "dev.toml").write_text(f'[images."churn:1"]\nuri = "{URI}"\nplayed_by = "sklearn:1.4-2"\n')
    (tmp_path / "prod.toml").write_text("[images")
    (tmp_path / "test.toml").write_text("images = 1")
    (found,) = images.placed(tmp_path).values()
    assert (found.key, found.repository, found.tag) == ("churn:1", "team/churn", "1")
    assert images.player(found) == images.get("sklearn:1.4-2")


@pytest.mark.parametrize(
    ("key", "played_by", "told"),
    [
        ("churn:1", "sklearn:9", r'images\.churn:1\.played_by = "sklearn:9" is no image of the catalogue; name one'),
        ("sklearn:1.4-2", "sklearn:1.4-2", r"has the name of an image of AWS's; give it another name"),
    ],
)
def test_a_table_of_images_that_contradicts_the_catalogue_is_told(tmp_path, key, played_by, told):
    """Where it stands, and what to do."""
    text = f'account = "123456789012"\nregion = "eu-west-1"\nregistry = true\n[images."{key}"]\n'
    (tmp_path / "dev.toml").write_text(f'{text}uri = "{URI}"\nplayed_by = "{played_by}"\n')
    with pytest.raises(EnvError, match=told):
        load("dev", root=tmp_path)
