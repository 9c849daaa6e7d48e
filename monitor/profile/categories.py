"""What is known of a column's texts after one pass: all up to a limit, else the frequent ones and a count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from monitor.profile.bins import Counts
from monitor.profile.distinct import Distinct

EXACT_DISTINCT: Final = 20_000
"""As many different texts are counted one by one."""
FREQUENT: Final = 2_000
"""As many are kept when there are more."""
LONGEST: Final = 256
"""Texts are told apart by their first characters: so many."""


@dataclass
class Categories:
    """The texts of a column and how often each occurs."""

    total: int = 0
    """All texts, counted or not."""
    counts: dict[str, int] = field(default_factory=dict)
    """Text → how often; too small by at most `missed` each where there are more than `EXACT_DISTINCT`."""
    missed: int = 0
    """How often a text may have occurred beyond its count, or without being listed at all. Zero: all is exact."""
    seen: Distinct | None = None
    """Estimates how many different texts there are, once they are too many to be counted."""

    @property
    def exact(self) -> bool:
        """Whether every text and its count is known."""
        return self.seen is None

    @property
    def error(self) -> float:
        """The largest possible error of a text's share."""
        return self.missed / self.total if self.total else 0.0

    @property
    def distinct(self) -> float:
        """How many different texts there are; an estimate to about 3 percent where `exact` is false."""
        return float(len(self.counts)) if self.seen is None else self.seen.estimate()

    def shares(self) -> dict[str, float]:
        """Text → its share of all texts, the most frequent first."""
        ordered = sorted(self.counts.items(), key=lambda item: (-item[1], item[0]))
        return {text: count / self.total for text, count in ordered}

    def add(self, values: Any) -> None:
        """Take in an Arrow array of texts, plain or dictionary-encoded; missing ones do not count."""
        encoded = values if pa.types.is_dictionary(values.type) else pc.dictionary_encode(values)
        indices = encoded.indices.drop_null() if encoded.indices.null_count else encoded.indices
        counts = np.bincount(indices.to_numpy(zero_copy_only=False), minlength=0)
        filled = np.flatnonzero(counts)
        texts = (
            encoded.dictionary if len(filled) == len(encoded.dictionary) else encoded.dictionary.take(pa.array(filled))
        )
        self.add_counts(texts, counts[filled].astype(np.int64))

    def add_counts(self, texts: Any, counts: Counts) -> None:
        """Take in an Arrow array of texts and how often each occurs."""
        self.total += int(counts.sum())
        texts = _shortened(texts)
        if self.seen is None and len(texts) <= EXACT_DISTINCT:
            self._add_exactly(texts.to_pylist(), counts.tolist())
        else:
            self._add_frequent(texts, counts)

    def _add_exactly(self, texts: list[str], counts: list[int]) -> None:
        own = self.counts
        for text, count in zip(texts, counts, strict=True):
            own[text] = own.get(text, 0) + count
        if len(own) > EXACT_DISTINCT:
            self._add_frequent(pa.array([], pa.string()), np.zeros(0, np.int64))

    def _add_frequent(self, texts: Any, counts: Counts) -> None:
        """Misra and Gries: what the most frequent have more than the next is kept, the rest is the error of all."""
        own = pa.array(list(self.counts), pa.large_string())
        if self.seen is None:
            self.seen = Distinct.of(own)
        self.seen.add(texts)
        together = pa.table(
            {
                "text": pa.concat_arrays([own, texts.cast(pa.large_string())]),
                "count": np.concatenate((np.fromiter(self.counts.values(), np.int64, len(own)), counts)),
            }
        )
        summed = together.group_by("text").aggregate([("count", "sum")])
        self._keep_frequent(summed.column("text"), summed.column("count_sum").to_numpy())

    def _keep_frequent(self, texts: Any, counts: Counts) -> None:
        cut = 0
        if len(counts) > FREQUENT:
            cut = int(np.partition(counts, len(counts) - FREQUENT - 1)[len(counts) - FREQUENT - 1])
        kept = np.flatnonzero(counts > cut)
        self.counts = dict(zip(texts.take(pa.array(kept)).to_pylist(), (counts[kept] - cut).tolist(), strict=True))
        self.missed += cut

    def merge(self, other: Categories) -> None:
        """Take in what is known of `other`, which stays as it is."""
        theirs = pa.array(list(other.counts), pa.large_string())
        counts = np.fromiter(other.counts.values(), np.int64, len(theirs))
        uncounted = other.total - int(counts.sum())
        if other.seen is not None:
            self.seen = self.seen or Distinct.of(pa.array(list(self.counts), pa.large_string()))
            self.seen.merge(other.seen)
        self.missed += other.missed
        self.add_counts(theirs, counts)
        self.total += uncounted

    @classmethod
    def of(cls, counts: Mapping[str, int]) -> Categories:
        """Categories of texts that have been counted elsewhere."""
        return cls(sum(counts.values()), dict(counts))


def _shortened(texts: Any) -> Any:
    """The texts, long ones cut: what is a category is short, and what is not must not fill the memory."""
    if not len(texts) or pc.max(pc.binary_length(texts)).as_py() <= LONGEST:
        return texts
    return pc.utf8_slice_codeunits(texts, 0, LONGEST)
