import gzip

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from monitor.profile import Profile
from monitor.reading import read
from monitor.reading.blocks import blocks
from monitor.reading.reading import Skips
from tests.monitor.engine.samples import counts, table


@pytest.fixture
def csv(tmp_path):
    """Writes bytes as a CSV file and reads it."""

    def made(data, **options):
        path = tmp_path / "data.csv"
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return read([path], **options)

    return made


def test_the_first_line_of_csv_names_the_columns(csv):
    """Unless it holds a number; then the columns are numbered, or named by the caller."""
    assert table(csv("age,city\n31,Rome\n")) == [{"age": 31, "city": "Rome"}]
    assert table(csv("31,Rome\n40,Oslo\n")) == [{"_c0": 31, "_c1": "Rome"}, {"_c0": 40, "_c1": "Oslo"}]
    assert table(csv("31,Rome\n", columns=["age", "city"])) == [{"age": 31, "city": "Rome"}]
    assert table(csv("age,city\n31,Rome\n", columns=["age", "city"], format="headerless")) == [
        {"age": 31, "city": "Rome"}
    ]
    assert table(csv("red,small\n", columns=["colour", "size"], format="headerless")) == [
        {"colour": "red", "size": "small"}
    ]


def test_missing_values_are_null_and_nan_is_a_number(csv):
    """Empty, NA and null are missing; NaN and infinity are numbers that a profile counts apart."""
    profile = Profile.of(csv("x,y\n1.5,a\n,NA\nNaN,null\ninf,\n-inf,b\n"))
    x, y = profile.columns["x"], profile.columns["y"]
    assert (x.missing, x.numbers.count, x.numbers.nan, x.numbers.infinite) == (1, 1, 1, 2)
    assert (y.missing, y.texts.counts) == (3, {"a": 1, "b": 1})


def test_rows_with_other_numbers_of_values_are_counted(csv):
    """Each with its line; the others are read."""
    reading = csv("a,b\n1,2\n3\n4,5,6\n7,8\n")
    assert table(reading) == [{"a": 1, "b": 2}, {"a": 7, "b": 8}]
    assert counts(reading) == {"wrong number of values": 2}
    assert reading.skipped["wrong number of values"].examples == [
        "data.csv:3: 1 values where 2 belong",
        "data.csv:4: 3 values where 2 belong",
    ]


def test_lines_in_another_encoding_are_counted(csv):
    """UTF-16 and a mark of UTF-8 are understood; a line of Latin-1 among UTF-8 is left out."""
    reading = csv("city\nRome\nMünster\n".encode() + b"Z\xfcrich\nOslo\n")
    assert [row["city"] for row in table(reading)] == ["Rome", "Münster", "Oslo"]
    assert counts(reading) == {"not UTF-8": 1}
    assert reading.skipped["not UTF-8"].examples[0].startswith("data.csv:4: ")
    assert table(csv("city\nMünster\n".encode("utf-16"))) == [{"city": "Münster"}]
    assert table(csv("city\nMünster\n".encode("utf-8-sig"))) == [{"city": "Münster"}]


def test_quoted_values_may_hold_anything(csv):
    """Commas, quotes and line ends between quotation marks belong to the value."""
    assert table(csv('a,b\n"x, y","say ""hi""\nthere"\n')) == [{"a": "x, y", "b": 'say "hi"\nthere'}]


def test_a_column_that_changes_type_is_counted_by_type(csv):
    """Whole numbers, fractions, texts: each value counts as what it is."""
    column = Profile.of(csv("x\n1\n2.5\nthree\n4\n")).columns["x"]
    assert column.types == {"Integral": 2, "Fractional": 1, "String": 1, "Unknown": 0}
    assert column.inferred_type == "Fractional"
    assert column.numbers.total == 7.5


def test_gzipped_files_are_read(tmp_path):
    """Whatever their name is."""
    path = tmp_path / "data"
    path.write_bytes(gzip.compress(b"a,b\n1,x\n"))
    assert table(read(path)) == [{"a": 1, "b": "x"}]


def test_blocks_hold_whole_lines_and_know_their_number(tmp_path):
    """However small they are: nothing is lost, no line is cut, a line end between quotation marks is none."""
    path = tmp_path / "lines"
    lines = [f'{number},"a\nb",{"x" * (number % 7)}\n' for number in range(100)]
    path.write_text("".join(lines))
    found = list(blocks(path, Skips(), quotes=True, size=64))
    assert len(found) > 20
    assert b"".join(block.data for block in found).decode() == "".join(lines)
    for block in found:
        first = int(block.data.split(b",")[0])
        assert block.line == 1 + 2 * first


