import io
import json
import zipfile

import pytest

from cli.assembly import Asset, read
from cli.checkout import ROOT
from cli.errors import CliError


def artifact(kind, **properties):
    """An artifact of a cloud assembly's manifest, without its dependencies."""
    return {"type": kind, "environment": "aws://111111111111/eu-west-1", "properties": properties}


@pytest.fixture
def assembly(tmp_path):
    """Two stacks, the second after the first, with one asset that names the account by a placeholder."""
    (tmp_path / "a.template.json").write_text('{"Resources": {}}')
    (tmp_path / "b.template.json").write_text('{"Resources": {}}')
    (tmp_path / "code.py").write_text("print()")
    destination = {
        "bucketName": "cdk-${AWS::AccountId}",
        "objectKey": "k.py",
        "assumeRoleArn": "arn:${AWS::Partition}:x",
    }
    files = {"h": {"source": {"path": "code.py", "packaging": "file"}, "destinations": {"d": destination}}}
    (tmp_path / "b.assets.json").write_text(json.dumps({"files": files}))
    stack = "aws:cloudformation:stack"
    artifacts = {
        "b": artifact(stack, templateFile="b.template.json", stackName="sluice-b", cloudFormationExecutionRoleArn="r"),
        "b.assets": artifact("cdk:asset-manifest", file="b.assets.json"),
        "a": artifact(stack, templateFile="a.template.json", stackName="sluice-a"),
    }
    artifacts["b"]["dependencies"] = ["a", "b.assets"]
    (tmp_path / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
    return tmp_path


def test_stacks_come_after_what_they_depend_on(assembly):
    """The order of the manifest does not matter; its dependencies do."""
    assert [stack.name for stack in read(assembly)] == ["sluice-a", "sluice-b"]


def test_an_asset_goes_where_the_manifest_says(assembly):
    """Placeholders for account and partition are filled in from the stack's environment."""
    (asset,) = read(assembly)[1].assets
    assert (asset.bucket, asset.key, asset.role) == ("cdk-111111111111", "k.py", "arn:aws:x")
    assert asset.read() == b"print()"


def test_a_folder_is_zipped_to_the_same_bytes_each_time(tmp_path):
    """Neither the order of files nor their times stand in the zip."""
    for name in ("b.py", "a.py"):
        (tmp_path / name).write_text(name)
    asset = Asset(path=tmp_path, zipped=True, bucket="b", key="k", role=None)
    first = asset.read()
    (tmp_path / "a.py").touch()
    assert asset.read() == first
    assert zipfile.ZipFile(io.BytesIO(first)).namelist() == ["a.py", "b.py"]


def test_an_asset_that_is_made_on_demand_is_what_its_command_says(tmp_path):
    """The command runs where the assembly's application would, and prints the path of what it has made."""
    (tmp_path / "made.zip").write_bytes(b"PK")
    made = Asset(path=tmp_path, zipped=False, bucket="b", key="k", role=None, command=("echo", "made.zip"))
    assert made.read() == b"PK"


def test_an_asset_that_cannot_be_made_says_why(tmp_path):
    """What the command has written to standard error is the reason."""
    command = ("sh", "-c", "echo no registry >&2; exit 1")
    asset = Asset(path=tmp_path, zipped=False, bucket="b", key="k", role=None, command=command)
    with pytest.raises(CliError, match="no registry"):
        asset.read()


def test_an_asset_of_a_command_is_run_in_the_checkout(assembly):
    """As the CDK's command line does, which is started there."""
    files = {"h": {"source": {"executable": ["true"]}, "destinations": {"d": {"bucketName": "b", "objectKey": "k"}}}}
    (assembly / "b.assets.json").write_text(json.dumps({"files": files}))
    (asset,) = read(assembly)[1].assets
    assert (asset.path, asset.command) == (ROOT, ("true",))
