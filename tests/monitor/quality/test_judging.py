import json
import math
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from monitor import quality
from monitor.judgement import Outcome
from monitor.policy import Limit, QualityPolicy
from monitor.quality import spread
from monitor.quality.classification import Decisions, wilson
from monitor.quality.facts import ClassificationFacts, Coverage, RegressionFacts, UnmeasuredFacts

CREDIT = QualityPolicy(
    kind="binary-classification", positive_label="0", decision_threshold=0.4, false_negative_cost=5, minimum_labels=50
)
RINGS = QualityPolicy(kind="regression", minimum_labels=50)


def applicants(rows=400, *, noise=0.0, seed=1):
    """Applicants whose probability of turning out bad is told with some noise."""
    random = np.random.default_rng(seed)
    bad = random.random(rows) < 0.3
    score = np.clip(random.normal(0.3 + 0.25 * bad, 0.15) + noise * random.normal(size=rows), 0, 1)
    return pa.table({"prediction": score, "label": np.where(bad, "0", "1")})


def shells(rows=400, *, noise=1.0, seed=1):
    """Abalones whose rings are told with some error."""
    random = np.random.default_rng(seed)
    rings = random.integers(3, 20, rows).astype(float)
    return pa.table({"prediction": rings + noise * random.normal(size=rows), "label": rings})


@pytest.fixture(scope="module")
def credit_baseline():
    """The files of a baseline that was measured on other applicants."""
    return quality.baseline(applicants(seed=2), policy=CREDIT)


def four():
    """The example of Model Monitor's guide: one hit, two false alarms, one row rightly left alone."""
    return pa.table({"prediction": [0.9, 0.8, 0.7, 0.1], "label": ["0", "1", "1", "1"]})


def test_constraints_are_the_limits_alone_where_there_are_some():
    """What was merely measured is no limit then: every second window of the same model would break it."""
    limited = replace(CREDIT, limits={"auc": Limit(at_least=0.7), "brier": Limit(at_most=0.2)})
    document = quality.baseline(applicants(), policy=limited)["constraints.json"]
    assert document["binary_classification_constraints"] == {
        "auc": {"threshold": 0.7, "comparison_operator": "LessThanThreshold"},
        "brier": {"threshold": 0.2, "comparison_operator": "GreaterThanThreshold"},
    }


def test_statistics_are_those_of_the_guides_example():
    """One hit, two false alarms: the numbers that "Model quality metrics" of the developer guide prints."""
    document = quality.baseline(four(), policy=CREDIT)["statistics.json"]
    metrics = document["binary_classification_metrics"]
    assert metrics["confusion_matrix"] == {"0": {"0": 1, "1": 2}, "1": {"0": 0, "1": 1}}
    assert metrics["recall"] == {"value": 1.0, "standard_deviation": "NaN"}
    assert metrics["precision"]["value"] == pytest.approx(1 / 3)
    assert metrics["false_positive_rate"]["value"] == pytest.approx(2 / 3)
    assert metrics["f2"]["value"] == pytest.approx(0.7142857142857143)
    constant = {name: metrics[f"{name}_best_constant_classifier"]["value"] for name in ("recall", "f0_5", "f1", "f2")}
    assert constant == pytest.approx({"recall": 1.0, "f0_5": 0.29411764705882354, "f1": 0.4, "f2": 0.625})
    assert document["dataset"]["item_count"] == 4


