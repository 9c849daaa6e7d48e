import json

import numpy as np
import pyarrow as pa
import pytest

from monitor.files import constraints, metrics, statistics, violations
from monitor.judgement import Judgement, Monitor, Outcome, Violation
from monitor.judging import BadBaseline, judge, load, suggest
from monitor.policy import DataPolicy, FeaturePolicy, Policy
from monitor.profile import Profile


def profile(**columns):
    """One pass over a table."""
    return Profile.of([pa.RecordBatch.from_pydict({name: pa.array(values) for name, values in columns.items()})])


def of_aws(values):
    """A feature as AWS's analyzer writes it: ten buckets, and every value in one level of the sketch."""
    edges = np.linspace(min(values), max(values), 11)
    counts = np.histogram(values, edges)[0]
    kll = {
        "buckets": [
            {"lower_bound": low, "upper_bound": high, "count": float(count)}
            for low, high, count in zip(edges[:-1].tolist(), edges[1:].tolist(), counts.tolist(), strict=True)
        ],
        "sketch": {"parameters": {"c": 0.64, "k": 2048.0}, "data": [list(values)]},
    }
    return {
        "common": {"num_present": len(values), "num_missing": 0},
        "mean": float(np.mean(values)),
        "sum": float(np.sum(values)),
        "std_dev": float(np.std(values)),
        "min": min(values),
        "max": max(values),
        "distribution": {"kll": kll},
    }


def test_statistics_of_few_rows_are_those_of_aws():
    """The same numbers, buckets and sketch as Model Monitor's own, value for value; population's standard deviation."""
    values = [float(value % 7) for value in range(100)]
    (feature,) = statistics.document(profile(_c0=values))["features"]
    ours, theirs = feature["numerical_statistics"], of_aws(values)
    sketches = [each["distribution"]["kll"].pop("sketch") for each in (ours, theirs)]
    assert sketches[0]["parameters"] == sketches[1]["parameters"]
    assert sketches[0]["data"] == [sorted(sketches[1]["data"][0])]
    assert ours["distribution"] == theirs["distribution"]
    assert ours["common"] == theirs["common"]
    for key in ("mean", "sum", "std_dev", "min", "max"):
        assert ours[key] == pytest.approx(theirs[key], rel=1e-12)


@pytest.mark.parametrize("rows", [2048, 2049, 5000, 100_000])
def test_a_sketch_weighs_as_much_as_there_are_rows(rows):
    """Level i of a sketch weighs 2^i an item; together they are all rows, and their ranks are right to 1 in 2048."""
    values = np.random.default_rng(3).normal(size=rows)
    document = statistics.document(profile(x=values))
    levels = document["features"][0]["numerical_statistics"]["distribution"]["kll"]["sketch"]["data"]
    assert sum(len(level) << height for height, level in enumerate(levels)) == rows
    assert sum(map(len, levels)) <= 2048 + len(levels)
    known = statistics.read(document).profile.columns["x"].numbers
    shares = np.searchsorted(np.sort(values), known.values, side="right") / rows
    assert np.abs(np.cumsum(known.counts) / rows - shares).max() < 2 / 2048


def test_texts_and_gaps_stand_in_the_statistics():
    """Categories with their counts, the most frequent first; missing values and NaN are missing."""
    document = statistics.document(profile(city=["Oslo", "Rome", "Rome", None], x=[1.0, np.nan, None, 2.0]))
    city, x = document["features"]
    assert city["string_statistics"] == {
        "common": {"num_present": 3, "num_missing": 1},
        "distinct_count": 2.0,
        "distribution": {"categorical": {"buckets": [{"value": "Rome", "count": 2}, {"value": "Oslo", "count": 1}]}},
    }
    assert x["numerical_statistics"]["common"] == {"num_present": 2, "num_missing": 2}


def test_answers_stand_first():
    """AWS's analyzer lines up answer, then request: so do our files, in both of them."""
    known = profile(age=[1, 2], prediction=[0.1, 0.2])
    assert [each["name"] for each in statistics.document(known)["features"]] == ["prediction", "age"]
    assert [each.name for each in suggest(known).features] == ["prediction", "age"]


def test_constraints_are_suggested_as_aws_does():
    """Types, completeness, signs, domains; thresholds for types and domains of 1.0, Robust, the policy's distances."""
    known = profile(age=[1, 2, 3, None], city=["Rome", "Oslo", "Rome", "Rome"], score=[-0.5, 0.5, 1.0, 2.0])
    own = {"score": FeaturePolicy(distance=0.3)}
    document = constraints.document(suggest(known, DataPolicy(numeric_distance=0.07, features=own)))
    age, city, score = document["features"]
    assert age == {
        "name": "age",
        "inferred_type": "Integral",
        "completeness": 0.75,
        "num_constraints": {"is_non_negative": True},
    }
    assert city["string_constraints"] == {"domains": ["Oslo", "Rome"]}
    assert score["num_constraints"] == {"is_non_negative": False}
    assert document["monitoring_config"] == {
        "evaluate_constraints": "Enabled",
        "emit_metrics": "Enabled",
        "datatype_check_threshold": 1.0,
        "domain_content_threshold": 1.0,
        "distribution_constraints": {
            "perform_comparison": "Enabled",
            "comparison_threshold": 0.07,
            "comparison_method": "Robust",
            "categorical_comparison_threshold": 0.05,
            "categorical_drift_method": "LInfinity",
        },
    }
    assert constraints.read(document) == suggest(known, DataPolicy(numeric_distance=0.07, features=own))


