"""Counts numbers in bins that follow the bits of a float: fine enough to compare distributions, small, and mergeable.

The magnitude of a float64, read as an integer, grows with the number. Cutting off its last `shift` bits gives bins of
a constant relative width (``2 ** (shift - 52)``), in order; the bins of a larger shift contain those of a smaller one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

MANTISSA_BITS: Final = 52
COARSEST_AT_FIRST: Final = 40
"""Twelve bits of the mantissa stay: whole numbers below 4096 have a bin each, others are known to 1 in 4096."""
_BINS_WANTED: Final = 1 << 16
_MOST_BINS: Final = 1 << 19
_OCTAVES: Final = 48
"""Magnitudes below 2^-48 of a batch's largest are taken for zero, and said to be; where many are, bins get wider."""
_MAY_BE_LOST: Final = 1e-4
_COARSEST: Final = 46
"""Six bits of the mantissa: at that width all magnitudes there are fit."""


@dataclass
class Run:
    """The counts of consecutive bins of one sign, from the bin `first` on."""

    first: int = 0
    counts: Counts = field(default_factory=lambda: np.zeros(0, np.int64))

    @property
    def end(self) -> int:
        """The number of the bin after the last."""
        return self.first + len(self.counts)

    def span_with(self, first: int, end: int) -> int:
        """How many bins there would be if those from `first` up to `end` came in."""
        return max(self.end, end) - min(self.first, first) if len(self.counts) else end - first

    def add(self, first: int, counts: Counts) -> None:
        """Take in the counts of the bins from `first` on."""
        if not len(self.counts):
            self.first, self.counts = first, counts.astype(np.int64)
            return
        self._grow(first, first + len(counts))
        self.counts[first - self.first : first - self.first + len(counts)] += counts

    def _grow(self, first: int, end: int) -> None:
        before, after = max(0, self.first - first), max(0, end - self.end)
        if before or after:
            # Room to spare: the range creeps outwards batch by batch, and each step would copy everything.
            spare = len(self.counts) // 8
            before, after = before + spare * bool(before), after + spare * bool(after)
            before = min(before, self.first)
            self.counts = np.pad(self.counts, (before, after))
            self.first -= before

    def coarsen(self, bits: int) -> None:
        """Join each 2^`bits` neighbours."""
        if not len(self.counts) or bits <= 0:
            return
        width = 1 << bits
        before = self.first % width
        after = -(before + len(self.counts)) % width
        self.counts = np.pad(self.counts, (before, after)).reshape(-1, width).sum(axis=1)
        self.first >>= bits

    def points(self, shift: int) -> tuple[Floats, Counts]:
        """Each bin that is not empty: its lower bound (of the magnitude) and its count."""
        filled = np.flatnonzero(self.counts)
        bits: NDArray[np.int64] = (filled + self.first) << shift
        return bits.view(np.float64), self.counts[filled]