def test_metrics_are_those_of_their_definitions():
    """Counted by hand: each pair of a positive and a negative, each decision, each probability."""
    table = pa.table({"prediction": [0.9, 0.6, 0.6, 0.2, 0.1], "label": [0, 1, 0, 0, 1]})
    metrics = quality.baseline(table, policy=CREDIT)["statistics.json"]["binary_classification_metrics"]
    expected = {
        "auc": (2 + 1.5 + 1) / 6,  # 0.9 beats both negatives, 0.6 beats one and ties with one, 0.2 beats one
        "au_prc": (1 * 1 + 1 * 2 / 3 + 1 * 3 / 4) / 3,
        "brier": (0.01 + 0.36 + 0.16 + 0.64 + 0.01) / 5,
        "cost": (1 * 1 + 5 * 1) / 5,
        "calibration_error": (0.1 + abs(0.6 + 0.6 - 1) + 0.8 + 0.1) / 5,
        "f1": 2 * 2 / (2 * 2 + 1 + 1),
    }
    assert {name: metrics[name]["value"] for name in expected} == pytest.approx(expected, abs=1e-12)


def test_what_is_as_good_as_the_baseline_is_completed(credit_baseline):
    """Other applicants from the same source: nothing to report."""
    found = quality.judge(applicants(seed=3), policy=CREDIT, baseline=credit_baseline["statistics.json"])
    assert (found.outcome, found.violations, found.rows) == (Outcome.COMPLETED, (), 400)
    assert found.reason.endswith("400 of 400 answers have a label.")
    assert {each.name for each in found.metrics} >= {"auc", "f1", "brier", "cost"}


def test_what_is_worse_than_chance_explains_is_a_violation(credit_baseline):
    """Noise in the answers: said of each metric with its interval, the baseline and the chance."""
    found = quality.judge(applicants(noise=0.5), policy=CREDIT, baseline=credit_baseline["statistics.json"])
    assert found.outcome is Outcome.COMPLETED_WITH_VIOLATIONS
    auc = next(each for each in found.violations if each.feature == "auc")
    assert auc.threshold == credit_baseline["statistics.json"]["binary_classification_metrics"]["auc"]["value"]
    assert auc.check == "LessThanThreshold"
    assert auc.p_value is not None
    assert auc.p_value < 0.01
    assert "95 % interval" in auc.description
    document = found.files["constraint_violations.json"]["violations"][0]
    assert set(document) == {"metric_name", "constraint_check_type", "description"}


def test_what_is_better_than_the_baseline_is_no_violation():
    """Only worse is bad: the same rows against a baseline that was noisy."""
    noisy = quality.baseline(applicants(noise=0.5), policy=CREDIT)["statistics.json"]
    assert quality.judge(applicants(), policy=CREDIT, baseline=noisy).outcome is Outcome.COMPLETED


def test_a_limit_decides_alone(credit_baseline):
    """With limits a value beyond is a violation, and no other metric is judged."""
    policy = QualityPolicy(
        kind="binary-classification",
        positive_label="0",
        limits={"auc": Limit(at_least=0.99), "brier": Limit(at_most=0.5), "recall": Limit(at_least=0.1, at_most=0.2)},
    )
    found = quality.judge(applicants(noise=0.5), policy=policy, baseline=credit_baseline["statistics.json"])
    assert {(each.feature, each.check, each.threshold) for each in found.violations} == {
        ("auc", "LessThanThreshold", 0.99),
        ("recall", "GreaterThanThreshold", 0.2),
    }
    assert isinstance(found.facts, ClassificationFacts)
    assert {each.name for each in found.facts.measures if each.judged} == {"auc", "brier", "recall"}


def test_model_monitors_constraints_are_applied_as_it_does(credit_baseline):
    """A constraints.json as it suggests them: what is worse by any bit is a violation, what is equal is none."""
    constraints = credit_baseline["constraints.json"]
    same = quality.judge(applicants(seed=2), policy=CREDIT, baseline=None, constraints=constraints)
    worse = quality.judge(applicants(seed=2, noise=0.05), policy=CREDIT, baseline=None, constraints=constraints)
    assert same.outcome is Outcome.COMPLETED
    assert "auc" in {each.feature for each in worse.violations}
    assert constraints["binary_classification_constraints"]["brier"]["comparison_operator"] == "GreaterThanThreshold"


