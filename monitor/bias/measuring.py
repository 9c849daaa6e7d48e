"""The metrics of one facet with their spread."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from monitor.bias import flipping, metrics
from monitor.bias.cells import Answers, Counts, Facet, counted
from monitor.bias.facts import Group

RESAMPLES: Final = 1_000
_SEED: Final = 20
_ENDS: Final = (2.5, 97.5)
_HALF: Final = 0.5
"""As Agresti and Caffo add to each outcome of two shares whose difference is judged."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One facet of a window or of a baseline."""

    facet: Facet
    counts: Counts
    """[subgroup, facet, label, answer]."""
    values: Mapping[str, float]
    """Code → value; NaN where undefined."""
    smoothed: Mapping[str, float]
    """The same with half a row more in each cell, to be compared: a share of none or of all is never certain."""
    resampled: Mapping[str, Floats]
    """Code → the values of 1,000 resamples of the smoothed rows; FT has none."""
    no_flips: str
    """Why there is no FT; empty when there is."""

    @classmethod
    def of(cls, answers: Answers, facet: Facet, *, group_variable: str | None) -> Measured:
        """All metrics; rows without a value of the facet do not count."""
        counts = counted(answers, facet, group_variable=group_variable)
        flips, why = flipping.flipped(answers, facet)
        values = {code: float(value) for code, value in metrics.measured(counts).items()}
        values["FT"] = math.nan if flips is None else flips
        smooth = counts + _HALF / len(counts) * (counts.sum(axis=(0, 1, 3)) > 0)[:, None]
        return cls(
            facet=facet,
            counts=counts,
            values=values,
            smoothed={code: float(value) for code, value in metrics.measured(smooth).items()},
            resampled=_resampled(smooth, rows=int(counts.sum())),
            no_flips=why,
        )

    @property
    def rows(self) -> int:
        """Rows that have a value of the facet."""
        return int(self.counts.sum())

    @property
    def fewest(self) -> int:
        """Rows of the smaller side."""
        return int(self.counts.sum(axis=(0, 2, 3)).min())

    @property
    def labelled(self) -> int:
        """Rows with a label."""
        return int(self.counts[:, :, :2].sum())

    @property
    def fewest_labelled(self) -> int:
        """Labelled rows of the smaller side."""
        return int(self.counts[:, :, :2].sum(axis=(0, 2, 3)).min())

    def deviation(self, code: str) -> float:
        """The standard deviation of a metric, of DI's logarithm; NaN where it cannot be told."""
        found = self.resampled.get(code, np.empty(0))
        with np.errstate(divide="ignore", invalid="ignore"):
            known = _scaled(code, found)
        known = known[np.isfinite(known)]
        return float(known.std(ddof=1)) if len(known) > RESAMPLES / 2 else math.nan

    def interval(self, code: str) -> tuple[float, float] | None:
        """The ends of the 95 % confidence interval, by percentiles of resamples."""
        found = self.resampled.get(code, np.empty(0))
        known = found[np.isfinite(found)]
        if len(known) <= RESAMPLES / 2:
            return None
        low, high = np.percentile(known, _ENDS).tolist()
        return min(low, self.values[code]), max(high, self.values[code])

    def sides(self) -> tuple[Group, Group]:
        """The group, and the others."""
        whole = self.counts.sum(axis=0)
        name, value = self.facet.name, self.facet.value
        return _group(whole[1], f"{name}={value}"), _group(whole[0], f"{name}≠{value}")


def distance(code: str, value: float) -> float:
    """How far a value is from where nobody is treated differently; of DI, a ratio, by its logarithm's size."""
    if code == "DI" and value <= 0:
        return math.inf
    return abs(float(_scaled(code, np.array(value))))


def _scaled(code: str, values: Floats) -> Floats:
    return np.log(values) if code == "DI" else values - metrics.NAMES[code].neutral


def _resampled(cells: Counts, *, rows: int) -> dict[str, Floats]:
    """All that resampling rows changes are the counts of their cells."""
    if not rows:
        return {}
    drawn = np.random.default_rng(_SEED).multinomial(rows, (cells / cells.sum()).ravel(), size=RESAMPLES)
    return metrics.measured(drawn.reshape(RESAMPLES, *cells.shape).astype(np.float64))


def _group(cells: Counts, name: str) -> Group:
    """Of cells [label, answer]."""
    labelled = cells[:2]
    return Group(
        name=name,
        rows=int(cells.sum()),
        labelled=int(labelled.sum()),
        favoured_labels=_share(labelled[1].sum(), labelled.sum()),
        favoured_answers=_share(cells[:, 1].sum(), cells.sum()),
        true_positive_rate=_share(labelled[1, 1], labelled[1].sum()),
        false_positive_rate=_share(labelled[0, 1], labelled[0].sum()),
    )


def _share(part: float, whole: float) -> float | None:
    return float(part / whole) if whole else None
