import pytest

from local.errors import UnsupportedLocally, ValidationError
from local.sagemaker.errors import JobFailed
from local.sagemaker.transform.joining import Joining

CSV = {"ContentType": "text/csv; charset=utf-8", "SplitType": "Line"}
LINES = {"ContentType": "application/jsonlines", "SplitType": "Line"}


def joining(source, **processing):
    """Of a job's members."""
    return Joining.of({"TransformInput": source, "DataProcessing": processing})


def test_a_job_without_filters_and_joins_needs_none():
    """Paths to the whole are none."""
    assert joining(CSV) is None
    assert joining(CSV, InputFilter="$", OutputFilter="$", JoinSource="None") is None
    assert joining({}) is None


@pytest.mark.parametrize(
    ("path", "left"),
    [("$[1:]", b"b,c\n"), ("$[:-1]", b"a,b\n"), ("$[0,2]", b"a,c\n"), ("$[-1]", b"c\n"), ("$", b"a,b,c\n")],
)
def test_columns_are_chosen_by_their_numbers(path, left):
    """A slice, a list, one of them."""
    assert joining(CSV, InputFilter=path, JoinSource="Input").sent(b"a,b,c\n") == left


def test_a_quoted_field_is_one():
    """And is quoted again."""
    assert joining(CSV, InputFilter="$[1:]").sent(b'1,"a, b",c\n') == b'"a, b",c\n'


def test_json_records_are_chosen_by_their_names():
    """One value, some of them, something inside."""
    record = b'{"id": 1, "x": {"y": [2, 3]}}\n'
    assert joining(LINES, InputFilter="$.x.y[1]").sent(record) == b"3\n"
    assert joining(LINES, InputFilter="$['id','x']").sent(record) == b'{"id": 1, "x": {"y": [2, 3]}}\n'


def test_answers_stand_beside_their_records():
    """At the end of a row, under a name of SageMaker's in an object, beside anything else."""
    assert joining(CSV, JoinSource="Input").kept(b"1,a\n2,b\n", b"0.1\n0.2\n") == b"1,a,0.1\n2,b,0.2\n"
    lines = joining(LINES, JoinSource="Input", OutputFilter="$['id','SageMakerOutput']")
    assert lines.kept(b'{"id": 1, "x": 2}\n', b'{"p": 0.5}\n') == b'{"id": 1, "SageMakerOutput": {"p": 0.5}}\n'
    whole = joining({"ContentType": "application/json"}, JoinSource="Input")
    assert whole.kept(b"[1]", b"[0.5]") == b'{"SageMakerInput": [1], "SageMakerOutput": [0.5]}\n'


def test_another_number_of_answers_than_records_cannot_be_joined():
    """Rather than to put one beside another's."""
    with pytest.raises(JobFailed, match="answered 2 records with 1"):
        joining(CSV, JoinSource="Input").kept(b"1\n2\n", b"0.1\n")


def test_a_path_that_leads_nowhere_fails_the_job():
    """With the path."""
    with pytest.raises(JobFailed, match=r"\$\.name leads nowhere"):
        joining(LINES, InputFilter="$.name").sent(b"{}\n")


@pytest.mark.parametrize("path", ["", "name", "$name", "$[", "$..x", "$[?(@.x)]", "$[1:2:3]"])
def test_what_is_no_path_is_refused(path):
    """Before there is a job."""
    with pytest.raises(ValidationError, match="no JSONPath"):
        joining(CSV, InputFilter=path)


def test_other_formats_are_refused_by_name():
    """Images have no records to be joined to."""
    with pytest.raises(UnsupportedLocally, match=r"DataProcessing of image/png with SplitType None"):
        joining({"ContentType": "image/png"}, JoinSource="Input")


def test_a_record_ends_where_its_line_ends():
    """Not at the other ends of lines that Unicode knows, which JSON may hold inside a text."""
    record = '{"text": "one\u2028two\x85three"}\n'.encode()
    kept = joining(LINES, JoinSource="Input").kept(record, b"1\n")
    assert kept == b'{"text": "one\\u2028two\\u0085three", "SageMakerOutput": 1}\n'