def test_a_regression_is_judged_by_its_errors():
    """Files of Model Monitor's regression form, and a violation when the errors double."""
    baseline = quality.baseline(shells(), policy=RINGS)
    metrics = baseline["statistics.json"]["regression_metrics"]
    table = shells()
    error = np.asarray(table["prediction"]) - np.asarray(table["label"])
    assert metrics["mae"]["value"] == pytest.approx(np.abs(error).mean())
    assert metrics["rmse"]["value"] ** 2 == pytest.approx(metrics["mse"]["value"])
    assert metrics["r2"]["value"] == pytest.approx(
        1 - (error**2).sum() / ((np.asarray(table["label"]) - np.asarray(table["label"]).mean()) ** 2).sum()
    )
    assert baseline["constraints.json"]["regression_constraints"]["r2"]["comparison_operator"] == "LessThanThreshold"
    worse = quality.judge(shells(noise=2.0, seed=3), policy=RINGS, baseline=baseline["statistics.json"])
    assert {each.feature for each in worse.violations} == {"rmse", "mae", "r2"}
    assert isinstance(worse.facts, RegressionFacts)
    assert sum(worse.facts.residual_counts) == 400


def test_too_few_labels_are_no_health(credit_baseline):
    """Below the minimum nothing is judged, and it says how many there are."""
    table = applicants(49).append_column("_id", pa.array([str(each) for each in range(49)]))
    found = quality.judge(
        table, policy=CREDIT, baseline=credit_baseline["statistics.json"], coverage=Coverage(rows=900, labelled=49)
    )
    assert found.outcome is Outcome.INSUFFICIENT_DATA
    assert found.reason == "49 of 900 answers have a usable label; 50 are needed."
    assert isinstance(found.facts, UnmeasuredFacts)
    empty = quality.judge(applicants(0), policy=CREDIT, baseline=credit_baseline["statistics.json"])
    assert empty.outcome is Outcome.INSUFFICIENT_DATA


@pytest.mark.parametrize(
    ("policy", "table", "baseline", "said"),
    [
        (CREDIT, applicants(), None, "neither a limit nor a baseline"),
        (CREDIT, applicants(), {"regression_metrics": {"mae": {"value": 1.0}}}, "neither a limit nor a baseline"),
        (CREDIT, applicants().drop_columns(["label"]), None, "no column 'label'"),
        (QualityPolicy(kind="binary-classification"), applicants(), None, "names no positive_label"),
        (
            QualityPolicy(kind="regression", limits={"auc": Limit(at_least=1)}),
            shells(),
            None,
            "Limit 'auc' is no metric",
        ),
    ],
)
def test_what_cannot_be_judged_has_failed_with_a_sentence(policy, table, baseline, said):
    """No baseline, another kind's baseline, no labels at all, a policy that says too little: never a silent pass."""
    found = quality.judge(table, policy=policy, baseline=baseline)
    assert found.outcome is Outcome.FAILED
    assert said in found.reason


def test_one_class_alone_leaves_its_metrics_out(credit_baseline):
    """Without a bad applicant there is no area under a curve; what can be measured is, and it is said."""
    good = pa.table({"prediction": np.linspace(0, 0.3, 60), "label": ["1"] * 60})
    found = quality.judge(good, policy=CREDIT, baseline=credit_baseline["statistics.json"])
    assert isinstance(found.facts, ClassificationFacts)
    assert "auc" not in {each.name for each in found.facts.measures}
    assert "All labels are not 0" in found.reason
    assert found.files["statistics.json"]["binary_classification_metrics"]["auc"]["value"] == "NaN"
    json.dumps(found.files, allow_nan=False)


@pytest.mark.parametrize(
    ("table", "said"),
    [(applicants(0), "both a prediction and a label"), (four().slice(1), "No label is '0'.* there are 1")],
)
def test_a_baseline_that_nothing_could_be_judged_by_is_refused(table, said):
    """A misspelt positive label is told when the baseline is made, and not never."""
    with pytest.raises(quality.BadQuality, match=said):
        quality.baseline(table, policy=CREDIT)


