"""A CSV file as it came: texts under a header, read without a guess."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from pipelines.evidence.errors import DataError


@dataclass(frozen=True)
class Table:
    """The rows of a file; row 0 stands on line 2."""

    header: list[str]
    rows: list[list[str]]

    def column(self, name: str) -> list[str]:
        """The texts of one column."""
        place = self.header.index(name)
        return [row[place] for row in self.rows]


def only_file(folder: Path) -> Path:
    """The one CSV file of ``folder``; DataError when there is another number of them."""
    files = sorted(folder.rglob("*.csv"))
    if len(files) != 1:
        raise DataError(f"InputData must hold one .csv file; it holds {len(files)}.")
    return files[0]


def read(path: Path) -> Table:
    """The rows of ``path`` as text, under its header; DataError when it is no table in UTF-8."""
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
    return Table(header, rows)
