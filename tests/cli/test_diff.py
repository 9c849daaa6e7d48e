import copy
import io
import json
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from cli import diff, differences
from tests.cli.compiling_samples import definition, fail, gate, processing
from tests.cli.fakes import FakeClient, connection, refusal

LOCK = Path(__file__).parents[2] / "pipelines" / "credit_risk" / "lock"
BUCKET = "sluice-local-artifacts-123456789012-eu-west-1"


def steps(*given):
    """A definition of these steps; each call gives objects of its own."""
    return copy.deepcopy(definition(*given))


def paths(before, after):
    """Name and paths of what differs."""
    return {c.name: [detail.path for detail in c.details] for c in differences.between(before, after)}


def test_the_same_definition_has_no_changes():
    """Nothing is told where nothing differs."""
    assert differences.between(steps(processing("A")), steps(processing("A"))) == []


def test_steps_come_go_and_change():
    """Each step is one change with its kind and type; what stays the same is not told."""
    after = steps(processing("A"), processing("New"), fail("F", "other words"))
    found = differences.between(steps(processing("A"), processing("Old"), fail("F")), after)
    assert [(c.kind, c.what, c.name, c.type) for c in found] == [
        ("added", "step", "New", "Processing"),
        ("changed", "step", "F", "Fail"),
        ("removed", "step", "Old", "Processing"),
    ]
    assert found[1].details == (differences.Detail(path="Arguments.ErrorMessage", before="no", after="other words"),)


def test_an_argument_is_told_by_the_names_on_its_way():
    """Members of lists are known by their names, so that an inserted one does not make all that follow differ."""
    before, after = steps(processing("A")), steps(processing("A"))
    inputs = after["Steps"][0]["Arguments"]["ProcessingInputs"]
    inputs[0]["S3Input"]["S3Uri"] = "s3://b/other"
    inputs.insert(0, {"InputName": "data", "S3Input": {"S3Uri": "s3://b/data"}})
    assert paths(before, after) == {
        "A": ["Arguments.ProcessingInputs[data].S3Input.S3Uri", "Arguments.ProcessingInputs[code].S3Input.S3Uri"]
    }


def test_a_branch_is_told_by_the_names_of_its_steps():
    """A step in a branch is a step of its own; its condition differs when the branch gets or loses a step."""
    before = steps(gate("Gate", then=[fail("F")]))
    assert paths(before, steps(gate("Gate", then=[fail("F", "other")]))) == {"F": ["Arguments.ErrorMessage"]}
    assert paths(before, steps(gate("Gate"))) == {"Gate": ["Arguments.IfSteps[0]"], "F": ["Arguments.ErrorMessage"]}


def test_parameters_and_other_parts_are_told_too():
    """A default is a change of its parameter; what is neither parameter nor step is a part."""
    after = {**steps(), "MlflowConfig": {"MlflowExperimentName": "e"}}
    after["Parameters"][0]["DefaultValue"] = 0.8
    first, second = differences.between(steps(), after)
    assert (first.what, first.details[0]) == (
        "parameter",
        differences.Detail(path="DefaultValue", before="0.7", after="0.8"),
    )
    assert (second.what, second.details[0].path) == ("part", "MlflowConfig.MlflowExperimentName")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Get": "Parameters.Seed"}, "{Parameters.Seed}"),
        (
            {"Std:Join": {"On": "/", "Values": ["s3://b", {"Get": "Execution.PipelineName"}]}},
            "s3://b/{Execution.PipelineName}",
        ),
        (
            {"Std:JsonGet": {"PropertyFile": {"Get": "Steps.E.PropertyFiles.R"}, "Path": "auc"}},
            "{Steps.E.PropertyFiles.R at auc}",
        ),
        (["a", 1], '["a", 1]'),
    ],
)
def test_functions_read_as_their_author_thinks_of_them(value, expected):
    """A join is a text with holes, not a tree."""
    assert differences.shown(value) == expected


class Bucket(FakeClient):
    """An artifact bucket with these objects."""

    def __init__(self, objects, *, listed=True):
        super().__init__()
        self._objects, self._listed = objects, listed

    def list_objects_v2(self, *, Bucket, Prefix):
        assert Bucket == BUCKET
        if not self._listed:
            raise refusal("AccessDenied", "no", "ListObjectsV2")
        return {"Contents": [{"Key": key} for key in self._objects if key.startswith(Prefix)]}

    def get_object(self, *, Bucket, Key):
        if Key not in self._objects:
            raise refusal("NoSuchKey", "no such key", "GetObject")
        return {"Body": io.BytesIO(self._objects[Key])}


@pytest.fixture
def locked():
    """The lock's definition as a stage has it, as far as it matters to files, and its code of Prepare."""
    text = (LOCK / "definition.json").read_text().replace("{{sluice:artifact_bucket}}", BUCKET)
    (code,) = (path for path in (LOCK / "assets").rglob("prepare.py"))
    return json.loads(text), code.relative_to(LOCK).as_posix(), code.read_bytes()


def deployed(wanted, key, old_key):
    """A definition whose step reads another file."""
    return json.loads(json.dumps(wanted).replace(key, old_key))


@pytest.mark.parametrize("listed", [True, False], ids=["who may list", "who may not"])
def test_code_is_compared_line_by_line(locked, listed):
    """The deployed file is read from the bucket under its old key, and told against that of the lock."""
    wanted, key, data = locked
    folder, name = "assets/0123456789abcdef", key.rsplit("/", 1)[1]
    s3 = Bucket({f"{folder}/{name}": b"# as it was\n" + data}, listed=listed)
    before = deployed(wanted, key, f"{folder}/{name}")
    (one,) = diff.changed(connection(s3=s3), "credit-risk", there=before, wanted=wanted)
    (file,) = one.files
    assert (one.change.name, file.path, file.kind) == ("Prepare", name, "changed")
    assert list(file.diff[:4]) == [f"--- deployed/{name}", f"+++ lock/{name}", "@@ -1,3 +1,2 @@", "-# as it was"]


def test_a_bucket_that_cannot_be_read_is_an_error(locked):
    """Only a missing right has the names of the lock looked for instead; what else S3 says is told."""
    wanted, key, _ = locked

    class Gone(Bucket):
        def list_objects_v2(self, **_):
            raise refusal("NoSuchBucket", "The specified bucket does not exist", "ListObjectsV2")

    with pytest.raises(ClientError, match="NoSuchBucket"):
        diff.changed(
            connection(s3=Gone({})),
            "credit-risk",
            there=deployed(wanted, key, "assets/0123456789abcdef/prepare.py"),
            wanted=wanted,
        )


def test_a_file_that_is_not_text_is_told_by_its_size(locked):
    """Bytes are not shown."""
    wanted, key, data = locked
    old = "assets/0123456789abcdef/prepare.py"
    before = deployed(wanted, key, old)
    (one,) = diff.changed(connection(s3=Bucket({old: b"\xff\xfe"})), "credit-risk", there=before, wanted=wanted)
    assert one.files[0].diff == (f"prepare.py: no text; 2 → {len(data)} bytes",)


def test_files_of_a_pipeline_that_is_not_deployed_are_added(locked):
    """Where nothing is deployed, every file of the lock is added, and none is looked for in the bucket."""
    wanted, _, _ = locked
    changes = diff.changed(connection(s3=Bucket({})), "credit-risk", there={}, wanted=wanted)
    files = [file for one in changes for file in one.files]
    assert {"prepare.py", "train.py", "evaluate.py"} <= {file.path for file in files}
    assert {file.kind for file in files} == {"added"}
