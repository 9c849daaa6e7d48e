"""Data quality: whether a window still looks like the data that the model was made from, and how sure that is.

`suggest` makes constraints of a baseline's profile, `judge` holds a window's profile against both. Both are pure.
"""

from monitor.judging.baseline import BadBaseline, Baseline, documents, load, suggest
from monitor.judging.judge import judge

__all__ = ["BadBaseline", "Baseline", "documents", "judge", "load", "suggest"]
