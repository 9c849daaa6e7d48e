import pytest

from cli.compiling import pins


@pytest.fixture
def judge(tmp_path):
    """The findings about a requirements file, for a model in the scikit-learn image."""

    def judge(text):
        folder = tmp_path / "churn"
        folder.mkdir()
        (folder / "requirements.txt").write_text(text)
        return pins.findings(folder / "requirements.txt", keys=["sklearn:1.4-2"])

    return judge


def test_the_images_versions_pass(judge):
    """Exact pins of the image's versions are no finding; case and separators of a name do not matter."""
    assert judge("# of sklearn:1.4-2\nnumpy==2.1.0\n\nScikit_Learn == 1.4.2  # models\n") == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "numpy==1.26.4\n",
            "pipelines/churn/requirements.txt: numpy==1.26.4, but image sklearn:1.4-2 has 2.1.0; pin 2.1.0.",
        ),
        ("numpy>=2\n", "pipelines/churn/requirements.txt:1: 'numpy>=2' is not an exact pin; write name==version."),
        (
            "\nnumpy==2.*\n",
            "pipelines/churn/requirements.txt:2: 'numpy==2.*' is not an exact pin; write name==version.",
        ),
    ],
    ids=["another version", "a range", "a wildcard"],
)
def test_other_versions_are_told(judge, text, sentence):
    """A pin that the image does not hold is told with what the image has."""
    assert judge(text) == [sentence]


def test_a_model_without_pins_is_told(tmp_path):
    """A model should say which versions it is made with; examples that do not still compile."""
    (sentence,) = pins.warnings(tmp_path / "requirements.txt", keys=["sklearn:1.4-2"])
    assert "requirements.txt does not exist; list the model's libraries there" in sentence
    assert pins.findings(tmp_path / "requirements.txt", keys=["sklearn:1.4-2"]) == []


def test_a_library_that_the_image_lacks_is_told(tmp_path):
    """What is not in the image has to be installed by the job, from a list that the job gets."""
    (tmp_path / "requirements.txt").write_text("numpy==2.1.0\nlightgbm==4.5.0\n")
    (sentence,) = pins.warnings(tmp_path / "requirements.txt", keys=["sklearn:1.4-2"])
    assert "lightgbm is no library that image sklearn:1.4-2 pins; jobs need a requirements.txt beside" in sentence


def test_images_are_read_from_the_definition():
    """The images of a definition are those of its placeholders, each once."""
    text = '"{{sluice:image:sklearn:1.4-2}}", "{{sluice:image:a:1}}", "{{sluice:image:sklearn:1.4-2}}"'
    assert pins.image_keys(text) == ["a:1", "sklearn:1.4-2"]
