"""Profiles and measures against pandas, scipy and Evidently: the same numbers, the same verdicts."""

import json
import subprocess

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from monitor import measures
from monitor.profile import Profile
from monitor.reading import read
from tests.clients import environments
from tests.clients.terminals import PROGRAMS

pytestmark = pytest.mark.clients

ROWS = 60_000
PAIRS = 200


def numbers(random, kind, rows, moved):
    """A column of numbers of one of seven kinds, some of them `moved` a little."""
    by = moved * random.choice([0.02, 0.05, 0.1, 0.3])
    return [
        lambda: random.normal(by, 1, rows),
        lambda: random.lognormal(by, 1, rows),
        lambda: random.gamma(2, 1 + by, rows),
        lambda: random.integers(0, int(1000 * (1 + by)), rows).astype(float),
        lambda: np.round(random.normal(50 + 10 * by, 10, rows)),
        lambda: np.round(random.random(rows) ** (1 + by), 2),
        lambda: random.standard_t(3, rows) * 1e6 + by * 1e6,
    ][kind]()


def texts(random, rows, distinct, moved):
    """A column of categories, the first ones the most frequent."""
    weights = 1 / np.arange(1, distinct + 1) ** (1 - 0.2 * moved * random.random())
    names = np.array([f"category {number}" for number in range(distinct)])
    return names[random.choice(distinct, rows, p=weights / weights.sum())]


def columns(random, moved):
    """Name → column; each has as many values as its own share of the rows, the others are missing."""
    made = {}
    for number in range(PAIRS):
        rows = int(np.exp(random.uniform(np.log(200), np.log(ROWS))))
        if number % 10 < 7:
            values = numbers(random, number % 7, rows, moved[number])
        else:
            values = texts(random, rows, [2, 5, 20, 80][number // 10 % 4], moved[number])
        made[f"column {number}"] = pa.concat_arrays([pa.array(values), pa.nulls(ROWS - rows, pa.array(values).type)])
    return pa.table(made)


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """What the others say of two tables, and our profiles of them."""
    random, folder = np.random.default_rng(42), tmp_path_factory.mktemp("tables")
    moved = random.random(PAIRS) < 0.5
    paths = [folder / "reference.parquet", folder / "current.parquet"]
    for path, move in zip(paths, (np.zeros(PAIRS), moved), strict=True):
        pq.write_table(columns(random, move), path)
    command = [environments.python("evidently"), PROGRAMS / "statistics_by_others.py", *paths, folder / "found"]
    subprocess.run(command, check=True, timeout=600)
    return json.loads((folder / "found").read_text()), *(Profile.of(read(path)) for path in paths)


def test_statistics_are_those_of_pandas(both):
    """To 1e-9 where they are exact: counts, moments, extremes, categories; quantiles within the stated error."""
    others, *profiles = both
    for side, profile in zip(("reference", "current"), profiles, strict=True):
        for name, of_pandas in ((name, found[side]) for name, found in others["columns"].items()):
            column = profile.columns[name]
            assert (column.present, column.missing) == (of_pandas["present"], of_pandas["missing"])
            if not column.numeric:
                assert (column.texts.counts, column.texts.distinct) == (of_pandas["top"], of_pandas["distinct"])
                continue
            found = column.numbers
            for ours, theirs in (
                (found.mean, "mean"),
                (found.total, "sum"),
                (found.std, "std"),
                (found.min, "min"),
                (found.max, "max"),
            ):
                assert ours == pytest.approx(of_pandas[theirs], rel=1e-9, abs=1e-9 * found.std)
            cdf = found.cdf(np.array(of_pandas["quantiles"]))
            assert cdf == pytest.approx(of_pandas["cdf"], abs=found.error + 1e-12)
            assert found.error < 1e-3


def test_distances_and_verdicts_are_those_of_scipy_and_evidently(both):
    """For each of 200 pairs of columns: KS at 5 %, stability index and Jensen-Shannon distance at 0.1."""
    others, reference, current = both
    drifted = {"ks": 0, "psi": 0, "jensen_shannon": 0}
    for name, theirs in ((name, found["compared"]) for name, found in others["columns"].items()):
        before, now = reference.columns[name], current.columns[name]
        counts = (
            measures.number_counts(before.numbers, now.numbers)
            if before.numeric
            else measures.category_counts(before.texts, now.texts)
        )
        for measure, found in (("psi", measures.psi(*counts)), ("jensen_shannon", measures.jensen_shannon(*counts))):
            within = 1e-9 if before.numbers.exact and now.numbers.exact else 2e-3
            assert found == pytest.approx(theirs[measure]["value"], abs=within), (name, measure)
            assert (found >= 0.1) == theirs[measure]["drifted"], (name, measure)
            drifted[measure] += found >= 0.1
        if before.numeric:
            distance, error = measures.ks(before.numbers, now.numbers)
            p_value = measures.ks_p_value(distance, before.numbers.count, now.numbers.count)
            assert distance == pytest.approx(theirs["ks"]["value"], abs=error + 1e-12), name
            assert (p_value <= 0.05) == (theirs["ks"]["p_value"] <= 0.05), (name, p_value, theirs["ks"])
            drifted["ks"] += p_value <= 0.05
        else:
            assert measures.l_infinity(before.texts, now.texts)[0] == pytest.approx(
                theirs["l_infinity"]["value"], rel=1e-9
            )
    assert min(drifted.values()) > 10  # the pairs are such that the verdicts differ from pair to pair
    assert drifted["ks"] < 0.7 * PAIRS
