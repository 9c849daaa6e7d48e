import shutil
import tomllib
from pathlib import Path

import pytest

import env
from cli.compiling.sources import fingerprint
from cli.errors import WrongUseError
from cli.new import make
from cli.running.readiness import outdated

ROOT = Path(__file__).parents[2]


@pytest.fixture
def root(tmp_path):
    """A checkout with one model and the stages of this one."""
    (tmp_path / "pipelines" / "credit_risk").mkdir(parents=True)
    shutil.copytree(ROOT / "env", tmp_path / "env", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return tmp_path


@pytest.fixture
def template(tmp_path):
    """A template with everything that is treated in a way of its own."""
    folder = tmp_path / "templates" / "classification"
    files = {
        "pipeline.py": "# trains a model\n",
        "tests/test_prepare.py": "import example_model\n",
        "README.md": "# Example model\n",
        "data/rows.csv": "example-model\n",
        "lock/assets/abc/train.py": "# example-model\n",
        "lock/definition.json": '{"Model": "example-model"}',
        "__pycache__/pipeline.pyc": "",
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "plot.png").write_bytes(b"\x89PNG\xff example-model")
    shutil.copy(ROOT / "cli" / "templates" / "classification" / "env.toml", folder)
    return folder


def test_the_name_stands_wherever_the_examples_stood(root, template):
    """In each of its three forms; not in what is known by its hash, nor in bytes that are no text."""
    made = make("churn-risk", template=template, root=root)
    assert made == root / "pipelines" / "churn_risk"
    assert (made / "tests/test_prepare.py").read_text() == "import churn_risk\n"
    assert (made / "README.md").read_text() == "# Churn risk\n"
    assert (made / "lock/definition.json").read_text() == '{"Model": "churn-risk"}'
    assert (made / "data/rows.csv").read_text() == "example-model\n"
    assert (made / "lock/assets/abc/train.py").read_text() == "# example-model\n"
    assert (made / "plot.png").read_bytes() == b"\x89PNG\xff example-model"
    assert not (made / "__pycache__").exists()
    assert not (made / "env.toml").exists()


@pytest.mark.parametrize("honest", [True, False])
def test_a_lock_is_current_if_the_templates_was(root, template, honest):
    """Whose lock is older than what models share is compiled by its first run."""
    (root / "pipelines" / "evidence").mkdir()
    (root / "pipelines" / "evidence" / "gates.py").write_text("LIMIT = 1")
    as_compiled = root / "pipelines" / "example_model"
    shutil.copytree(template, as_compiled, ignore=shutil.ignore_patterns("__pycache__"))
    (template / "lock" / "sources.sha256").write_text(fingerprint(as_compiled))
    shutil.rmtree(as_compiled)
    if not honest:
        (root / "pipelines" / "evidence" / "gates.py").write_text("LIMIT = 2")
    assert outdated(make("churn-risk", template=template, root=root)) is not honest


def test_the_stages_file_keeps_every_character_and_gains_a_model(root, template):
    """Comments, order and spacing of what people wrote stay as they are; the stage can be loaded."""
    file = root / "env" / "local.toml"
    before = file.read_text()
    make("churn-risk", template=template, root=root)
    after = file.read_text()
    assert after.startswith(before.rstrip("\n") + "\n\n")
    assert set(tomllib.loads(after)["models"]) == {*tomllib.loads(before)["models"], "churn-risk"}
    assert env.load("local", root=root / "env").models["churn-risk"].training.instance_type == "ml.m5.large"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Churn", "is no name of a model"),
        ("churn_risk", "is no name of a model"),
        ("../churn", "is no name of a model"),
        ("churn-", "is no name of a model"),
        ("", "is no name of a model"),
        ("class", "is a word of Python"),
        ("credit-risk", "is there already"),
        ("c" * 60, "env/local.toml"),
    ],
)
def test_a_name_that_cannot_be_one_is_refused(root, template, name, said):
    """In a sentence, and nothing has changed."""
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    with pytest.raises(WrongUseError, match=said):
        make(name, template=template, root=root)
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before


def test_half_of_a_model_is_told(root, template):
    """A folder without lines, or lines without a folder: which of the two is missing."""
    (root / "pipelines" / "left_over").mkdir()
    with pytest.raises(WrongUseError, match=r"pipelines/left_over/ is there, and env/local.toml does not name"):
        make("left-over", template=template, root=root)
    make("churn-risk", template=template, root=root)
    shutil.rmtree(root / "pipelines" / "churn_risk")
    with pytest.raises(WrongUseError, match=r"env/local.toml names churn-risk, and there is no pipelines/churn_risk/"):
        make("churn-risk", template=template, root=root)
