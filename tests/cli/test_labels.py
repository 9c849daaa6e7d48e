import json

import pytest

from cli.errors import WrongUseError
from cli.label_file import Label, labels, tally
from cli.label_rules import by_contract, judge_of
from cli.labels import bring
from tests.cli.fakes import FakeBucket, FakeClient, connection, refusal

GOOD = "inference_id,label\na-1,1\na-2,0\na-1,1\n"


def fine(text):
    """Takes every label."""
    return


def refused(text, judge=fine):
    """What is said of a file that is refused."""
    with pytest.raises(WrongUseError) as error:
        labels(text, name="labels.csv", judge=judge)
    return error.value.message


def test_a_label_said_twice_counts_once():
    """One for each id, and how many lines said nothing new."""
    assert labels(GOOD, name="labels.csv", judge=fine) == ([Label(2, "a-1", "1"), Label(3, "a-2", "0")], 1)


@pytest.mark.parametrize(
    "line",
    [
        '{"inference_id": "a-1", "label": 1}',
        '{"label": "1", "inference_id": "a-1"}',
        '{"groundTruthData": {"data": "1", "encoding": "CSV"}, "eventMetadata": {"eventId": "a-1"}}',
    ],
)
def test_json_lines_are_read_in_both_forms(line):
    """Ours and Model Monitor's; numbers and texts."""
    assert labels(f"{line}\n\n", name="labels.jsonl", judge=fine) == ([Label(1, "a-1", "1")], 0)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("id,label\na,1\n", "its first line is 'id,label': it must be 'inference_id,label'"),
        ("", "its first line is ''"),
        ('[{"inference_id":"a","label":1}]', "labels.csv is neither CSV (',' expected after '\"') nor JSON lines"),
        ("inference_id,label\n", "labels.csv has no labels"),
        ("inference_id,label\n,1\n", "line 2: the inference id is empty"),
        ("inference_id,label\na,\n", "line 2: the label of a is empty"),
        ("inference_id,label\na,1\nb,1\na,0\n", "line 4: a is 0, and 1 in line 2"),
        ("inference_id,label\na\n", "line 2: it has 1 columns instead of 2"),
        ('inference_id,label\na,"1\n', "line 2: it is no CSV"),
        (f"inference_id,label\n{'x' * 65},1\n", "they have up to 64 characters"),
        ('{"inference_id": "a"}\n', "line 1: it is no label (KeyError: 'label')"),
        ('{"inference_id": "a", "label": true}\n', "True is neither a number nor a text"),
        ('{"inference_id": 7, "label": 1}\n', "7 is no text"),
        ('{"inference_id": "a", "label": null}\n', "the label of a is empty"),
        ('{"inference_id": "a", "la', "line 1: it is no label"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text, sentence):
    """Nothing of such a file is pushed."""
    assert sentence in refused(text)


def test_all_faults_are_counted_and_the_first_told():
    """One look at the file is enough to see how bad it is."""
    said = refused("inference_id,label\n" + "".join(f"a-{i},\n" for i in range(12)))
    assert said.count("is empty") == 5
    assert "and 7 more" in said


def test_a_row_of_several_has_its_number_behind_the_id():
    """Each row of a request that had many can have a label."""
    found, _ = labels(f"inference_id,label\n{'x' * 64}/12,1\n", name="labels.csv", judge=fine)
    assert found[0].id == f"{'x' * 64}/12"


@pytest.mark.parametrize(
    ("model", "text", "sentence"),
    [
        ("credit-risk", "1", None),
        ("credit-risk", "2", "risk is 2: it is at least 0 and at most 1"),
        ("credit-risk", "1.0", "risk is '1.0', which is no whole number"),
        ("credit-risk", "good", "risk is 'good', which is no whole number"),
        ("abalone", "11", None),
        ("abalone", "nan", "rings is 'nan', which is no whole number"),
    ],
)
def test_a_label_is_held_to_the_contract_of_the_model(model, text, sentence):
    """The target's type and range, as the training data have them."""
    assert judge_of(connection(), model)(text) == sentence


@pytest.mark.parametrize(
    ("field", "text", "sentence"),
    [
        ({"type": "string", "constraints": {"enum": ["good", "bad"]}}, "good", None),
        ({"type": "string", "constraints": {"enum": ["good", "bad"]}}, "God", "y is 'God': it is one of good, bad"),
        ({"type": "number"}, "1e3", None),
        ({"type": "number"}, "inf", "y is 'inf', which is no number"),
        ({"type": "number"}, "1_000", "y is '1_000', which is no number"),
        ({"type": "number", "constraints": {"minimum": 0}}, "-1", "y is -1: it is at least 0"),
    ],
)
def test_contracts_may_name_values_or_bounds(field, text, sentence):
    """Texts from a list, numbers within bounds, and never what is no number."""
    assert by_contract({"target": "y", "fields": [{"name": "y", **field}]})(text) == sentence


def test_labels_stand_where_and_as_model_monitor_reads_them():
    """In the folder of the cloud's hour, one JSON object a line."""
    bucket = FakeBucket()
    told = bring(connection(s3=bucket), "credit-risk", [Label(2, "a-1", "1"), Label(3, "a-2", "0")])
    [(key, body)] = bucket.objects.items()
    assert told == {"objects": [f"s3://sluice-local-capture-123456789012-eu-west-1/{key}"], "written": 1}
    assert key.startswith("labels/credit-risk/2026/11/21/10/")
    assert json.loads(body.splitlines()[0]) == {
        "groundTruthData": {"data": "1", "encoding": "CSV"},
        "eventMetadata": {"eventId": "a-1"},
        "eventVersion": "0",
    }


def test_the_same_labels_are_written_once_whatever_the_hour():
    """Who is not sure whether it worked pushes again."""
    bucket = FakeBucket()
    first = bring(connection(s3=bucket), "credit-risk", [Label(2, "a-1", "1")])
    bucket.DATE = "Sat, 21 Nov 2026 23:00:00 GMT"
    again = bring(connection(s3=bucket), "credit-risk", [Label(9, "a-1", "1")])
    assert again == {**first, "written": 0}
    assert bring(connection(s3=bucket), "credit-risk", [Label(2, "a-1", "0")])["written"] == 1
    assert len(bucket.objects) == 2


def test_labels_of_a_stage_that_is_not_deployed_are_wrong_use():
    """The remedy is a command."""

    def missing(**_):
        raise refusal("NoSuchBucket", "The specified bucket does not exist")

    with pytest.raises(WrongUseError, match="run `sluice deploy`"):
        bring(connection(s3=FakeClient(list_objects_v2=missing)), "credit-risk", [Label(2, "a-1", "1")])


def test_few_values_are_counted_and_many_are_not():
    """Classes are told; a regression's numbers would be a page."""
    assert tally([Label(1, "a", "1"), Label(2, "b", "0"), Label(3, "c", "1")]) == {"0": 1, "1": 2}
    assert tally([Label(i, str(i), str(i)) for i in range(11)]) == {}
