import json
import math

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor import business
from monitor.business.language import FUNCTIONS, Expression
from monitor.judgement import Outcome
from monitor.policy import KpiPolicy, QualityPolicy

QUALITY = QualityPolicy(kind="binary-classification", positive_label="0", decision_threshold=0.5, minimum_labels=4)

WINDOW = pa.table(
    {
        "_id": ["a", "b", "c", "d", "e", "f"],
        "amount": [100, 200, 300, 400, None, 600],
        "purpose": ["car", "car", "tv", "tv", "tv", None],
        "credit days": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
        "prediction": [0.9, 0.1, 0.8, 0.2, 0.7, 0.3],
        "label": ["0", "1", "1", "1", None, None],
    }
)


def judged(expression, table=WINDOW, quality=QUALITY, minimum_rows=1, **limits):
    """The judgement of one figure."""
    kpis = {"kpi": KpiPolicy(expression=expression, **limits)}
    return business.judge(table, kpis=kpis, quality=quality, minimum_rows=minimum_rows)


def value(expression, **options):
    """The value of one figure, or what is said of it."""
    (fact,) = judged(expression, **options).facts.kpis
    return fact.note if fact.value is None else fact.value


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("count()", 6),
        ("count(amount)", 5),
        ("count(amount > 200)", 3),
        ("sum(amount)", 1600),
        ("mean(amount)", 320),
        ("min(amount) + max(amount)", 700),
        ("share(amount > 200)", 3 / 6),
        ("share(purpose == 'tv')", 3 / 6),
        ("share(purpose != 'tv')", 2 / 6),
        ("share(purpose in ('car', 'boat'))", 2 / 6),
        ("count(purpose not in ('car', 'boat'))", 3),
        ("count(missing(purpose))", 1),
        ('sum(column("credit days"))', 21),
        ("sum(where(decision == 1, amount, 0))", 400),
        ("sum(where(decision, 1, 0))", 3),
        ("sum(amount if purpose == 'car' else 0)", 300),
        ("sum(where(decision == 1 and label == 1, amount, 0))", 300),
        ("sum(where(decision == 1, label == 1, 0)) / count(label)", 1 / 4),
        ("share(label == '1')", 3 / 4),
        ("mean(label)", 3 / 4),
        ("mean(where(amount > mean(amount), 1, 0))", 2 / 6),
        ("sum(max(amount, 250)) % 7", (250 + 250 + 300 + 400 + 600) % 7),
        ("mean(abs(amount - 320))", (220 + 120 + 20 + 80 + 280) / 5),
        ("count(100 < amount <= 400)", 3),
        ("count(not amount > 200)", 3),
        ("count(amount < 150 or amount > 500)", 2),
        ("-sum(prediction)\n  * 2", -6.0),
        ("1 if count() > 5 else 0", 1),
    ],
)
def test_a_figure_is_what_it_says(expression, expected):
    """Columns, answers, decisions and labels; what is missing is left out, and no comparison with it holds."""
    assert value(expression) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("expression", "character", "said"),
    [
        ("amount", 1, "gives a value for each row"),
        ("1 + amount > 5", 1, "gives a value for each row"),
        ("sum(amount", 4, "was never closed"),
        ("sum(amuont)", 5, "there is no column 'amuont'; there are amount, credit days, decision, label"),
        ("1 + median(amount)", 5, "there is no such function; there are sum, mean, share"),
        ("sum(purpose)", 5, "is a column of texts"),
        ("share(purpose > 'a')", 7, "neither smaller nor larger"),
        ("sum(mean(amount))", 1, "one value says nothing"),
        ("mean(amount, 2)", 1, "takes 1 arguments and has 2"),
        ("where(amount > 1, 2)", 1, "takes 3 arguments and has 2"),
        ("2 ** 3", 1, "is not understood"),
        ("amount.sum()", 1, "there is no such function"),
        ("__import__('os').system('true')", 1, "there is no such function"),
        ("sum([x for x in amount])", 5, "is not understood"),
        ("(lambda: 1)()", 1, "there is no such function"),
        ("sum(amount[0])", 5, "is not understood"),
        ("f'{amount}'", 1, "is not understood"),
        ("count(purpose in amount)", 18, 'after "in" stands a list'),
        ("sum(amount, key=1)", 1, "no named arguments"),
        ("sum(None)", 5, "neither a number nor a text"),
        ("count(count)", 7, 'a column of that name is column("count")'),
        ("sum(column(amount))", 5, "column takes one name"),
        ("mean('a' + 1)", 1, "one value says nothing"),
        ("sum(amount + 'a')", 14, "is a text where a number is wanted"),
        ("count('ü' == purpöse)", 14, "there is no column 'purpöse'"),
        ("", 1, "is no expression"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(expression, character, said):
    """Never a traceback: the run has failed, with the character and what there is instead."""
    found = judged(expression, at_most=1)
    assert found.outcome is Outcome.FAILED
    assert said in found.reason
    assert f"Character {character} of" in found.reason


@pytest.mark.parametrize(
    "expression", ["(" * 300 + "1" + ")" * 300, "-" * 900 + "1", "1" + "+1" * 400, "x" * 1_001, "\0"]
)
def test_no_expression_is_too_large_to_be_refused(expression):
    """Depth and length are bounded, whatever the parser of Python thinks of them."""
    with pytest.raises(business.ExpressionError):
        Expression.of(expression)


@given(st.text(alphabet="sumeanwhr(),+-*/%<>=!'\"[]{}.: 01ab\n", max_size=40))
def test_any_text_is_an_expression_or_refused(text):
    """Whatever people type, an answer or a sentence."""
    found = judged(text)
    assert found.outcome in Outcome
    json.dumps(found.files, allow_nan=False)


def test_limits_decide():
    """Beyond either limit is a violation, with value, limit and expression."""
    too_much = judged("sum(amount)", at_most=1_500, unit="EUR")
    too_little = judged("mean(amount)", at_least=500)
    assert judged("sum(amount)", at_most=1_600, at_least=1_600).outcome is Outcome.COMPLETED
    assert too_much.outcome is too_little.outcome is Outcome.COMPLETED_WITH_VIOLATIONS
    (violation,) = too_much.violations
    assert (violation.feature, violation.value, violation.threshold) == ("kpi", 1_600, 1_500)
    assert "1,600 EUR" in violation.description
    assert "at most 1,500 is admitted" in violation.description
    assert too_little.violations[0].threshold == 500
    assert [(each.name, each.value) for each in too_much.metrics] == [("kpi", 1_600)]


@pytest.mark.parametrize(
    ("expression", "options", "said"),
    [
        ("mean(label)", {"table": WINDOW.slice(0, 3)}, "3 labelled rows; 4 are needed"),
        ("mean(label)", {"table": WINDOW.drop_columns(["label"])}, "0 labelled rows"),
        ("mean(amount)", {"minimum_rows": 7}, "6 rows; 7 are needed"),
        ("mean(amount)", {"table": WINDOW.slice(0, 0)}, "There are no rows"),
        ("sum(amount) / count(amount > 10000)", {}, "Undefined over these rows"),
        ("mean(where(amount > 10000, amount, 0 / 0))", {}, "Undefined over these rows"),
    ],
)
def test_what_cannot_be_told_is_no_health(expression, options, said):
    """Too few rows or labels, or nothing to divide by: insufficient data."""
    found = judged(expression, at_most=1, **options)
    assert found.outcome is Outcome.INSUFFICIENT_DATA
    assert said in found.reason


def test_decisions_need_a_classifier():
    """A regression decides nothing."""
    assert "there is no column 'decision'" in value("mean(decision)", quality=QualityPolicy(kind="regression"))
    assert value("mean(prediction)", quality=None) == pytest.approx(0.5)


def test_one_wrong_figure_hides_no_violation():
    """The violation of one is told beside the fault of another."""
    kpis = {"good": KpiPolicy(expression="count()", at_most=5), "bad": KpiPolicy(expression="nothing()")}
    found = business.judge(WINDOW, kpis=kpis, quality=QUALITY)
    assert found.outcome is Outcome.COMPLETED_WITH_VIOLATIONS
    assert "bad: Character 1" in found.reason


def test_intervals_hold_the_value():
    """Resampled rows: the share of a coin thrown 400 times is known to five percent."""
    table = pa.table({"prediction": [0.0, 1.0] * 200})
    (fact,) = judged("mean(prediction)", table=table).facts.kpis
    assert (fact.low, fact.high) == pytest.approx((0.45, 0.55), abs=0.015)
    (few,) = judged("mean(prediction)", table=table.slice(0, 10)).facts.kpis
    assert few.low is None


def test_the_columns_of_all_figures_are_known():
    """What a reader has to read; answers, labels and wrong expressions ask for nothing."""
    kpis = {
        "one": KpiPolicy(expression='sum(where(decision and label == 1, amount, column("credit days")))'),
        "two": KpiPolicy(expression="share(purpose == 'car') + mean(prediction)"),
        "three": KpiPolicy(expression="sum("),
    }
    assert business.columns(kpis) == {"amount", "credit days", "purpose"}
    assert Expression.of("mean(label)").needs_labels


def test_every_function_computes_something():
    """None of the names that an error offers is an empty promise."""
    calls = {"where": "sum(where(amount > 1, 1, 2))", "count": "count()", "column": "sum(column('amount'))"}
    assert all(
        math.isfinite(
            value(
                calls.get(
                    name, f"count({name}(amount)) if 1 else 0" if name in ("abs", "missing") else f"{name}(amount)"
                )
            )
        )
        for name in FUNCTIONS
    )
