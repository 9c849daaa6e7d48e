import argparse

import pytest

from pipelines.evidence import gates
from pipelines.evidence.errors import ContractError

AUC = gates.Gate("auc", "at-least", "MinAuc", 0.7)
RMSE = gates.Gate("rmse", "at-most", "MaxRmse", 2.0)


def test_gates_are_told_as_options():
    """What the pipeline passes is what the step reads, any number of times."""
    parser = argparse.ArgumentParser()
    gates.add_option(parser)
    words = ["--gate", "auc", "at-least", "MinAuc", "0.7", "--gate", "rmse", "at-most", "MaxRmse", "2.0"]
    assert gates.parsed(parser.parse_args(words).gates) == [AUC, RMSE]


@pytest.mark.parametrize(
    ("metrics", "sentence"),
    [
        ({"auc": 0.7, "rmse": 2.0}, "All gates pass."),
        ({"auc": 0.75, "rmse": 2.5}, "RMSE 2.500000 is above MaxRmse 2 by 0.500000."),
        (
            {"auc": 0.6, "rmse": 2.5},
            "AUC 0.600000 is below MinAuc 0.7 by 0.100000; RMSE 2.500000 is above MaxRmse 2 by 0.500000.",
        ),
        ({"auc": 0.7 - 1e-9, "rmse": 2.0}, "AUC 0.700000 is below MinAuc 0.7 by 1e-09."),
        ({"auc": 0.9, "rmse": 2.0001}, "RMSE 2.000100 is above MaxRmse 2 by 0.0001."),
        ({"auc": float("nan"), "rmse": 1.0}, "AUC nan is below MinAuc 0.7 by nan."),
    ],
)
def test_what_is_missed_is_told(metrics, sentence):
    """A limit that is met to the last digit passes; a metric that is no number never does."""
    assert gates.verdict([AUC, RMSE], metrics) == sentence


def test_a_gate_for_what_is_not_measured_is_refused():
    """A misspelt metric is not a gate that passes."""
    with pytest.raises(ContractError, match=r"^MinAuc limits auc, which is not measured; there are f1, rmse\.$"):
        gates.verdict([AUC], {"f1": 1.0, "rmse": 1.0})


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.781029123, "0.781029"), (0.0, "0.000000"), (3.2104561e-07, "3.21046e-07"), (1234.5, "1234.500000")],
)
def test_a_metric_of_a_small_quantity_keeps_its_digits(value, text):
    """The registry has the text: an error of a ten-millionth is not none."""
    assert gates.written(value) == text
