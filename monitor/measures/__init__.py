"""How far two profiles are apart, and how likely that is by chance.

`compare` gives all measures of a feature at once; the functions below take counts and sizes and know of no profile.
"""

from monitor.measures.comparison import Comparison, compare, compare_numbers, compare_texts
from monitor.measures.distances import category_counts, jensen_shannon, ks, l_infinity, number_counts, psi
from monitor.measures.significance import chi_squared, chi_squared_p_value, holm, ks_p_value, robust

__all__ = [
    "Comparison",
    "category_counts",
    "chi_squared",
    "chi_squared_p_value",
    "compare",
    "compare_numbers",
    "compare_texts",
    "holm",
    "jensen_shannon",
    "ks",
    "ks_p_value",
    "l_infinity",
    "number_counts",
    "psi",
    "robust",
]
