import fcntl
import subprocess
import sys
from pathlib import Path

import pytest

from cli import compiling
from cli.compiling import building, sources
from cli.compiling.bundle import Bundle
from cli.compiling.errors import UnknownModelError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path):
    """A checkout with one model and a folder that models share."""
    for name, text in {
        "uv.lock": "one",
        "pipelines/churn/pipeline.py": "from sagemaker.mlops.workflow import Pipeline\n",
        "pipelines/churn/steps/train.py": "print()\n",
        "pipelines/workflow/__init__.py": "",
        "pipelines/__init__.py": "",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


@pytest.fixture
def churn(checkout):
    """The model's folder."""
    return checkout / "pipelines" / "churn"


class Builds(list):
    """What stands for the run of the SDK, and the folders that it was run for."""

    def __call__(self, model_dir, root, progress):
        self.append(model_dir.name)
        made_of = sources.fingerprint(model_dir)
        return Bundle(definition={"Steps": []}, assets={"assets/a/b.py": b""}, sources=made_of, warnings=("careful",))


@pytest.fixture
def built():
    """The run of the SDK."""
    return Builds()


def compile_churn(checkout, built, **options):
    """Compile the model of a checkout."""
    folder = checkout / "pipelines" / "churn"
    return compiling.compile_model(folder, root=checkout, progress=print, build=built, **options)


def test_the_same_sources_are_compiled_once(checkout, built):
    """The second time nothing is run, and the warnings are told again."""
    first, second = compile_churn(checkout, built), compile_churn(checkout, built)
    assert (first.anew, second.anew, built) == (True, False, ["churn"])
    assert (second.files, second.warnings) == (1, ("careful",))


def test_a_fresh_compilation_can_be_asked_for(checkout, built):
    """What is known of the last time can be set aside."""
    compile_churn(checkout, built)
    assert compile_churn(checkout, built, fresh=True).anew
    assert len(built) == 2


@pytest.mark.parametrize(
    "path",
    [
        *("pipelines/churn/steps/train.py", "pipelines/workflow/jobs.py", "uv.lock"),
        *("pipelines/churn/steps/prompt.md", "pipelines/churn/steps/tests.py", "pipelines/__init__.py"),
        "pipelines/churn/lock/definition.json",
    ],
)
def test_whatever_decides_the_lock_compiles_anew(checkout, built, path):
    """The author's files, documents that steps read too, what models share, the SDK's version, a lock that changed."""
    compile_churn(checkout, built)
    (checkout / path).write_text("changed")
    assert compile_churn(checkout, built).anew


@pytest.mark.parametrize(
    "path", ["pipelines/churn/tests/test_train.py", "pipelines/churn/DATA.md", "pipelines/conftest.py"]
)
def test_what_is_no_source_does_not(checkout, built, path):
    """Tests and documents of a model change nothing."""
    compile_churn(checkout, built)
    (checkout / path).parent.mkdir(exist_ok=True)
    (checkout / path).write_text("changed")
    assert not compile_churn(checkout, built).anew


def test_a_lock_knows_what_it_was_made_of(checkout, churn, built):
    """Whether a lock is older than its sources is known from the lock alone, without the SDK."""
    assert compiling.stale(churn)
    compile_churn(checkout, built)
    assert not compiling.stale(churn)
    (churn / "steps" / "train.py").write_text("print(1)\n")
    assert compiling.stale(churn)


def test_a_model_of_another_name_has_the_same_fingerprint(checkout, churn):
    """A copied folder needs no compiling for its name's sake."""
    before = sources.fingerprint(churn)
    assert sources.fingerprint(churn.rename(churn.with_name("fraud"))) == before


def test_a_check_compares_the_lock_with_what_compiling_gives(checkout, churn, built):
    """A check writes nothing, names what differs, and needs no run when nothing changed."""
    missing, warnings = compiling.check(churn, root=checkout, progress=print, build=built)
    assert [str(difference) for difference in missing] == [
        f"{name} is missing" for name in ("assets/a/b.py", "definition.json", "sources.sha256")
    ]
    assert (warnings, (churn / "lock").exists()) == (("careful",), False)
    compile_churn(checkout, built)
    assert compiling.check(churn, root=checkout, progress=print, build=built) == ([], ("careful",))
    assert built == ["churn", "churn"]


def test_one_command_at_a_time_compiles_a_model(checkout, built):
    """Who comes second waits, for what the first makes: while a model is compiled its guard is taken."""

    def build(*given):
        [guard] = (checkout / ".cache" / "compiled").glob("churn-*.lock")
        with guard.open() as file, pytest.raises(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return built(*given)

    assert compile_churn(checkout, build).anew
    assert not compile_churn(checkout, built).anew


def test_an_edit_while_compiling_is_compiled_too(churn):
    """A lock says of which sources it is made; what an author saves meanwhile is not among them."""
    seen = []

    def run(made_of):
        seen.append((churn / "steps" / "train.py").read_text())
        (churn / "steps" / "train.py").write_text("saved meanwhile")
        return Bundle(definition={}, assets={}, sources=made_of)

    made = building.of_settled(churn, run)
    assert seen == ["print()\n", "saved meanwhile"]
    assert made.sources == sources.fingerprint(churn)


def test_a_script_that_writes_anew_each_time_is_never_settled(churn):
    """It is run twice, and its lock stays stale."""
    seen = []

    def run(made_of):
        seen.append(made_of)
        (churn / "steps" / "train.py").write_text(f"written {len(seen)} times")
        return Bundle(definition={}, assets={}, sources=made_of)

    assert building.of_settled(churn, run).sources == seen[1] != sources.fingerprint(churn)
    assert len(seen) == 2


def test_an_unknown_model_is_told_with_those_that_exist(checkout, churn):
    """A folder without pipeline.py is no model; the message names the models."""
    with pytest.raises(UnknownModelError, match=r"fraud/pipeline\.py does not exist; the models are churn\."):
        compiling.compile_model(churn.with_name("fraud"), root=checkout, progress=print)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from sagemaker.mlops.workflow import Pipeline", 3),
        ("from sagemaker.core import image_uris\nimport sagemaker", 3),
        ("from sagemaker.workflow.pipeline import Pipeline", 2),
        ("import sagemaker\nimport sagemaker.sklearn", 2),
        ("from sagemaker import get_execution_role", 2),
        ("def f():\n    from sagemaker.estimator import Estimator", 2),
        ("from sagemaker.serve.model_builder import ModelBuilder", 3),
        ("import pandas\n", 3),
        ("def broken(", 3),
    ],
)
def test_the_version_of_the_sdk_is_read_from_imports(churn, source, expected):
    """What an author imports says which version of the SDK the file is written for."""
    (churn / "pipeline.py").write_text(source)
    assert sources.sdk(churn) == expected


def test_nothing_heavy_is_imported_when_nothing_is_compiled():
    """The command starts without botocore's models, pydantic or the SDK: it is run at every commit."""
    program = "import sys, cli.compile; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"pydantic", "boto3", "botocore.session", "env"} & set(done.stdout.split())