@pytest.mark.parametrize("key", ["monitoringConfigOverrides", "monitoring_config_overrides"])
def test_overrides_of_a_feature_are_read_in_both_spellings(key):
    """The guide and AWS's own files spell them differently; the policy of a file has the feature's threshold."""
    feature = {"name": "age", "inferred_type": "Integral", "completeness": 1.0}
    feature[key] = {"distribution_constraints": {"comparison_threshold": 0.4}}
    read = constraints.read({"version": 0.0, "features": [feature]})
    assert constraints.policy(read).features == {"age": FeaturePolicy(distance=0.4)}
    assert constraints.policy(read).numeric_distance == 0.1


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([], "a list of features"),
        ({"features": [{"inferred_type": "String"}]}, "without a name"),
        ({"features": [{"name": "a", "inferred_type": "Text"}]}, "'Text'"),
        ({"features": [], "monitoring_config": {"datatype_check_threshold": "all"}}, "datatype_check_threshold"),
    ],
)
def test_what_is_no_constraints_file_is_refused_with_a_sentence(found, said):
    """Broken files name what is broken in them."""
    with pytest.raises(constraints.BadConstraints, match=said):
        constraints.read(found)


def aws_baseline(values):
    """The two files of a baseline that AWS's analyzer has made."""
    feature = {"name": "_c0", "inferred_type": "Fractional", "numerical_statistics": of_aws(values)}
    suggested = {"name": "_c0", "inferred_type": "Fractional", "completeness": 1.0}
    return {
        "statistics.json": {"version": 0.0, "dataset": {"item_count": len(values)}, "features": [feature]},
        "constraints.json": {"version": 0.0, "features": [suggested]},
    }


@pytest.mark.parametrize(("sketched", "error"), [(True, 0.0), (False, 0.2)])
def test_a_baseline_of_aws_is_one_of_ours(sketched, error):
    """What AWS's analyzer wrote is compared with; buckets alone, coarse as they are, find what is far away."""
    draw = np.random.default_rng(5)
    files = aws_baseline(draw.normal(size=1500).tolist())
    if not sketched:
        files["statistics.json"]["features"][0]["numerical_statistics"]["distribution"]["kll"]["sketch"] = {}
    baseline = load({name: json.dumps(content).encode() for name, content in files.items()})
    assert baseline.errors.get("_c0", 0.0) == pytest.approx(error, abs=0.1)
    alike, moved = profile(_c0=draw.normal(size=3000)), profile(_c0=draw.normal(size=3000) + 0.8)
    assert judge(baseline, alike, Policy()).outcome is Outcome.COMPLETED
    assert {each.check for each in judge(baseline, moved, Policy()).violations} >= {"baseline_drift_check"}


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "neither profile.json.gz nor statistics.json"),
        ({"statistics.json": b"{"}, "no JSON"),
        ({"statistics.json": b'{"features": 3}'}, "not in Model Monitor's form"),
        ({"profile.json.gz": b"truncated"}, "profile.json.gz"),
    ],
)
def test_a_broken_baseline_is_refused_with_a_sentence(files, said):
    """Absent, truncated or foreign files are named."""
    with pytest.raises(BadBaseline, match=said):
        load(files)


@pytest.mark.parametrize(
    ("monitor", "violation", "entry"),
    [
        (
            Monitor.DATA_QUALITY,
            Violation(feature="age", check="completeness_check", description="Gone."),
            {"feature_name": "age", "constraint_check_type": "completeness_check", "description": "Gone."},
        ),
        (
            Monitor.MODEL_QUALITY,
            Violation(feature="auc", check="LessThanThreshold", description="Low."),
            {"metric_name": "auc", "constraint_check_type": "LessThanThreshold", "description": "Low."},
        ),
        (
            Monitor.BIAS,
            Violation(feature="sex=female", check="DPL bias_drift_check", description="Far."),
            {
                "facet": "sex",
                "facet_value": "female",
                "metric_name": "DPL",
                "constraint_check_type": "bias_drift_check",
                "description": "Far.",
            },
        ),
    ],
)
def test_violations_have_each_monitors_own_form(monitor, violation, entry):
    """A violation is written as Model Monitor or Clarify writes it, and read back as it was."""
    document = violations.document(monitor, [violation])
    assert document["violations"] == [entry]
    assert violations.read(monitor, document) == (violation,)


def test_metrics_go_where_model_monitors_go():
    """Namespaces without a leading slash, a root of one's own; what alarms need is put besides."""
    assert metrics.namespace(Monitor.DATA_QUALITY, "aws/sagemaker") == "aws/sagemaker/Endpoints/data-metrics"
    assert metrics.namespace(Monitor.BIAS, "sluice") == "sluice/Endpoints/bias-metrics"
    silent = Judgement(monitor=Monitor.BIAS, outcome=Outcome.INSUFFICIENT_DATA, reason="Few.", rows=3)
    assert {each.name: each.value for each in metrics.of_alarms(silent)} == {"Violations": 0, "Judged": 0, "Rows": 3}
    assert metrics.finite(float("inf")) == pytest.approx(2.348543e108)
    assert metrics.finite(float("nan")) is None
