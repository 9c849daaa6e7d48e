from cli.compiling import canonical
from tests.cli.compiling_samples import definition, fail, gate, processing


def repack(name):
    """A step that puts inference code into a model's archive, as the SDK inserts it."""
    return {"Name": name, "Type": "Training", "Arguments": {}}


def test_text_does_not_depend_on_the_order_of_members():
    """Definitions that mean the same are the same bytes, and end in a line feed."""
    assert canonical.text({"b": 1, "a": ["ü"]}) == canonical.text({"a": ["ü"], "b": 1})
    assert canonical.text({"a": "ü"}) == '{\n "a": "ü"\n}\n'


def test_lists_keep_their_order():
    """Order in a list has a meaning: of arguments, for one."""
    assert canonical.text(["b", "a"]) != canonical.text(["a", "b"])


def test_nulls_and_empty_structures_are_absent():
    """What SageMaker reads as absent is not written."""
    step = processing("Prepare")
    step["Arguments"]["NetworkConfig"] = None
    step["Arguments"]["Environment"] = {}
    step["Arguments"]["ExperimentConfig"] = {"TrialName": {"x": None}}
    found = canonical.form({**definition(step), "MlflowConfig": None})
    assert found == definition(processing("Prepare"))


def test_empty_texts_and_lists_stay():
    """An empty list of steps in a branch, or an empty text in a join, says something."""
    found = canonical.form(definition(gate("Gate"), fail("Failed", {"Std:Join": {"On": "", "Values": ["a"]}})))
    assert found["Steps"][0]["Arguments"]["IfSteps"] == []
    assert found["Steps"][1]["Arguments"]["ErrorMessage"] == {"Std:Join": {"On": "", "Values": ["a"]}}


def test_random_names_of_repack_steps_become_stable():
    """A repack step is named after the step it belongs to, and references follow."""
    step = processing("Use")
    step["Arguments"]["Environment"] = {
        "m": {"Get": "Steps.R-RepackModel-model-95840354.ModelArtifacts.S3ModelArtifacts"}
    }
    step["DependsOn"] = ["R-RepackModel-model-95840354"]
    found = canonical.form(definition(repack("R-RepackModel-model-95840354"), step))
    assert found["Steps"][0]["Name"] == "R-RepackModel"
    assert found["Steps"][1]["DependsOn"] == ["R-RepackModel"]
    assert found["Steps"][1]["Arguments"]["Environment"]["m"] == {
        "Get": "Steps.R-RepackModel.ModelArtifacts.S3ModelArtifacts"
    }


def test_two_repack_steps_stay_two():
    """Two models repacked for one step have two names, whatever was drawn at random."""
    names = ["R-RepackModel-a-0000000f", "R-RepackModel-b-0000000e"]
    found = canonical.form(definition(*[repack(name) for name in names]))
    assert [step["Name"] for step in found["Steps"]] == ["R-RepackModel", "R-RepackModel-2"]


def test_the_region_of_compiling_is_not_a_models():
    """The SDK writes the region of whoever compiles into a container's environment; another region is the author's."""
    step = processing("Prepare")
    step["Arguments"]["Environment"] = {"SAGEMAKER_REGION": "eu-west-1", "DATA_REGION": "us-east-1"}
    step["Arguments"]["HyperParameters"] = {"sagemaker_region": '"eu-west-1"', "depth": "3"}
    found = canonical.form(definition(step))["Steps"][0]["Arguments"]
    assert (found["Environment"], found["HyperParameters"]) == ({"DATA_REGION": "us-east-1"}, {"depth": "3"})


def test_steps_are_found_in_branches():
    """All steps are walked, those in the branches of a condition too."""
    pipeline = definition(processing("A"), gate("B", then=[processing("C")], otherwise=[fail("D")]))
    assert [step["Name"] for step in canonical.steps(pipeline)] == ["A", "B", "C", "D"]
