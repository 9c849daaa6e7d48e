import json

import pytest

FEATURES = {
    "age": 41,
    "plan": "basic",
    "payment": "invoice",
    "months": 2,
    "monthly_price": 7.99,
    "hours_watched": 3.5,
    "support_calls": 3,
}
ROW = ",".join(map(str, FEATURES.values()))


@pytest.fixture
def score(model, trained):
    """Sends a payload to the trained model's inference code."""
    return lambda body, **types: model.serve(trained.model, body, **types)


def test_csv_and_json_are_scored_alike(score):
    """A subscriber has the same probability whichever way the row is sent."""
    sent = json.dumps({"instances": [FEATURES]})
    answer = score(sent, content_type="application/json", accept="application/json")
    assert json.loads(answer["body"]) == {"predictions": [float(score(ROW)["body"])]}


def test_what_may_be_missing_may_be_missing(score):
    """A subscriber whose device does not tell hours has a probability, sent as an empty field and as null."""
    as_csv = score(ROW.replace("3.5", ""))
    sent = json.dumps({"instances": [{**FEATURES, "hours_watched": None}]})
    as_json = score(sent, content_type="application/json", accept="application/json")
    assert (as_csv["status"], as_json["status"]) == (200, 200)
    assert json.loads(as_json["body"]) == {"predictions": [float(as_csv["body"])]}


def test_nobody_is_judged_by_age(score):
    """The protected attribute is no input of the model."""
    assert score(ROW.replace("41,", "75,", 1))["body"] == score(ROW)["body"]


def test_more_trouble_is_a_greater_risk(score):
    """The model learned something sensible: each call to the support makes it likelier that a subscriber leaves."""
    calls = [ROW.removesuffix("3") + number for number in ("0", "3", "6")]
    risks = [float(line) for line in score("\n".join(calls))["body"].splitlines()]
    assert risks == sorted(risks)
    assert risks[0] < risks[-1]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("41,basic", "Row 1 has 2 columns; expected 7: age, plan,"),
        (ROW.replace("7.99", "cheap"), "Row 1: monthly_price is 'cheap'; expected a number."),
    ],
)
def test_a_wrong_payload_is_the_callers_fault(score, body, sentence):
    """A payload that cannot be scored is answered by 400 and a sentence that says which row and why."""
    answer = score(body)
    assert answer["status"] == 400
    assert sentence in answer["body"]
