import pytest

from cli import metrics


def described(**metadata):
    """A package with `sluice:` metadata."""
    return {"CustomerMetadataProperties": {f"sluice:{name.replace('_', '-')}": text for name, text in metadata.items()}}


def test_every_number_is_a_metric_but_those_of_the_data():
    """A hash of digits, a version id, a count of rows and what is no finite number are not to be compared."""
    facts = {"rows": "1000", "data_version": "42", "data_sha256": "1" * 64, "model_sha256": "2" * 64}
    others = {"gates": "All pass.", "mape": "NaN", "r2": "0.5"}
    package = described(auc="0.781", **facts, **others)
    package["CustomerMetadataProperties"]["stranger"] = "7"
    assert metrics.of(package) == {"auc": 0.781, "r2": 0.5}
    assert metrics.fact(package, "rows") == "1000"


def test_a_package_without_metadata_has_no_metric():
    """One that was registered by hand, for instance."""
    assert metrics.of({}) == {}
    assert metrics.fact({}, "data-uri") is None


def test_a_fact_that_a_pipeline_did_not_know_is_none():
    """Metadata cannot be empty: a bucket without versions leaves a word."""
    assert metrics.fact(described(data_version="none"), "data-version") is None


@pytest.mark.parametrize(
    ("name", "value", "other", "better"),
    [
        ("auc", 0.8, 0.7, True),
        ("auc", 0.7, 0.8, False),
        ("rmse", 1.9, 2.0, True),
        ("rmse", 2.1, 2.0, False),
        ("brier", 0.2, 0.2, None),
        ("parameters", 12, 10, None),
    ],
)
def test_more_of_a_score_and_less_of_an_error_are_better(name, value, other, better):
    """Of a metric that nobody has heard of neither is."""
    (found,) = metrics.compare({name: value}, {name: other})
    assert found.better is better


def test_a_metric_that_one_version_lacks_stands_alone():
    """Versions need not have the same metrics."""
    first, second = metrics.compare({"auc": 0.8}, {"rmse": 2.0})
    assert (first.value, first.other, second.value, second.other) == (0.8, None, None, 2.0)
    assert [metrics.told(found) for found in (first, second)] == ["", ""]


def test_a_difference_says_by_how_much():
    """With its sign, and whether that is good."""
    (found,) = metrics.compare({"brier": 0.1855}, {"brier": 0.1695})
    assert metrics.told(found) == "+0.016 [red]worse[/]"
    small, tiny = metrics.compare({"auc": 0.78291, "brier": 0.2}, {"auc": 0.78237, "brier": 0.20001})
    assert [metrics.told(found).split()[0] for found in (small, tiny)] == ["+0.0005", "−1e-05"]
