"""Suggests the next point of a Bayesian search: question.json to answer.json in the folder that it is given."""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import Any

import optuna

_RANDOM_AT_FIRST = 5


def suggested(question: dict[str, Any]) -> dict[str, float]:
    """Places from 0 to 1 by name."""
    sampler = optuna.samplers.TPESampler(
        seed=question["seed"],
        n_startup_trials=_RANDOM_AT_FIRST,
        multivariate=True,
        constant_liar=True,  # trials that run count as bad ones, so that those beside them try something else
    )
    direction = "maximize" if question["maximize"] else "minimize"
    study = optuna.create_study(sampler=sampler, direction=direction)
    for tried in question["tried"]:
        study.add_trial(_trial(tried, question["ranges"]))
    found = study.ask({r["name"]: _distribution(r) for r in question["ranges"]}).params
    return {r["name"]: _place(found[r["name"]], r["choices"]) for r in question["ranges"]}


def _trial(tried: dict[str, Any], ranges: list[dict[str, Any]]) -> optuna.trial.FrozenTrial:
    running = tried["value"] is None
    return optuna.trial.create_trial(
        state=optuna.trial.TrialState.RUNNING if running else optuna.trial.TrialState.COMPLETE,
        params={r["name"]: _inner(tried["places"][r["name"]], r["choices"]) for r in ranges},
        distributions={r["name"]: _distribution(r) for r in ranges},
        value=tried["value"],
    )


def _distribution(each: dict[str, Any]) -> optuna.distributions.BaseDistribution:
    if each["choices"] is None:
        return optuna.distributions.FloatDistribution(0.0, 1.0)
    return optuna.distributions.CategoricalDistribution(list(range(each["choices"])))


def _inner(place: float, choices: int | None) -> float | int:
    return place if choices is None else min(int(place * choices), choices - 1)


def _place(inner: float, choices: int | None) -> float:
    return inner if choices is None else (inner + 0.5) / choices


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    folder = Path(sys.argv[1])
    asked = json.loads((folder / "question.json").read_text(encoding="utf-8"))
    (folder / "answer.json").write_text(json.dumps(suggested(asked)), encoding="utf-8")
