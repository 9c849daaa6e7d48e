import json

import pytest
from botocore.exceptions import ClientError

from local.cloudformation.errors import InvalidRequest
from local.cloudformation.parameters import Parameter, given, resolve
from local.cloudformation.template import parse
from tests.local.cloudformation.samples import parameter


def _template(**declared):
    parameters = {"V": {"Type": "String", **declared}}
    return parse(json.dumps({"Parameters": parameters, "Resources": {"B": {"Type": "AWS::S3::Bucket"}}}))


def _resolved(text=None, *, fetch=lambda name: None, **declared):
    texts = {} if text is None else {"V": text}
    return resolve(_template(**declared), texts, fetch=fetch)["V"]


@pytest.mark.parametrize(
    ("declared", "text", "value"),
    [
        ({}, "a", "a"),
        ({"Default": "d"}, None, "d"),
        ({"Default": 3, "Type": "Number"}, None, "3"),
        ({"Default": True}, None, "true"),
        ({"Type": "CommaDelimitedList"}, "a, b,c", ["a", "b", "c"]),
        ({"Type": "CommaDelimitedList"}, "", []),
        ({"Type": "List<Number>"}, "1,2", ["1", "2"]),
        ({"Type": "List<AWS::EC2::Subnet::Id>"}, "subnet-1", ["subnet-1"]),
    ],
)
def test_a_parameters_type_says_what_ref_gives(declared, text, value):
    """Scalars are text, list types are lists of text; a default stands in for what is not given."""
    assert _resolved(text, **declared).value == value


@pytest.mark.parametrize(
    ("declared", "text", "message"),
    [
        ({}, None, r"Parameters: \[V\] must have values"),
        ({"AllowedValues": ["a", "b"]}, "c", "Parameter 'V' must be one of AllowedValues"),
        ({"AllowedValues": [1, 2], "Type": "Number"}, "3", "must be one of AllowedValues"),
        ({"AllowedPattern": "[a-z]+"}, "a1", r"Parameter 'V' must match pattern \[a-z\]\+"),
        ({"AllowedPattern": "x", "ConstraintDescription": "an x"}, "y", "failed to satisfy constraint: an x"),
        ({"MinLength": 2}, "a", "must contain at least 2 characters"),
        ({"MaxLength": "2"}, "abc", "must contain at most 2 characters"),
        ({"Type": "Number"}, "x", "Parameter 'V' must be a number"),
        ({"Type": "Number", "MinValue": 2}, "1", "must be a number not less than 2"),
        ({"Type": "Number", "MaxValue": 2}, "3", "must be a number not greater than 2"),
        ({"Type": "List<Number>"}, "1,x", "Parameter 'V' must be a number"),
        ({"Type": ""}, "x", "must contain a Type member"),
    ],
)
def test_constraints_are_kept(declared, text, message):
    """A value outside its constraints is refused in CloudFormation's words."""
    with pytest.raises(InvalidRequest, match=message):
        _resolved(text, **declared)


def test_a_parameter_from_ssm_has_two_values():
    """Its text names the SSM parameter, and Ref gives what stands there, as a list for list types."""
    single = _resolved("/path", Type="AWS::SSM::Parameter::Value<String>", fetch=lambda name: f"at {name}")
    assert single == Parameter("/path", "at /path", resolved="at /path")
    assert single.described("V") == {
        "ParameterKey": "V",
        "ParameterValue": "/path",
        "ResolvedValue": "at /path",
    }
    listed = _resolved("/path", Type="AWS::SSM::Parameter::Value<List<String>>", fetch=lambda name: "a,b")
    assert listed.value == ["a", "b"]
    with pytest.raises(InvalidRequest, match=r"Unable to fetch parameters \[/path\] from parameter store"):
        _resolved("/path", Type="AWS::SSM::Parameter::Value<String>")


def test_what_a_request_gives_is_checked_against_the_template():
    """Unknown names, a previous value that is not there, and both at once are refused."""
    template, previous = _template(), {"V": Parameter("before", "before")}
    asked = {"ParameterKey": "V", "UsePreviousValue": True}
    assert given([asked], template, previous=previous) == {"V": "before"}
    with pytest.raises(InvalidRequest, match=r"Parameters: \[W\] do not exist in the template"):
        given([{"ParameterKey": "W", "ParameterValue": "x"}], template, previous={})
    with pytest.raises(InvalidRequest, match="for a parameter key not in the previous template"):
        given([asked], template, previous={})
    with pytest.raises(InvalidRequest, match="Cannot specify usePreviousValue as true and a value"):
        given([{**asked, "ParameterValue": "x"}], template, previous=previous)


def test_a_stack_reads_its_parameters_from_ssm(account):
    """A stack's parameter of an SSM type takes the value that stands in SSM when the stack is updated."""
    ssm = account.cloud.client("ssm")
    ssm.put_parameter(Name="/source", Type="String", Value="one")
    sections = {"Parameters": {"V": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/source"}}}
    resources = {"P": parameter({"Ref": "V"}, name="p")}
    stack = account.create(resources, sections=sections)
    assert stack["Parameters"][0]["ResolvedValue"] == "one"
    ssm.put_parameter(Name="/source", Type="String", Value="two", Overwrite=True)
    account.update(parameters={"V": None})
    assert ssm.get_parameter(Name="p")["Parameter"]["Value"] == "two"
    with pytest.raises(ClientError, match=r"Unable to fetch parameters \[/nowhere\]"):
        account.update(parameters={"V": "/nowhere"})
