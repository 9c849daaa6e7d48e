import math

import numpy as np
import pyarrow as pa
import pytest

from monitor.judgement import Outcome
from monitor.judging import Baseline, documents, judge, load, suggest
from monitor.policy import DataPolicy, FeaturePolicy, Policy
from monitor.profile import MIXED, Profile
from monitor.report.axes import ticks

ROWS = 4000


def people(*, seed, rows=ROWS):
    """Applicants, drawn afresh: two numbers, a whole one, texts with a rare value, a column that is often missing."""
    draw = np.random.default_rng(seed)
    return {
        "amount": draw.lognormal(7, 1, rows),
        "score": draw.normal(size=rows),
        "age": draw.integers(18, 75, rows),
        "purpose": draw.choice(["car", "house", "study", "boat"], rows, p=[0.5, 0.3, 0.199, 0.001]),
        "note": pa.array(draw.normal(size=rows), mask=draw.random(rows) < 0.3),
    }


def profile(columns):
    """One pass over a table."""
    return Profile.of([pa.RecordBatch.from_pydict({name: pa.array(values) for name, values in columns.items()})])


@pytest.fixture(scope="module")
def baseline():
    """What windows are compared with."""
    known = profile(people(seed=1))
    return Baseline(profile=known, constraints=suggest(known))


def judged(baseline, columns, **data):
    """The judgement of a window under such a policy."""
    return judge(baseline, profile(columns), Policy(data=DataPolicy(**data)))


def said(judgement):
    """Which features have violated which check."""
    return {(each.feature, each.check) for each in judgement.violations}


def test_data_from_the_same_source_are_well(baseline):
    """A window like the baseline completes without violations, its files say so, each feature has its facts."""
    judgement = judged(baseline, people(seed=2))
    assert judgement.outcome is Outcome.COMPLETED
    assert judgement.files["constraint_violations.json"] == {"violations": []}
    assert [feature.name for feature in judgement.facts.features] == ["amount", "score", "age", "purpose", "note"]
    assert all(feature.distance < 0.05 and not feature.violated for feature in judgement.facts.features)


def test_a_shift_is_said_with_its_numbers(baseline):
    """A feature that moved is the only violation: how far, how sure, and in words from what to what."""
    moved = people(seed=3)
    moved["score"] = moved["score"] + 0.3
    (violation,) = judged(baseline, moved).violations
    assert (violation.feature, violation.check) == ("score", "baseline_drift_check")
    assert violation.value > violation.threshold == 0.05
    assert violation.p_value < 1e-6
    assert "was -0.01158; distance 0.1" in violation.description


def test_a_category_that_took_over_is_named(baseline):
    """Texts drift by the share of one of them, which the description names."""
    moved = people(seed=4)
    moved["purpose"] = np.where(moved["purpose"] == "house", "car", moved["purpose"])
    judgement = judged(baseline, moved)
    assert said(judgement) == {("purpose", "baseline_drift_check")}
    assert "'car'" in judgement.violations[0].description or "'house'" in judgement.violations[0].description


def test_a_large_distance_of_few_rows_is_no_violation(baseline):
    """Forty rows lie far from any baseline by chance: their distance is over the threshold, and nothing is said."""
    judgement = judged(baseline, people(seed=5, rows=40), minimum_rows=10)
    assert max(feature.distance for feature in judgement.facts.features) > 0.1
    assert judgement.outcome is Outcome.COMPLETED


def test_a_sure_but_small_change_is_no_violation(baseline):
    """What is significant and below the threshold is tolerated."""
    moved = people(seed=6)
    moved["score"] = moved["score"] + 0.3
    assert judged(baseline, moved, numeric_distance=0.2).outcome is Outcome.COMPLETED


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        (FeaturePolicy(ignore=True), False),
        (FeaturePolicy(distance=0.5), False),
        (FeaturePolicy(distance=0.5, psi=0.05), True),
    ],
)
def test_a_feature_may_have_thresholds_of_its_own(baseline, own, expected):
    """One feature is ignored, or held to another distance, or to another measure besides."""
    moved = people(seed=7)
    moved["score"] = moved["score"] + 0.5
    judgement = judged(baseline, moved, features={"score": own})
    assert (("score", "baseline_drift_check") in said(judgement)) is expected


