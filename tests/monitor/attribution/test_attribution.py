import json
import math

import pytest

from monitor import attribution
from monitor.attribution.documents import read
from monitor.attribution.ranking import ndcg, ranks
from monitor.judgement import Outcome
from monitor.policy import ExplainabilityPolicy

POLICY = ExplainabilityPolicy(minimum_ndcg=0.9)


def analysis(values, *, label="label0", expected=0.3):
    """analysis.json of one label."""
    entry = {"global_shap_values": values, "expected_value": expected}
    return {"version": "1.0", "explanations": {"kernel_shap": {label: entry}}}


BASELINE = analysis({"amount": 0.4, "age": 0.2, "duration": 0.1})


def judged(values, baseline=BASELINE, **options):
    """The judgement of a window."""
    return attribution.judge(analysis(values), baseline=baseline, policy=POLICY, **{"rows": 300, **options})


def test_ndcg_is_that_of_its_formula():
    """Gains of the baseline, places of the window, discounted by the logarithm of the place."""
    found = ndcg({"a": 1, "b": 3, "c": 2}, {"a": 0.4, "b": 0.2, "c": 0.1})
    gained = 0.2 / math.log2(2) + 0.1 / math.log2(3) + 0.4 / math.log2(4)
    best = 0.4 / math.log2(2) + 0.2 / math.log2(3) + 0.1 / math.log2(4)
    assert found == pytest.approx(gained / best)


def test_the_same_order_agrees_wholly():
    """However much the values differ."""
    assert ndcg({"a": 9, "b": 2, "c": 1}, {"a": 0.5, "b": 0.4, "c": 0.3}) == pytest.approx(1)


def test_features_of_one_value_share_their_places():
    """Two that count alike are neither before nor behind each other, whatever they are called."""
    shared = (1 / math.log2(2) + 1 / math.log2(3)) / 2 * (0.4 + 0.2)
    best = 0.4 / math.log2(2) + 0.2 / math.log2(3)
    assert ndcg({"a": 1, "b": 1}, {"a": 0.4, "b": 0.2}) == pytest.approx(shared / best)
    assert ndcg({"b": 1, "a": 1}, {"a": 0.4, "b": 0.2}) == pytest.approx(shared / best)


def test_features_of_one_side_alone_count():
    """A feature that has gone counts nothing now; a new one takes a place and gains nothing."""
    assert ndcg({"b": 1}, {"a": 0.9, "b": 0.1}) < 0.8
    assert ndcg({"new": 2, "a": 1}, {"a": 1}) == pytest.approx(1 / math.log2(3))
    assert math.isnan(ndcg({"a": 1}, {"a": 0.0}))
    assert ranks({"b": 1, "a": 1, "c": 2}) == {"c": 1, "a": 2, "b": 3}


def test_the_same_features_count_as_at_training():
    """No violation, and the metrics of Clarify with their dimensions."""
    found = judged({"amount": 0.5, "age": 0.3, "duration": 0.1})
    assert (found.outcome, found.violations) == (Outcome.COMPLETED, ())
    assert "amount most" in found.reason
    shap = {"ExplainabilityMethod": "KernelShap", "Label": "label0", "ValueType": "GlobalShapValues"}
    assert {each.name: (each.value, each.dimensions) for each in found.metrics} == {
        "feature_amount": (0.5, shap),
        "feature_age": (0.3, shap),
        "feature_duration": (0.1, shap),
        "ExpectedValue": (0.3, {**shap, "ValueType": "ExpectedValue"}),
    }


def test_other_features_that_count_are_a_violation():
    """With the score, the threshold, and which features moved in words."""
    found = judged({"amount": 0.01, "age": 0.1, "duration": 0.5})
    assert found.outcome is Outcome.COMPLETED_WITH_VIOLATIONS
    (violation,) = found.violations
    assert (violation.feature, violation.check) == ("label0", "feature_attribution_drift_check")
    assert violation.value == pytest.approx(found.facts.ndcg)
    assert violation.value < violation.threshold == 0.9
    assert "duration 82% of all (was 14%)" in violation.description
    entry = found.files["constraint_violations.json"]["violations"][0]
    assert (entry["label"], entry["metric_name"]) == ("label0", "shap")
    json.dumps(found.files, allow_nan=False)


def test_facts_put_both_sides_beside_each_other():
    """Those that counted most at training first; a new feature has no baseline."""
    first, *_, last = judged({"amount": 0.1, "age": 0.2, "new": 0.7}).facts.features
    assert (first.feature, first.rank, first.baseline_rank, first.share) == ("amount", 3, 1, pytest.approx(0.1))
    assert (last.feature, last.rank, last.baseline, last.baseline_rank) == ("new", 1, None, None)


def test_of_several_labels_each_is_judged():
    """A model of several answers: the label that moved is named, and it is the one that is drawn."""
    two = {
        "kernel_shap": {
            "cat": {"global_shap_values": {"a": 1, "b": 0.1}, "expected_value": [0.5]},
            "dog": {"global_shap_values": {"a": 0.1, "b": 1}, "expected_value": [0.5]},
        }
    }
    swapped = {"kernel_shap": {"cat": two["kernel_shap"]["cat"], "dog": two["kernel_shap"]["cat"]}}
    found = attribution.judge({"explanations": two}, baseline={"explanations": swapped}, policy=POLICY, rows=300)
    assert [each.feature for each in found.violations] == ["dog"]
    assert found.facts.ndcg == found.violations[0].value


@pytest.mark.parametrize(
    ("values", "options", "outcome", "said"),
    [
        ({"a": 1.0}, {"rows": 29}, Outcome.INSUFFICIENT_DATA, "29 rows were explained; 30 are needed"),
        ({"a": 1.0}, {"baseline": None}, Outcome.FAILED, "no baseline of attributions"),
        ({}, {}, Outcome.FAILED, "no attributions of the window"),
        ({"a": 1.0}, {"baseline": analysis({"a": 0.0})}, Outcome.FAILED, "no feature counts at all"),
        ({"a": 1.0}, {"baseline": analysis({"a": 1.0}, label="other")}, Outcome.FAILED, "to compare"),
    ],
)
def test_what_cannot_be_judged_is_said(values, options, outcome, said):
    """Too few rows, no baseline, an empty or useless one: never a silent pass."""
    found = judged(values, **options)
    assert found.outcome is outcome
    assert said in found.reason


def test_odd_files_are_read_as_far_as_they_go():
    """Nothing, lists, texts and NaN for numbers."""
    assert read({}) == ()
    assert read({"explanations": [1]}) == ()
    (found,) = read(analysis({"a": -1, "b": "x", "c": math.nan, "d": True}, expected=[0.25]))
    assert (found.values, found.expected) == ({"a": 1.0}, 0.25)
