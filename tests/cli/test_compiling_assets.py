import io
import tarfile

import pytest

from cli.compiling import assets
from cli.compiling.stand_ins import BUCKET

URI = "s3://bucket/m/train-20261121054236/input"


@pytest.fixture
def uploads(tmp_path):
    """Writes what the SDK uploaded: ``<bucket>/<key>`` → content."""

    def write(files, folder="uploads"):
        for name, data in files.items():
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return tmp_path / folder

    return write


def archive(names, *, mtime, uid):
    """A .tar.gz of small files, packed by somebody at some time."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as packed:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size, member.mtime, member.uid = len(name), mtime, uid
            packed.addfile(member, io.BytesIO(name.encode()))
    return target.getvalue()


def test_a_file_is_keyed_by_its_content(uploads):
    """A file keeps its name and nothing of the folder, with its time, that the SDK uploaded it to."""
    folder = uploads({"bucket/m/code/1/step.py": b"print()"})
    found, files = assets.bring_home({"S3Uri": "s3://bucket/m/code/1/step.py"}, folder)
    assert found == {"S3Uri": f"s3://{BUCKET}/assets/525d513313416cf1/step.py"}
    assert files == {"assets/525d513313416cf1/step.py": b"print()"}


def test_a_folder_is_keyed_by_its_contents(uploads):
    """Files below a prefix move together and keep their relative paths."""
    folder = uploads({f"bucket/{URI[12:]}/code/a.py": b"a", f"bucket/{URI[12:]}/code/sub/b.py": b"b"})
    found, files = assets.bring_home([f"{URI}/code"], folder)
    key = found[0].removeprefix(f"s3://{BUCKET}/")
    assert files == {f"{key}/a.py": b"a", f"{key}/sub/b.py": b"b"}


def test_the_time_of_upload_does_not_matter(uploads):
    """The same files uploaded twice under other prefixes give the same definition."""
    first, _ = assets.bring_home("s3://bucket/m-1/code", uploads({"bucket/m-1/code/a.py": b"a"}, "first"))
    second, _ = assets.bring_home("s3://bucket/m-2/code", uploads({"bucket/m-2/code/a.py": b"a"}, "second"))
    assert first == second


@pytest.mark.parametrize("other", [{"a.py": b"x"}, {"b.py": b"a"}], ids=["content", "name"])
def test_another_file_gives_another_key(uploads, other):
    """A folder's key depends on the contents and on the names of its files."""
    first, _ = assets.bring_home("s3://b/m", uploads({"b/m/a.py": b"a"}, "first"))
    second, _ = assets.bring_home("s3://b/m", uploads({f"b/m/{name}": data for name, data in other.items()}, "second"))
    assert first != second


def test_bytecode_stays_behind(uploads):
    """What Python or an editor left beside the code is no part of it."""
    folder = uploads({"b/m/a.py": b"a", "b/m/__pycache__/a.cpython-311.pyc": b"x", "b/m/.DS_Store": b"x"})
    _, files = assets.bring_home("s3://b/m", folder)
    assert [name.split("/")[-1] for name in files] == ["a.py"]


def test_files_that_no_step_reads_stay_behind(uploads):
    """An upload that the definition does not name is no part of the bundle."""
    assert assets.bring_home({"S3Uri": "s3://b/other"}, uploads({"b/m/a.py": b"a"}))[1] == {}


def test_outputs_are_not_inputs(uploads):
    """A prefix that a job writes to stays, though the SDK uploaded files below it."""
    folder = uploads({"b/m/code/a.py": b"a"})
    written = {"S3Output": {"S3Uri": "s3://b/m"}, "OutputDataConfig": {"S3OutputPath": "s3://b/m"}}
    assert assets.bring_home(written, folder) == (written, {})


def test_the_beginning_of_a_joined_uri_is_no_folder(uploads):
    """Within a join a text may be the beginning of any URI, so only a whole file name is taken for an upload."""
    folder = uploads({"b/m/code/a.py": b"a"})
    joined = {"Std:Join": {"On": "/", "Values": ["s3://b/m", "x"]}}
    assert assets.bring_home(joined, folder) == (joined, {})
    named, files = assets.bring_home({"Std:Join": {"On": "", "Values": ["s3://b/m/code/a.py"]}}, folder)
    assert list(files) == [named["Std:Join"]["Values"][0].removeprefix(f"s3://{BUCKET}/")]


def test_archives_are_normal(uploads):
    """An archive of the same files is the same bytes, whoever packed it, when and in which order."""
    one = uploads({"b/m/source.tar.gz": archive(["a", "b"], mtime=1, uid=0)}, "first")
    other = uploads({"b/m/source.tar.gz": archive(["b", "a"], mtime=2, uid=7)}, "second")
    first, second = (assets.bring_home("s3://b/m/source.tar.gz", folder) for folder in (one, other))
    assert first == second
    with tarfile.open(fileobj=io.BytesIO(next(iter(first[1].values())))) as packed:
        assert [(member.name, packed.extractfile(member).read()) for member in packed] == [("a", b"a"), ("b", b"b")]


@pytest.mark.parametrize(
    "definition",
    [
        {"S3Uri": "s3://bucket/"},
        {"DebugHookConfig": {"S3OutputPath": "s3://bucket/m"}},
        {"S3Output": {"S3Uri": "s3://bucket/m"}},
    ],
    ids=["a whole bucket", "what a debugger writes", "an output"],
)
def test_places_that_are_written_are_no_uploads(uploads, definition):
    """A bucket as a whole, or a place that a job writes to, is not taken for the files that lie below it."""
    assert assets.bring_home(definition, uploads({"bucket/m/code/a.py": b"a"})) == (definition, {})


FOLDER = [
    *("pipeline.py", "steps/train.py", "steps/tests/sample.md", "steps/__pycache__/train.cpython-311.pyc"),
    *("lock/definition.json", "tests/test_train.py", "DATA.md"),
]
KEPT = ["pipeline.py", "steps/tests/sample.md", "steps/train.py"]


def test_a_model_folder_is_uploaded_without_its_lock(uploads):
    """A `source_dir` that is the whole folder would hold the last lock, and give another one each time."""
    folder = uploads({f"b/m/code/{name}": name.encode() for name in FOLDER})
    found, files = assets.bring_home("s3://b/m/code", folder)
    key = found.removeprefix(f"s3://{BUCKET}/")
    assert sorted(name.removeprefix(f"{key}/") for name in files) == KEPT


@pytest.mark.parametrize("prefix", ["", "./"])
def test_an_archive_holds_no_lock_and_no_bytecode(uploads, prefix):
    """What is left behind of folders is left out of archives too: bytecode is another one on each machine."""
    packed = archive([f"{prefix}{name}" for name in FOLDER], mtime=1, uid=1)
    _, files = assets.bring_home("s3://b/m/sourcedir.tar.gz", uploads({"b/m/sourcedir.tar.gz": packed}))
    with tarfile.open(fileobj=io.BytesIO(*files.values())) as kept:
        assert [name.removeprefix("./") for name in kept.getnames()] == KEPT
