"""The program of a step that checks a file against the data contract and splits it into train and test rows."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from pipelines.evidence import contract, ending, frames, snapshot, table
from pipelines.evidence.errors import StepError

ROOT = Path("/opt/ml/processing")

Split = Callable[[pd.DataFrame, float, int], "tuple[pd.DataFrame, pd.DataFrame]"]
"""Typed rows, the share to hold out and a seed → train rows and test rows, with the label as the first column."""


def main(split: Split, argv: list[str] | None = None) -> int:
    """Run the step; a file that breaks the contract is told in one sentence, on stderr and as the exit message."""
    options = _options(argv)
    try:
        train, test = _prepare(split, options)
    except StepError as error:
        return ending.refused(error, message=options.message)
    print(f"{len(train) + len(test)} rows checked: {len(train)} to train on, {len(test)} to test on.")
    return 0


def _prepare(split: Split, options: argparse.Namespace) -> tuple[pd.DataFrame, pd.DataFrame]:
    agreed = contract.read(options.contract / "contract.json")
    source = table.only_file(options.data)
    rows = table.read(source)
    agreed.check(rows)
    train, test = split(pd.DataFrame(agreed.values(rows)), options.test_share, options.seed)
    for folder, name, part in ((options.train, "train.csv", train), (options.test, "test.csv", test)):
        frames.write(part, folder / name)
    taken = snapshot.take("data", source, rows=len(rows.rows), config=options.config)
    snapshot.write(options.report, taken)
    return train, test


def _options(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--test-share", type=float, default=0.25)
    for name in ("data", "contract", "train", "test", "report"):
        parser.add_argument(f"--{name}", type=Path, default=ROOT / name)
    parser.add_argument("--message", type=Path, default=ending.EXIT_MESSAGE)
    parser.add_argument("--config", type=Path, default=snapshot.CONFIG)
    return parser.parse_args(argv)
