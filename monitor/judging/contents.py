"""What a feature holds: values at all, of the right type, in the known range, of the known categories.

Each check counts rows. It is a violation when their share is over what the constraints allow by more than a tolerance,
and when so many more than in the baseline are not chance: a baseline of few rows cannot know every rare value.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Final

from monitor.files.constraints import Constraints, FeatureConstraints
from monitor.judging import evidence
from monitor.judging.pairs import Pair
from monitor.judging.suspicion import Family, Suspicion

MISSING_TOLERANCE: Final = 0.01
"""So much more of a window may be without a value than in the baseline."""
NOVELTY_TOLERANCE: Final = 0.001
"""So much of a window may be of another type, out of range or of an unknown category."""

_ACCEPTED: Final = {
    "Integral": ("Integral",),
    "Fractional": ("Integral", "Fractional"),
    "String": ("String",),
}
"""Inferred type → the types of values that are of it."""


def suspicions(pair: Pair, own: FeatureConstraints, constraints: Constraints) -> Iterator[Suspicion]:
    """The checks of one feature that is in both; as many for a feature whatever its values are, so that all count."""
    yield _completeness(pair, own)
    if own.inferred_type == "Unknown":
        yield _emptiness(pair)
        return
    if pair.present == 0:
        return
    yield _type(pair, own, constraints.datatype_check_threshold)
    if pair.numeric:
        yield from _range(pair, own)
    elif own.domains is not None and pair.exact:
        yield _categories(pair, frozenset(own.domains), constraints.domain_content_threshold)


def extra(name: str, *, present: int, rows: int, rows_before: int) -> Suspicion:
    """A column that the baseline does not have."""
    return Suspicion(
        feature=name,
        check="extra_column_check",
        family=Family.CONTENTS,
        p_value=evidence.beyond(present, rows, rows_before=rows_before),
        large=present > NOVELTY_TOLERANCE * rows,
        value=present / rows,
        threshold=0.0,
        said=f"{_rows(present, rows)} have a column that the baseline does not have" if present else "",
    )


def _completeness(pair: Pair, own: FeatureConstraints) -> Suspicion:
    missing = pair.rows - pair.present
    allowed = 1 - own.completeness
    gone = not pair.there
    said = f"{_rows(missing, pair.rows)} have no value, {_percent(1 - own.completeness)} in the baseline"
    return Suspicion(
        feature=pair.name,
        check="missing_column_check" if gone else "completeness_check",
        family=Family.CONTENTS,
        p_value=evidence.more_often(
            missing, pair.rows, before=pair.rows_before - pair.present_before, rows_before=pair.rows_before
        ),
        large=missing / pair.rows - allowed > MISSING_TOLERANCE,
        value=pair.present / pair.rows,
        threshold=own.completeness,
        said="The column is missing: no row has it" if gone else said if missing / pair.rows > allowed else "",
    )


def _emptiness(pair: Pair) -> Suspicion:
    return Suspicion(
        feature=pair.name,
        check="data_type_check",
        family=Family.CONTENTS,
        p_value=evidence.more_often(pair.present, pair.rows, before=pair.present_before, rows_before=pair.rows_before),
        large=pair.present > NOVELTY_TOLERANCE * pair.rows,
        value=pair.present / pair.rows,
        threshold=0.0,
        said=f"{_rows(pair.present, pair.rows)} have a value, where the baseline never had one" if pair.present else "",
    )


def _type(pair: Pair, own: FeatureConstraints, threshold: float) -> Suspicion:
    accepted = _ACCEPTED[own.inferred_type]
    types = {kind: count for kind, count in pair.now.types.items() if kind not in accepted}
    wrong = sum(types.values())
    before = sum(count for kind, count in pair.before.types.items() if kind not in accepted)
    allowed = max(1 - threshold, before / max(1, pair.present_before))
    found = max(types, key=lambda kind: types[kind])
    said = f"{_rows(wrong, pair.present, 'values')} are not {own.inferred_type} but {found}"
    return Suspicion(
        feature=pair.name,
        check="data_type_check",
        family=Family.CONTENTS,
        p_value=evidence.more_often(wrong, pair.present, before=before, rows_before=pair.present_before),
        large=wrong / pair.present - allowed > NOVELTY_TOLERANCE,
        value=1 - wrong / pair.present,
        threshold=threshold,
        said=said if wrong and wrong / pair.present > before / max(1, pair.present_before) else "",
    )


def _range(pair: Pair, own: FeatureConstraints) -> Iterator[Suspicion]:
    """Values below the least and above the largest of the baseline; infinities lie above.

    The number of the window's values beyond all of the baseline's has an exact chance, whatever is in the tails: the
    largest values of both together would all have to be in the window.
    """
    least, largest = pair.before.numbers.min, pair.before.numbers.max
    if own.is_non_negative and least < 0:  # someone holds it to more than the data do
        yield _outside(pair, pair.negative, "below zero", before=pair.negative_before)
    else:
        yield _outside(pair, pair.below, f"below the baseline's least, {least:.6g}")
    yield _outside(pair, pair.above, f"above the baseline's largest, {largest:.6g}")


def _outside(pair: Pair, hits: int, said: str, *, before: int = 0) -> Suspicion:
    return Suspicion(
        feature=pair.name,
        check="range_check",
        family=Family.CONTENTS,
        p_value=evidence.more_often(hits, pair.present, before=before, rows_before=pair.present_before),
        large=hits > NOVELTY_TOLERANCE * pair.present,
        value=hits / pair.present,
        threshold=0.0,
        said=f"{_rows(hits, pair.present, 'values')} are {said}" if hits else "",
    )


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _categories(pair: Pair, domains: frozenset[str], threshold: float) -> Suspicion:
    unknown = [place for place, value in enumerate(pair.values) if value not in domains]
    hits, before = int(pair.window[unknown].sum()), int(pair.baseline[unknown].sum())
    total, total_before = int(pair.window.sum()), int(pair.baseline.sum())
    if before:  # someone has taken known values from the constraints
        chance = evidence.more_often(hits, total, before=before, rows_before=total_before)
    else:
        chance = evidence.unseen(hits, pair.window + pair.baseline, rows=total, rows_before=total_before)
    largest = sorted(unknown, key=lambda place: -int(pair.window[place]))[:3]
    named = ", ".join(repr(pair.values[place]) for place in largest if pair.window[place])
    if hits and {_folded(pair.values[place]) for place in unknown} <= {_folded(value) for value in domains}:
        named += "; known ones but for spaces, case or how accents are encoded"
    return Suspicion(
        feature=pair.name,
        check="categorical_values_check",
        family=Family.CONTENTS,
        p_value=chance,
        large=hits / max(1, total) - (1 - threshold) > NOVELTY_TOLERANCE,
        value=1 - hits / max(1, total),
        threshold=threshold,
        said=f"{_rows(hits, total, 'values')} are unknown to the baseline ({named})" if hits else "",
    )


def _rows(hits: int, rows: int, what: str = "rows") -> str:
    return f"{hits:,} of {rows:,} {what} ({_percent(hits / max(1, rows))})"


def _percent(share: float) -> str:
    return f"{share * 100:.3g} %"
