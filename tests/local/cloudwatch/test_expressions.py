import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.cloudwatch.expressions import ExpressionError, Scope, Series, parse, value_of
from local.cloudwatch.metrics import Window
from local.errors import UnsupportedLocally

# The guide's own examples: "Comparison and logical operators", "Using IF expressions".
COMPARED = {"metric1": [30, 20, 0, 0], "metric2": [20, None, 20, None]}
CHOSEN = {"metric1": [1, 1, 0, 0, None], "metric2": [30, None, 0, 0, 30], "metric3": [0, 0, 20, None, 20]}
GAPS = {"m1": [4.0, None, 8.0, None], "m2": [2.0, 1.0, None, None], "zero": [0.0, 0.0, 0.0, None]}


def value(text, metrics, **expressions):
    """The value of an expression over metrics that have one data point a minute."""
    series = {name: Series(points, name) for name, points in metrics.items()}
    count = len(next(iter(metrics.values()))) if metrics else 1
    return value_of(parse(text), Scope(Window(0, 60, count), series, expressions))


def points(text, metrics):
    """The data points of a series."""
    return list(value(text, metrics).points)


def refusal(text, metrics=GAPS):
    """Why an expression is refused."""
    with pytest.raises(ExpressionError) as caught:
        value(text, metrics)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "metrics", "expected"),
    [
        ("(metric1 < metric2)", COMPARED, [0, 0, 1, 0]),
        ("(metric1 >= 30)", COMPARED, [1, 0, 0, 0]),
        ("(metric1 > 15 AND metric2 > 15)", COMPARED, [1, 0, 0, 0]),
        ("IF(metric1, metric2, metric3)", CHOSEN, [30, 0, 20, 0, None]),
        ("IF(metric1, 5, metric3)", CHOSEN, [5, 5, 20, None, None]),
        ("IF(metric1, metric2, 5)", CHOSEN, [30, 0, 5, 5, None]),
        ("IF(metric1, metric2)", CHOSEN, [30, 0, None, None, None]),
        ("IF(metric1 < 1, 10, 2)", CHOSEN, [2, 2, 10, 10, None]),
        ("IF(1, metric2, metric3)", CHOSEN, [30, None, 0, 0, 30]),
        ("IF(0, metric2)", CHOSEN, [None] * 5),
    ],
)
def test_the_examples_of_the_guide(text, metrics, expected):
    """ "Using metric math": each of its tables."""
    assert points(text, metrics) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("m1 + m2", [6, 1, 8, None]),
        ("m1 - m2", [2, -1, 8, None]),
        ("m2 / m1", [0.5, None, 0, None]),
        ("m1 / zero", [None, None, None, None]),
        ("m1 / 0", [None] * 4),
        ("zero ^ -1", [None] * 4),
        ("-m1", [-4, None, -8, None]),
        ("100 * m1", [400, None, 800, None]),
        ("m1 * (1 / 0)", [None] * 4),
        ("m1 == 4 || m2 == 1", [1, 1, 0, None]),
        ("m1 != 4 && m2 <= 1", [0, 0, 0, None]),
        ("SUM([m1, m2])", [6, 1, 8, None]),
        ("AVG([m1, m2])", [3, 0.5, 4, None]),
        ("MAX([m1, m2])", [4, 1, 8, None]),
        ("MIN(METRICS('m'))", [2, 1, 8, None]),
        ('SUM(METRICS("zero"))', [0, 0, 0, None]),
        ("m1 - MIN(m1)", [0, None, 4, None]),
        ("m1 / SUM(m1)", [4 / 12, None, 8 / 12, None]),
        ("m1 / PERIOD(m1)", [4 / 60, None, 8 / 60, None]),
        ("m1 / METRIC_COUNT([m1, m2])", [2, None, 4, None]),
        ("TIME_SERIES(DATAPOINT_COUNT(m1))", [2, 2, 2, 2]),
        ("ABS(m2 - m1)", [2, 1, 8, None]),
        ("FLOOR(m1 / 3)", [1, None, 2, None]),
        ("CEIL(m1 / 3)", [2, None, 3, None]),
        ("LOG(zero)", [None] * 4),
        ("DIFF(m1)", [None, None, 4, None]),
        ("DIFF_TIME(m1)", [None, None, 120, None]),
        ("RATE(m2)", [None, -1 / 60, None, None]),
        ("RUNNING_SUM(m1)", [4, None, 12, None]),
        ("SUM(RUNNING_SUM([m1, m2]))", [6, 3, 12, None]),
        ("SUM(DIFF([m1, m2]))", [None, -1, 4, None]),
        ("FILL(m1, 0)", [4, 0, 8, 0]),
        ("FILL(m1, m2)", [4, 1, 8, None]),
        ("FILL(m1, MIN(m1))", [4, 4, 8, 4]),
        ("FILL(m1, REPEAT)", [4, 4, 8, 8]),
        ("FILL(m1, LINEAR)", [4, 6, 8, None]),
        ("IF(m2 >= 1, m1 / m2, 0)", [2, 0, None, None]),
    ],
)
def test_what_is_missing_counts_as_nothing_or_not_at_all(text, expected):
    """A missing value beside one that is there is 0; where none is there is none; a division by zero drops its own."""
    assert points(text, GAPS) == expected


