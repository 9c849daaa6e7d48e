import base64
import json
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.profile import Profile
from monitor.reading import packed, read
from tests.monitor.engine.samples import counts, record, table

NAMES = ["age", "city", "income"]


@pytest.fixture
def capture(tmp_path):
    """Writes lines as a capture file and reads it."""

    def made(*lines, ending="\n", **options):
        path = tmp_path / "capture.jsonl"
        path.write_bytes(
            b"\n".join(line.encode() if isinstance(line, str) else line for line in lines) + ending.encode()
        )
        return read(path, **{"columns": NAMES, **options})

    return made


@pytest.mark.parametrize("encoding", [None, "BASE64"])
def test_a_csv_request_gives_a_row_with_its_answer(capture, encoding):
    """Values are named in order, the answer is `prediction`; BASE64, the default of captures, is decoded."""
    reading = capture(record("31,Rome,2.5", "0.25", encoding=encoding), record("40,Oslo,", "0.75", encoding=encoding))
    assert table(reading) == [
        {"age": 31, "city": "Rome", "income": 2.5, "prediction": 0.25},
        {"age": 40, "city": "Oslo", "income": None, "prediction": 0.75},
    ]
    assert (reading.rows, reading.skipped) == (2, {})


@pytest.mark.parametrize(
    "request_",
    [
        {"instances": [{"age": 31, "city": "Rome", "income": 2.5}]},
        {"age": 31, "city": "Rome", "income": 2.5},
        [{"age": 31, "city": "Rome", "income": 2.5}],
        [[31, "Rome", 2.5]],
        {"features": [31, "Rome", 2.5]},
        {"inputs": [[31, "Rome", 2.5]]},
        {"instances": [{"features": [31, "Rome", 2.5]}]},
    ],
)
@pytest.mark.parametrize(
    "answer", ["0.25", "[0.25]", '{"predictions": [0.25]}', '{"predictions": [{"score": 0.25}]}', "[[0.25, 0.75]]"]
)
@pytest.mark.parametrize("encoding", [None, "BASE64"])
def test_every_form_of_json_gives_the_same_row(capture, request_, answer, encoding):
    """Objects and lists, alone and under the keys that model servers use; the first number is the prediction."""
    reading = capture(record(json.dumps(request_), answer, encoding=encoding))
    assert table(reading) == [{"age": 31, "city": "Rome", "income": 2.5, "prediction": 0.25}]


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        ("31,Rome,1\n40,Oslo,2\n", "0.25\n0.75"),
        ("31,Rome,1\n40,Oslo,2", "0.25,0.75\n0.75,0.25\n"),
        ('31,"Rome",1\n40,Oslo,2', '{"predictions": [0.25, 0.75]}'),
        (
            '{"instances": [{"age": 31, "city": "Rome", "income": 1}, {"age": 40, "city": "Oslo", "income": 2}]}',
            "[0.25, 0.75]",
        ),
        ('[[31, "Rome", 1], [40, "Oslo", 2]]', '[{"score": 0.25}, {"score": 0.75}]'),
    ],
)
def test_several_rows_of_a_request_are_several_rows(capture, request_, answer):
    """Each has its own answer, its label and a name of its own; those of single rows keep the id of the request."""
    several = record(request_, answer, inference_id="order-7", label="1\n0")
    rows = table(capture(several, record("50,Bonn,3", "0.5", number=8), identity=True))
    found = {row["_id"]: (row["age"], row["prediction"], row.get("label")) for row in rows}
    assert found == {"order-7/0": (31, 0.25, 1), "order-7/1": (40, 0.75, 0), "event-8": (50, 0.5, None)}


def test_rows_can_be_told_apart_by_id_and_time(capture):
    """The inference id where there is one, else the event id; the time of the inference, in UTC."""
    lines = [
        record("1,a,1", "1", number=1, inference_id="order-1"),
        record("2,b,2", "0", number=2, time="2026-11-02T10:30:50+01:00"),
    ]
    rows = table(capture(*lines, identity=True))
    at = datetime(2026, 11, 2, 9, 30, 50, tzinfo=UTC)
    assert [(row["_id"], row["_time"]) for row in rows] == [("order-1", at), ("event-2", at)]


def test_records_outside_of_the_window_are_left_out(capture):
    """The start belongs to a window, its end does not; a record without a time belongs to none."""
    start = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
    times = [
        "2026-11-02T08:59:59Z",
        "2026-11-02T09:00:00Z",
        "2026-11-02T09:59:59Z",
        "2026-11-02T10:00:00Z",
        "yesterday",
    ]
    reading = capture(
        *[record(f"{n},a,1", "1", time=at) for n, at in enumerate(times)], start=start, end=start + timedelta(hours=1)
    )
    assert [row["age"] for row in table(reading)] == [1, 2]
    assert counts(reading) == {"outside of the window": 2, "no inference time": 1}


