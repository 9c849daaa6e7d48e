import pytest
from botocore.exceptions import ClientError

from tests.local.functions.conftest import package

SAYS = "def handler(event, context): return [{!r}, context.invoked_function_arn.rpartition(':')[2]]"


@pytest.fixture
def functions(cloud):
    """A function of which two versions are published, each says which one it is."""
    cloud.create(SAYS.format("one"), Publish=True)
    cloud.functions.update_function_code(FunctionName="fn", ZipFile=package(SAYS.format("two")), Publish=True)
    return cloud.functions


def test_an_alias_leads_to_its_version(cloud, functions):
    """By qualifier and by ARN, until it is pointed elsewhere; then it is gone."""
    made = functions.create_alias(FunctionName="fn", Name="live", FunctionVersion="1", Description="d")
    assert made["AliasArn"].endswith(":function:fn:live")
    assert cloud.invoke(Qualifier="live")[0][0] == "one"
    functions.update_alias(FunctionName="fn", Name="live", FunctionVersion="2")
    assert cloud.invoke(name=made["AliasArn"])[0][0] == "two"
    shown = functions.get_alias(FunctionName="fn", Name="live")
    assert (shown["FunctionVersion"], shown["Description"]) == ("2", "d")
    assert [alias["Name"] for alias in functions.list_aliases(FunctionName="fn")["Aliases"]] == ["live"]
    functions.delete_alias(FunctionName="fn", Name="live")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        functions.get_alias(FunctionName="fn", Name="live")


def test_a_share_of_invocations_goes_to_another_version(cloud, functions):
    """All of them with the weight of one, none with nothing."""
    place = {"FunctionName": "fn", "Name": "live", "FunctionVersion": "1"}
    functions.create_alias(**place, RoutingConfig={"AdditionalVersionWeights": {"2": 1.0}})
    assert cloud.invoke(Qualifier="live")[0][0] == "two"
    functions.update_alias(**place, RoutingConfig={"AdditionalVersionWeights": {"2": 0.0}})
    assert cloud.invoke(Qualifier="live")[0][0] == "one"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"Name": "live"}, "ResourceConflictException"),
        ({"Name": "new", "FunctionVersion": "9"}, "ResourceNotFoundException"),
        (
            {"Name": "new", "RoutingConfig": {"AdditionalVersionWeights": {"1": 0.5, "2": 0.5}}},
            "InvalidParameterValueException",
        ),
        (
            {"Name": "new", "FunctionVersion": "$LATEST", "RoutingConfig": {"AdditionalVersionWeights": {"2": 0.5}}},
            "InvalidParameterValueException",
        ),
    ],
)
def test_what_an_alias_cannot_be_is_refused(functions, given, code):
    """A name that is taken, a version that is not there, weights that are not two versions'."""
    functions.create_alias(FunctionName="fn", Name="live", FunctionVersion="1")
    with pytest.raises(ClientError, match=code):
        functions.create_alias(**{"FunctionName": "fn", "FunctionVersion": "1", **given})
