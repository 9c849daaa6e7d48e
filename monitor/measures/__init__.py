"""How far two profiles are apart, and how likely that is by chance."""

from monitor.measures.distances import (
    aligned,
    category_counts,
    jensen_shannon,
    ks,
    l_infinity,
    number_counts,
    psi,
)
from monitor.measures.significance import ks_p_value

__all__ = [
    "aligned",
    "category_counts",
    "jensen_shannon",
    "ks",
    "ks_p_value",
    "l_infinity",
    "number_counts",
    "psi",
]
