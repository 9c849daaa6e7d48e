import json
from contextlib import contextmanager
from itertools import permutations

import numpy as np
import pytest

from monitor.clarify import job, shap

CONFIG = {
    "headers": ["x", "y", "z"],
    "methods": {"shap": {"baseline": [[0, 0, 0]], "num_samples": 100, "agg_method": "mean_abs"}},
    "predictor": {"model_name": "m", "instance_type": "ml.m5.large", "initial_instance_count": 1},
}


def model(rows, weights=(3.0, 1.0, 0.0)):
    """Answers that x moves three times as much as y, and z not at all; x and y help each other."""
    x, y, z = np.array(rows, dtype=float).T
    return weights[0] * x + weights[1] * y + weights[2] * z + x * y


def exact(score, row, start):
    """Shapley values by all orders."""
    found = np.zeros(len(row))
    orders = list(permutations(range(len(row))))
    for order in orders:
        current = list(start)
        for feature in order:
            before = score([current])[0]
            current[feature] = row[feature]
            found[feature] += (score([current])[0] - before) / len(orders)
    return found


class Model:
    """A predictor in memory."""

    def __init__(self, weights):
        self.weights, self.asked = weights, None

    @contextmanager
    def __call__(self, predictor):
        self.asked = predictor
        yield self

    def score(self, rows):
        return model(rows, self.weights)


@pytest.fixture
def explain(tmp_path):
    """Runs a job over CSV with a model of some weights; gives exit code, message and folder."""

    def run(weights=(3.0, 1.0, 0.0), config=CONFIG, **environment):
        data, out = tmp_path / "data", tmp_path / "out"
        data.mkdir(exist_ok=True)
        rows = np.random.default_rng(1).normal(size=(50, 3))
        (data / "a.csv").write_text("".join(",".join(map(str, row)) + "\n" for row in rows))
        (tmp_path / "config.json").write_text(json.dumps(config))
        told = {"analysis_config": str(tmp_path / "config.json"), "output_path": str(out), **environment}
        message = tmp_path / "message"
        code = job.main(told, predictor=Model(weights), data=data, message=message, metrics=tmp_path / "m")
        return code, message.read_text(), out

    return run


def test_attributions_are_shapley_values():
    """Orders and their reverses give the values of all orders where features help each other in pairs."""
    row, start = (2.0, 5.0, 1.0), (1.0, -1.0, 0.0)
    (found,) = shap.shapley(model, [row], background=[start], chance=np.random.default_rng(3))
    assert found == pytest.approx(exact(model, row, start))
    assert found.sum() == pytest.approx(model([row])[0] - model([start])[0])


def test_an_analysis_says_how_much_each_feature_moves_the_answers(explain):
    """In Clarify's form; the expected value is the answer to the background."""
    code, _, out = explain()
    document = json.loads((out / "analysis.json").read_text())
    told = document["explanations"]["kernel_shap"]["label0"]
    assert (code, told["expected_value"]) == (0, 0.0)
    assert told["global_shap_values"]["z"] == pytest.approx(0.0)
    assert told["global_shap_values"]["x"] > told["global_shap_values"]["y"] > 0.5


def test_features_that_change_places_are_a_violation(explain, tmp_path):
    """Held to the analysis of a model that heeds x most, one that heeds z most has drifted."""
    _, _, out = explain()
    held = tmp_path / "held.json"
    held.write_text((out / "analysis.json").read_text())
    assert explain(baseline_constraints=str(held))[1] == "Completed: Job completed successfully with no violations."
    code, message, out = explain((0.0, 1.0, 5.0), baseline_constraints=str(held))
    (violation,) = json.loads((out / "constraint_violations.json").read_text())["violations"]
    assert (code, violation["constraint_check_type"]) == (0, "feature_attribution_drift_check")
    assert message.startswith("CompletedWithViolations: ")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"predictor": {}}, "names no predictor"),
        ({"methods": {"shap": {"baseline": [[0, 0]]}}}, "shap.baseline is no list of rows of 3 values"),
        ({"methods": {"shap": {"baseline": [[0, 0, 0]], "agg_method": "sum"}}}, "agg_method 'sum' is none of"),
    ],
)
def test_what_cannot_be_explained_is_told(explain, change, said):
    """In the job's exit message; the job fails."""
    code, message, _ = explain(config={**CONFIG, **change})
    assert code == 1
    assert said in message
