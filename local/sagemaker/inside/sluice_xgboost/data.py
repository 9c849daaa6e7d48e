"""What XGBoost reads: CSV without a header and libsvm, from folders of files and from requests."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy
import pandas
import scipy.sparse
import xgboost

_CSV = ("csv", "text/csv")
_LIBSVM = ("libsvm", "text/libsvm", "text/x-libsvm")


class RefusedError(Exception):
    """The data, or a hyperparameter, is not what the algorithm takes; `status_code` is a request's."""

    status_code = 415


def matrix(folder: Path, content_type: str | None, *, weights: bool = False) -> Any:
    """The data of a channel, label first; with `weights` a CSV's second column is the weight. Raises RefusedError."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    kind, delimiter = _kind(content_type or "text/libsvm")
    if not any(file.stat().st_size for file in files):
        raise RefusedError(f"There is no data in channel {folder.name}.")
    if kind in _LIBSVM:
        features, labels = _libsvm(line for file in files for line in file.read_text(encoding="utf-8").splitlines())
        return xgboost.DMatrix(features, label=labels)
    tables = [_csv(file, delimiter, file.name) for file in files if file.stat().st_size]
    if len({table.shape[1] for table in tables}) > 1:
        raise RefusedError(f"The files of channel {folder.name} have different numbers of columns.")
    rows = numpy.vstack(tables)
    first = 2 if weights else 1
    if rows.shape[1] <= first:
        raise RefusedError(f"The CSV of channel {folder.name} has {rows.shape[1]} columns: no feature is left.")
    return xgboost.DMatrix(rows[:, first:], label=rows[:, 0], weight=rows[:, 1] if weights else None)


def request(body: bytes, content_type: str) -> Any:
    """The rows of a request, which have no label. Raises RefusedError."""
    text = body.decode("utf-8", errors="replace").strip()
    kind, delimiter = _kind(content_type or "text/csv")
    if kind in _LIBSVM:
        return xgboost.DMatrix(_libsvm(text.splitlines(), labelled=False)[0])
    return xgboost.DMatrix(_csv(io.StringIO(text), delimiter, "the request"))


def _kind(content_type: str) -> tuple[str, str]:
    """The format, and the delimiter of a CSV, of `text/csv; delimiter=;`. Raises RefusedError."""
    kind, *options = [part.strip().lower() for part in content_type.split(";")]
    if kind not in (*_CSV, *_LIBSVM):
        supported = ", ".join((*_CSV, *_LIBSVM))
        raise RefusedError(f"{kind} is not an accepted ContentType in a local run: {supported}.")
    named = dict(option.partition("=")[::2] for option in options if "=" in option)
    return kind, named.get("delimiter", ",")


def _csv(source: Any, delimiter: str, name: str) -> Any:
    try:
        return pandas.read_csv(source, header=None, sep=delimiter).to_numpy(dtype=numpy.float32)
    except (ValueError, pandas.errors.ParserError) as error:
        raise RefusedError(f"{name} is no CSV of numbers without a header: {error}") from error


def _libsvm(lines: Iterable[str], *, labelled: bool = True) -> tuple[Any, Sequence[float]]:
    """Sparse features, and labels where the lines must begin with one; else a label is passed over."""
    labels: list[float] = []
    places: list[int] = []
    values: list[float] = []
    ends = [0]
    try:
        for items in filter(None, (line.partition("#")[0].split() for line in lines)):
            labels.append(float(items[0]) if labelled else 0.0)
            for item in items[1:] if ":" not in items[0] else items:
                place, _, value = item.partition(":")
                places.append(int(place))
                values.append(float(value))
            ends.append(len(places))
        if min(places, default=0) < 0:
            raise ValueError("an index is negative")
    except ValueError as error:
        raise RefusedError(f"a line is no libsvm (label index:value ...): {error}") from error
    return scipy.sparse.csr_matrix((values, places, ends), dtype=numpy.float32), labels
