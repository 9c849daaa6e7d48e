import pytest
from botocore.exceptions import ClientError

from tests.local.functions.test_standins import zipped


def test_a_function_finds_the_modules_of_its_layers(cloud):
    """Those of its version of the layer, until it has none; a version outlives its deletion in who has it."""
    functions = cloud.functions
    archive = zipped(**{"python/shared__py": "WHO = 'layer'"})
    made = functions.publish_layer_version(LayerName="l", Content={"ZipFile": archive}, Description="d")
    assert made["LayerVersionArn"].endswith(":layer:l:1")
    cloud.create(
        "def handler(event, context):\n    import shared\n    return shared.WHO", Layers=[made["LayerVersionArn"]]
    )
    assert cloud.invoke() == ("layer", None)
    shown = functions.get_function_configuration(FunctionName="fn")["Layers"]
    assert [layer["Arn"] for layer in shown] == [made["LayerVersionArn"]]
    functions.update_function_configuration(FunctionName="fn", Layers=[])
    assert cloud.invoke()[1] == "Unhandled"


def test_versions_of_a_layer_are_counted_and_deleted(cloud):
    """A number is not given twice."""
    functions = cloud.functions
    for _ in range(2):
        functions.publish_layer_version(LayerName="l", Content={"ZipFile": zipped(**{"python/x__py": ""})})
    listed = functions.list_layer_versions(LayerName="l")["LayerVersions"]
    assert [version["Version"] for version in listed] == [2, 1]
    functions.delete_layer_version(LayerName="l", VersionNumber=2)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        functions.get_layer_version(LayerName="l", VersionNumber=2)
    again = functions.publish_layer_version(LayerName="l", Content={"ZipFile": zipped(**{"python/y__py": ""})})
    assert again["Version"] == 3


def test_the_account_has_the_layer_of_the_analyzer_from_the_start(cloud):
    """A function with it finds the libraries of this program; whoever publishes under its name gets the next number."""
    arn = f"arn:aws:lambda:{cloud.services.region}:{cloud.services.account}:layer:sluice-analysis:1"
    assert cloud.functions.get_layer_version_by_arn(Arn=arn)["Version"] == 1
    source = "def handler(event, context):\n    import numpy, orjson, pyarrow\n    return int(numpy.int64(3))"
    cloud.create(source, Layers=[arn])
    assert cloud.invoke() == (3, None)
    content = {"ZipFile": zipped(**{"python/x__py": ""})}
    published = cloud.functions.publish_layer_version(LayerName="sluice-analysis", Content=content)
    assert published["Version"] == 2
    listed = cloud.functions.list_layer_versions(LayerName="sluice-analysis")["LayerVersions"]
    assert [version["Version"] for version in listed] == [2, 1]
