import json

import pytest

import env
from infra import publishing
from infra.bundle import Asset

ASSET = Asset(key="assets/0123456789abcdef/prepare.py", content=b"print()\n")


@pytest.fixture
def assembly(tmp_path):
    """An assembly with one stack, as the CDK writes it."""
    (tmp_path / "work.assets.json").write_text(json.dumps({"version": "1", "files": {}, "dockerImages": {}}))
    manifest = {"artifacts": {"work.assets": {"type": "cdk:asset-manifest", "properties": {}}}}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    publishing.publish(tmp_path, [ASSET], stack="work", stage=env.load("local"))
    return tmp_path


def test_a_file_keeps_its_name_in_the_stages_bucket(assembly):
    """The key ends in the file's name, since jobs start it by that; the deployer's own rights write it."""
    (file,) = json.loads((assembly / "work.assets.json").read_text())["files"].values()

    assert file["destinations"] == {
        "artifacts": {
            "bucketName": "sluice-local-artifacts-123456789012-eu-west-1",
            "objectKey": "assets/0123456789abcdef/prepare.py",
            "region": "eu-west-1",
        }
    }


def test_the_assembly_holds_the_file(assembly):
    """The assembly can be deployed from another machine: the file lies in it."""
    (file,) = json.loads((assembly / "work.assets.json").read_text())["files"].values()

    assert file["source"]["packaging"] == "file"
    assert (assembly / file["source"]["path"]).read_bytes() == ASSET.content


def test_files_are_published_once_the_bucket_stands(assembly):
    """The asset manifest depends on the storage stack, which makes the bucket."""
    manifest = json.loads((assembly / "manifest.json").read_text())

    assert manifest["artifacts"]["work.assets"]["dependencies"] == ["sluice-local-storage"]
