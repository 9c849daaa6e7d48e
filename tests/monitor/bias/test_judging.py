import json

import numpy as np
import pyarrow as pa
import pytest

from monitor import bias
from monitor.bias import documents
from monitor.bias.facts import BiasFacts
from monitor.judgement import Outcome
from monitor.policy import BiasPolicy, QualityPolicy

QUALITY = QualityPolicy(kind="binary-classification", positive_label="0", minimum_labels=50)
POLICY = BiasPolicy(facets={"sex": "female"}, favourable_label="1")


def applicants(rows=1_000, *, women_refused=0.35, men_refused=0.3, seed=1, labelled=1.0):
    """Women and men who are refused at these rates; outcomes are the same for both."""
    random = np.random.default_rng(seed)
    woman = random.random(rows) < 0.35
    refused = random.random(rows) < np.where(woman, women_refused, men_refused)
    bad = np.where(random.random(rows) < 0.75, refused, ~refused)
    label = [
        value if known else None
        for value, known in zip(np.where(bad, "0", "1"), random.random(rows) < labelled, strict=True)
    ]
    return pa.table({"sex": np.where(woman, "female", "male"), "prediction": refused.astype(float), "label": label})


@pytest.fixture(scope="module")
def baseline():
    """analysis.json of other applicants."""
    return bias.baseline(applicants(seed=2), policy=POLICY, quality=QUALITY)["analysis.json"]


def judged(table, baseline, policy=POLICY):
    """The judgement of a window."""
    return bias.judge(table, policy=policy, quality=QUALITY, baseline=baseline)


def measure(found, code):
    """One metric of the only facet."""
    assert isinstance(found.facts, BiasFacts)
    return next(each for each in found.facts.facets[0].measures if each.code == code)


def test_the_same_treatment_as_at_training_is_no_violation(baseline):
    """Other applicants from the same source, though some metric is always a little farther from neutral."""
    found = judged(applicants(seed=3), baseline)
    assert (found.outcome, found.violations) == (Outcome.COMPLETED, ())
    assert {each.code for each in found.facts.facets[0].measures if each.judged} == {"DPL", "DPPL", "DI", "RD", "SD"}


def test_harsher_treatment_of_the_group_is_a_violation(baseline):
    """Twice as many women are refused: said with the numbers, the interval and the baseline."""
    found = judged(applicants(women_refused=0.7), baseline)
    assert found.outcome is Outcome.COMPLETED_WITH_VIOLATIONS
    said = {each.check: each for each in found.violations}
    assert {"DPPL bias_drift_check", "DI bias_drift_check"} <= set(said)
    di = said["DI bias_drift_check"]
    assert di.feature == "sex=female"
    assert di.value == pytest.approx(measure(found, "DI").value)
    assert di.threshold == measure(found, "DI").baseline
    assert "Disparate Impact (DI) of sex=female" in di.description
    entry = found.files["constraint_violations.json"]["violations"][0]
    assert set(entry) == {"facet", "facet_value", "metric_name", "constraint_check_type", "description"}
    assert (entry["facet"], entry["facet_value"], entry["constraint_check_type"]) == (
        "sex",
        "female",
        "bias_drift_check",
    )


def test_the_same_distance_to_the_other_side_is_none(baseline):
    """What counts is the distance from equal treatment, not its direction."""
    swapped = judged(applicants(women_refused=0.3, men_refused=0.35), baseline)
    reversed_ = judged(applicants(women_refused=0.3, men_refused=0.75), baseline)
    assert swapped.outcome is Outcome.COMPLETED
    assert reversed_.outcome is Outcome.COMPLETED_WITH_VIOLATIONS


def test_a_limit_is_the_largest_distance_from_neutral(baseline):
    """With limits nothing else is judged; DI is neutral at 1."""
    policy = BiasPolicy(facets={"sex": "female"}, favourable_label="1", limits={"DI": 0.2, "DPPL": 0.9})
    found = judged(applicants(women_refused=0.7), None, policy)
    assert [each.check for each in found.violations] == ["DI bias_drift_check"]
    assert found.violations[0].threshold == 0.2
    assert {each.code for each in found.facts.facets[0].measures if each.judged} == {"DI", "DPPL"}
    assert judged(applicants(), None, policy).outcome is Outcome.COMPLETED


def test_answers_are_judged_before_labels_come(baseline):
    """Without labels acceptance is judged and recall is not."""
    found = judged(applicants(women_refused=0.7, labelled=0.02), baseline)
    assert {each.code for each in found.facts.facets[0].measures if each.judged} == {"DPPL", "DI"}
    assert found.outcome is Outcome.COMPLETED_WITH_VIOLATIONS


@pytest.mark.parametrize("table", [applicants(30), applicants(100)])
def test_too_few_of_either_side_are_no_health(table, baseline):
    """A handful of people is compared with nobody: insufficient, and it says how many there were."""
    few = table.set_column(0, "sex", pa.array(["male"] * table.num_rows, pa.string()))
    found = judged(few, baseline)
    assert found.outcome is Outcome.INSUFFICIENT_DATA
    assert "0 of sex=female" in found.reason


def test_a_window_without_rows_is_no_failure(baseline):
    """Nobody asked, so no column came either."""
    found = judged(pa.table({}), baseline)
    assert found.outcome is Outcome.INSUFFICIENT_DATA


