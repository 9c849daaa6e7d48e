import pytest

from local.errors import ValidationError
from local.sagemaker.pipelines.definition import Parameter
from local.sagemaker.pipelines.parameters import as_text, bind

DECLARED = {
    "Name": Parameter("Name", "String", "x"),
    "Count": Parameter("Count", "Integer", 3),
    "Share": Parameter("Share", "Float", 0.5),
    "Loud": Parameter("Loud", "Boolean", True),
}


def test_values_given_as_text_get_their_types_and_others_their_defaults():
    """StartPipelineExecution takes strings alone."""
    assert bind(DECLARED, {"Count": "7", "Loud": "false"}) == {"Name": "x", "Count": 7, "Share": 0.5, "Loud": False}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"Other": "1"}, "Unknown pipeline parameters: Other"),
        ({"Count": "many"}, "Count: 'many' is not of type Integer"),
        ({"Count": "1.5"}, "Count: '1.5' is not of type Integer"),
        ({"Share": "half"}, "Share: 'half' is not of type Float"),
        ({"Loud": "perhaps"}, "Loud: 'perhaps' is not of type Boolean"),
    ],
)
def test_what_does_not_fit_is_refused(given, said):
    """The sentence names parameter and value."""
    with pytest.raises(ValidationError) as caught:
        bind(DECLARED, given)
    assert said in caught.value.message


def test_a_parameter_without_a_default_needs_a_value():
    """It is asked for by name."""
    declared = {"Must": Parameter("Must", "String")}
    assert bind(declared, {"Must": "be"}) == {"Must": "be"}
    with pytest.raises(ValidationError, match="need a value: Must"):
        bind(declared, {})


def test_a_value_outside_of_its_list_is_refused():
    """EnumValues hold."""
    declared = {"Mode": Parameter("Mode", "String", "a", allowed=("a", "b"))}
    with pytest.raises(ValidationError, match="not one of"):
        bind(declared, {"Mode": "c"})


def test_booleans_are_written_in_small_letters():
    """As Pipelines joins them into strings."""
    assert [as_text(value) for value in (True, 3, 0.5, "x")] == ["true", "3", "0.5", "x"]
