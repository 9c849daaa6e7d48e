import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.cloudformation.errors import InvalidRequest
from local.cloudformation.intrinsics import NO_VALUE, Resolver, Scope, Unknown, unknowns
from local.errors import UnsupportedLocally

SCOPE = Scope(
    parameters={"Text": "text", "List": ["a", "b"], "Zero": "0"},
    pseudo={"AWS::Region": "eu-west-1", "AWS::NoValue": NO_VALUE},
    mappings={"M": {"eu-west-1": {"size": 3, "names": ["x", "y"]}}},
    conditions={"Yes": True, "No": False},
    reference=lambda name: Unknown(frozenset({name})) if name == "New" else f"id-of-{name}",
    attribute=lambda name, attribute: (
        Unknown(frozenset({f"{name}.{attribute}"})) if name == "New" else f"{attribute}-of-{name}"
    ),
    exported=lambda name: f"export-{name}",
)
REF = {"Ref": "Text"}


def _resolve(value):
    return Resolver(SCOPE).resolve(value)


@pytest.mark.parametrize(
    ("value", "resolved"),
    [
        (REF, "text"),
        ({"Ref": "List"}, ["a", "b"]),
        ({"Ref": "AWS::Region"}, "eu-west-1"),
        ({"Ref": "Thing"}, "id-of-Thing"),
        ({"Fn::GetAtt": ["Thing", "Arn"]}, "Arn-of-Thing"),
        ({"Fn::GetAtt": ["Thing", {"Ref": "Text"}]}, "text-of-Thing"),
        ({"Fn::GetAtt": "Thing.Nested.Arn"}, "Nested.Arn-of-Thing"),
        ({"Fn::Join": ["-", ["a", REF, 3, True]]}, "a-text-3-true"),
        ({"Fn::Join": [",", {"Ref": "List"}]}, "a,b"),
        ({"Fn::Split": [".", "a.b.c"]}, ["a", "b", "c"]),
        ({"Fn::Select": ["1", {"Ref": "List"}]}, "b"),
        ({"Fn::Select": [{"Ref": "Zero"}, {"Fn::Split": ["/", "x/y"]}]}, "x"),
        (
            {"Fn::Sub": "${Text} ${AWS::Region} ${Thing} ${Thing.Arn} ${!Text}"},
            "text eu-west-1 id-of-Thing Arn-of-Thing ${Text}",
        ),
        ({"Fn::Sub": ["${A}${Text}", {"A": REF, "Text": "mine"}]}, "textmine"),
        ({"Fn::If": ["Yes", "y", {"Ref": "New"}]}, "y"),
        ({"k": {"Fn::If": ["No", "y", {"Ref": "AWS::NoValue"}]}, "l": 1}, {"l": 1}),
        (["a", {"Ref": "AWS::NoValue"}], ["a"]),
        ({"Fn::FindInMap": ["M", {"Ref": "AWS::Region"}, "size"]}, 3),
        ({"Fn::Base64": REF}, base64.b64encode(b"text").decode()),
        ({"Fn::ToJsonString": {"a": [REF]}}, '{"a":["text"]}'),
        ({"Fn::ImportValue": {"Fn::Sub": "${Text}-x"}}, "export-text-x"),
        ({"Fn::GetAZs": ""}, ["eu-west-1a", "eu-west-1b", "eu-west-1c"]),
        ({"Fn::Sub": "{{resolve:ssm:p}}"}, "{{resolve:ssm:p}}"),
    ],
)
def test_functions_resolve(value, resolved):
    """Each function gives what the CloudFormation User Guide says it does; dynamic references stay text."""
    assert _resolve(value) == resolved


@pytest.mark.parametrize(
    ("value", "sources"),
    [
        ({"Ref": "New"}, {"New"}),
        ({"Fn::GetAtt": ["New", "Arn"]}, {"New.Arn"}),
        ({"Fn::Join": ["-", ["a", {"Ref": "New"}, {"Fn::GetAtt": ["New", "Arn"]}]]}, {"New", "New.Arn"}),
        ({"Fn::Sub": "${Text}-${New.Arn}"}, {"New.Arn"}),
        ({"Fn::Select": [0, {"Fn::Split": ["-", {"Ref": "New"}]}]}, {"New"}),
        ({"Fn::Base64": {"Ref": "New"}}, {"New"}),
        ({"Fn::ToJsonString": {"a": {"Ref": "New"}}}, {"New"}),
    ],
)
def test_what_is_not_known_yet_spreads(value, sources):
    """A text made of something unknown is unknown as a whole, and remembers what it hangs on."""
    assert _resolve(value) == Unknown(frozenset(sources))


def test_unknowns_are_found_inside():
    """A document around something unknown keeps its shape."""
    resolved = _resolve({"list": [{"Ref": "New"}, "known"]})
    assert resolved == {"list": [Unknown(frozenset({"New"})), "known"]}
    assert unknowns(resolved) == [Unknown(frozenset({"New"}))]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"Fn::Join": ["-", "ab"]}, "Fn::Join"),
        ({"Fn::Join": ["-", [["nested"]]]}, "every Fn::Join argument must resolve to a string"),
        ({"Fn::Join": ["-"]}, "Fn::Join requires a list argument with 2 elements"),
        ({"Fn::Select": [2, ["a", "b"]]}, "cannot select nonexistent value at index 2"),
        ({"Fn::Select": [-1, ["a", "b"]]}, "cannot select nonexistent value at index -1"),
        ({"Fn::If": ["Maybe", 1, 2]}, "unresolved condition dependency Maybe in Fn::If"),
        ({"Fn::If": ["Yes", 1]}, "Fn::If requires a list argument with three elements"),
        ({"Fn::FindInMap": ["N", "a", "b"]}, "Mapping named 'N' is not present"),
        ({"Fn::FindInMap": ["M", "us", "size"]}, "Unable to get mapping for M::us::size"),
        ({"Fn::Sub": ["${A}"]}, "don't specify expected arguments"),
        ({"Fn::Sub": "${List}"}, "every Fn::Sub argument must resolve to a string"),
        ({"Fn::GetAtt": ["Thing"]}, "every Fn::GetAtt object requires two non-empty parameters"),
    ],
)
def test_misuse_is_named(value, message):
    """A function with the wrong arguments says which and why."""
    with pytest.raises(InvalidRequest, match=message):
        _resolve(value)


def test_unknown_functions_are_refused():
    """A function that is not supported is refused by name, and never passed on as data."""
    with pytest.raises(UnsupportedLocally, match="Fn::Transform"):
        _resolve({"Fn::Transform": {}})


@given(st.lists(st.text(alphabet="ab-", max_size=5), min_size=1))
def test_split_undoes_join(parts):
    """Joined by what none of them holds, parts come back from a split."""
    assert _resolve({"Fn::Split": ["|", {"Fn::Join": ["|", parts]}]}) == parts


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(alphabet="abc", min_size=1), inner),
    max_leaves=20,
)


@given(PLAIN)
def test_plain_data_is_left_alone(value):
    """A value without functions resolves to itself."""
    assert _resolve(value) == value
    assert json.loads(_resolve({"Fn::ToJsonString": {"v": value}})) == {"v": value}