def test_odd_rows_are_left_out_and_told():
    """Predictions that are no numbers, labels of a third kind, scores that are no probabilities."""
    table = pa.table({"prediction": ["0.9", "x", "inf", *["0.2"] * 60], "label": ["0", "0", "1", "7", *["1"] * 59]})
    found = quality.judge(
        table, policy=CREDIT, baseline=quality.baseline(applicants(), policy=CREDIT)["statistics.json"]
    )
    assert found.rows == 61
    assert "2 labelled rows are left out" in found.reason
    assert "The labels have 3 values (0, 1, 7)" in found.reason
    margins = pa.table({"prediction": [-3.0, 2.0] * 40, "label": ["1", "0"] * 40})
    judged = quality.judge(margins, policy=CREDIT, baseline={"binary_classification_metrics": {"auc": {"value": 1.0}}})
    assert isinstance(judged.facts, ClassificationFacts)
    assert "brier" not in {each.name for each in judged.facts.measures}


def test_decisions_by_another_threshold_are_not_compared(credit_baseline):
    """F1 and cost of a baseline that was decided by another threshold say nothing of this window's."""
    policy = QualityPolicy(kind="binary-classification", positive_label="0", decision_threshold=0.99)
    found = quality.judge(applicants(), policy=policy, baseline=credit_baseline["statistics.json"])
    assert {each.name for each in found.facts.measures if each.judged} == {"auc", "au_prc", "brier"}


def test_the_cost_is_that_of_the_policy_on_both_sides():
    """A baseline made with other costs is reckoned anew from its confusion matrix."""
    cheap = QualityPolicy(kind="binary-classification", positive_label="0", decision_threshold=0.4)
    baseline = quality.baseline(applicants(seed=2), policy=cheap)["statistics.json"]
    found = quality.judge(applicants(seed=2), policy=CREDIT, baseline=baseline)
    cost = next(each for each in found.facts.measures if each.name == "cost")
    assert cost.baseline == pytest.approx(cost.value)
    assert cost.value > baseline["binary_classification_metrics"]["cost"]["value"]


def test_deviations_of_many_rows_are_those_of_resamples(monkeypatch):
    """Above 20,000 rows blocks take the place of resamples and say about the same."""
    table = applicants(2_000)
    labels = np.asarray(table["label"]) == "0"
    sample = Decisions.of(np.asarray(table["prediction"]), labels, threshold=0.4, costs=(1, 5))
    resampled = spread.deviations(sample)
    monkeypatch.setattr(spread, "MOST_RESAMPLED", 1_000)
    blocks = spread.deviations(sample)
    assert {name: blocks[name] / resampled[name] for name in ("auc", "brier", "accuracy", "cost")} == pytest.approx(
        dict.fromkeys(("auc", "brier", "accuracy", "cost"), 1.0), abs=0.35
    )


def test_facts_draw_what_was_measured(credit_baseline):
    """Curves run from corner to corner, histograms and the confusion matrix count every row."""
    facts = quality.judge(applicants(), policy=CREDIT, baseline=credit_baseline["statistics.json"]).facts
    assert (facts.roc.x[0], facts.roc.y[0], facts.roc.x[-1], facts.roc.y[-1]) == (0, 0, 1, 1)
    assert sum(facts.score_negative) + sum(facts.score_positive) == 400
    assert sum(map(sum, facts.confusion)) == 400
    assert sum(each.rows for each in facts.calibration) == 400
    assert all(each.low <= each.share <= each.high for each in facts.calibration)


def test_wilsons_interval_is_that_of_the_tables():
    """Half of ten: 0.2366 to 0.7634; nothing of nothing: all that there is."""
    assert wilson(0.5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)
    assert wilson(math.nan, 0) == (0.0, 1.0)