def test_what_happens_to_everyone_of_a_group_is_seen():
    """All women refused and all men accepted: the strongest there is, though no resample differs from another."""
    table = applicants(200, women_refused=1.0, men_refused=0.0)
    before = {
        "post_training_bias_metrics": {
            "facets": {"sex": [{"value_or_threshold": "female", "metrics": [{"name": "DPPL", "value": 0.01}]}]}
        }
    }
    found = judged(table, before)
    assert [each.check for each in found.violations] == ["DPPL bias_drift_check"]
    dppl = measure(found, "DPPL")
    assert dppl.value == dppl.high == 1.0
    assert dppl.low > 0.9


def test_a_small_group_that_was_refused_by_chance_is_none():
    """One in twenty is accepted: that none of 25 women is says little, however small a ratio 0 is."""
    random = np.random.default_rng(4)
    before = bias.baseline(applicants(women_refused=0.9, men_refused=0.9, seed=2), policy=POLICY, quality=QUALITY)
    sex = np.array(["female"] * 25 + ["male"] * 300)
    refused = np.where(sex == "female", 1.0, (random.random(325) < 0.9).astype(float))
    found = judged(pa.table({"sex": sex, "prediction": refused}), before["analysis.json"])
    assert measure(found, "DI").value == 0.0
    assert "DI bias_drift_check" not in {each.check for each in found.violations}


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (BiasPolicy(facets={"race": "x"}), "no column 'race'"),
        (BiasPolicy(facets={}), "names no facet"),
        (BiasPolicy(facets={"sex": "female"}, limits={"XY": 1.0}), "'XY' is no metric of bias"),
        (BiasPolicy(facets={"sex": "female"}, group_variable="housing"), "no column 'housing'"),
        (POLICY, "neither a limit nor a baseline"),
    ],
)
def test_what_cannot_be_judged_has_failed_with_a_sentence(policy, said):
    """Never a silent pass."""
    found = judged(applicants(), None, policy)
    assert found.outcome is Outcome.FAILED
    assert said in found.reason


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (BiasPolicy(facets={"sex": "Female"}), "No row is of sex=Female; there are female, male"),
        (BiasPolicy(facets={"sex": "female"}, favourable_label="good"), "No label is 'good'.* there are 0, 1"),
    ],
)
def test_a_baseline_that_nothing_could_be_judged_by_is_refused(policy, said):
    """A misspelt group or label is told when the baseline is made, and not never."""
    with pytest.raises(bias.BadBias, match=said):
        bias.baseline(applicants(), policy=policy, quality=QUALITY)


def test_analysis_has_clarifys_form(baseline):
    """Stage, label, facet, value, metrics with name and description; what is undefined is null with a reason."""
    stage = baseline["post_training_bias_metrics"]
    assert (stage["label"], stage["label_value_or_threshold"]) == ("label", "1")
    entry = stage["facets"]["sex"][0]
    assert entry["value_or_threshold"] == "female"
    named = {each["name"]: each for each in entry["metrics"]}
    assert named["DPPL"]["description"] == "Difference in Positive Proportions in Predicted Labels (DPPL)"
    assert named["CDDPL"]["value"] is None
    assert named["CDDPL"]["error"]
    assert {each["name"] for each in baseline["pre_training_bias_metrics"]["facets"]["sex"][0]["metrics"]} == {
        "CI", "DPL", "KL", "JS", "LP", "TVD", "KS", "CDDL",
    }  # fmt: skip
    json.dumps(baseline, allow_nan=False)


def test_a_baseline_that_clarify_made_can_be_used():
    """No deviations, another interval's end, an older code, metrics that could not be computed."""
    document = {
        "version": "1.0",
        "post_training_bias_metrics": {
            "label": "y",
            "facets": {
                "age": [
                    {
                        "value_or_threshold": "(40, 99]",
                        "metrics": [
                            {"name": "DPPL", "description": "…", "value": 0.01},
                            {"name": "DCA", "description": "…", "value": 0.5},
                            {"name": "FT", "description": "…", "value": None, "error": "…"},
                        ],
                    }
                ]
            },
        },
    }
    found = documents.read(document, facet="age", value="(40, 75]")
    assert {code: each.value for code, each in found.items()} == {"DPPL": 0.01, "DCAcc": 0.5}
    assert documents.read(document, facet="age", value="(50, 75]") == {}
    table = applicants(women_refused=0.7)
    old = table.append_column("age", pa.array(np.where(np.asarray(table["sex"]) == "female", 50, 30)))
    policy = BiasPolicy(facets={"age": 40.0}, favourable_label="1")
    assert [each.check for each in judged(old, document, policy).violations] == ["DPPL bias_drift_check"]


def test_metrics_go_out_with_clarifys_dimensions(baseline):
    """bias_metric_<code> with stage, label and facet; infinities as Clarify publishes them, what is undefined not."""
    found = judged(applicants(women_refused=0.0, men_refused=1.0), baseline)
    published = {each.name: each for each in found.metrics}
    assert "bias_metric_CDDL" not in published
    assert published["bias_metric_DI"].value == 2.0**360
    assert published["bias_metric_DI"].dimensions == {
        "BiasStage": "Post-Training", "Label": "label", "LabelValue": "1", "Facet": "sex", "FacetValue": "female",
    }  # fmt: skip


def test_facts_tell_both_sides(baseline):
    """Rows, labels, shares and rates of the group and of the others."""
    facet = judged(applicants(), baseline).facts.facets[0]
    assert facet.group.rows + facet.others.rows == 1_000
    assert (facet.group.name, facet.others.name) == ("sex=female", "sex≠female")
    assert facet.others.favoured_answers - facet.group.favoured_answers == pytest.approx(
        next(each.value for each in facet.measures if each.code == "DPPL")
    )
    dppl = next(each for each in facet.measures if each.code == "DPPL")
    assert dppl.low < dppl.value < dppl.high
