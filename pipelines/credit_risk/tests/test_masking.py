import pytest

MASKED = "tests.pipelines.masked"


def test_the_same_value_has_the_same_hash_however_it_was_written(image):
    """In CSV and in JSON numbers look different and are not; what is missing stays missing."""
    rows = [{"age": 31, "name": "a"}, {"age": 31.0, "name": "a"}, {"age": None, "name": "31"}]
    first, second, third = (
        line.split(",") for line in image.call(f"{MASKED}:masked", {"age": "hash", "name": "hash"}, rows).splitlines()
    )
    assert first == second
    assert len(first[0]) == 64
    assert third[0] == ""
    assert third[1] != first[0]


def test_two_columns_that_share_a_value_cannot_be_told_to(image):
    """The name of the column goes into its hashes."""
    both = image.call(f"{MASKED}:masked", {"a": "hash", "b": "hash"}, [{"a": "x", "b": "x"}]).strip().split(",")
    assert both[0] != both[1]


def test_what_is_not_masked_stays_as_it_is(image):
    """A text with a comma is quoted, as in any CSV file; a dropped column leaves its place."""
    assert image.call(f"{MASKED}:masked", {"b": "drop"}, [{"a": "x, y", "b": "z", "c": 0.5}]) == '"x, y",,0.5\n'


@pytest.mark.parametrize(
    ("variable", "sentence"),
    [('{"agee": "hash"}', "'agee', which is no column; the columns are age"), ('{"age": "md5"}', "'md5' for 'age'")],
)
def test_a_mask_that_is_not_understood_keeps_the_model_from_starting(image, variable, sentence):
    """Serving all the same would capture in clear what was to be hidden."""
    assert sentence in image.call(f"{MASKED}:mask_of", variable, ["age"])


def test_a_capture_that_fails_disturbs_nobody_and_quotes_nothing(image):
    """The log counts what was lost, with the type of the error and not with its words."""
    found = image.call(f"{MASKED}:broken")
    assert found["log"] == "capture: 3 requests were not captured: ValueError\n"
    assert found["lines"] == []


def test_what_waits_is_bounded(image):
    """Requests beyond the bound are lost, counted, and the others written."""
    found = image.call(f"{MASKED}:too_many")
    assert len(found["lines"]) == 2
    assert found["log"] == "capture: 1 requests were not captured: more than 20000 rows waited\n"


def test_the_sample_is_the_stages(image):
    """Nothing of a request is kept at zero percent; all are at a hundred."""
    assert image.call(f"{MASKED}:sampled") == [0, 5]


def test_files_lie_in_the_hour_of_their_requests(image):
    """And are named by the minute and second of the first of them."""
    first, second = image.call(f"{MASKED}:hours")
    assert first.startswith("m/1/e/AllTraffic/2026/05/06/07/59-59-000-")
    assert second.startswith("m/1/e/AllTraffic/2026/05/06/08/00-01-000-")
    assert first.endswith("-masked.jsonl")


def test_a_request_says_when_it_was_sent_and_what_it_is_called(image):
    """By the headers that the platform hands on."""
    headers = {"Date": "Tue, 06 May 2031 07:08:09 GMT", "X-Amzn-SageMaker-Inference-Id": "loan-1"}
    assert image.call(f"{MASKED}:told", headers) == {"at": "2031-05-06T07:08:09+00:00", "id": "loan-1"}
    assert image.call(f"{MASKED}:told", {})["id"] is None
