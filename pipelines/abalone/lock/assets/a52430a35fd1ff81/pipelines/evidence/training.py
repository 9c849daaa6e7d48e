"""The program of a step that fits a model and packs it with the code that serves it."""

from __future__ import annotations

import argparse
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib

from pipelines.evidence import frames


def main(fit: Callable[..., Any], *, argv: list[str] | None = None, **hyperparameters: type) -> int:
    """Call ``fit(rows, **hyperparameters)`` with the train rows; ``model.joblib`` and ``code/`` appear as the model.

    ``hyperparameters`` gives the type of each: SageMaker passes them as texts.
    """
    options = _options(argv, hyperparameters)
    rows = frames.read(options.train / "train.csv")
    model = fit(rows, **{name: getattr(options, name) for name in hyperparameters})
    joblib.dump(model, _made(options.model_dir) / "model.joblib")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(options.serving, options.model_dir / "code", ignore=ignored, dirs_exist_ok=True)
    return 0


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _options(argv: list[str] | None, hyperparameters: dict[str, type]) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    for name, kind in hyperparameters.items():
        parser.add_argument(f"--{name.replace('_', '-')}", f"--{name}", dest=name, type=kind, required=True)
    parser.add_argument("--train", type=Path, default=os.environ.get("SM_CHANNEL_TRAIN"))
    parser.add_argument("--serving", type=Path, default=os.environ.get("SM_CHANNEL_SERVING"))
    parser.add_argument("--model-dir", type=Path, default=os.environ.get("SM_MODEL_DIR"))
    return parser.parse_args(argv)