def test_the_other_measures_are_judged_when_they_have_thresholds(baseline):
    """PSI and the Jensen-Shannon distance are shown always, and are violations only where a threshold was given."""
    moved = people(seed=8)
    moved["score"] = np.sign(moved["score"]) * np.abs(moved["score"]) ** 0.7
    feature = judged(baseline, moved, numeric_distance=0.5).facts.features[1]
    assert feature.psi > 0.02
    assert feature.jensen_shannon > 0.02
    assert not feature.violated
    for measure in ("psi", "jensen_shannon"):
        assert said(judged(baseline, moved, numeric_distance=0.5, **{measure: 0.02})) == {
            ("score", "baseline_drift_check")
        }


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"age": None}, {("age", "missing_column_check")}),
        ({"colour": ["red"] * ROWS}, {("colour", "extra_column_check")}),
        ({"age": ["forty"] * ROWS}, {("age", "data_type_check")}),
        ({"age": np.arange(ROWS) / 70 + 18}, {("age", "data_type_check")}),
        ({"note": pa.nulls(ROWS, pa.float64())}, {("note", "completeness_check")}),
        ({"note": np.full(ROWS, np.nan)}, {("note", "completeness_check")}),
        ({"score": np.full(ROWS, np.inf)}, {("score", "range_check")}),
    ],
)
def test_a_column_that_is_broken_is_said_to_be(baseline, change, expected):
    """Missing, new, of another type, empty, infinite: each is a violation of its own, never a crash."""
    columns = {name: values for name, values in (people(seed=9) | change).items() if values is not None}
    assert expected <= said(judged(baseline, columns))
    assert {feature for feature, _ in said(judged(baseline, columns))} == {feature for feature, _ in expected}


def test_values_never_seen_are_said_with_examples(baseline):
    """A new category and numbers out of range are named once they are more than a stray one."""
    columns = people(seed=10)
    columns["purpose"] = np.where(np.arange(ROWS) % 100 == 0, "rocket", columns["purpose"])
    columns["age"] = np.where(np.arange(ROWS) % 100 == 0, 999, columns["age"])
    judgement = judged(baseline, columns)
    assert said(judgement) == {("purpose", "categorical_values_check"), ("age", "range_check")}
    assert "'rocket'" in " ".join(each.description for each in judgement.violations)


def test_a_stray_value_is_a_note(baseline):
    """Three unknown values in 4,000 are no violation; the report still says that they were there."""
    columns = people(seed=11)
    columns["purpose"] = np.where(np.arange(ROWS) < 3, "rocket", columns["purpose"])
    judgement = judged(baseline, columns)
    assert judgement.outcome is Outcome.COMPLETED
    (note,) = judgement.facts.features[3].notes
    assert "'rocket'" in note


def test_columns_that_changed_places_are_said_to_have(baseline):
    """Two columns swapped and one renamed: the violations say where the baseline's values are now."""
    columns = people(seed=12)
    columns["amount"], columns["score"] = columns["score"], columns["amount"]
    columns["years"] = columns.pop("age")
    told = {
        each.feature: each.description for each in judged(baseline, columns).violations if "Column" in each.description
    }
    assert "'score' holds now" in told["amount"]
    assert "'amount' holds now" in told["score"]
    assert "'years' holds now" in told["age"]


@pytest.mark.parametrize("rows", [0, 1, 199])
def test_too_few_rows_are_an_outcome_of_their_own(baseline, rows):
    """No row, one row, one too few: insufficient data, whatever they hold, with a reason."""
    columns = {name: values[:rows] for name, values in people(seed=13).items()}
    judgement = judged(baseline, columns)
    assert judgement.outcome is Outcome.INSUFFICIENT_DATA
    assert judgement.violations == ()
    assert "row" in judgement.reason


def test_an_empty_baseline_fails_the_run():
    """A baseline without rows can judge nothing: that is a failure, not health."""
    empty = Profile()
    judgement = judge(Baseline(profile=empty, constraints=suggest(empty)), profile(people(seed=14)), Policy())
    assert judgement.outcome is Outcome.FAILED


def test_a_baseline_of_one_row_or_of_nothing_but_gaps_judges_calmly():
    """One row can show nothing, and that is said; a column of gaps alone is data, and values in it are new."""
    single = profile({name: values[:1] for name, values in people(seed=15).items()})
    judgement = judge(Baseline(profile=single, constraints=suggest(single)), profile(people(seed=16)), Policy())
    assert (judgement.outcome, judgement.violations) == (Outcome.INSUFFICIENT_DATA, ())
    assert judgement.reason == "The baseline's 1 row is too few: 200 are needed."
    gaps = profile({"score": pa.nulls(ROWS, pa.float64())})
    known = Baseline(profile=gaps, constraints=suggest(gaps))
    assert judge(known, gaps, Policy()).outcome is Outcome.COMPLETED
    assert said(judge(known, profile({"score": np.ones(ROWS)}), Policy())) == {("score", "data_type_check")}


def test_ids_that_are_all_different_are_no_drift():
    """A column of unique texts, more than are counted one by one, is another one every day and no violation."""
    draw = np.random.default_rng(17)
    first, second = (profile({"id": [f"{value:x}" for value in draw.integers(0, 1 << 60, 20_500)]}) for _ in range(2))
    judgement = judge(Baseline(profile=first, constraints=suggest(first)), second, Policy())
    assert judgement.outcome is Outcome.COMPLETED


