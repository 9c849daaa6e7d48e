import math

import numpy as np
import pyarrow as pa
import pytest

from monitor.bias import metrics
from monitor.bias.cells import Answers, BadBias, Facet, counted
from monitor.bias.flipping import flipped
from monitor.policy import BiasPolicy, QualityPolicy

QUALITY = QualityPolicy(kind="binary-classification", positive_label="1")
POLICY = BiasPolicy(facets={"sex": "female"})


def rows(*counts):
    """A table out of (sex, label, told, housing, how many)."""
    wide = [each[:4] for each in counts for _ in range(each[4])]
    sex, label, told, housing = zip(*wide, strict=True)
    return pa.table({"sex": sex, "label": label, "prediction": [float(each) for each in told], "housing": housing})


WINDOW = rows(
    # 10 women: 4 of 10 good, 3 of 10 accepted
    ("female", "1", 1, "own", 2), ("female", "1", 0, "rent", 2),
    ("female", "0", 1, "own", 1), ("female", "0", 0, "rent", 5),
    # 20 men: 12 of 20 good, 14 of 20 accepted
    ("male", "1", 1, "own", 10), ("male", "1", 0, "rent", 2), ("male", "0", 1, "rent", 4), ("male", "0", 0, "own", 4),
)  # fmt: skip


def measured(table, *, facet="sex", value="female", group=None, policy=POLICY):
    """Code → value."""
    answers = Answers.of(table, policy=policy, quality=QUALITY)
    counts = counted(answers, Facet.of(answers.table, facet, value), group_variable=group)
    return {code: float(found) for code, found in metrics.measured(counts).items()}


def test_metrics_are_those_of_the_guides_formulas():
    """Each reckoned by hand from ten women and twenty men."""
    a, d = (0.4, 0.6), (0.6, 0.4)
    middle = (0.5, 0.5)
    expected = {
        "CI": (20 - 10) / 30,
        "DPL": 0.6 - 0.4,
        "KL": sum(x * math.log(x / y) for x, y in zip(a, d, strict=True)),
        "JS": sum(x * math.log(x / y) for side in (a, d) for x, y in zip(side, middle, strict=True)) / 2,
        "LP": math.sqrt(0.04 + 0.04),
        "TVD": 0.2,
        "KS": 0.2,
        "DPPL": 0.7 - 0.3,
        "DI": 0.3 / 0.7,
        "DCAcc": 12 / 14 - 4 / 3,
        "DCR": 6 / 7 - 8 / 6,
        "SD": 5 / 6 - 4 / 8,
        "RD": 10 / 12 - 2 / 4,
        "DAR": 10 / 14 - 2 / 3,
        "DRR": 5 / 7 - 4 / 6,
        "AD": 14 / 20 - 7 / 10,
        "TE": 2 / 1 - 2 / 4,
        "GE": ((21 + 4 * 5) / 30 / ((21 + 2 * 5) / 30) ** 2 - 1) / 2,
    }
    found = measured(WINDOW)
    assert {code: found[code] for code in expected} == pytest.approx(expected, abs=1e-12)
    assert math.isnan(found["CDDL"])


def test_conditional_disparity_is_the_mean_over_subgroups():
    """Of those who own: women are 1 of 5 with bad labels, 2 of 12 with good ones; of those who rent 5 of 9, 2 of 4."""
    found = measured(WINDOW, group="housing")
    assert found["CDDL"] == pytest.approx((17 * (1 / 5 - 2 / 12) + 13 * (5 / 9 - 2 / 4)) / 30)
    assert found["CDDPL"] == pytest.approx((17 * (0 / 4 - 3 / 13) + 13 * (7 / 9 - 0 / 4)) / 30)
    assert found["DPL"] == pytest.approx(0.2)


def test_the_favourable_label_may_be_the_other_one():
    """A model tells the probability of turning out bad: whoever is not told bad is favoured."""
    policy = BiasPolicy(facets={"sex": "female"}, favourable_label="0")
    found = measured(WINDOW, policy=policy)
    assert (found["DPL"], found["DPPL"]) == pytest.approx((0.4 - 0.6, 0.3 - 0.7))


