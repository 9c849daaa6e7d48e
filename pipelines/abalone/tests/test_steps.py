import hashlib
from xml.etree import ElementTree

import pytest


def test_the_data_are_documented(model):
    """DATA.md has the hash of the file, its origin and its licence."""
    text = (model.folder / "DATA.md").read_text()
    assert hashlib.sha256(model.data.read_bytes()).hexdigest() in text
    assert "doi.org/10.24432/C55C7W" in text
    assert "CC BY 4.0" in text


@pytest.mark.parametrize(
    ("column", "value", "sentence"),
    [
        ("sex", "X", "Column 'sex' line 5: 'X' is none of F, I, M."),
        ("length", "-0.4", "Column 'length' line 5: '-0.4' is not in 0.001..1.5."),
        ("shell_weight", "nan", "Column 'shell_weight' line 5: 'nan' is not a number."),
        ("rings", "9.5", "Column 'rings' line 5: '9.5' is not a whole number."),
    ],
)
def test_measures_that_cannot_be_are_refused(model, tmp_path, column, value, sentence):
    """The step ends with one sentence that says where and why."""
    done = model.prepare(tmp_path / "run", data=model.changed(tmp_path, column, value))
    assert (done["code"], done["err"].strip()) == (1, sentence)


def test_young_and_old_are_in_both_parts(trained):
    """A fifth of the rows is held out, and both parts have the same mean number of rings, to a tenth of a ring."""
    parts = [[int(row["rings"]) for row in trained.rows(f"{part}/{part}.csv")] for part in ("train", "test")]
    assert [len(part) for part in parts] == [3341, 836]
    means = [sum(part) / len(part) for part in parts]
    assert means[0] == pytest.approx(means[1], abs=0.1)


def test_the_metrics_are_those_of_the_served_model(model, trained):
    """RMSE, MAE and R² in the report are what scoring the held-out rows through the serving code gives."""
    rows = trained.rows("test/test.csv")
    told = [float(line) for line in model.serve(trained.model, trained.payload(rows))["body"].splitlines()]
    true = [int(row["rings"]) for row in rows]
    squares = [(a - b) ** 2 for a, b in zip(told, true, strict=True)]
    mean = sum(true) / len(true)
    metrics = trained.json("evaluation/evaluation.json")["regression_metrics"]
    assert {name: metric["value"] for name, metric in metrics.items()} == {
        "mae": pytest.approx(sum(abs(a - b) for a, b in zip(told, true, strict=True)) / len(true), abs=1e-12),
        "mse": pytest.approx(sum(squares) / len(true), abs=1e-12),
        "rmse": pytest.approx((sum(squares) / len(true)) ** 0.5, abs=1e-12),
        "r2": pytest.approx(1 - sum(squares) / sum((each - mean) ** 2 for each in true), abs=1e-12),
    }
    assert all(0 < metric["standard_deviation"] < metric["value"] for metric in metrics.values())


def test_the_model_is_worth_its_trouble(trained):
    """It passes its gates and is better than one number for all, and than a line through the best measure."""
    report = trained.json("evaluation/evaluation.json")
    rmse = report["regression_metrics"]["rmse"]["value"]
    assert trained.json("evaluation/summary.json")["gates"] == "All gates pass."
    assert rmse < 0.95 * min(other["rmse"] for other in report["without_model"].values())


def test_a_missed_gate_is_named(model, trained):
    """The sentence for people says which limit is missed and by how much."""
    model.evaluate(trained.folder, output="strict", MaxRmse=1, MinR2=0.9)
    sentence = trained.json("strict/summary.json")["gates"]
    assert "RMSE 2." in sentence
    assert "above MaxRmse 1 by" in sentence
    assert "R² 0." in sentence
    assert "below MinR2 0.9 by" in sentence
    assert "MAE" not in sentence


def test_the_plots_are_pictures(trained):
    """Evaluate leaves the two plots of a regression, each well-formed SVG."""
    plots = {path.name: path.read_text() for path in (trained.evaluation / "plots").iterdir()}
    assert plots.keys() == {"predicted.svg", "residuals.svg"}
    assert {ElementTree.fromstring(text).tag for text in plots.values()} == {"{http://www.w3.org/2000/svg}svg"}


def test_training_is_deterministic(model, trained):
    """The same rows and the same penalty give the same model, byte for byte."""
    before = (trained.model / "model.joblib").read_bytes()
    model.train(trained.folder)
    assert (trained.model / "model.joblib").read_bytes() == before


def test_a_heavier_shell_has_more_rings(model, trained):
    """The model learned something sensible: shells gain weight with the years."""
    row = trained.rows("test/test.csv")[0]
    body = "".join(trained.payload([row], shell_weight=weight) for weight in ("0.1", "0.2", "0.3"))
    rings = [float(line) for line in model.serve(trained.model, body)["body"].splitlines()]
    assert rings == sorted(rings)
    assert rings[0] < rings[-1]
