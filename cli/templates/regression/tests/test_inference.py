import json

import pytest

FEATURES = {
    "area_m2": 64.5,
    "rooms": 3,
    "district": "west",
    "floor": 2,
    "built": 1972,
    "balcony": "yes",
    "heating_cost": 80,
}
ROW = ",".join(map(str, FEATURES.values()))


@pytest.fixture
def score(model, trained):
    """Sends a payload to the trained model's inference code."""
    return lambda body, **types: model.serve(trained.model, body, **types)


def test_csv_and_json_are_scored_alike(score):
    """A flat has the same rent whichever way the row is sent."""
    sent = json.dumps({"instances": [FEATURES]})
    answer = score(sent, content_type="application/json", accept="application/json")
    assert json.loads(answer["body"]) == {"predictions": [float(score(ROW)["body"])]}


def test_what_may_be_missing_may_be_missing(score):
    """A flat whose heating nobody knows has a rent, sent as an empty field and as null."""
    as_csv = score(ROW.removesuffix("80"))
    sent = json.dumps({"instances": [{**FEATURES, "heating_cost": None}]})
    as_json = score(sent, content_type="application/json", accept="application/json")
    assert (as_csv["status"], as_json["status"]) == (200, 200)
    assert json.loads(as_json["body"]) == {"predictions": [float(as_csv["body"])]}


def test_more_room_costs_more(score):
    """The model learned something sensible: rents rise with the area."""
    rents = [float(line) for line in score("\n".join(f"{area}{ROW[4:]}" for area in (40, 60, 80)))["body"].split()]
    assert rents == sorted(rents)
    assert rents[0] < rents[-1]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("64.5,3", "Row 1 has 2 columns; expected 7: area_m2, rooms,"),
        (ROW.replace("64.5", "big"), "Row 1: area_m2 is 'big'; expected a number."),
    ],
)
def test_a_wrong_payload_is_the_callers_fault(score, body, sentence):
    """A payload that cannot be scored is answered by 400 and a sentence that says which row and why."""
    answer = score(body)
    assert answer["status"] == 400
    assert sentence in answer["body"]