def test_probes_and_halves_are_left_out_with_examples(capture):
    """A probe is no traffic; a request without an answer, or an answer without its request, cannot be judged."""
    reading = capture(
        record("1,a,1", "1", inference_id="sluice-probe-r1-0"),
        record("2,b,1", None),
        record(None, "1"),
        '{"some": "thing"}',
        record("3,c,1", "1"),
    )
    assert [row["age"] for row in table(reading)] == [3]
    assert counts(reading) == {
        "a probe": 1,
        "a request without an answer": 1,
        "an answer without its request": 1,
        "not a captured record": 1,
    }
    assert reading.skipped["a probe"].examples == ["capture.jsonl:1: a probe"]
    assert reading.skipped["not a captured record"].examples == ["capture.jsonl:4: not a captured record"]


def test_a_merged_record_needs_no_request(capture):
    """Model Monitor's merge job gives answer and truth to model quality; the request may have stayed away."""
    reading = capture(record(None, "0.3", label="1"), record(None, "0.8", label="0"), format="merged")
    assert table(reading) == [{"prediction": 0.3, "label": 1}, {"prediction": 0.8, "label": 0}]


def test_labels_that_are_texts_stay_texts(capture):
    """Whole numbers, numbers and texts: whatever all labels of a file are."""
    assert [
        row["label"] for row in table(capture(record("1,a,1", "1", label="good"), record("1,a,1", "1", label="2")))
    ] == ["good", "2"]


def test_broken_lines_are_counted_and_the_others_read(capture):
    """Cut short, in another encoding, no JSON at all: each is counted with its line, none stops the reading."""
    good = record("31,Rome,2.5", "0.25")
    latin = good.encode().replace(b"Rome", b"Z\xfcrich")
    reading = capture(good, good[:70], latin, "", "[1, 2]", good)
    assert [row["city"] for row in table(reading)] == ["Rome", "Rome"]
    assert counts(reading) == {"not a line of JSON": 2, "not UTF-8": 1}
    assert [example.split(": ")[0] for example in reading.skipped["not a line of JSON"].examples] == [
        "capture.jsonl:2",
        "capture.jsonl:5",
    ]
    assert reading.skipped["not UTF-8"].examples[0].startswith("capture.jsonl:3: ")


def test_a_file_being_written_gives_all_but_its_last_line(capture):
    """The unfinished line is counted as that; one that is whole but for its line end is read."""
    good = record("31,Rome,2.5", "0.25")
    unfinished = capture(good, good[:-20], ending="")
    assert len(table(unfinished)) == 1
    assert counts(unfinished) == {"an unfinished last line": 1}
    whole = capture(good, good, ending="")
    assert (len(table(whole)), whole.skipped) == (2, {})


def test_unreadable_payloads_are_counted(capture):
    """Too few or too many values, broken JSON, no text at all, answers that do not fit: the rest is read."""
    reading = capture(
        record("1,a,1", "1"),
        record("1,a", "1"),
        record("1,a,1,9", "1"),
        record('1,"a,1', "1"),
        record('{"instances": [', "1"),
        record("[[1, 2]]", "1"),
        record("2,b,1", "0.5\n0.6"),
        record("2,b,1", ""),
        record("3,c,1", "0.5"),
        record("4,d,1", "1", encoding="BASE64").replace("NCxkLDE=", "!!!!"),
        record("", "1"),
    )
    assert [row["age"] for row in table(reading)] == [1, 3]
    assert counts(reading) == {"a payload that is no text": 1, "an unreadable request": 6, "an unreadable answer": 2}
    assert reading.skipped["an unreadable request"].examples[0] == "capture.jsonl:2: 2 values where 3 belong"
    assert "2 answers to 1 rows" in reading.skipped["an unreadable answer"].examples[0]


def test_values_of_one_row_do_not_slip_into_the_next(capture):
    """Too many in one row and too few in the next of one request: the request is left out, its neighbours are read."""
    reading = capture(record("1,a,1", "1"), record("1,a,1,9\n1,a", "1\n1"), record("3,c,1", "1"))
    assert [row["age"] for row in table(reading)] == [1, 3]
    assert counts(reading) == {"an unreadable request": 1}


def test_the_form_may_change_from_line_to_line(capture):
    """CSV and JSON in one file; numbers in one record and texts in the next; a key that comes and goes."""
    reading = capture(
        record("1,a,1", "1"),
        record('{"age": "old", "city": "b"}', "[0.5]"),
        record('{"age": 3, "extra": [1]}', "{}"),
    )
    profile = Profile.of(reading)
    assert profile.rows == 3
    assert profile.columns["age"].types == {"Integral": 2, "Fractional": 0, "String": 1, "Unknown": 0}
    assert profile.columns["extra"].types["Unknown"] == 1
    assert profile.absent("income") == 2


