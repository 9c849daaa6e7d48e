import datetime as dt

import pyarrow as pa
import pytest

from monitor import quality
from monitor.quality.values import canonical, numbers, texts


def captured(ids, predictions=None, **columns):
    """Answers of a window."""
    return pa.table({"_id": pa.array(ids, pa.string()), "prediction": predictions or [0.5] * len(ids), **columns})


def labels(*pairs):
    """Labels as they were pushed: ids and values."""
    return pa.table({"_id": pa.array([each[0] for each in pairs], pa.string()), "label": [each[1] for each in pairs]})


def joined(table):
    """Id → label of what was joined."""
    return dict(zip(table["_id"].to_pylist(), table["label"].to_pylist(), strict=True))


def test_each_answer_gets_the_label_of_its_id():
    """Labels find their answers whatever the order; answers without one stay, with a null."""
    found = quality.join(captured(["a", "b", "c"]), labels(("c", "1"), ("a", "0")))
    assert joined(found.table) == {"a": "0", "b": None, "c": "1"}
    assert (found.coverage.rows, found.coverage.labelled, found.coverage.share) == (3, 2, 2 / 3)


def test_a_label_that_is_told_twice_counts_once():
    """The same value again, however it is written, is a duplicate and no contradiction."""
    found = quality.join(captured(["a", "b"]), labels(("a", "1"), ("a", "1.0"), ("a", " 1 "), ("b", "0")))
    assert joined(found.table) == {"a": "1", "b": "0"}
    assert (found.coverage.duplicates, found.coverage.conflicting) == (2, 0)


def test_labels_that_contradict_each_other_count_for_nothing():
    """Nobody knows which is right: the answer stays without a label, and its id is told."""
    found = quality.join(captured(["a", "b"]), labels(("a", "1"), ("b", "0"), ("a", "0"), ("a", "1")))
    assert joined(found.table) == {"a": None, "b": "0"}
    assert (found.coverage.conflicting, found.coverage.duplicates, found.coverage.labelled) == (1, 0, 1)
    assert found.coverage.examples["conflicting"] == ("a",)


def test_labels_of_other_requests_and_empty_ones_are_counted():
    """A label whose answer is not in the window, and one without a value, are told with their ids."""
    found = quality.join(captured(["a"]), labels(("x", "1"), ("x", "1"), ("a", ""), ("y", None)))
    assert joined(found.table) == {"a": None}
    assert (found.coverage.unmatched, found.coverage.empty) == (1, 2)
    assert found.coverage.examples == {"unmatched": ("x",), "empty": ("a", "y")}


def test_of_answers_with_one_id_the_last_counts():
    """A caller that asks again acts on the later answer: by time, or by the order of files where that is unknown."""
    later, sooner = dt.datetime(2026, 1, 2, tzinfo=dt.UTC), dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    by_order = quality.join(captured(["a", "a"], [0.1, 0.9]), labels(("a", "1")))
    by_time = quality.join(captured(["a", "a"], [0.1, 0.9], _time=[later, sooner]), labels(("a", "1")))
    assert by_order.table["prediction"].to_pylist() == [0.9]
    assert by_time.table["prediction"].to_pylist() == [0.1]
    assert (by_time.coverage.rows, by_time.coverage.repeated, by_time.coverage.labelled) == (1, 1, 1)


def test_nothing_joined_with_nothing_is_nothing():
    """Empty windows and empty label files are no error."""
    empty = labels()
    assert quality.join(captured([]), empty.set_column(1, "label", pa.array([], pa.string()))).coverage.rows == 0
    found = quality.join(
        captured(["a"]), pa.table({"_id": pa.array([], pa.string()), "label": pa.array([], pa.null())})
    )
    assert (found.coverage.rows, found.coverage.labelled) == (1, 0)
    assert quality.join(captured([]), labels(("a", 1))).coverage.unmatched == 1


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1, "1"), (1.0, "1"), ("1.0", "1"), (" 1 ", "1"), (True, "1"), (0.5, "0.5"), ("good", "good"), (None, ""),
     ("", ""), (float("nan"), ""), ("1e3", "1000"), (2**60, str(2**60)), ("-0", "0")],
)  # fmt: skip
def test_a_label_is_one_text_however_it_is_written(value, expected):
    """Files have texts, integers and floating point for one label."""
    assert canonical(value) == expected


def test_columns_of_any_type_become_texts_and_numbers():
    """Integers, texts, dictionaries and columns of nothing but nulls."""
    dictionary = pa.array(["1", "0", None, "1"]).dictionary_encode()
    assert texts(dictionary).to_pylist() == ["1", "0", None, "1"]
    assert texts(pa.chunked_array([[1.0, None], [2.5]])).to_pylist() == ["1", None, "2.5"]
    assert numbers(dictionary)[[0, 1, 3]].tolist() == [1, 0, 1]
    assert str(numbers(pa.array(["7", "x", None])).tolist()) == "[7.0, nan, nan]"
    assert str(numbers(pa.nulls(2)).tolist()) == "[nan, nan]"
