import json
import random

import pytest

from monitor import clarify
from monitor.clarify import job

CONFIG = {
    "headers": ["age", "sex", "approved"],
    "label": "approved",
    "label_values_or_threshold": [1],
    "facet": [{"name_or_index": "sex", "value_or_threshold": ["female"]}],
    "methods": {"pre_training_bias": {"methods": "all"}},
}


def applicants(seed, *, disadvantage=0.0, count=800):
    """Age, sex, and whether the applicant was approved: of women less likely by a disadvantage."""
    chance = random.Random(seed)
    for _ in range(count):
        sex = chance.choice(["female", "male"])
        likely = 0.6 - (disadvantage if sex == "female" else 0.0)
        yield [chance.randint(20, 70), sex, int(chance.random() < likely)]


class Container:
    """The folders of a job of Clarify."""

    def __init__(self, folder):
        self.folder = folder
        self.environment = {"analysis_config": str(folder / "analysis_config.json"), "output_path": str(folder / "out")}
        self.message = ""

    def run(self, config=CONFIG, **environment):
        """The exit code; message and files can be read then."""
        (self.folder / "analysis_config.json").write_text(json.dumps(config))
        message, metrics = self.folder / "message", self.folder / "metrics"
        told, data = {**self.environment, **environment}, self.folder / "data"
        code = job.main(told, data=data, message=message, metrics=metrics)
        self.message = message.read_text()
        return code

    def merged(self, rows):
        """Captured requests with an answer as probability, and labels that came later."""
        lines = [_record(number, *row) for number, row in enumerate(rows)]
        place = self.folder / "captured" / "a.jsonl"
        place.parent.mkdir(exist_ok=True)
        place.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
        return {
            "dataset_source": str(place.parent),
            "probability_attribute": "0",
            "publish_cloudwatch_metrics": "Enabled",
        }

    def read(self, name):
        """A document that the job has left."""
        return json.loads((self.folder / "out" / name).read_text())


def _record(number, age, sex, approved):
    def side(mode, data):
        return {"observedContentType": "text/csv", "mode": mode, "data": data, "encoding": "CSV"}

    return {
        "captureData": {
            "endpointInput": side("INPUT", f"{age},{sex}"),
            "endpointOutput": side("OUTPUT", "0.9" if approved else "0.1"),
        },
        "groundTruthData": {"data": str(approved), "encoding": "CSV"},
        "eventMetadata": {"eventId": str(number), "inferenceTime": "2026-11-02T09:30:00Z"},
        "eventVersion": "0",
    }


def metrics_of(document, stage):
    """Code → value of a stage's metrics of women."""
    (entry,) = document[f"{stage}_bias_metrics"]["facets"]["sex"]
    return {metric["name"]: metric["value"] for metric in entry["metrics"]}


@pytest.fixture
def container(tmp_path):
    """One of each test."""
    return Container(tmp_path)


@pytest.fixture
def monitored(container):
    """A container with the analysis of applicants who are treated alike, for a baseline."""
    assert container.run(**container.merged(applicants(1))) == 0
    held = container.folder / "held.json"
    held.write_text(json.dumps(container.read("analysis.json")))
    container.environment["baseline_constraints"] = str(held)
    return container


def test_a_first_analysis_measures_labels_and_answers(container):
    """By facet, before and after training; nothing is held to anything."""
    rows = list(applicants(1))
    assert container.run(**container.merged(rows)) == 0
    document = container.read("analysis.json")
    women = [approved for _, sex, approved in rows if sex == "female"]
    men = [approved for _, sex, approved in rows if sex == "male"]
    expected = sum(men) / len(men) - sum(women) / len(women)
    assert metrics_of(document, "pre_training")["DPL"] == pytest.approx(expected)
    assert metrics_of(document, "post_training")["DPPL"] == pytest.approx(expected)
    assert container.message == "Completed: Job completed successfully with no violations."


def test_applicants_who_are_treated_alike_break_nothing(monitored):
    """Other ones of the same kind."""
    assert monitored.run(**monitored.merged(applicants(2))) == 0
    assert monitored.read("constraint_violations.json")["violations"] == []


def test_a_group_that_fares_worse_is_a_violation(monitored):
    """In Clarify's words, and in the metrics that the platform publishes."""
    assert monitored.run(**monitored.merged(applicants(3, disadvantage=0.3))) == 0
    found = monitored.read("constraint_violations.json")["violations"]
    assert {(each["facet"], each["facet_value"], each["constraint_check_type"]) for each in found} == {
        ("sex", "female", "bias_drift_check")
    }
    assert {"DPL", "DPPL"} <= {each["metric_name"] for each in found}
    assert monitored.message.startswith("CompletedWithViolations: ")
    (file,) = (monitored.folder / "metrics").iterdir()
    put = [json.loads(line) for line in file.read_text().splitlines()]
    assert any(metric["MetricName"] == "bias_metric_DPL" and metric["Value"] > 0.2 for metric in put)


def test_of_labels_alone_only_the_data_are_analysed(container):
    """A pipeline's check of data: CSV with its configuration's headers."""
    data = container.folder / "data"
    data.mkdir()
    (data / "train.csv").write_text("".join(",".join(map(str, row)) + "\n" for row in applicants(1)))
    assert container.run() == 0
    document = container.read("analysis.json")
    assert "post_training_bias_metrics" not in document
    assert {"CI", "DPL", "KS"} <= metrics_of(document, "pre_training").keys()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"facet": []}, "The configuration names no facet."),
        ({"label_values_or_threshold": [1, 2]}, "label_values_or_threshold has not one value"),
        ({"methods": {"pdp": {}}}, "The methods pdp cannot be had together here, or at all."),
        ({"facet": [{"name_or_index": "size", "value_or_threshold": [1]}]}, "The rows have no column 'size'"),
    ],
)
def test_what_cannot_be_analysed_is_told(container, change, said):
    """In the job's exit message; the job fails."""
    assert container.run({**CONFIG, **change}, **container.merged(applicants(1, count=50))) == 1
    assert said in container.message


def test_numbers_with_many_values_have_a_threshold():
    """Few are categories, as of a facet that is coded."""
    parsed = clarify.config.Config.of({**CONFIG, "facet": [{"name_or_index": 0, "value_or_threshold": [40]}]})
    (group,) = parsed.groups
    assert (group.name, group.value) == ("age", 40.0)
    assert parsed.features == ("age", "sex")
