from pathlib import Path

from env import reference, schema
from env.stage import StageFile

README = Path(reference.__file__).parent / "README.md"


def test_the_readme_tells_every_key():
    """The table in the README is the one that the declarations give: `python -m env` writes it anew."""
    page = README.read_text()

    assert reference.renewed(page) == page


def test_every_key_is_described():
    """No key goes without a sentence."""
    assert [path for path, info in schema.leaves() if not info.description] == []


def test_every_example_is_a_value_that_its_key_takes():
    """The examples that stand in for flawed values, and that messages show, are valid themselves."""
    document = {name: schema.example(info) for name, info in StageFile.model_fields.items()}
    document["models"] = {"churn": {"serving": schema.example(schema.fields(("models", "churn"))["serving"])}}

    assert StageFile.model_validate(document).models["churn"].serving.instance_type == "ml.m5.large"
