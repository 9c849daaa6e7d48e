"""The analyzer: a baseline's profile, a window's profile, and the judgement of one by the other."""

from collections.abc import Iterable

from measured import measure

from monitor.judging import Baseline, judge, suggest
from monitor.policy import Policy
from monitor.profile import Profile
from monitor.reading import read


def _compare(reference: str, current: str) -> Iterable[str]:
    policy = Policy.of({})
    before = Profile.of(read([reference]))
    judgement = judge(Baseline(profile=before, constraints=suggest(before)), Profile.of(read([current])), policy)
    return [feature.name for feature in judgement.facts.features if feature.moved]


measure(_compare)
