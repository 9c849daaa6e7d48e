"""Checks the applicants' file against what the model was made for, and splits it into train and test rows."""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import sys
from pathlib import Path

import pandas as pd
from sklearn.model_selection import train_test_split

ROOT = Path("/opt/ml/processing")
EXIT_MESSAGE = Path("/opt/ml/output/message")  # SageMaker shows it as the job's ExitMessage

RISK = "risk"
NUMBERS = {"risk": (0, 1), "job": (0, 3), "credit_amount": (1, 1_000_000), "duration": (1, 120), "age": (18, 120)}
"""Column → lowest and highest whole number it may hold."""
CATEGORIES = {
    "sex": {"female", "male"},
    "housing": {"free", "own", "rent"},
    "saving_accounts": {"little", "moderate", "not_known", "quite rich", "rich"},
    "checking_account": {"little", "moderate", "not_known", "rich"},
    "purpose": {
        "business",
        "car",
        "domestic appliances",
        "education",
        "furniture/equipment",
        "radio/TV",
        "repairs",
        "vacation/others",
    },
}
FEATURES = [
    "sex",
    "job",
    "housing",
    "saving_accounts",
    "checking_account",
    "credit_amount",
    "duration",
    "purpose",
    "age",
]
LABEL = "bad"
FEWEST_OF_A_CLASS = 20


class DataError(Exception):
    """The file is not what the model was made for; the text is one sentence."""


def read(path: Path) -> pd.DataFrame:
    """The file's rows as text, under its header; DataError when it is no table in UTF-8."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header, *rows = csv.reader(file, strict=True)
    except ValueError as error:  # also what unpacking an empty file and undecodable bytes raise
        raise DataError(f"{path.name} is empty or not UTF-8 text.") from error
    except csv.Error as error:
        raise DataError(f"{path.name} is not CSV: {error}.") from error
    for line, row in enumerate(rows, start=2):
        if len(row) != len(header):
            raise DataError(f"{path.name} line {line} has {len(row)} fields; its header has {len(header)}.")
    return pd.DataFrame(rows, columns=header, dtype=str)


def check_columns(rows: pd.DataFrame) -> None:
    """DataError that names the columns which are twice there, missing or unknown."""
    wanted = {RISK, *FEATURES}
    findings = {
        "appears more than once": rows.columns[rows.columns.duplicated()],
        "is missing": sorted(wanted.difference(rows.columns)),
        "is not known to this model": sorted(set(rows.columns).difference(wanted)),
    }
    for finding, columns in findings.items():
        if len(columns):
            raise DataError(f"Column {_listed(columns)} {finding}; the columns are {', '.join([RISK, *FEATURES])}.")


def check_values(rows: pd.DataFrame) -> None:
    """DataError that names the first column with an empty, foreign or impossible value, with the value and its line."""
    for column in [RISK, *FEATURES]:
        _refuse(rows[column], rows[column].str.strip() == "", "is empty; fill it or remove the row")
    for column, known in CATEGORIES.items():
        _refuse(rows[column], ~rows[column].isin(known), f"is none of {', '.join(sorted(known))}")
    for column, (lowest, highest) in NUMBERS.items():
        _refuse(rows[column], ~rows[column].str.fullmatch(r"-?\d+"), "is not a whole number")
        _refuse(rows[column], ~rows[column].astype(int).between(lowest, highest), f"is not in {lowest}..{highest}")


def check_classes(rows: pd.DataFrame) -> None:
    """DataError when too few applicants were good, or bad, to learn from and to test on."""
    for value, meaning in (("1", "good"), ("0", "bad")):
        count = int((rows[RISK] == value).sum())
        if count < FEWEST_OF_A_CLASS:
            raise DataError(f"Only {count} applicants are {meaning} ({RISK} = {value}); need {FEWEST_OF_A_CLASS}.")


def split(rows: pd.DataFrame, *, test_share: float, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Train and test rows with the same share of bad applicants: the label (1 = bad), then the features."""
    table = rows[FEATURES].astype({column: int for column in NUMBERS if column != RISK})
    table.insert(0, LABEL, 1 - rows[RISK].astype(int))
    train, test = train_test_split(table, test_size=test_share, stratify=table[LABEL], random_state=seed)
    return train.sort_index(), test.sort_index()


def main(argv: list[str] | None = None) -> int:
    """Run the step; a file that fails a check is told in one sentence, on stderr and as the job's exit message."""
    options = _options(argv)
    try:
        report = prepare(options)
    except DataError as error:
        print(error, file=sys.stderr)
        options.message.parent.mkdir(parents=True, exist_ok=True)
        options.message.write_text(str(error), encoding="utf-8")
        return 1
    print(f"{report['rows']} applicants checked: {report['train_rows']} to train on, {report['test_rows']} to test on.")
    return 0


def prepare(options: argparse.Namespace) -> dict[str, object]:
    """Write ``train.csv``, ``test.csv`` and ``data.json`` into their folders; give what the last one holds."""
    source = _only_file(options.data)
    rows = read(source)
    check_columns(rows)
    check_values(rows)
    check_classes(rows)
    train, test = split(rows, test_share=options.test_share, seed=options.seed)
    report = {
        "sha256": hashlib.sha256(source.read_bytes()).hexdigest(),
        "rows": len(rows),
        "train_rows": len(train),
        "test_rows": len(test),
        "bad_share": float((rows[RISK] == "0").mean()),
        "seed": options.seed,
        "label": LABEL,
        "features": FEATURES,
    }
    for folder, name, text in (
        (options.train, "train.csv", train.to_csv(index=False)),
        (options.test, "test.csv", test.to_csv(index=False)),
        (options.report, "data.json", json.dumps(report, indent=1)),
    ):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return report


def _only_file(folder: Path) -> Path:
    files = sorted(folder.glob("*.csv"))
    if len(files) != 1:
        raise DataError(f"InputData must hold one .csv file; it holds {len(files)}.")
    return files[0]


def _refuse(values: pd.Series, wrong: pd.Series, fault: str) -> None:
    if wrong.any():
        first = wrong.idxmax()
        others = f" (and in {wrong.sum() - 1} more rows)" if wrong.sum() > 1 else ""
        raise DataError(f"Column {values.name!r} line {first + 2}: {values[first]!r} {fault}{others}.")


def _listed(names: pd.Index | list[str]) -> str:
    return ", ".join(repr(name) for name in names)


def _options(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--test-share", type=float, default=0.25)
    parser.add_argument("--data", type=Path, default=ROOT / "data")
    parser.add_argument("--train", type=Path, default=ROOT / "train")
    parser.add_argument("--test", type=Path, default=ROOT / "test")
    parser.add_argument("--report", type=Path, default=ROOT / "report")
    parser.add_argument("--message", type=Path, default=EXIT_MESSAGE)
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
