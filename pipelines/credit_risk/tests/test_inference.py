import json
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

MODEL = Path(__file__).parents[1]
APPLICANT = {
    "sex": "male",
    "job": 2,
    "housing": "own",
    "saving_accounts": "not_known",
    "checking_account": "little",
    "credit_amount": 1169,
    "duration": 6,
    "purpose": "radio/TV",
    "age": 67,
}
ROW = "male,2,own,not_known,little,1169,6,radio/TV,67"


def instances(*rows):
    """A JSON payload of these applicants."""
    return json.dumps({"instances": rows})


@pytest.fixture
def score(model, trained):
    """Scores a payload with the trained model."""

    def score(body, **options):
        return model.serve(trained.model, body, **options)

    return score


def test_csv_and_json_are_scored_alike(score):
    """An applicant has the same probability whichever way it is sent and answered."""
    as_csv = score(ROW)
    as_json = score(instances(APPLICANT), content_type="application/json", accept="application/json")
    assert (as_csv["status"], as_csv["type"]) == (200, "text/csv")
    assert (as_json["status"], as_json["type"]) == (200, "application/json")
    assert json.loads(as_json["body"]) == {"predictions": [float(as_csv["body"])]}


def test_probabilities_have_full_precision(score):
    """A line of the answer reads back as the very number that was computed."""
    line = score(ROW)["body"].removesuffix("\n")
    assert 0 < float(line) < 1
    assert repr(float(line)) == line


def test_rows_keep_their_order(score):
    """Line n of the answer is applicant n, and a blank line at the end is none."""
    other = ROW.replace(",6,", ",60,")
    lines = score(f"{ROW}\n{other}\n\n")["body"].splitlines()
    assert lines == [score(ROW)["body"].strip(), score(other)["body"].strip()]


def test_a_byte_order_mark_is_no_part_of_the_first_column(score):
    """It would make another category of a text, and a score of somebody else."""
    assert score(f"\ufeff{ROW}") == score(ROW)


@pytest.mark.parametrize("accept", ["*/*", "", "text/csv; charset=utf-8", "TEXT/CSV"])
def test_csv_is_the_answer_to_who_takes_anything(score, accept):
    """Without a preference, an answer is CSV; parameters and case of a media type do not matter."""
    assert score(ROW, accept=accept)["type"] == "text/csv"


def test_a_category_never_seen_is_scored(score):
    """A new purpose is no reason to refuse an applicant: it counts as none of those known."""
    assert score(ROW.replace("radio/TV", "boat"))["status"] == 200


REFUSED_CSV = {
    "a column is missing": ("male,2,own", "Row 1 has 3 columns; expected 9: sex, job, housing,"),
    "a column is too many": (f"{ROW}\n{ROW},1", "Row 2 has 10 columns; expected 9"),
    "a number is a word": (ROW.replace("1169", "much"), "Row 1: credit_amount is 'much'; expected a number."),
    "a number is missing": (ROW.replace("1169", ""), "Row 1: credit_amount is ''; expected a number."),
    "a number is infinite": (ROW.replace("1169", "inf"), "Row 1: credit_amount is 'inf'; expected a finite number."),
    "a text is missing": (ROW.replace("own", " "), "Row 1: housing is ' '; expected a text."),
    "a number is written for Python alone": (
        ROW.replace("1169", "1_169"),
        "Row 1: credit_amount is '1_169'; expected a number.",
    ),
    "there is no row": ("\n", "The payload holds no row."),
    "a quote is open": (f'"{ROW}', "The payload is not CSV"),
}
REFUSED_JSON = {
    "it is no JSON": ("{", 'The payload is not JSON of the form {"instances": [{…}, …]}.'),
    "it has no instances": ('{"rows": []}', 'The payload is not JSON of the form {"instances": [{…}, …]}.'),
    "it is a list": ("[]", 'The payload is not JSON of the form {"instances": [{…}, …]}.'),
    "an instance is a list": (instances([1]), "The payload's instances must be a list of objects."),
    "the instances are one": ('{"instances": {}}', "The payload's instances must be a list of objects."),
    "a feature is missing": (instances({"sex": "male"}), "Row 1 misses or adds age, checking_account,"),
    "a feature is unknown": (instances({**APPLICANT, "zip": 1}), "Row 1 misses or adds zip; expected sex, job,"),
    "a text is null": (instances({**APPLICANT, "sex": None}), "Row 1: sex is None; expected a text."),
    "a number is true": (instances({**APPLICANT, "age": True}), "Row 1: age is True; expected a number."),
    "a number is endless": (instances({**APPLICANT, "age": 10**400}), "Row 1: age is beyond all finite numbers"),
    "it is a tower": ("[" * 200_000, 'The payload is not JSON of the form {"instances": [{…}, …]}.'),
    "a number is null": (instances({**APPLICANT, "age": None}), "Row 1: age is None; expected a number."),
    "there is no instance": (instances(), "The payload holds no row."),
}


