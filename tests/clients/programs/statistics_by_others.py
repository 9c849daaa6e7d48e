"""What pandas, scipy and Evidently make of pairs of columns: two Parquet files in, one document out."""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from evidently.legacy.calculations.stattests import jensenshannon_stat_test, psi_stat_test
from evidently.legacy.calculations.stattests.registry import get_stattest
from evidently.legacy.core import ColumnType
from scipy.stats import ks_2samp

warnings.simplefilter("ignore")


def described(column):
    """Statistics of one column, by pandas."""
    found = {"present": int(column.notna().sum()), "missing": int(column.isna().sum())}
    if column.dtype.kind not in "if":
        return found | {"distinct": column.nunique(), "top": column.value_counts().to_dict()}
    shares = [0.05, 0.25, 0.5, 0.75, 0.95]
    at = column.quantile(shares, interpolation="lower")
    return found | {
        "mean": column.mean(),
        "sum": column.sum(),
        "std": column.std(ddof=0),
        "min": column.min(),
        "max": column.max(),
        "quantiles": at.tolist(),
        "cdf": [float((column <= value).sum() / column.count()) for value in at],
    }


def compared(reference, current):
    """Distances and p values of two columns, by scipy and Evidently."""
    numeric = reference.dtype.kind in "if"
    kind = ColumnType.Numerical if numeric else ColumnType.Categorical
    found = {}
    for name, test in (("psi", psi_stat_test), ("jensen_shannon", jensenshannon_stat_test)):
        result = get_stattest(reference, current, kind, test)(reference, current, kind, 0.1)
        found[name] = {"value": float(result.drift_score), "drifted": bool(result.drifted)}
    if numeric:
        ks = ks_2samp(reference, current)
        found["ks"] = {"value": float(ks.statistic), "p_value": float(ks.pvalue)}
    else:
        counts = pd.concat([reference.value_counts(), current.value_counts()], axis=1).fillna(0).to_numpy()
        shares = counts / counts.sum(axis=0)
        found["l_infinity"] = {"value": float(np.abs(shares[:, 0] - shares[:, 1]).max())}
    return found


def main():
    """Compare column by column."""
    reference, current = (pd.read_parquet(path) for path in sys.argv[1:3])
    columns = {}
    for name in reference.columns:
        before, after = reference[name].dropna(), current[name].dropna()
        columns[name] = {
            "reference": described(reference[name]),
            "current": described(current[name]),
            "compared": compared(before, after),
        }
    Path(sys.argv[3]).write_text(json.dumps({"columns": columns}, default=float))


main()
