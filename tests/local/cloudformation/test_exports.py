import pytest
from botocore.exceptions import ClientError

from tests.local.cloudformation.samples import parameter

USER = {"Use": parameter({"Fn::ImportValue": "the-export"}, name="use")}


def _exporting(value):
    return {"Outputs": {"O": {"Value": value, "Export": {"Name": "the-export"}}}}


@pytest.fixture
def shared(account):
    """A stack s that exports, and a stack user that imports."""
    account.create({"P": parameter("a")}, sections=_exporting("v"))
    account.create(USER, name="user")
    return account


def test_an_import_takes_the_exports_value(shared):
    """The value is another stack's; both ends are listed."""
    assert shared.cloud.client("ssm").get_parameter(Name="use")["Parameter"]["Value"] == "v"
    (export,) = shared.client.list_exports()["Exports"]
    assert ("the-export", "v", shared.stack()["StackId"]) == (
        export["Name"],
        export["Value"],
        export["ExportingStackId"],
    )
    assert shared.client.list_imports(ExportName="the-export")["Imports"] == ["user"]


def test_an_unknown_import_is_refused(account):
    """A stack that imports what nobody exports is refused before anything is made."""
    with pytest.raises(ClientError, match=r"ValidationError.*No export named the-export found"):
        account.create(USER)
    with pytest.raises(ClientError, match="not imported by any stack"):
        account.client.list_imports(ExportName="the-export")


@pytest.mark.parametrize(
    ("sections", "reason"),
    [
        ({}, "Export the-export cannot be deleted as it is in use by user"),
        (_exporting("w"), "Cannot update export the-export as it is in use by user"),
    ],
)
def test_an_export_in_use_cannot_change(shared, sections, reason):
    """Taking an imported export away or changing it rolls the update back."""
    stack = shared.update({"P": parameter("b")}, sections=sections)
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert any(reason in said for said in shared.reasons("s"))
    assert shared.outputs()["O"] == "v"
    assert shared.cloud.client("ssm").get_parameter(Name=shared.physical("P"))["Parameter"]["Value"] == "a"


def test_an_exporter_cannot_go_before_its_importers(shared):
    """A stack whose export is in use keeps everything; once nobody imports, it can go."""
    stack = shared.delete()
    assert (
        stack["StackStatus"],
        stack["StackStatusReason"],
    ) == ("DELETE_FAILED", "Export the-export cannot be deleted as it is in use by user")
    assert shared.resources() == {"P": "CREATE_COMPLETE"}
    shared.delete(name="user")
    assert shared.delete()["StackStatus"] == "DELETE_COMPLETE"
    assert shared.client.list_exports()["Exports"] == []
