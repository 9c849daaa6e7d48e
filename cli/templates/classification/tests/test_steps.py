import hashlib

import pytest


@pytest.mark.parametrize(
    ("column", "value", "sentence"),
    [
        ("plan", "golden", "Column 'plan' line 5: 'golden' is none of basic, premium, standard."),
        ("age", "17", "Column 'age' line 5: '17' is not in 18..120."),
        ("months", "", "Column 'months' line 5: '' is empty; fill it or remove the row."),
        ("cancelled", "2", "Column 'cancelled' line 5: '2' is none of 0, 1."),
    ],
)
def test_rows_that_break_the_contract_are_refused(model, tmp_path, column, value, sentence):
    """The step ends with one sentence that says where and why, and nothing is written."""
    done = model.prepare(tmp_path / "run", data=model.changed(tmp_path, column, value))
    assert (done["code"], done["err"].strip()) == (1, sentence)
    assert not (tmp_path / "run" / "train").exists()


def test_hours_may_be_missing(model, tmp_path):
    """A field that the contract does not require may be empty."""
    assert model.prepare(tmp_path / "run", data=model.changed(tmp_path, "hours_watched", ""))["code"] == 0


def test_a_run_says_which_data_it_used(model, trained):
    """The snapshot has the data's SHA-256 and rows: with them a prediction can be traced to its data."""
    (taken,) = trained.json("report/snapshot.json")["inputs"]
    assert taken["sha256"] == hashlib.sha256(model.data.read_bytes()).hexdigest()
    assert taken["rows"] == len(trained.rows("train/train.csv")) + len(trained.rows("test/test.csv"))


def test_training_is_deterministic(model, trained):
    """The same rows give the same model, byte for byte."""
    before = (trained.model / "model.joblib").read_bytes()
    model.train(trained.folder)
    assert (trained.model / "model.joblib").read_bytes() == before


def test_the_model_is_worth_its_trouble(trained):
    """It passes its gates, and its probabilities are better than saying the same to everybody."""
    evaluation = trained.json("evaluation/evaluation.json")
    assert trained.json("evaluation/summary.json")["gates"] == "All gates pass."
    brier = evaluation["binary_classification_metrics"]["brier"]["value"]
    assert brier < 0.9 * evaluation["without_model"]["brier"]


def test_a_missed_gate_is_named(model, trained):
    """The sentence for people says which limit is missed and by how much."""
    model.evaluate(trained.folder, output="strict", MinAuc=0.99)
    assert "below MinAuc 0.99 by" in trained.json("strict/summary.json")["gates"]
