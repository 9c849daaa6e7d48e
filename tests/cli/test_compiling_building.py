import pytest

from cli.compiling import building, stand_ins
from cli.compiling.author import Draft
from cli.compiling.errors import DefinitionError
from tests.cli.compiling_samples import BUCKET, definition, processing


@pytest.fixture
def model(tmp_path):
    """A model's folder with the pins of its image."""
    folder = tmp_path / "pipelines" / "churn"
    folder.mkdir(parents=True)
    (folder / "requirements.txt").write_text("numpy==2.1.0\n")
    (folder / "pipeline.py").touch()
    return folder


@pytest.fixture
def finish(tmp_path, model):
    """What becomes of a definition and the content of its one step's code."""

    def finish(raw, code=b"print()"):
        path = tmp_path / "uploads" / BUCKET / "m" / "code" / "1" / "step.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(code)
        draft = Draft(definition=raw, uploads=tmp_path / "uploads", steps={"Prepare": "pipeline.py:7"})
        return building.finish(draft, model)

    return finish


def test_a_bundle_is_canonical_and_open(finish):
    """A bundle holds placeholders instead of values, its files under their hashes, and reads the same twice."""
    compiled = finish(definition(processing("Prepare")))
    step = compiled.definition["Steps"][0]["Arguments"]
    assert step["RoleArn"] == "{{sluice:role:pipeline}}"
    assert step["AppSpecification"]["ImageUri"] == "{{sluice:image:sklearn:1.4-2}}"
    assert step["ProcessingInputs"][0]["S3Input"]["S3Uri"] == (
        "s3://{{sluice:artifact_bucket}}/assets/525d513313416cf1/step.py"
    )
    assert compiled.files() == finish(definition(processing("Prepare"))).files()


def test_all_findings_are_told_together(finish):
    """References and arguments that are wrong are told at once, each with the author's file."""
    step = processing("Prepare", DependsOn=["Nothing"])
    del step["Arguments"]["RoleArn"]
    with pytest.raises(DefinitionError) as caught:
        finish(definition(step))
    assert len(caught.value.findings) == 2
    assert all(
        line.startswith("pipelines/churn/pipeline.py:7: Step Prepare") for line in str(caught.value).splitlines()
    )


def test_paths_of_this_machine_are_refused(finish, model):
    """A file that holds the folder's absolute path would be another one on every machine."""
    with pytest.raises(DefinitionError, match=r"step\.py holds the path .*/churn; use paths relative"):
        finish(definition(processing("Prepare")), code=f"open({str(model)!r})".encode())


def test_too_large_a_definition_is_refused(finish):
    """A definition that would leave no room for a stage's values is told with its size."""
    pipeline = definition(processing("Prepare"))
    pipeline["Parameters"][0]["Description"] = "x" * 900_000
    with pytest.raises(DefinitionError, match=r"the definition has 90\d{4} characters, 900000 at most"):
        finish(pipeline)


def test_pins_are_compared_with_the_image(finish, model):
    """A model that is made with other versions than its image has does not compile."""
    (model / "requirements.txt").write_text("numpy==1.26.4\n")
    with pytest.raises(DefinitionError, match=r"numpy==1\.26\.4, but image sklearn:1\.4-2 has 2\.1\.0"):
        finish(definition(processing("Prepare")))


def test_findings_are_told_with_the_authors_line(finish):
    """A finding about a step begins with the file and line that make the step."""
    with pytest.raises(DefinitionError) as caught:
        finish(definition(processing("Prepare", DependsOn=["Nothing"])))
    assert str(caught.value) == (
        "pipelines/churn/pipeline.py:7: Step Prepare depends on step Nothing, which is not in the pipeline."
    )


def test_warnings_do_not_hinder(finish):
    """What SageMaker takes, and hardly is meant, is told beside the bundle."""
    step = processing("Prepare")
    step["Arguments"]["Environment"] = {"DB_PASSWORD": "hunter2"}
    (warning,) = finish({**definition(step), "Parameters": []}).warnings
    assert warning.startswith(
        "pipelines/churn/pipeline.py:7: Step Prepare: Environment DB_PASSWORD looks like a secret"
    )
    assert "hunter2" not in warning


def test_values_of_a_stage_are_refused_with_their_step(finish):
    """An account of somebody's in a step is told with the step's line."""
    step = processing("Prepare")
    step["Arguments"]["Environment"] = {"TOPIC": "arn:aws:sns:us-east-1:210987654321:alerts"}
    with pytest.raises(DefinitionError, match=r"pipeline\.py:7: Step Prepare\.Arguments\.Environment\.TOPIC: 'arn:aws"):
        finish(definition(step))


@pytest.mark.parametrize(
    ("written", "expected"), [("region", "logs-{{sluice:region}}"), ("'eu-west-1'", None)], ids=["given", "written"]
)
def test_the_region_is_the_stages_unless_the_author_wrote_it(finish, model, written, expected):
    """What is made of the region that `get_pipeline` is given stays open; a region that is written is refused."""
    (model / "pipeline.py").write_text(f"def get_pipeline(region):\n    return 'logs-' + {written}\n")
    step = processing("Prepare")
    step["Arguments"]["Environment"] = {"LOGS": f"logs-{stand_ins.REGION}"}
    if expected is None:
        with pytest.raises(DefinitionError, match="'logs-eu-west-1' names an account or region"):
            finish(definition(step))
    else:
        assert finish(definition(step)).definition["Steps"][0]["Arguments"]["Environment"] == {"LOGS": expected}
