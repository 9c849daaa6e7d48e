import hashlib
import json
import re
import shutil
import tarfile
from pathlib import Path
from xml.etree import ElementTree

import pytest

MODEL = Path(__file__).parents[1]
GOLDEN = json.loads((MODEL.parents[1] / "tests" / "golden" / "evaluation.json").read_text())

NAN = """

class Broken:
    def predict_proba(self, rows):
        import numpy
        return numpy.full((len(rows), 2), numpy.nan)


def model_fn(model_dir):
    return Broken()
"""


def served(model, trained):
    """The held-out applicants: probability of being bad as served, and outcome."""
    rows = trained.rows("test/test.csv")
    lines = model.serve(trained.model, trained.payload(rows))["body"].splitlines()
    return [(float(line), int(row["bad"])) for line, row in zip(lines, rows, strict=True)]


def auc(scored):
    """The share of pairs of a bad and a good applicant in which the bad one has the higher probability."""
    bad = [score for score, label in scored if label == 1]
    good = [score for score, label in scored if label == 0]
    return sum((b > g) + (b == g) / 2 for b in bad for g in good) / (len(bad) * len(good))


def test_the_report_has_the_agreed_form(trained):
    """The evaluation has the members that the registry, the CLI and the gate read, and the numbers of this data."""
    report = trained.json("evaluation/evaluation.json")
    assert report.keys() == GOLDEN.keys()
    found, agreed = (each["binary_classification_metrics"] for each in (report, GOLDEN))
    assert found.keys() == agreed.keys()
    for name in ("auc", "brier", "cost"):
        assert found[name]["value"] == pytest.approx(agreed[name]["value"], abs=0.02)
        assert found[name]["standard_deviation"] == pytest.approx(agreed[name]["standard_deviation"], rel=0.2)
    assert report["dataset"] == GOLDEN["dataset"]
    assert report["trivial_policies"] == GOLDEN["trivial_policies"]


def test_the_plots_are_pictures(trained):
    """Evaluate leaves the three plots of a classifier, each well-formed SVG that says its metric."""
    plots = {path.name: path.read_text() for path in (trained.evaluation / "plots").iterdir()}
    assert plots.keys() == {"roc.svg", "calibration.svg", "confusion.svg"}
    assert {ElementTree.fromstring(text).tag for text in plots.values()} == {"{http://www.w3.org/2000/svg}svg"}
    auc = trained.json("evaluation/summary.json")["auc"]
    assert f"AUC {float(auc):.3f} ± " in plots["roc.svg"]


def test_the_metrics_are_those_of_the_served_model(model, trained):
    """AUC, Brier score and cost in the report are what scoring the held-out rows through the serving code gives."""
    scored = served(model, trained)
    accepted_bad = sum(1 for score, bad in scored if score <= 1 / 6 and bad)
    refused_good = sum(1 for score, bad in scored if score > 1 / 6 and not bad)
    metrics = trained.json("evaluation/evaluation.json")["binary_classification_metrics"]
    assert {name: metrics[name]["value"] for name in ("auc", "brier", "cost")} == {
        "auc": pytest.approx(auc(scored), abs=1e-12),
        "brier": pytest.approx(sum((score - bad) ** 2 for score, bad in scored) / len(scored), abs=1e-12),
        "cost": (5 * accepted_bad + refused_good) / len(scored),
    }


def test_the_model_is_worth_its_trouble(trained):
    """Deciding by the model costs less than accepting everybody and than refusing everybody."""
    report = trained.json("evaluation/evaluation.json")
    trivial = min(policy["cost"] for policy in report["trivial_policies"].values())
    assert report["binary_classification_metrics"]["cost"]["value"] < trivial


def test_decisions_cover_all_applicants(trained):
    """Every held-out applicant is accepted or refused, rightly or wrongly."""
    decisions = trained.json("evaluation/evaluation.json")["decisions"]
    assert decisions.pop("threshold") == 1 / 6
    assert sum(decisions.values()) == 250
    assert decisions["accepted_bad"] + decisions["refused_bad"] == 75


def test_the_summary_is_text(trained):
    """What the pipeline copies into the model package is text, as CustomerMetadataProperties demand."""
    summary = trained.json("evaluation/summary.json")
    assert all(isinstance(value, str) for value in summary.values())
    assert summary["gates"] == "All gates pass."
    assert summary["rows"] == "1000"


def test_the_model_is_known_by_its_hash(model, trained):
    """The summary has the SHA-256 of the very archive that was measured, so that a release can tell it from another."""
    model.evaluate(trained.folder, output="hashed")
    archive = (trained.folder / "packed" / "model.tar.gz").read_bytes()
    assert trained.json("hashed/summary.json")["model_sha256"] == hashlib.sha256(archive).hexdigest()


def test_a_model_that_refuses_the_test_rows_is_not_measured(tmp_path, model, trained):
    """Scores that are no numbers end the step with the refusal, and leave no evaluation."""
    shutil.copytree(trained.model, tmp_path / "model")
    with (tmp_path / "model" / "code" / "inference.py").open("a") as code:
        code.write(NAN)
    (tmp_path / "packed").mkdir()
    with tarfile.open(tmp_path / "packed" / "model.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "model", arcname=".")
    for name in ("train", "test", "report"):
        (tmp_path / name).symlink_to(trained.folder / name)
    done = model.evaluate(tmp_path)
    assert done["code"] == 1
    assert done["err"].startswith("The model does not score the test rows: The model's score of row 1 is no finite")
    assert (tmp_path / "message").read_text() == done["err"].strip()
    assert not (tmp_path / "evaluation").exists()


def test_the_sample_is_rows_that_the_endpoint_takes(model, trained):
    """The sample payload holds the held-out applicants without their outcome, each scored when it is sent alone."""
    with tarfile.open(trained.folder / "evaluation" / "sample.tar.gz", "r:gz") as archive:
        (member,) = archive.getmembers()
        text = archive.extractfile(member).read().decode()
    assert (member.name, text) == ("rows.csv", trained.payload(trained.rows("test/test.csv")))
    answer = model.serve(trained.model, text.splitlines()[0])
    assert (answer["status"], len(answer["body"].splitlines())) == (200, 1)


def test_the_sample_is_the_same_from_run_to_run(model, trained):
    """No time of packing stands in the archive: the same rows are the same bytes."""
    model.evaluate(trained.folder, output="again")
    first, again = (trained.folder / name / "sample.tar.gz" for name in ("evaluation", "again"))
    assert again.read_bytes() == first.read_bytes()


@pytest.mark.parametrize(
    ("limits", "pattern"),
    [
        ({"MinAuc": 0.95}, r"AUC 0\.\d{6} is below MinAuc 0\.95 by 0\.\d{6}\."),
        ({"MaxBrier": 0.1}, r"Brier score 0\.\d{6} is above MaxBrier 0\.1 by 0\.\d{6}\."),
        ({"MaxCost": 0.3}, r"Mean cost 0\.\d{6} is above MaxCost 0\.3 by 0\.\d{6}\."),
        ({"MinAuc": 0.95, "MaxCost": 0.3}, r"AUC .* below MinAuc 0\.95 by .*; Mean cost .* above MaxCost 0\.3 by .*\."),
    ],
    ids=["AUC", "Brier score", "cost", "two gates"],
)
def test_a_missed_gate_is_named_with_its_distance(model, trained, limits, pattern):
    """The sentence for the approver names every gate that is missed, its limit and by how much; the step succeeds."""
    done = model.evaluate(trained.folder, output="strict", **limits)
    assert done["code"] == 0
    assert re.fullmatch(pattern, trained.json("strict/summary.json")["gates"])
