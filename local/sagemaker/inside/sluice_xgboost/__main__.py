"""Trains as AWS's XGBoost container does by itself, without a script (sagemaker-xgboost-container, algorithm mode)."""

from __future__ import annotations

import json
import pickle
import re
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import xgboost

from .data import RefusedError, matrix

_MODEL = "xgboost-model"
_OWN_FORMAT = (1, 3)
_OWN = (
    "num_round csv_weights early_stopping_rounds eval_metric _tuning_objective_metric save_model_on_termination "
    "_kfold _num_cv_round use_dask_gpu_training silent"
)
"""What is not for the library; `silent` had an effect in versions before 1.0, and examples still give it."""
_BOOSTERS = (
    "booster verbosity nthread eta gamma max_depth min_child_weight max_delta_step subsample colsample_bytree "
    "colsample_bylevel colsample_bynode lambda alpha tree_method sketch_eps scale_pos_weight updater dsplit "
    "refresh_leaf process_type grow_policy max_leaves max_bin predictor monotone_constraints interaction_constraints "
    "sample_type normalize_type rate_drop one_drop skip_drop lambda_bias tweedie_variance_power objective num_class "
    "base_score seed num_parallel_tree aft_loss_distribution aft_loss_distribution_scale deterministic_histogram "
    "sampling_method prob_buffer_row"
)
_GONE = {"reg:linear": "reg:squarederror"}
"""Objectives of older versions by the names that they have now."""


class Reporter(xgboost.callback.TrainingCallback):  # type: ignore[misc]  # a library without types
    """Prints each round as the container's log has it, where a tabulator is written #011; stops on SIGTERM."""

    def __init__(self, *, keeps: bool) -> None:
        super().__init__()
        self._asked = False
        if keeps:
            signal.signal(signal.SIGTERM, self._ask)

    def after_iteration(self, model: Any, epoch: int, evals_log: Mapping[str, Mapping[str, list[Any]]]) -> bool:
        """Whether training shall end here."""
        told = [
            f"{data}-{name}:{values[-1]:.5f}" for data, found in evals_log.items() for name, values in found.items()
        ]
        sys.stdout.write("#011".join([f"[{epoch}]", *told]) + "\n")
        return self._asked

    def _ask(self, *_: Any) -> None:
        self._asked = True


def train(parameters: Mapping[str, str], channels: Mapping[str, Mapping[str, Any]], *, folder: Path) -> Any:
    """Fit a model on the channel `train`, watched on `validation` if there is one. Raises RefusedError.

    `folder` holds the channels' data.
    """
    _require_known(parameters)
    if "train" not in channels:
        raise RefusedError("There is no channel named train.")
    weights = parameters.get("csv_weights") == "1"
    data = {
        name: matrix(folder / name, channels[name].get("ContentType"), weights=weights)
        for name in ("train", "validation")
        if name in channels
    }
    chosen: dict[str, Any] = {name: value for name, value in parameters.items() if name in _BOOSTERS.split()}
    chosen["objective"] = _GONE.get(chosen.get("objective", ""), chosen.get("objective", "reg:squarederror"))
    metrics = _metrics(parameters)
    if metrics:
        chosen["eval_metric"] = metrics
    callbacks = [Reporter(keeps=parameters.get("save_model_on_termination") == "true"), *_stopping(parameters, data)]
    return xgboost.train(
        chosen,
        data["train"],
        num_boost_round=_whole(parameters, "num_round"),
        evals=[(data[name], name) for name in data],
        callbacks=callbacks,
        verbose_eval=False,
    )


def _require_known(parameters: Mapping[str, str]) -> None:
    known = {*_OWN.split(), *_BOOSTERS.split()}
    unknown = sorted(name for name in parameters if name not in known and not name.startswith("sagemaker_"))
    if unknown:
        raise RefusedError(f"Extraneous hyperparameters found: {', '.join(unknown)}")
    for name in ("_kfold", "use_dask_gpu_training"):
        if name in parameters:
            raise RefusedError(f"The hyperparameter {name} is not supported in a local run")
    if "num_round" not in parameters:
        raise RefusedError("Missing required hyperparameter: num_round")


def _metrics(parameters: Mapping[str, str]) -> list[str]:
    """What to measure: what is asked for, and what a tuning job chooses by, last."""
    asked = [name.strip() for name in parameters.get("eval_metric", "").strip("[]").split(",") if name.strip()]
    tuned = parameters.get("_tuning_objective_metric", "").partition(":")[2]
    return [name for name in dict.fromkeys([*asked, tuned]) if name and name != tuned] + [tuned] * bool(tuned)


def _stopping(parameters: Mapping[str, str], data: Mapping[str, Any]) -> list[Any]:
    if "early_stopping_rounds" not in parameters:
        return []
    watched = "validation" if "validation" in data else "train"
    return [xgboost.callback.EarlyStopping(_whole(parameters, "early_stopping_rounds"), data_name=watched)]


def _whole(parameters: Mapping[str, str], name: str) -> int:
    try:
        return int(parameters[name])
    except ValueError:
        raise RefusedError(f"Hyperparameter {name}: could not parse value {parameters[name]!r} as a number") from None


def main(root: Path, *, image: str = "") -> int:
    """Train under the container's root and leave the model there, as ``image`` does; gives the exit code.

    What is the user's to mend becomes the job's failure.
    """
    config = root / "input" / "config"
    parameters, channels = (
        json.loads((config / f"{name}.json").read_text(encoding="utf-8"))
        for name in ("hyperparameters", "inputdataconfig")
    )
    try:
        booster = train(parameters, channels, folder=root / "input" / "data")
    except (RefusedError, xgboost.core.XGBoostError) as error:
        sys.stderr.write(f"{error}\n")
        (root / "output" / "failure").write_text(f"ClientError: {error}", encoding="utf-8")
        return 1
    if _leaves_pickles(image):
        (root / "model" / _MODEL).write_bytes(pickle.dumps(booster))
    else:
        booster.save_model(root / "model" / _MODEL)
    return 0


def _leaves_pickles(image: str) -> bool:
    """Images before 1.3-1 leave Python's pickle of the model (Developer Guide, "XGBoost algorithm", versions)."""
    version = re.search(r":(\d+)\.(\d+)-", image)
    return version is not None and (int(version[1]), int(version[2])) < _OWN_FORMAT


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), image=sys.argv[2]))
