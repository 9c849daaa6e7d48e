"""All paths walked anew, with rights evaluated: nothing is refused, and what is used is what is kept."""

import os

import pytest

import env
from tests.rights import proof, recording
from tests.rights.documented import UNUSED, kind
from tests.rights.paths import ALL
from tests.rights.test_minimal import given

pytestmark = pytest.mark.clients  # heavy: the demo and more


@pytest.fixture(scope="module")
def heard(town):
    """What was decided on all paths; each must come to its end."""
    recorder = recording.Recorder(given("local"))
    with town.cloud.guard.decisions(recorder.hear):
        for recorder.path, walk in ALL.items():
            walk(town)
    if os.environ.get("SLUICE_GOLDEN") == "write":
        recording.write(recorder.uses())
    return recorder


def test_nothing_is_refused_on_the_way(heard):
    """No role lacks a right that its work asks for."""
    assert heard.refused == []


def test_what_is_used_is_all_that_is_given(heard):
    """The proof holds for this recording as it does for the one that is kept."""
    uses = recording.of_every_model(heard.uses(), env.load("local").models)
    for role, documents in given("local").items():
        mine = [use for use in uses if use.role == role]
        needless = {cut.action for cut in proof.needless(role, documents, mine)}
        assert needless == set(UNUSED.get(kind(role, "local"), {})), role
