"""How far two profiles are apart, and how likely that is by chance.

Judgements use `aligned`, `number_counts`, `psi`, `jensen_shannon` and `holm`. `ks`, `l_infinity`, `ks_p_value` and
`chi_squared` are the textbook's: whoever doubts a judgement, or comes from another tool, gets from the same profiles
what SciPy and Evidently say of the rows, within the stated error. Judgements do not rest on them: Pearson's test is an
approximation that rare categories break, and the exact Kolmogorov-Smirnov test sees a shift in the middle later than
the tests of `monitor.judging.evidence`, which hold the rate of false alarms at every size.
"""

from monitor.measures.distances import (
    aligned,
    category_counts,
    cumulative_distance,
    jensen_shannon,
    ks,
    l_infinity,
    number_counts,
    psi,
    share_distance,
)
from monitor.measures.significance import ks_p_value

__all__ = [
    "aligned",
    "category_counts",
    "cumulative_distance",
    "jensen_shannon",
    "ks",
    "ks_p_value",
    "l_infinity",
    "number_counts",
    "psi",
    "share_distance",
]