def test_parquet_comes_in_batches_with_all_columns(tmp_path):
    """In their order, across row groups, texts dictionary-encoded; the rows are counted."""
    path = tmp_path / "data.parquet"
    given = pa.table({"a": range(1000), "b": [f"v{n % 7}" for n in range(1000)], "c": np.arange(1000) / 4})
    pq.write_table(given, path, row_group_size=300)
    reading = read(path)
    assert pa.Table.from_pylist(table(reading)) == given
    assert reading.rows == 1000


def test_what_is_no_parquet_is_counted(tmp_path):
    """A file cut short is left out, with the reason; the next is read."""
    whole, cut = tmp_path / "a.parquet", tmp_path / "b.parquet"
    pq.write_table(pa.table({"a": [1, 2]}), whole)
    cut.write_bytes(whole.read_bytes()[:100])
    reading = read(tmp_path)
    assert table(reading) == [{"a": 1}, {"a": 2}]
    assert counts(reading) == {"not readable as Parquet": 1}


def test_json_lines_are_rows(tmp_path):
    """Model Monitor's other form of data sets; a line that is none is counted, a value may change its type."""
    path = tmp_path / "data.jsonl"
    path.write_text('{"a": 1, "b": "x"}\n{"a": "one"}\nnothing\n{"b": "y", "c": [1]}\n')
    reading = read(path)
    profile = Profile.of(reading)
    assert counts(reading) == {"not a line of JSON": 1}
    assert profile.columns["a"].types == {"Integral": 1, "Fractional": 0, "String": 1, "Unknown": 0}
    assert (profile.columns["b"].missing, profile.columns["c"].unknown) == (1, 1)
    path.write_text('{"a": 1}\n{"a": 2.5}\n')
    assert table(read(path)) == [{"a": 1.0}, {"a": 2.5}]


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_values_may_be_apart_by_other_signs_than_commas(csv, delimiter):
    """Found in the first lines, also where one of them is broken; one column of text would be a silent pass."""
    lines = ["age,city,n", "31,Rome,1", '40,"a;b|c\td",2', "50,Bonn,3", "60", ""]
    reading = csv("\n".join(line.replace(",", delimiter) for line in lines))
    assert [row["age"] for row in table(reading)] == [31, 40, 50]
    assert counts(reading) == {"wrong number of values": 1}


def test_a_text_with_semicolons_stays_one(csv):
    """A delimiter is one only if the first line has it as well, or if there is no comma."""
    assert table(csv("tags\na;b\nc;d\n")) == [{"tags": "a;b"}, {"tags": "c;d"}]
    assert table(csv("a;b,c\n1;2,3\n")) == [{"a;b": "1;2", "c": 3}]


def test_commas_may_be_of_fractions_or_thousands(csv):
    """Before fractions where semicolons are between values; between thousands in quotation marks."""
    assert table(csv("x;city\n1,5;Rome\n2,25;Oslo\n")) == [{"x": 1.5, "city": "Rome"}, {"x": 2.25, "city": "Oslo"}]
    column = Profile.of(csv('x\n"1,234"\n"-1,234,567.5"\n12\n"1,23"\n')).columns["x"]
    assert (column.numbers.min, column.numbers.max, column.texts.counts) == (-1234567.5, 1234, {"1,23": 1})


def test_an_index_without_a_name_is_a_column(csv):
    """pandas writes one: the first line names the others all the same."""
    assert table(csv(",age\n0,31\n")) == [{"_c0": 0, "age": 31}]


def test_what_is_no_data_is_counted(tmp_path):
    """Marks of other tools, binary files, files that are cut off: each by name, and the data beside them are read."""
    (tmp_path / "_SUCCESS").write_bytes(b"")
    (tmp_path / ".part.crc").write_bytes(b"crc\0")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0")
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress(b"age\n" + b"31\n" * 999)[:-9])
    (tmp_path / "long.csv").write_bytes(b'"' + b"x" * 200_000 + b'"\n')
    (tmp_path / "some.csv").write_bytes(b"age\n31\n")
    reading = read(tmp_path)
    assert {"age": 31} in table(reading)
    assert counts(reading) == {"a hidden file": 2, "no such format": 1, "not readable": 2}
    assert reading.skipped["no such format"].examples == ["picture.png: neither text nor Parquet"]


def test_columns_of_parquet_may_have_one_name(tmp_path):
    """The later ones get their place as a suffix, as in CSV."""
    path = tmp_path / "twice.parquet"
    pq.write_table(pa.Table.from_arrays([pa.array([1]), pa.array(["b"])], names=["a", "a"]), path)
    assert table(read(path)) == [{"a": 1, "a_1": "b"}]


def test_a_line_of_json_may_hold_several_rows(tmp_path):
    """A file that is one list of objects."""
    path = tmp_path / "rows.json"
    path.write_text('[{"age": 31}, {"age": 40}]')
    assert [row["age"] for row in table(read(path))] == [31, 40]
