import csv
import hashlib
from pathlib import Path

import pytest

MODEL = Path(__file__).parents[1]
DATA = MODEL / "data" / "german.csv"
HEADER, *ROWS = list(csv.reader(DATA.read_text().splitlines()))


def write(path, rows):
    """A CSV file of these rows."""
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def changed(column, value, *, line=5):
    """The real file with one value replaced."""
    rows = [list(row) for row in ROWS]
    rows[line - 2][HEADER.index(column)] = value
    return [HEADER, *rows]


def without(column):
    """The real file without one column."""
    place = HEADER.index(column)
    return [row[:place] + row[place + 1 :] for row in [HEADER, *ROWS]]


def with_header(header):
    """The real rows under another header."""
    return [header, *[row + row[: len(header) - len(row)] for row in ROWS]]


BROKEN = {
    "a column is missing": (without("duration"), "Column 'duration' is missing"),
    "two columns are missing": ([row[:-2] for row in [HEADER, *ROWS]], "Column 'age', 'purpose' is missing"),
    "a column is unknown": (with_header([*HEADER, "zip"]), "Column 'zip' is not known to this model"),
    "a column is there twice": (with_header([*HEADER, "age"]), "Column 'age' appears more than once"),
    "a value is missing": (changed("housing", ""), "Column 'housing' line 5: '' is empty"),
    "a value is blank": (changed("age", "  "), "Column 'age' line 5: '  ' is empty"),
    "a category is unknown": (changed("purpose", "yacht"), "Column 'purpose' line 5: 'yacht' is none of business, car"),
    "a number is a word": (changed("age", "old"), "Column 'age' line 5: 'old' is not a whole number"),
    "a number is a fraction": (changed("duration", "6.5"), "Column 'duration' line 5: '6.5' is not a whole number"),
    "a number is too small": (changed("age", "17"), "Column 'age' line 5: '17' is not in 18..120"),
    "a number is negative": (changed("credit_amount", "-1"), "Column 'credit_amount' line 5: '-1' is not in 1.."),
    "a number is too large": (changed("job", "4"), "Column 'job' line 5: '4' is not in 0..3"),
    "an outcome is unknown": (changed("risk", "2"), "Column 'risk' line 5: '2' is not in 0..1"),
    "a row is short": ([HEADER, ROWS[0], ROWS[1][:-1], *ROWS[2:]], "line 3 has 9 fields; its header has 10"),
    "a row is long": ([HEADER, ROWS[0], [*ROWS[1], "x"], *ROWS[2:]], "line 3 has 11 fields; its header has 10"),
    "there are no rows": ([HEADER], "Only 0 rows have risk = 1; need 20."),
    "nobody was bad": ([HEADER, *[row for row in ROWS if row[0] == "1"]], "Only 0 rows have risk = 0; need 20."),
    "the file is empty": ([], "is empty"),
}


@pytest.mark.parametrize(("rows", "sentence"), BROKEN.values(), ids=BROKEN.keys())
def test_broken_data_fail_loudly(tmp_path, model, rows, sentence):
    """A file that the model was not made for ends the step; one sentence says where and why; nothing is written."""
    done = model.prepare(tmp_path / "run", data=write(tmp_path / "applicants.csv", rows))
    message = (tmp_path / "run" / "message").read_text()
    assert done["code"] == 1
    assert sentence in message
    assert done["err"] == message + "\n"
    assert message.count("\n") == 0
    assert not (tmp_path / "run" / "train").exists()


def test_many_wrong_values_are_counted(tmp_path, model):
    """A value that is wrong in many rows is told once, with the number of the others."""
    rows = [[*row[:-1], "200"] for row in ROWS]
    model.prepare(tmp_path / "run", data=write(tmp_path / "applicants.csv", [HEADER, *rows]))
    message = (tmp_path / "run" / "message").read_text()
    assert message == "Column 'age' line 2: '200' is not in 18..120 (and in 999 more rows)."


def test_bytes_that_are_no_text_are_refused(tmp_path, model):
    """A file in another encoding is named, not guessed at."""
    (tmp_path / "applicants.csv").write_bytes(DATA.read_bytes().replace(b"radio", b"r\xe4dio"))
    done = model.prepare(tmp_path / "run", data=tmp_path / "applicants.csv")
    assert (done["code"], done["err"]) == (1, "applicants.csv is empty or not UTF-8 text.\n")


def test_two_files_are_refused(tmp_path, model):
    """Which of two files is meant is not guessed."""
    for name in ("a.csv", "b.csv"):
        write(tmp_path / name, [HEADER, *ROWS])
    done = model.step("prepare", "--seed", "1", data=tmp_path, contract=MODEL, message=tmp_path / "message")
    assert (done["code"], done["err"]) == (1, "InputData must hold one .csv file; it holds 2.\n")


def test_rows_are_split_into_strata(trained):
    """A quarter of the rows is held out, and bad applicants have the same share in both parts."""
    train, test = trained.rows("train/train.csv"), trained.rows("test/test.csv")
    assert (len(train), len(test)) == (750, 250)
    assert sum(int(row["bad"]) for row in train) / 750 == sum(int(row["bad"]) for row in test) / 250 == 0.3


def test_rows_are_neither_lost_nor_changed(trained):
    """Train and test rows together are the rows of the file, with the outcome turned into the label."""
    raw = [dict(zip(HEADER, row, strict=True)) for row in ROWS]
    parts = trained.rows("train/train.csv") + trained.rows("test/test.csv")
    found = [{**{name: row[name] for name in HEADER[1:]}, "risk": str(1 - int(row["bad"]))} for row in parts]
    assert sorted(found, key=lambda row: sorted(row.items())) == sorted(raw, key=lambda row: sorted(row.items()))


def test_the_report_identifies_the_data(trained):
    """The snapshot has the SHA-256 of the file as it came, its size and its rows; outside a job it has no S3 URI."""
    (snapshot,) = trained.json("report/snapshot.json")["inputs"]
    data = DATA.read_bytes()
    assert snapshot == {
        "name": "data",
        "uri": (trained.folder / "data" / "german.csv").as_uri(),
        "version_id": None,
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "rows": 1000,
    }


def test_the_seed_decides_the_split(tmp_path, model, trained):
    """The same seed gives the same bytes, another one another split."""
    model.prepare(tmp_path / "same")
    model.prepare(tmp_path / "other", Seed=21)
    expected = (trained.folder / "test" / "test.csv").read_bytes()
    assert (tmp_path / "same" / "test" / "test.csv").read_bytes() == expected
    assert (tmp_path / "other" / "test" / "test.csv").read_bytes() != expected
