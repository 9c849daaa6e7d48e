import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from monitor.judgement import Judgement, Monitor, Outcome, Violation
from monitor.judging.facts import Side
from monitor.report import page
from monitor.report.movement import spoken
from monitor.report.plots.shapes import Shape, overlay
from monitor.report.sections.summary import headline
from monitor.report.words import count, cut, listed, number, p_value, share
from tests.monitor.report_samples import (
    a_run,
    all_five,
    business,
    categorical,
    classification,
    data,
    numeric,
    regression,
)

A_MEGABYTE = 1_000_000
_VOID = {"meta", "br", "input", "link"}


class Reader(HTMLParser):
    """A page read strictly: what is open, what its elements and words are."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.words = [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, words):
        if not {"style", "script"} & set(self.open):
            self.words.append(words)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def whole():
    """The page about all five monitors."""
    return Reader(page(a_run(), all_five()))


def test_every_monitor_has_its_outcome_and_its_reason(whole):
    """Nobody has to look for what was found, or why nothing could be."""
    for judgement in all_five():
        assert judgement.reason in whole.text
        assert ("section", {"id": str(judgement.monitor)}) in whole.elements
    for words in ("Violations", "As it should be", "Too little data", "Failed"):
        assert words in whole.text


def test_the_outcome_comes_before_all_numbers(whole):
    """The first sentence says how the run ended."""
    assert next(tag for tag, _ in whole.elements if tag in ("h1", "h2", "table")) == "h1"
    assert "Data quality is not as it should be." in whole.text


def test_the_page_needs_nothing_but_itself(whole):
    """No element loads anything, and a browser is told not to."""
    addresses = [
        (tag, name, value) for tag, given in whole.elements for name, value in given.items() if name in ("src", "href")
    ]
    assert {tag for tag, _, _ in addresses} == {"a"}
    assert all(value.startswith("#") for _, _, value in addresses)
    assert "default-src 'none'" in [given.get("content", "") for tag, given in whole.elements if tag == "meta"][1]
    assert "url(" not in page(a_run(), [])


def test_every_drawing_says_what_it_shows(whole):
    """Who cannot see a drawing hears it; ornaments are not read out."""
    drawings = [given for tag, given in whole.elements if tag == "svg"]
    assert drawings
    assert all(given.get("aria-label") or given.get("aria-hidden") == "true" for given in drawings)


def test_links_lead_to_sections(whole):
    """A tile at the top leads to its monitor's section."""
    ids = {given["id"] for _, given in whole.elements if "id" in given}
    assert {given["href"][1:] for tag, given in whole.elements if tag == "a"} <= ids


def test_names_from_data_are_never_markup():
    """A column may be called anything: it stands on the page as it is called."""
    name = "</style><script>alert('1')</script>\x00\ud800\" onload=\""
    features = [numeric(name), categorical(name, categories=(name, "b", "c"))]
    read = Reader(page(a_run(model=name, skipped={name: 3}, examples={name: [name]}), [data(features, reason=name)]))
    assert [tag for tag, _ in read.elements].count("script") == 1
    assert not any("onload" in given for _, given in read.elements)
    assert "<script>alert('1')</script>��\" onload=\"" in read.text


def test_two_hundred_features_stay_under_a_megabyte():
    """A wide model's page can still be mailed; every feature is drawn."""
    features = [numeric(f"number_{i}", edges=tuple(range(41)), baseline=many(), current=many()) for i in range(150)]
    features += [categorical(f"kind_{i}") for i in range(50)]
    text = page(a_run(), [data(features)])
    assert len(text.encode()) < A_MEGABYTE
    assert text.count('role="img"') >= len(features)


def many():
    """A side whose drawing has forty bins."""
    return replace(numeric().baseline, shares=(0.025,) * 40)


def test_a_judgement_without_facts_is_told_in_words():
    """What failed has no plots; its reason and its violations are there."""
    violation = Violation(feature="income", check="missing_column_check", description="The column income is missing.")
    judgement = Judgement(
        monitor=Monitor.DATA_QUALITY, outcome=Outcome.FAILED, reason="No baseline.", rows=0, violations=(violation,)
    )
    text = Reader(page(a_run(), [judgement])).text
    assert "No baseline." in text
    assert "The column income is missing." in text


def test_what_else_is_wrong_with_a_feature_stands_on_its_card():
    """A column of another type has not moved: its card says what is the matter."""
    judged = data([numeric(moved=False)])
    odd = Violation(feature="age", check="data_type_check", description="500 of 1,000 values are no Integral.")
    read = Reader(page(a_run(), [replace(judged, violations=(*judged.violations, odd))]))
    assert read.text.count(odd.description) == 2
    assert read.text.count(judged.violations[0].description) == 1


