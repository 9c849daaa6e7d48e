"""A baseline: the profile of the data that a model was made from, and the constraints that follow from it."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from monitor.files import CONSTRAINTS, PREDICTION, PROFILE, STATISTICS
from monitor.files import constraints as constraints_file
from monitor.files import statistics as statistics_file
from monitor.files.constraints import NUMERIC, BadConstraints, Constraints, FeatureConstraints
from monitor.files.statistics import BadStatistics, categories, rows_of
from monitor.policy import DataPolicy
from monitor.profile import Column, Profile

_MOST_DOMAINS: Final = 1000
"""A feature of more different texts is no set of categories: whether one is new says nothing."""


class BadBaseline(ValueError):
    """Files that no baseline can be made of; the text says which and why."""


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """What windows are compared with."""

    profile: Profile
    constraints: Constraints
    errors: Mapping[str, float] = field(default_factory=dict)
    """Feature → how far a share of its values can be from the truth; absent: as the profile itself states."""


def suggest(profile: Profile, policy: DataPolicy | None = None) -> Constraints:
    """The constraints that a baseline's data suggest, with the policy's distances as thresholds."""
    policy = policy or DataPolicy()
    ordered = sorted(profile.columns, key=lambda name: name != PREDICTION)
    return Constraints(
        features=tuple(_suggested(name, profile.columns[name], rows_of(profile, name), policy) for name in ordered),
        comparison_threshold=policy.numeric_distance,
        categorical_comparison_threshold=policy.categorical_distance,
    )


def documents(profile: Profile, policy: DataPolicy | None = None) -> dict[str, bytes]:
    """The files of the folder ``data-quality`` of a baseline, name → content: statistics, constraints, profile."""
    return {
        STATISTICS: orjson.dumps(statistics_file.document(profile), option=orjson.OPT_INDENT_2),
        CONSTRAINTS: orjson.dumps(constraints_file.document(suggest(profile, policy)), option=orjson.OPT_INDENT_2),
        PROFILE: gzip.compress(orjson.dumps(profile.to_json()), mtime=0),
    }


def load(files: Mapping[str, bytes]) -> Baseline:
    """A baseline out of the files of its folder, name → content.

    ``profile.json.gz`` is taken where it is there, else ``statistics.json``, as AWS's analyzer writes it too. Without
    ``constraints.json`` they are suggested anew. Raises BadBaseline, also when there is neither profile nor statistics.
    """
    try:
        profile, errors = _profile(files)
        given = constraints_file.read(orjson.loads(files[CONSTRAINTS])) if CONSTRAINTS in files else suggest(profile)
    except (BadStatistics, BadConstraints) as failure:
        raise BadBaseline(str(failure)) from failure
    except orjson.JSONDecodeError as failure:
        raise BadBaseline(f"A file of the baseline is no JSON: {failure}.") from failure
    return Baseline(profile=profile, constraints=given, errors=errors)


def _profile(files: Mapping[str, bytes]) -> tuple[Profile, Mapping[str, float]]:
    if PROFILE in files:
        try:
            return Profile.from_json(orjson.loads(gzip.decompress(files[PROFILE]))), {}
        except (OSError, EOFError, KeyError, TypeError, ValueError) as failure:
            raise BadBaseline(f"{PROFILE}: no profile of this analyzer ({failure!r}).") from failure
    if STATISTICS not in files:
        raise BadBaseline(
            f"There is neither {PROFILE} nor {STATISTICS}: {', '.join(sorted(files)) or 'no file at all'}."
        )
    found = statistics_file.read(orjson.loads(files[STATISTICS]))
    return found.profile, found.errors


def _suggested(name: str, column: Column, rows: int, policy: DataPolicy) -> FeatureConstraints:
    kind = column.inferred_type
    missing = rows - column.present + column.numbers.nan
    known = categories(column) if kind == "String" and column.texts.exact else {}
    own = policy.features.get(name)
    return FeatureConstraints(
        name=name,
        inferred_type=kind,
        completeness=1 - missing / rows if rows else 1.0,
        is_non_negative=kind in NUMERIC and column.numbers.count > 0 and column.numbers.min >= 0,
        domains=tuple(sorted(known)) if 0 < len(known) <= _MOST_DOMAINS else None,
        overrides=_override(kind, own.distance) if own and own.distance is not None else {},
    )


def _override(kind: str, distance: float) -> dict[str, Any]:
    key = "comparison_threshold" if kind in NUMERIC else "categorical_comparison_threshold"
    return {"distribution_constraints": {"perform_comparison": "Enabled", key: distance}}
