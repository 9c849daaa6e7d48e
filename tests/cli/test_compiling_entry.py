from types import ModuleType

import pytest

from cli.compiling.offline import entry, places, taking
from cli.compiling.offline.faults import AuthorFaultError

VALUES = {"session": "S", "role": "R", "default_bucket": "B", "model": "M", "region": "eu-west-1"}


class Pipeline:
    """What stands for the SDK's pipeline."""

    def __init__(self, name=""):
        self.name = name


class Step:
    """What stands for the SDK's step."""

    def __init__(self, name):
        self.name = name


class Training(Step):
    """A kind of step that takes more than a name."""

    def __init__(self, name, *, trainer):
        super().__init__(name)
        self.trainer = trainer


def module(**members):
    """An author's module with these members."""
    found = ModuleType("pipeline")
    vars(found).update(members)
    return found


@pytest.fixture
def run(tmp_path):
    """Runs an author's file with classes that stand for the SDK's; places and variables."""

    def run(source):
        watched, seen = type("Watched", (Training,), {}), places.Places(tmp_path)
        seen.watch(watched)
        path = tmp_path / "pipeline.py"
        path.write_text(source)
        variables = {"Training": watched}
        exec(compile(source, str(path), "exec"), variables)
        return seen.by_name(), variables

    return run


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def get_pipeline(): ...", True),
        ("from steps import build as get_pipeline", True),
        ("get_pipeline = make()", True),
        ("pipeline = Pipeline()\ndef f():\n    get_pipeline = 3", False),
    ],
)
def test_a_function_is_told_from_a_script(source, expected):
    """A file with a `get_pipeline` is called, any other one is run as a script."""
    assert entry.has_function(source) is expected


def test_a_function_gets_what_it_asks_for():
    """AWS's templates ask for some things by name and have defaults for others."""

    def get_pipeline(region, sagemaker_project_arn, role=None, default_bucket=None, base_job_prefix="Abalone"):
        return region, sagemaker_project_arn, role, default_bucket, base_job_prefix

    assert entry.bound(module(get_pipeline=get_pipeline), VALUES)() == ("eu-west-1", None, "R", "B", "Abalone")


def test_a_function_that_takes_anything_gets_everything():
    """Keyword arguments without names are all that there is."""
    assert entry.bound(module(get_pipeline=lambda **given: given), VALUES)() == VALUES


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        (3, "get_pipeline is no function; make it one"),
        (lambda session, bukcet, x: None, "get_pipeline asks for bukcet, x; it may ask for session, role, default_"),
        (lambda session, /: None, "get_pipeline asks for session; it may ask for"),
    ],
    ids=["no function", "strange names", "by position"],
)
def test_a_function_that_cannot_be_called_is_told(function, sentence):
    """A function that asks for something unknown is told what there is."""
    with pytest.raises(AuthorFaultError, match=sentence):
        entry.bound(module(get_pipeline=function), VALUES)


def test_a_script_leaves_its_pipeline_in_a_variable():
    """`pipeline` counts, whatever else there is; without it, the only one does, under any number of names."""
    one, other = Pipeline("one"), Pipeline("other")
    assert entry.only(module(pipeline=one, second=other), Pipeline) is one
    assert entry.only(module(training=one, again=one, number=3), Pipeline) is one


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ({}, r"has no function get_pipeline and makes no pipeline; add get_pipeline\(\*, session, role,"),
        ({"a": Pipeline(), "b": Pipeline()}, r"makes several pipelines \(a, b\); call the one to deploy `pipeline`"),
    ],
    ids=["none", "several"],
)
def test_a_script_without_a_pipeline_is_told(members, sentence):
    """Nothing is guessed where there is none, or more than one."""
    with pytest.raises(AuthorFaultError, match=sentence):
        entry.only(module(**members), Pipeline)


def test_places_are_the_authors_lines(run):
    """A step is known by the line that makes it, under the name that it has in the end."""
    found, variables = run("x = 1\n\ntrain = Training(\n    'Train', trainer=3\n)\nother = Training('A', trainer=4)")
    assert found == {"Train": "pipeline.py:3", "A": "pipeline.py:6"}
    assert variables["train"].trainer == 3


def test_what_libraries_make_has_no_place(tmp_path):
    """Steps that no author's line makes are not remembered."""
    watched, seen = type("Watched", (Step,), {}), places.Places(tmp_path)
    seen.watch(watched)
    watched("Hidden")
    assert seen.by_name() == {}


def test_an_upsert_is_the_definition_and_a_start_is_the_end(tmp_path):
    """Scripts go on after an upsert; a start is not followed, and both say so where something is lost."""
    kind, taken = type("Taken", (Pipeline,), {}), taking.Taken(places.Places(tmp_path))
    taken.take_over(kind)
    pipeline = kind("p")
    assert "PipelineArn" in pipeline.upsert(role_arn="R", parallelism_config={"MaxParallelExecutionSteps": 2})
    assert taken.pipeline is pipeline
    with pytest.raises(taking.Enough):
        pipeline.start(parameters={})
    first, second = taken.notes
    assert "parallelism_config is an argument of a start" in first
    assert "the start is left to `sluice run`" in second


def test_code_of_other_places_in_the_checkout_is_told():
    """A lock is compiled anew for its model's folder and for what models share; libraries are held by uv.lock."""
    pipelines = entry.CHECKOUT / "pipelines"
    files = {
        "own": pipelines / "credit_risk" / "steps" / "train.py",
        "shared": pipelines / "workflow" / "jobs.py",
        "package": pipelines / "__init__.py",
        "library": entry.CHECKOUT / ".venv" / "lib" / "numpy.py",
        "another": pipelines / "abalone" / "inference.py",
        "room": entry.CHECKOUT / "env" / "naming.py",
    }
    modules = [module(__file__=str(path)) for path in files.values()]
    built_in = module(__file__=None)
    assert entry.strangers(pipelines / "credit_risk", [*modules, built_in]) == [
        "env/naming.py",
        "pipelines/abalone/inference.py",
    ]