def test_what_was_left_out_is_told_with_examples():
    """Records that could not be read are counted by reason."""
    run = a_run(
        skipped={"truncated line": 3, "a probe": 61, "none": 0}, examples={"truncated line": ["a.jsonl:9: cut"]}
    )
    text = Reader(page(run, [])).text
    assert "64 records of the window went into no judgement." in text
    assert "a.jsonl:9: cut" in text
    assert "Left out" not in Reader(page(a_run(), [])).text


def test_monitors_that_are_off_are_named():
    """Silence about a monitor could be taken for health."""
    text = Reader(page(a_run(), [classification()])).text
    assert "Not monitored in this stage: data quality, bias, explainability and business." in text


def test_a_regression_has_its_own_drawings():
    """Dots on the line where predictions would be perfect, and the errors."""
    text = Reader(page(a_run(), [regression()])).text
    assert "Predicted against true" in text
    assert "≤ 2.5" in text


@pytest.mark.parametrize(
    ("judgements", "sentence"),
    [
        ([data([numeric()]), classification()], "Data quality is not as it should be."),
        ([data([]), replace(classification(), outcome=Outcome.COMPLETED_WITH_VIOLATIONS)],
         "Data quality and model quality are not as they should be."),
        ([classification(), business()], "Business could not be judged."),
        ([classification(), replace(business(), outcome=Outcome.INSUFFICIENT_DATA)],
         "There is too little to judge business by; all else is as it should be."),
        ([classification()], "All is as it should be."),
        ([], "No monitor is on."),
    ],
)  # fmt: skip
def test_one_sentence_says_it_all(judgements, sentence):
    """The worst outcome speaks, and names its monitors."""
    assert headline(judgements) == sentence


@pytest.mark.parametrize(
    ("feature", "sentence"),
    [
        (numeric(), "The median fell from 33 to 24. Nine in ten lie between 19 and 35; before: 22 to 60."),
        (
            numeric(was=(1, 0, 2), now=(1, 0, 3)),
            "The median is 1, as it was. Nine in ten lie between 0 and 3; before: 0 to 2.",
        ),
        (categorical(), "“yacht” is new: 20 %; “car” was 60 %, is 50 %. 2 % of the rows have no value; before: 0 %."),
        (
            numeric(current=Side(rows=9, missing=9)),
            "There is no number in the window. 100 % of the rows have no value; before: 0 %.",
        ),
        (numeric(baseline=Side(rows=0, missing=0)), "There is no number in the baseline."),
        (
            categorical(current=Side(rows=9, missing=9, shares=(0.0, 0.0, 0.0))),
            "There is no value in the window. 100 % of the rows have no value; before: 0 %.",
        ),
    ],
)  # fmt: skip
def test_what_moved_is_said_in_words(feature, sentence):
    """By how much, in the feature's own units."""
    assert spoken(feature) == sentence


def test_areas_are_shares_whatever_the_width_of_a_bin():
    """An even distribution is drawn flat over bins of uneven width."""
    drawing = overlay(Shape(edges=(0, 1, 3, 9), was=(10, 20, 60), now=(0, 0, 5)), width=100, height=50, told="")
    was, now = (path.get("d") for path in drawing.iter("path"))
    heights = [float(height) for height in re.findall(r"V([\d.]+)H", was)]
    assert heights[0] == heights[1] == heights[2]
    ground = float(re.search(r"M[\d.]+ ([\d.]+)", now)[1])
    assert [float(height) for height in re.findall(r"V([\d.]+)H", now)][:2] == [ground, ground]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (number(0.03124), "0.0312"),
        (number(24.0), "24"),
        (number(5214.4), "5,214"),
        (number(-0.5), "−0.5"),
        (number(1.5e12), "1.5e+12"),
        (number(None), "–"),
        (number(float("nan")), "–"),
        (number(float("-inf")), "−∞"),
        (share(0.344), "34 %"),
        (share(0.004), "0.4 %"),
        (share(0.00001), "< 0.1 %"),
        (share(0.0), "0 %"),
        (p_value(1e-9), "p < 0.0001"),
        (p_value(0.034), "p = 0.034"),
        (p_value(None), ""),
        (count(1, "row"), "1 row"),
        (count(5214, "category"), "5,214 categories"),
        (listed(["a"]), "a"),
        (listed(["a", "b", "c"]), "a, b and c"),
        (listed(list("abcdef")), "a, b, c, d and 2 others"),
        (listed([]), "nothing"),
        (cut("x" * 99, most=5), "xxxx…"),
    ],
)
def test_numbers_are_said_as_people_say_them(said, words):
    """With the digits that count."""
    assert said == words
