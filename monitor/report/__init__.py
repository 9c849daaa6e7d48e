"""The report: one HTML page about one run, for people who would rather look than read.

`page(run, judgements)` is all that others need. The page needs nothing but itself: no network, no other file.
"""

from __future__ import annotations

from collections.abc import Sequence

from monitor.judgement import Judgement
from monitor.report.run import Run

__all__ = ["Run", "page"]


def page(run: Run, judgements: Sequence[Judgement]) -> str:
    """The page (HTML, UTF-8 when written) about what a run's monitors have found; one section for each judgement.

    A judgement whose facts are None gets its outcome, its reason and its violations without plots.
    """
    from monitor.report.layout import laid_out  # late: a run that writes no report draws nothing

    return laid_out(run, judgements)
