"""Estimates how many different texts there are, from the smallest of their hashes."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]

KEPT: Final = 1024
"""As many hashes; the estimate's standard error is about one in 32."""
_AT_ONCE: Final = 8192
"""Texts: their bytes and powers stay near the processor."""
_FACTOR: Final = 0x9E3779B97F4A7C15 | 1
_INVERSE: Final = pow(_FACTOR, -1, 1 << 64)
_MIX: Final = (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53)


@dataclass
class Distinct:
    """The smallest hashes of the texts seen so far."""

    smallest: Hashes = field(default_factory=lambda: np.zeros(0, np.uint64))

    @classmethod
    def of(cls, texts: Any) -> Distinct:
        """What an Arrow array of texts holds."""
        seen = cls()
        seen.add(texts)
        return seen

    def add(self, texts: Any) -> None:
        """Take in an Arrow array of texts without missing ones."""
        if len(texts):
            self._keep(hashes(texts.cast(pa.large_string())))

    def merge(self, other: Distinct) -> None:
        """Take in what `other` has seen."""
        self._keep(other.smallest)

    def _keep(self, found: Hashes) -> None:
        if len(self.smallest) == KEPT:
            found = found[found < self.smallest[-1]]
        self.smallest = np.unique(np.concatenate((self.smallest, found)))[:KEPT]

    def estimate(self) -> float:
        """How many different texts there are: exact below `KEPT`, else by how dense the smallest hashes lie."""
        if len(self.smallest) < KEPT:
            return float(len(self.smallest))
        return float((KEPT - 1) / (float(self.smallest[-1]) / 2.0**64))


def hashes(texts: Any) -> Hashes:
    """A 64-bit hash of each text of an Arrow array of large strings; the same on every machine.

    A polynomial in the bytes, modulo 2^64, by differences of one running sum: no loop over the texts.
    """
    parts = [_hashes(texts[start : start + _AT_ONCE]) for start in range(0, len(texts), _AT_ONCE)]
    return np.concatenate(parts) if parts else np.zeros(0, np.uint64)


def _hashes(texts: Any) -> Hashes:
    offsets = np.frombuffer(texts.buffers()[1], np.int64)[texts.offset : texts.offset + len(texts) + 1]
    data = texts.buffers()[2]
    start, end = int(offsets[0]), int(offsets[-1])
    if data is None or start == end:
        return _mixed(np.zeros(len(texts), np.uint64), np.diff(offsets))
    places = offsets - start
    with np.errstate(over="ignore"):
        bytes_ = np.frombuffer(data, np.uint8)[start:end].astype(np.uint64) + np.uint64(1)
        powers = _powers((end - start).bit_length())
        sums = np.concatenate((np.zeros(1, np.uint64), np.cumsum(bytes_ * powers[: end - start])))
        # A text's sum has the powers of its place in the buffer; the inverse's powers take them out again.
        own = (sums[places[1:]] - sums[places[:-1]]) * _raised(_INVERSE, places[:-1])
    return _mixed(own, np.diff(offsets))


@functools.lru_cache(maxsize=4)
def _powers(bits: int) -> Hashes:
    """The first 2^`bits` powers of the factor, by doubling what there is."""
    powers = np.ones(1, np.uint64)
    for bit in range(bits):
        powers = np.concatenate((powers, powers * np.uint64(pow(_FACTOR, 1 << bit, 1 << 64))))
    return powers


def _raised(base: int, exponents: NDArray[np.int64]) -> Hashes:
    """`base` to each of the exponents, by squaring."""
    found, left, square = np.ones(len(exponents), np.uint64), exponents.copy(), base
    while left.any():
        found[(left & 1) == 1] *= np.uint64(square)
        left >>= 1
        square = square * square % (1 << 64)
    return found


def _mixed(values: Hashes, lengths: NDArray[np.int64]) -> Hashes:
    """Spread the hashes over all 64 bits (the finish of MurmurHash3)."""
    with np.errstate(over="ignore"):
        mixed = values + lengths.astype(np.uint64) * np.uint64(_FACTOR)
        for factor in _MIX:
            mixed = (mixed ^ (mixed >> np.uint64(33))) * np.uint64(factor)
        return np.asarray(mixed ^ (mixed >> np.uint64(33)), np.uint64)
