import json

import pytest

from local.sagemaker.errors import S3Error, StepFailed
from local.sagemaker.pipelines.parsing import parse
from local.sagemaker.pipelines.resolve import Resolver, look_up

REPORT = {"PropertyFileName": "Report", "OutputName": "eval", "FilePath": "report.json"}
OUTPUTS = {"ProcessingOutputConfig": {"Outputs": [{"OutputName": "eval", "S3Output": {"S3Uri": "s3://b/eval/"}}]}}


class Files:
    """S3 with one object."""

    def read(self, uri):
        """The object, or S3Error."""
        if uri == "s3://b/broken.json":
            return b'{"auc": 0.7'
        if uri != "s3://b/eval/report.json":
            raise S3Error(f"{uri} does not exist")
        return json.dumps({"metrics": {"auc": {"value": 0.78}}, "list": [1, 2], "matrix": {"0": {"1": 5}}}).encode()


@pytest.fixture
def resolve():
    """Resolves in an execution whose step Eval has ended."""
    steps = [{"Name": "Eval", "Type": "Processing", "Arguments": {}, "PropertyFiles": [REPORT]}]
    definition = parse(json.dumps({"Version": "2020-12-01", "Steps": steps}))
    resolver = Resolver(
        definition,
        parameters={"MinAuc": 0.7, "Loud": True},
        variables=lambda: {"PipelineExecutionId": "abc"},
        properties={"Eval": OUTPUTS},
        files=Files(),
    )
    return resolver.resolve


def json_get(path, **source):
    """A look-up in a JSON file."""
    return {"Std:JsonGet": {"Path": path, **source}}


def test_functions_are_replaced_wherever_they_stand(resolve):
    """Parameters keep their types; a join makes text."""
    joined = {"Std:Join": {"On": "/", "Values": ["s3://b", {"Get": "Execution.PipelineExecutionId"}, 1, True]}}
    assert resolve({"a": [{"Get": "Parameters.MinAuc"}], "b": joined}) == {"a": [0.7], "b": "s3://b/abc/1/true"}


def test_an_item_of_a_list_is_found_by_its_name(resolve):
    """`Outputs['eval']` means the output of that name."""
    path = "Steps.Eval.ProcessingOutputConfig.Outputs['eval'].S3Output.S3Uri"
    assert resolve({"Get": path}) == "s3://b/eval/"


def test_a_property_file_is_read_from_its_output(resolve):
    """The path goes by names and by indexes."""
    file = {"PropertyFile": {"Get": "Steps.Eval.PropertyFiles.Report"}}
    assert resolve(json_get("metrics.auc.value", **file)) == 0.78
    assert resolve(json_get("matrix.0['1']", **file)) == 5
    assert resolve(json_get("$.list[1]", S3Uri={"Std:Join": {"Values": ["s3://b/eval", "/report.json"]}})) == 2


def test_what_is_not_there_fails_with_its_place(resolve):
    """The sentence says where and what."""
    with pytest.raises(StepFailed, match=r"Steps\.Eval\.Nothing has nothing at 'Nothing'"):
        resolve({"Get": "Steps.Eval.Nothing"})
    with pytest.raises(StepFailed, match=r"other\.json does not exist"):
        resolve(json_get("a", S3Uri="s3://b/other.json"))
    with pytest.raises(StepFailed, match=r"broken\.json is not valid JSON: .* must write one JSON document"):
        resolve(json_get("auc", S3Uri="s3://b/broken.json"))
    with pytest.raises(StepFailed, match="'brier'"):
        resolve(json_get("metrics.brier", S3Uri="s3://b/eval/report.json"))


def test_a_path_that_is_none_fails():
    """Garbage in a path is told."""
    with pytest.raises(StepFailed, match="not a path"):
        look_up({"a": 1}, "a!", where="a!")
