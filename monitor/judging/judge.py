"""The judgement of data quality."""

from __future__ import annotations

from monitor.judgement import Judgement
from monitor.judging.baseline import Baseline
from monitor.policy import Policy
from monitor.profile import Profile


def judge(baseline: Baseline, current: Profile, policy: Policy) -> Judgement:
    """Holds the profile of a window against a baseline; never raises for what the data hold.

    Its violations together are by chance alone at most at the policy's false-alarm rate. Files: ``statistics.json`` of
    the window, ``constraints.json`` that it was held to, ``constraint_violations.json``. Facts: `facts.DataFacts`.
    """
