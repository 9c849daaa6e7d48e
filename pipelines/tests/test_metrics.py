from xml.etree import ElementTree

import pytest

PROBES = "tests.pipelines.probes"
SVG = "{http://www.w3.org/2000/svg}svg"


@pytest.fixture(scope="module")
def classified(image):
    """A classifier's evaluation on 400 rows, with scikit-learn's beside it."""
    return image.call(f"{PROBES}:classified", 400, 0.4)


@pytest.fixture(scope="module")
def regressed(image):
    """A regression's evaluation on 400 rows, with scikit-learn's beside it."""
    return image.call(f"{PROBES}:regressed", 400)


@pytest.mark.parametrize("found", ["classified", "regressed"])
def test_metrics_are_those_of_scikit_learn(found, request):
    """Each metric is the library's, also where scores are tied."""
    evaluation = request.getfixturevalue(found)
    ours = {name: evaluation["ours"][name]["value"] for name in evaluation["theirs"]}
    assert ours == pytest.approx(evaluation["theirs"], abs=1e-12)


def test_the_curve_is_that_of_scikit_learn(classified):
    """Every point of the curve, where there are few enough to keep them all."""
    curve = classified["more"]["receiver_operating_characteristic_curve"]
    assert curve == {name: pytest.approx(points, abs=1e-12) for name, points in classified["curve"].items()}


def test_rates_and_counts_agree(classified):
    """The confusion matrix counts all rows, and the rates follow from it."""
    matrix, metrics = classified["more"]["confusion_matrix"], classified["ours"]
    assert sum(count for row in matrix.values() for count in row.values()) == 400
    assert metrics["false_positive_rate"]["value"] == matrix["0"]["1"] / sum(matrix["0"].values())
    assert metrics["true_positive_rate"]["value"] == matrix["1"]["1"] / sum(matrix["1"].values())


def test_a_standard_deviation_says_how_sure_a_metric_is(image):
    """Of 20 data sets with a known error, the measured one is within two deviations of it in about 19."""
    assert image.call(f"{PROBES}:coverage", 200, 20) >= 0.85


def test_few_rows_have_no_standard_deviation(image):
    """Below 200 rows it is the text that Model Monitor writes."""
    found = image.call(f"{PROBES}:classified", 199, 0.4)
    assert {metric["standard_deviation"] for metric in found["ours"].values()} == {"NaN"}
    assert "±" not in found["plots"]["roc"]


@pytest.mark.parametrize(("labels", "told"), [([1, 2], "1, 2"), ([0.5, 1.0], "0.5, 1.0")])
def test_labels_that_are_none_are_refused(image, labels, told):
    """A target of other values than 0 and 1 is told, not counted somehow."""
    said = image.call(f"{PROBES}:labels_refused", labels)
    assert said == f"DataError: The labels are {told}; a classifier's are 0 and 1."


@pytest.mark.parametrize("found", ["classified", "regressed"])
def test_pictures_stay_within_their_frame(found, request):
    """Each plot is well-formed SVG, and no mark lies outside."""
    for svg in request.getfixturevalue(found)["plots"].values():
        assert_within_frame(svg)


@pytest.mark.parametrize(
    ("scores", "labels", "threshold"),
    [
        ([0.3], [1], 0.5),
        ([0.3], [0], 0.1),
        ([0.0, 1.0], [0, 1], 0.5),
        ([0.4] * 30, [0, 1] * 15, 0.5),
        ([0.4] * 30, [0, 1] * 15, 0.1),
        ([0.9, 0.8, 0.7], [0, 0, 0], 0.5),
    ],
    ids=["one row", "one row refused", "perfect", "all told 0", "all told 1", "one class"],
)
def test_pictures_of_odd_classifiers_stay_within_their_frame(image, scores, labels, threshold):
    """One row, one class, one score for all, everybody told the same; and names that are not XML."""
    for svg in image.call(f"{PROBES}:pictures", scores, labels, threshold).values():
        assert_within_frame(svg)


@pytest.mark.parametrize(
    ("predictions", "truth"),
    [([3.0], [3.0]), ([0.0, 0.0], [0.0, 0.0]), ([5.0] * 9, [1.0, 2.0, 3.0] * 3), ([1e9, 2e9], [1e9, 3e9])],
    ids=["one row", "nothing", "the same of all", "great numbers"],
)
def test_pictures_of_odd_regressions_stay_within_their_frame(image, predictions, truth):
    """One row, no error at all, one prediction for all, long labels."""
    for svg in image.call(f"{PROBES}:regressions", predictions, truth)["plots"].values():
        assert_within_frame(svg)


def test_a_truth_that_never_varies_leaves_nothing_to_explain(image):
    """The mean of equal numbers is not exact: what rounding leaves is no spread to divide by."""
    assert image.call(f"{PROBES}:regressions", [0.2] * 7, [0.1] * 7)["r2"] == 0


def test_rows_of_one_score_are_calibrated_together(image):
    """In whichever order they came."""
    assert image.call(f"{PROBES}:calibrated", [0.4] * 30, [0] * 15 + [1] * 15) == [[pytest.approx(0.4), 0.5, 30]]
    bins = image.call(f"{PROBES}:calibrated", [number / 100 for number in range(100)], [0, 1] * 50)
    assert [rows for _, _, rows in bins] == [10] * 10


def assert_within_frame(svg):
    """Whether a picture is well-formed, and no mark or word lies outside, reckoned at 6 pixels a character."""
    root = ElementTree.fromstring(svg)
    _, _, width, height = map(float, root.get("viewBox").split())
    assert root.tag == SVG
    for mark in root.iter():
        for size, names in ((width, ("x", "cx")), (height, ("y", "cy"))):
            places = [float(mark.get(name)) for name in names if mark.get(name)]
            assert all(0 <= place <= size for place in places), mark.attrib
        if mark.tag.endswith("}text") and "transform" not in mark.attrib:
            long, start = 6 * len(mark.text) * float(mark.get("font-size")) / 12, float(mark.get("x"))
            start -= long * {"middle": 0.5, "end": 1}.get(mark.get("text-anchor"), 0)
            assert 0 <= start <= start + long <= width, mark.text