def test_headers_in_requests_are_read_over(capture):
    """Some clients send the names first: they are no values."""
    reading = capture(record("age,city,income\n31,Rome,2.5", "0.25"), record("31,Rome,2.5", "0.25"))
    assert [row["age"] for row in table(reading)] == [31, 31]


def test_columns_without_names_are_numbered(capture):
    """As Model Monitor names them."""
    assert table(capture(record("31,Rome", "0.25"), columns=None)) == [{"_c0": 31, "_c1": "Rome", "prediction": 0.25}]


def test_no_rows_are_an_end_like_any_other(capture, tmp_path):
    """Empty files, empty folders and files that are not there are no errors."""
    assert table(capture(ending="")) == []
    assert table(read(tmp_path / "nothing")) == []
    missing = read(tmp_path / "missing.jsonl", format="capture")
    assert table(missing) == []
    assert counts(missing) == {"not readable": 1}


def test_texts_are_marked_where_numbers_may_hide(capture):
    """CSV does not tell a text from a number: a profile does, value by value."""
    reading = capture(record("12,a,1", "1"), record("unknown,b,x", "1"))
    batch = next(iter(reading))
    assert pa.types.is_string(batch.schema.field("age").type)
    profile = Profile.of([batch])
    assert profile.columns["age"].types == {"Integral": 1, "Fractional": 0, "String": 1, "Unknown": 0}


@settings(max_examples=25)
@given(st.data())
def test_every_line_is_a_row_or_counted(tmp_path_factory, data):
    """Whatever bytes of a file are damaged, wherever it is cut: nothing is raised, nothing disappears silently."""
    good = [
        record("31,Rome,2.5", "0.25"),
        record('{"age": 31, "city": "Rome"}', "[0.5]"),
        record("1,a,2", "1", encoding="BASE64"),
    ]
    content = bytearray(
        "".join(f"{line}\n" for line in data.draw(st.lists(st.sampled_from(good), max_size=5))).encode()
    )
    for place, byte in data.draw(st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=3)):
        if place < len(content):
            content[place] = byte
    path = tmp_path_factory.getbasetemp() / "damaged.jsonl"
    path.write_bytes(content[: data.draw(st.integers(0, 2000))])
    reading = read(path, format="capture", columns=NAMES, identity=True)
    profile = Profile.of(reading, threads=1)
    lines = [line for line in path.read_bytes().split(b"\n") if line.strip()]
    assert profile.rows == reading.rows
    assert reading.rows + sum(counts(reading).values()) == len(lines)


@pytest.mark.parametrize("encoding", [None, "BASE64"])
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ('[1, "a", 2.5]', '["2", "b", 3]'),  # a text of a number beside a number
        ('[1, "a", 2.5]', "[2, null, 3]"),
        ('[1, "a", 2.5]', '[2, "a,b", 3]'),
        ('[1, "a", 2.5]', '[2, "say \\"hi\\"", 3]'),
        ('[1, "a", 2.5]', '[2, "[x]\\u00e9 é", 3]'),
        ('[1, "a", 2.5]', '[2, "null", 3]'),
        ('{"features": [1, "a", 2.5]}', '{"features": [2, "", 3]}'),
        ('{"instances": [[1, "a", 2.5]]}', '{"instances": [[2, "b", 3], [4, "c", 5]]}'),
        ('{"age": 1, "city": "2026-01-01"}', '{"age": 2.5, "city": "x"}'),
    ],
)
def test_many_requests_say_the_same_as_each_alone(capture, first, second, encoding):
    """What is read in bulk, for speed, holds for every value what reading each request alone gives."""
    sent = [first] * 300 + [second]
    answers = {text: json.dumps([0.5] * (2 if text.startswith('{"inst') and "4" in text else 1)) for text in sent}
    together = table(capture(*[record(text, answers[text], encoding=encoding) for text in sent]))
    alone = [table(capture(record(text, answers[text], encoding=encoding))) for text in (first, second)]
    expected = alone[0] * 300 + alone[1]
    for column in ("age", "city", "income"):
        found = [row.get(column) for row in together]
        wanted = [row.get(column) for row in expected]
        several = len({isinstance(each, str) for each in wanted if each is not None}) > 1
        said = (lambda value: None if value is None else str(value)) if several else (lambda value: value)
        assert [said(each) for each in found] == [said(each) for each in wanted]


@settings(max_examples=40)
@given(st.lists(st.binary(max_size=40), min_size=1, max_size=6))
def test_base64_is_decoded_in_bulk_as_it_is_singly(contents):
    """Texts give themselves; what is no UTF-8, or no BASE64, gives nothing."""
    given = [base64.b64encode(content).decode() for content in contents] + ["!!!!"] * (len(contents) == 6)
    encodings = pa.array(["BASE64"] * len(given))
    whole = [_text(content) for content in contents] + [None] * (len(contents) == 6)
    assert packed.decoded(pa.array(given), encodings).to_pylist() == whole


def _text(content):
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None
