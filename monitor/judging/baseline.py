"""A baseline: the profile of the data that a model was made from, and the constraints that follow from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from monitor.files.constraints import Constraints
from monitor.policy import DataPolicy
from monitor.profile import Profile


class BadBaseline(ValueError):
    """Files that no baseline can be made of; the text says which and why."""


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """What windows are compared with."""

    profile: Profile
    constraints: Constraints
    error: float = 0.0
    """How far a share of it can be from the truth: 0 for our profiles, more for the sketches of AWS's analyzer."""


def suggest(profile: Profile, policy: DataPolicy | None = None) -> Constraints:
    """The constraints that a baseline's data suggest, with the policy's distances as thresholds."""


def documents(profile: Profile, policy: DataPolicy | None = None) -> dict[str, bytes]:
    """The files of the folder ``data-quality`` of a baseline, name → content: statistics, constraints, profile."""


def load(files: Mapping[str, bytes]) -> Baseline:
    """A baseline out of the files of its folder, name → content.

    ``profile.json.gz`` is taken where it is there, else ``statistics.json``, as AWS's analyzer writes it too. Without
    ``constraints.json`` they are suggested anew. Raises BadBaseline, also when there is neither profile nor statistics.
    """