def test_arrays_stay_arrays_until_something_joins_them():
    """With the label of each member."""
    doubled = value("METRICS('m') * 2", GAPS)
    assert [(series.label, list(series.points)) for series in doubled] == [
        ("m1", [8, None, 16, None]),
        ("m2", [4, 2, None, None]),
    ]
    assert [list(series.points) for series in value("FILL([m1, m2], 0)", GAPS)] == [[4, 0, 8, 0], [2, 1, 0, 0]]


def test_an_expression_may_use_another():
    """By its Id; METRICS leaves it out."""
    other = Series([1.0, 1.0, 1.0, 1.0])
    assert list(value("e1 + m1", GAPS, e1=other).points) == [5, 1, 9, 1]
    assert len(value("METRICS()", GAPS, e1=other)) == 3


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("m1 +", "unexpected end of the expression"),
        ("m1 m2", "unexpected m2"),
        ("(m1", "expected ) before end of the expression"),
        ("m1 % 2", "cannot read '% 2'"),
        ("NOT m1", "unexpected m1"),
        ("m3", "unknown identifier m3"),
        ("MEDIAN(m1)", "unknown function MEDIAN"),
        ("sum(m1)", "unknown function sum"),
        ("MAX(m1, m2)", "MAX takes one argument"),
        ("MAX(3)", "MAX takes time series, not a number"),
        ("IF(m1)", "IF takes a condition"),
        ("IF([m1], 1, 0)", "IF does not take an array"),
        ("FILL(m1)", "FILL takes time series and"),
        ("FILL(m1, ZERO)", "FILL does not take ZERO"),
        ("METRICS(m1)", "METRICS takes nothing or one string"),
        ("PERIOD(m1 + 1)", "PERIOD takes a metric"),
        ("[m1, 2]", "an array holds time series"),
        ("[m1] > 2", "does not take an array"),
        ("[m1] + [m2]", "at most one array"),
        ("'m1'", "a string stands where a value is expected"),
        ("TIME_SERIES(m1)", "TIME_SERIES takes a number"),
        ("METRIC_COUNT(m1)", "METRIC_COUNT takes an array"),
        ("(" * 100 + "m1" + ")" * 100, "levels deep"),
        ("-" * 100 + "m1", "levels deep"),
        ("12abc", "cannot read"),
        ("", "unexpected end"),
    ],
)
def test_what_is_no_expression_is_refused(text, told):
    """With the reason."""
    assert told in refusal(text)


def test_functions_that_only_aws_has_are_refused_by_name():
    """Rather than called unknown."""
    with pytest.raises(UnsupportedLocally, match="ANOMALY_DETECTION_BAND"):
        value("ANOMALY_DETECTION_BAND(m1, 2)", GAPS)


def arithmetic(depth):
    """Expressions of numbers, nested this deep."""
    number = st.integers(0, 9).map("{}.0".format)
    if not depth:
        return number
    inner = arithmetic(depth - 1)
    simple = st.tuples(inner, st.sampled_from("+-*/^"), number).map(" ".join)
    minus = inner.map(lambda text: f"-({text})")
    return st.one_of(inner, simple, minus, st.tuples(inner, st.sampled_from("+-*"), inner).map(" ".join))


@given(arithmetic(4))
def test_operators_bind_as_in_arithmetic(text):
    """The same as Python for + - * / ^ and unary minus."""
    try:
        expected = eval(text.replace("^", "**"))
    except (ZeroDivisionError, OverflowError):
        return
    if isinstance(expected, complex) or abs(expected) > 1e15:
        return
    assert value(text, {}) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 1 > 1 * 1", 1),
        ("0 == 1 || 1 == 1 && 0 == 1", 0),
        ("1 OR 0 AND 0", 1),
        ("2 ^ 3 ^ 2", 512),
        ("-2 ^ 2", -4),
        ("1.5e3 - .5", 1499.5),
    ],
)
def test_looser_operators_come_last(text, expected):
    """OR after AND after comparisons after sums."""
    assert value(text, {}) == expected


@given(st.text(alphabet="m12 +-*/^()[],.'\"<>=!&|ANDORIFSUMFILLe", max_size=40))
def test_whatever_is_written_has_a_value_or_a_reason(text):
    """Nothing but those two errors is raised."""
    try:
        found = value(text, GAPS)
    except (ExpressionError, UnsupportedLocally):
        return
    assert isinstance(found, float | Series | tuple)


@given(st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), min_size=1, max_size=8), st.data())
def test_a_rate_has_a_value_exactly_where_it_can_be_divided(errors, data):
    """errors / requests: nowhere without requests, 0 without errors."""
    requests = data.draw(
        st.lists(st.one_of(st.none(), st.integers(0, 9).map(float)), min_size=len(errors), max_size=len(errors))
    )
    found = points("errors / requests", {"errors": errors, "requests": requests})
    assert found == [(error or 0.0) / count if count else None for error, count in zip(errors, requests, strict=True)]