@dataclass
class Bins:
    """How many numbers fell into each bin; two runs, one for each sign, and zero."""

    shift: int
    positive: Run = field(default_factory=Run)
    negative: Run = field(default_factory=Run)
    zeros: int = 0
    tiny: int = 0
    """Numbers counted as zero that were not quite."""

    @classmethod
    def for_range(cls, low: float, high: float) -> Bins:
        """Bins fine enough for numbers between `low` and `high`: some ten thousands, whatever their magnitude is."""
        if low <= 0 <= high:
            return cls(COARSEST_AT_FIRST)
        distance = abs(_bits(abs(high)) - _bits(abs(low)))
        return cls(min(COARSEST_AT_FIRST, max(0, distance.bit_length() - _BINS_WANTED.bit_length() + 1)))

    def add(self, values: Floats, *, low: float, high: float, weights: Counts | None = None) -> None:
        """Count finite `values`, whose least is `low` and whose largest is `high`; each as often as `weights` say."""
        self._make_room(low, high)
        magnitudes = np.abs(values) if low < 0 else values
        keys, least, floor = self._keys(magnitudes, low=low, high=high)
        while least < floor and self.shift < _COARSEST and _lost(keys, values, floor) > len(values) * _MAY_BE_LOST:
            self.coarsen(self.shift + 2)
            keys, least, floor = self._keys(magnitudes, low=low, high=high)
        if least < floor:
            least = floor - 1  # the first bin takes all that counts as zero
            np.maximum(keys, least, out=keys)
            exact = int(np.count_nonzero(values == 0) if weights is None else weights[values == 0].sum())
            self.zeros += exact
            self.tiny -= exact  # taken off before `_count` adds all of that bin
        keys -= least
        self._count(values, keys, first=least, weights=weights, zero_bin=least == floor - 1)

    def _keys(self, magnitudes: Floats, *, low: float, high: float) -> tuple[Counts, int, int]:
        """Each number's bin, the least of them, and the first bin that does not count as zero."""
        keys = magnitudes.view(np.int64) >> self.shift
        least = int(keys.min()) if low <= 0 <= high else _bits(min(abs(low), abs(high))) >> self.shift
        octaves = _OCTAVES << max(0, self.shift - COARSEST_AT_FIRST)
        top = _bits(max(abs(low), abs(high))) >> self.shift
        return keys, least, max(1, top - (octaves << (MANTISSA_BITS - self.shift)))

    def _count(self, values: Floats, keys: Counts, *, first: int, weights: Counts | None, zero_bin: bool) -> None:
        bins = int(keys.max()) + 1
        negatives = values < 0
        signs = 1 + bool(negatives.any())
        if signs == 2:
            keys += np.multiply(negatives, bins, dtype=np.int64)
        counts = np.bincount(keys, weights, minlength=signs * bins).astype(np.int64, copy=False)
        parts = np.split(counts, signs)
        if zero_bin:
            self.tiny += sum(int(part[0]) for part in parts)
            first, parts = first + 1, [part[1:] for part in parts]
        shift = self.shift
        for run, part in zip((self.positive, self.negative), parts, strict=False):
            if len(part):
                self._take(run, Run(first, part), shift)

    def _take(self, run: Run, given: Run, shift: int) -> None:
        """Add to one of the own runs what was counted in bins of `shift`; both get wider where it would be too much."""
        given.coarsen(self.shift - shift)
        while run.span_with(given.first, given.end) > _MOST_BINS:
            self.coarsen(self.shift + 1)
            given.coarsen(1)
        run.add(given.first, given.counts)

    def _make_room(self, low: float, high: float) -> None:
        """Widen the bins if a batch's own range asks for too many."""
        if low <= 0 <= high:
            self.coarsen(max(self.shift, COARSEST_AT_FIRST))
            return
        distance = abs(_bits(abs(high)) - _bits(abs(low)))
        while distance >> self.shift > _MOST_BINS // 2 and self.shift < COARSEST_AT_FIRST:
            self.coarsen(self.shift + 1)

    def coarsen(self, shift: int) -> None:
        """Widen the bins to those of `shift`; nothing happens where they are that wide already."""
        bits = shift - self.shift
        if bits > 0:
            self.positive.coarsen(bits)
            self.negative.coarsen(bits)
            self.shift = shift

    def merge(self, other: Bins) -> None:
        """Take in the counts of `other`, at the wider bins of the two."""
        theirs = other.copy()
        self.coarsen(theirs.shift)
        for run, given in ((self.positive, theirs.positive), (self.negative, theirs.negative)):
            if len(given.counts):
                self._take(run, given, theirs.shift)
        self.zeros += theirs.zeros
        self.tiny += theirs.tiny

    def copy(self) -> Bins:
        """Bins of their own with the same counts."""
        positive = Run(self.positive.first, self.positive.counts.copy())
        negative = Run(self.negative.first, self.negative.counts.copy())
        return Bins(self.shift, positive, negative, self.zeros, self.tiny)

    def fullest(self, *, whole: bool) -> int:
        """The numbers in the fullest bin that may hold different ones; `whole` says that none has a fraction."""
        values, counts = self.points()
        alone = (np.abs(values) < 1 << (MANTISSA_BITS + 1 - self.shift)) if whole else np.zeros(len(values), bool)
        known = (alone | (values == 0)) & (self.tiny == 0)
        return int(np.max(counts, where=~known, initial=0))

    def points(self) -> tuple[Floats, Counts]:
        """The bins that are not empty, in the order of the numbers: each one's bound nearest to zero, and its count."""
        above, above_counts = self.positive.points(self.shift)
        below, below_counts = self.negative.points(self.shift)
        zero = [self.zeros + self.tiny] if self.zeros + self.tiny else []
        values = np.concatenate((-below[::-1], np.zeros(len(zero)), above))
        return values, np.concatenate((below_counts[::-1], np.array(zero, np.int64), above_counts))


def _lost(keys: Counts, values: Floats, floor: int) -> int:
    """How many numbers other than zero lie below the first bin."""
    return int(np.count_nonzero(keys < floor) - np.count_nonzero(values == 0))


def _bits(magnitude: float) -> int:
    return int(np.float64(magnitude).view(np.int64))


def evenly(low: float, high: float, edges: int) -> Floats:
    """So many edges of bins of equal width, also where the width of all is beyond the largest float."""
    if math.isfinite(high - low):
        return np.linspace(low, high, edges)
    return np.linspace(low / 2, high / 2, edges) * 2