def test_codes_that_look_like_numbers_are_categories_among_texts():
    """In a column of texts, 3 beside 3A is a category like any other: known, listed, compared by its share."""
    draw = np.random.default_rng(23)

    def zones(weights):
        values = pa.array(draw.choice(["3", "3A", "4B"], ROWS, p=weights))
        schema = pa.schema([pa.field("zone", pa.string(), metadata=MIXED)])
        return Profile.of([pa.RecordBatch.from_arrays([values], schema=schema)])

    known = zones([0.3, 0.4, 0.3])
    baseline = Baseline(profile=known, constraints=suggest(known))
    assert baseline.constraints.features[0].domains == ("3", "3A", "4B")
    assert judge(baseline, zones([0.3, 0.4, 0.3]), Policy()).outcome is Outcome.COMPLETED
    assert ("zone", "baseline_drift_check") in said(judge(baseline, zones([0.1, 0.5, 0.4]), Policy()))


def test_a_masked_column_is_nowhere(baseline):
    """Neither its values in the baseline nor what was captured instead stand in any file, fact or violation."""
    columns = {**people(seed=18), "purpose": ["5f4dcc3b"] * ROWS}
    judgement = judge(baseline, profile(columns), Policy(masked=("purpose",)))
    assert judgement.outcome is Outcome.COMPLETED
    everything = repr(judgement)
    assert "amount" in everything
    assert not any(secret in everything for secret in ("purpose", "house", "5f4dcc3b"))


def test_a_baseline_travels_as_files(baseline):
    """The folder's files give the same judgement, to the last digit, as the profile they were made of."""
    again = load(documents(baseline.profile))
    moved = people(seed=19)
    moved["score"] = moved["score"] + 0.3
    assert judge(again, profile(moved), Policy()).violations == judged(baseline, moved).violations


def test_without_the_profile_the_sketch_judges(baseline):
    """With Model Monitor's own files alone the same drift is found, and none where there is none."""
    files = documents(baseline.profile)
    del files["profile.json.gz"]
    moved = people(seed=20)
    moved["score"] = moved["score"] + 0.3
    again = load(files)
    assert 0 < again.errors["score"] < 0.01
    assert said(judge(again, profile(moved), Policy())) == {("score", "baseline_drift_check")}
    assert judge(again, profile(people(seed=21)), Policy()).outcome is Outcome.COMPLETED


def test_constraints_that_were_switched_off_say_nothing(baseline):
    """People may disable the evaluation or the metrics in the constraints, as with Model Monitor."""
    from dataclasses import replace

    quiet = replace(baseline, constraints=replace(baseline.constraints, evaluate=False, emit_metrics=False))
    moved = people(seed=22)
    moved["score"] = moved["score"] + 1
    judgement = judge(quiet, profile(moved), Policy())
    assert judgement.outcome is Outcome.COMPLETED
    assert judgement.metrics == ()


@pytest.mark.parametrize(
    "values", [[0.0] * 300, [-0.0] * 300, [1.7e308, -1.7e308, 5e-324] * 100, [5e-324] * 300, [2.0**53 + 1] * 300]
)
def test_columns_at_the_ends_of_floats_are_judged_and_drawn(values):
    """Nothing but zeros, the largest and the smallest numbers: a page and the files, without a warning."""
    known = profile({"x": pa.array(values, pa.float64())})
    judgement = judge(load(documents(known, DataPolicy())), known, Policy())
    assert judgement.outcome is Outcome.COMPLETED
    edges = judgement.facts.features[0].edges
    assert all(math.isfinite(edge) for edge in edges)
    assert list(edges) == sorted(edges)
    assert ticks(edges[0], edges[-1])


def test_categories_that_only_look_the_same_are_said_to():
    """Spaces and two ways to write an accent: unknown, and the description says why that is hard to see."""
    before, now = profile({"city": ["Rome", "é"] * 200}), profile({"city": ["Rome ", "e\u0301"] * 200})
    judgement = judge(load(documents(before, DataPolicy())), now, Policy())
    (unknown,) = [each for each in judgement.violations if each.check == "categorical_values_check"]
    assert "known ones but for spaces, case or how accents are encoded" in unknown.description


def test_what_cannot_be_compared_is_not_said_to_be_alike():
    """Nested values, columns of gaps, texts that never repeat: named, for nothing about them could have been found."""
    rows = 300
    columns = {
        "age": np.arange(rows) % 50,
        "nested": pa.array([{"a": 1}] * rows),
        "gap": pa.nulls(rows, pa.float64()),
        "name": [f"customer {row}" for row in range(rows)],
    }
    known = profile(columns)
    judgement = judge(load(documents(known, DataPolicy())), known, Policy())
    assert judgement.outcome is Outcome.COMPLETED
    assert judgement.reason == (
        "300 rows look like the baseline in 1 of 4 features; "
        "without values, of no simple type or different in every row: nested, gap, name."
    )