@pytest.mark.parametrize(("body", "sentence"), REFUSED_CSV.values(), ids=REFUSED_CSV.keys())
def test_a_wrong_csv_payload_is_the_callers_fault(score, body, sentence):
    """A CSV payload that cannot be scored is answered by 400 and a sentence that says which row and why."""
    answer = score(body)
    assert (answer["status"], answer["type"]) == (400, "text/plain")
    assert sentence in answer["body"]


@pytest.mark.parametrize(("body", "sentence"), REFUSED_JSON.values(), ids=REFUSED_JSON.keys())
def test_a_wrong_json_payload_is_the_callers_fault(score, body, sentence):
    """A JSON payload that cannot be scored is answered by 400 and a sentence that says which row and why."""
    answer = score(body, content_type="application/json")
    assert answer["status"] == 400
    assert sentence in answer["body"]


@pytest.mark.parametrize(
    ("options", "status", "sentence"),
    [
        (
            {"content_type": "image/png"},
            415,
            "Content type image/png is not accepted; send text/csv or application/json.",
        ),
        ({"accept": "image/png"}, 406, "Answers of type image/png are not given; accept text/csv or application/json."),
    ],
    ids=["content type", "accept"],
)
def test_other_types_are_refused_by_name(score, options, status, sentence):
    """A content type that is not served, or asked for, is named in the refusal with those that are."""
    answer = score(ROW, **options)
    assert (answer["status"], answer["body"]) == (status, sentence)


BROKEN = """
class Broken:
    def predict_proba(self, rows):
        import numpy
        return numpy.array([[0.5, 0.5], [float("nan"), {score}]])[: len(rows)]

def model_fn(model_dir):
    return Broken()
"""


@pytest.mark.parametrize("score", ['float("nan")', 'float("inf")'])
def test_a_score_that_is_no_number_is_the_models_fault(model, tmp_path, score):
    """A 500 is seen by the alarms of a canary, which see no NaN; it says which row could not be scored."""
    code = tmp_path / "code" / "inference.py"
    code.parent.mkdir()
    code.write_text((MODEL / "inference.py").read_text() + BROKEN.format(score=score))
    shutil.copy(MODEL / "contract.json", code.parent)

    answer = model.serve(tmp_path, f"{ROW}\n{ROW}")

    assert (answer["status"], answer["body"]) == (500, "The model's score of row 2 is no finite number.")


ALONE = """
import sys
sys.path.insert(0, sys.argv[1] + "/code")
import inference
print(inference.predict_fn(inference.input_fn(sys.argv[2], "text/csv"), inference.model_fn(sys.argv[1])))
"""


@pytest.mark.clients  # a process of its own, which takes seconds; test_loop.py serves such an archive each time
def test_an_archive_is_whole(image, trained, tmp_path, score):
    """What Train packed scores rows in a process that has the image's libraries and nothing of the checkout."""
    with tarfile.open(trained.packed / "model.tar.gz") as archive:
        archive.extractall(tmp_path)
    command = [str(image.python), "-I", "-B", "-c", ALONE, str(tmp_path), ROW]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == f"[{score(ROW)['body'].strip()}]\n", done.stderr