def test_a_number_is_a_threshold():
    """Clarify's rule for continuous attributes: the group is above it; a text is a value of its own."""
    table = pa.table({"age": [20, 30, 40, 50, None], "prediction": [0.0, 1.0, 1.0, 1.0, 1.0]})
    answers = Answers.of(table, policy=POLICY, quality=QUALITY)
    facet = Facet.of(answers.table, "age", 30.0)
    assert (facet.value, facet.in_group.tolist()) == ("(30, 50]", [False, False, True, True, False])
    assert counted(answers, facet, group_variable=None).sum() == 4
    assert Facet.of(answers.table, "age", "30").in_group.tolist() == [False, True, False, False, False]


def test_rows_without_a_label_count_for_answers_alone():
    """Labels come late: acceptance is measured on everybody, recall on those whose outcome is known."""
    unknown = rows(("female", None, 0, "own", 10), ("male", None, 1, "own", 10))
    late = pa.concat_tables([WINDOW, unknown], promote_options="default")
    found, known = measured(late), measured(WINDOW)
    assert found["DI"] == pytest.approx((3 / 20) / (24 / 30))
    assert {code: found[code] for code in ("DPL", "RD", "AD", "TE", "GE")} == pytest.approx(
        {code: known[code] for code in ("DPL", "RD", "AD", "TE", "GE")}
    )


def test_what_is_divided_by_nothing_is_as_clarify_has_it():
    """Something of nothing is infinite, nothing of nothing is 0, a group without rows is undefined."""
    nobody_else = rows(("female", "1", 1, "own", 3), ("male", "1", 0, "own", 3))
    assert measured(nobody_else)["DI"] == math.inf
    assert measured(nobody_else)["TE"] == -math.inf
    assert measured(nobody_else)["RD"] == -1.0
    assert measured(nobody_else)["KL"] == 0.0
    assert measured(rows(("female", "1", 0, "own", 3), ("male", "0", 0, "own", 3)))["KL"] == math.inf
    alone = measured(rows(("female", "1", 1, "own", 3)))
    assert all(math.isnan(alone[code]) for code in ("CI", "DPL", "DPPL", "DI", "AD", "RD", "GE"))


def test_the_flip_test_asks_the_neighbours():
    """Women are told no where their nearest men are told yes; texts have no distance, and missing numbers none."""
    table = pa.table(
        {
            "male": [0, 0, 0, 1, 1, 1],
            "income": [10.0, 20.0, 30.0, 11.0, 21.0, 31.0],
            "prediction": [0.0, 0.0, 1.0, 0.0, 1.0, 1.0],
        }
    )
    answers = Answers.of(table, policy=POLICY, quality=QUALITY)
    assert flipped(answers, Facet.of(table, "male", "0")) == (pytest.approx(-1 / 3), "")
    for name, column in (("city", ["x"] * 6), ("age", [None, 1, 2, 3, 4, 5])):
        odd = Answers.of(table.append_column(name, pa.array(column)), policy=POLICY, quality=QUALITY)
        value, why = flipped(odd, Facet.of(odd.table, "male", "0"))
        assert value is None
        assert why


def test_the_flip_test_compares_with_five_when_there_are_enough():
    """One odd neighbour among five changes nothing."""
    others = np.linspace(0, 1, 12)
    told = (others > 0.5).astype(float)
    told[1] = 1.0
    table = pa.table({"group": [1] + [0] * 12, "x": [0.09, *others.tolist()], "prediction": [0.0, *told.tolist()]})
    answers = Answers.of(table, policy=POLICY, quality=QUALITY)
    assert flipped(answers, Facet.of(table, "group", "1")) == (0.0, "")


@pytest.mark.parametrize(
    ("table", "quality", "said"),
    [
        (WINDOW, None, "needs model quality"),
        (WINDOW, QualityPolicy(kind="regression"), "needs model quality"),
        (WINDOW.drop_columns(["prediction"]), QUALITY, "no column 'prediction'"),
    ],
)
def test_what_bias_needs_is_said(table, quality, said):
    """Which answer is favourable is known of binary classifiers with a positive label alone."""
    with pytest.raises(BadBias, match=said):
        Answers.of(table, policy=POLICY, quality=quality)


def test_a_group_variable_of_too_many_values_is_refused():
    """Subgroups of single rows condition on nothing."""
    table = pa.table({"sex": ["male"] * 101, "prediction": [0.0] * 101, "id": list(range(101))})
    answers = Answers.of(table, policy=POLICY, quality=QUALITY)
    with pytest.raises(BadBias, match="101 values"):
        counted(answers, Facet.of(table, "sex", "female"), group_variable="id")
