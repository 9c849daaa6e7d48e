import json

import pytest

from pipelines.evidence import contract, table
from pipelines.evidence.errors import ContractError, DataError

FIELDS = [
    {"name": "bad", "type": "integer", "constraints": {"required": True, "enum": [0, 1]}},
    {"name": "sex", "type": "string", "constraints": {"required": True, "enum": ["f", "m"]}},
    {"name": "weight", "type": "number", "constraints": {"minimum": 0.5, "maximum": 9}},
    {"name": "code", "type": "string", "constraints": {"pattern": "[A-Z]{2}[0-9]"}},
]
GOOD = [["0", "f", "1.5", "AB1"], ["1", "m", "", ""], ["0", "f", "9", "ZZ9"]]


@pytest.fixture
def agreed(tmp_path):
    """Writes a contract and reads it."""

    def agreed(**changes):
        path = tmp_path / "contract.json"
        path.write_text(json.dumps({"target": "bad", "protected": ["sex"], "fields": FIELDS, **changes}))
        return contract.read(path)

    return agreed


def rows(*values, header=("bad", "sex", "weight", "code")):
    """A table of these rows after a good one."""
    return table.Table(list(header), [GOOD[0], *map(list, values)])


def test_rows_as_agreed_pass_and_get_their_types(agreed):
    """Numbers become numbers, texts stay texts, and what may be missing is None."""
    found = table.Table(["bad", "sex", "weight", "code"], GOOD)
    agreed().check(found)
    assert agreed().values(found) == {
        "bad": [0, 1, 0],
        "sex": ["f", "m", "f"],
        "weight": [1.5, None, 9.0],
        "code": ["AB1", None, "ZZ9"],
    }


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (["", "f", "1", "AB1"], "Column 'bad' line 3: '' is empty; fill it or remove the row."),
        (["2", "f", "1", "AB1"], "Column 'bad' line 3: '2' is none of 0, 1."),
        (["1.0", "f", "1", "AB1"], "Column 'bad' line 3: '1.0' is not a whole number."),
        (["1_0", "f", "1", "AB1"], "Column 'bad' line 3: '1_0' is not a whole number."),
        (["\N{ARABIC-INDIC DIGIT ONE}", "f", "1", "AB1"], "Column 'bad' line 3: '\u0661' is not a whole number."),
        (["1", "f", "1_0", "AB1"], "Column 'weight' line 3: '1_0' is not a number."),
        (["1", "x", "1", "AB1"], "Column 'sex' line 3: 'x' is none of f, m."),
        (["1", "f", "heavy", "AB1"], "Column 'weight' line 3: 'heavy' is not a number."),
        (["1", "f", "inf", "AB1"], "Column 'weight' line 3: 'inf' is not a number."),
        (["1", "f", "0.4", "AB1"], "Column 'weight' line 3: '0.4' is not in 0.5..9."),
        (["1", "f", "1", "ab1"], "Column 'code' line 3: 'ab1' is not of the form [A-Z]{2}[0-9]."),
    ],
)
def test_a_row_that_is_not_as_agreed_is_told(agreed, row, sentence):
    """One sentence says which column, line and value, and what is wrong with it."""
    with pytest.raises(DataError) as told:
        agreed().check(rows(row))
    assert str(told.value) == sentence


def test_other_rows_that_break_it_too_are_counted(agreed):
    """One more, or more."""
    wrong = ["2", "f", "1", "AB1"]
    for times, others in ((2, "(and in 1 more row)"), (3, "(and in 2 more rows)")):
        with pytest.raises(DataError) as told:
            agreed().check(rows(*[wrong] * times))
        assert str(told.value) == f"Column 'bad' line 3: '2' is none of 0, 1 {others}."


def test_too_few_rows_are_told(agreed):
    """A contract says how many rows there must be, in all or of each value of the target."""
    with pytest.raises(DataError, match=r"^Only 2 rows; need 3\.$"):
        agreed(fewest=3).check(rows(GOOD[2]))
    with pytest.raises(DataError, match=r"^Only 0 rows have bad = 1; need 1\.$"):
        agreed(fewest={"0": 1, "1": 1}).check(rows(GOOD[2]))


def test_rows_are_counted_by_what_the_target_is_not_by_how_it_is_written(agreed):
    """A file that writes 01 and +1 has two rows of 1."""
    agreed(fewest={"1": 2}).check(rows(["01", *GOOD[1][1:]], ["+1", *GOOD[1][1:]]))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"target": "good"}, "contract.json names column 'good', which is not among its fields."),
        ({"protected": ["age"]}, "contract.json names column 'age', which is not among its fields."),
        ({"primaryKey": "bad"}, "contract.json: primaryKey is not checked; use description, fewest, fields,"),
        (
            {"fields": [{"name": "bad", "type": "date"}]},
            "contract.json, field 'bad': type 'date' is none of string, integer, number.",
        ),
        (
            {"fields": [{"name": "bad", "type": "integer", "constraints": {"unique": True}}]},
            "contract.json, constraints of 'bad': unique is not checked; use enum, maximum,",
        ),
        ({"fields": [*FIELDS, FIELDS[0]]}, "contract.json has more than one field 'bad'."),
        ({"fewest": {"yes": 1}}, "contract.json, fewest: 'yes' cannot be a value of 'bad'."),
        ({"fields": [{"type": "integer"}]}, "contract.json is no data contract: KeyError 'name'."),
    ],
)
def test_a_contract_that_cannot_be_kept_is_refused(agreed, changes, sentence):
    """Nothing in a contract is passed over: what is not checked is refused by name."""
    with pytest.raises(ContractError) as told:
        agreed(**changes)
    assert str(told.value).startswith(sentence)


@pytest.mark.parametrize(
    ("kind", "constraints", "demand"),
    [
        ("string", {"minimum": 1}, "minimum is a number, and for fields of numbers"),
        ("number", {"maximum": "9"}, "maximum is a number, and for fields of numbers"),
        ("integer", {"enum": ["0", "1"]}, "enum is a list of values of type integer"),
        ("string", {"enum": "yes"}, "enum is a list of values of type string"),
        ("string", {"pattern": "[A-Z"}, "pattern is a regular expression, and for fields of type string"),
        ("integer", {"required": "no"}, "required is true or false"),
    ],
)
def test_a_constraint_that_no_row_can_be_held_to_is_refused(agreed, kind, constraints, demand):
    """When the contract is read, and not with a traceback at some row."""
    with pytest.raises(ContractError) as told:
        agreed(fields=[FIELDS[1], {"name": "bad", "type": kind, "constraints": constraints}])
    assert str(told.value) == f"contract.json, constraints of 'bad': {demand}."
