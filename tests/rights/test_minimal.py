"""No role of a stage has more than what is done with it and what AWS says that it needs.

What is done stands in `tests/golden/rights.jsonl`: `SLUICE_GOLDEN=write pytest -m clients tests/rights/test_paths.py`
records it anew.
"""

import functools
import json
from pathlib import Path

import pytest

import env
from tests.rights import proof, recording
from tests.rights.documented import ELSEWHERE, UNUSED, kind
from tests.rights.stage import roles

TEMPLATES = Path(__file__).parents[1] / "golden" / "templates"


@functools.cache
def given(name):
    """The policies of every role of a stage, as the golden templates have them."""
    stage = env.load(name)
    templates = {path.stem: json.loads(path.read_text()) for path in sorted((TEMPLATES / name).glob("*.json"))}
    return roles(templates, account=stage.account, region=stage.region)


@functools.cache
def recorded():
    """What the paths have used, by role; the models that they do not walk with are used as the one is."""
    uses = recording.of_every_model(recording.read(), env.load("local").models)
    return {role: [use for use in uses if use.role == role] for role in given("local")}


@pytest.mark.parametrize("role", sorted(given("local")))
def test_a_role_may_do_what_was_done_in_it(role):
    """Every recorded use is allowed by the role's policies as they are now, and each role has been used."""
    assert recorded()[role]
    assert proof.refused(recorded()[role], given("local")[role]) == []


@pytest.mark.parametrize("role", sorted(given("local")))
def test_an_action_that_is_taken_away_is_missed(role):
    """Of each statement of each role: without any of its actions something that was done is refused.

    What nothing here uses is documented by AWS, and stands in a list with its source; what is used does not.
    """
    needless = [cut.action for cut in proof.needless(role, given("local")[role], recorded()[role])]
    assert set(needless) == set(UNUSED.get(kind(role, "local"), {}))


@pytest.mark.parametrize("name", [name for name in env.names() if name != "local"])
def test_other_stages_give_their_roles_nothing_more(name):
    """What a role may do elsewhere it may do on the laptop as well, but for what a network asks for."""
    proven = {kind(role, "local"): _actions(documents) for role, documents in given("local").items()}
    for role, documents in given(name).items():
        what = kind(role, name)
        assert _actions(documents) - proven.get(what, set()) <= set(ELSEWHERE.get(what, {})), role


def test_a_right_too_many_is_found():
    """The proof can fail: an action that nobody uses is named, and one that is used is not."""
    document = _document(["s3:GetObject", "s3:PutObject"])
    use = proof.Use("r", "s3:GetObject", "arn:aws:s3:::b/k")
    assert [cut.action for cut in proof.needless("r", {"p": document}, [use])] == ["s3:PutObject"]


def test_a_right_that_is_given_twice_is_found():
    """Neither of two statements that allow the same is missed without the other."""
    documents = {"p": _document(["s3:GetObject"]), "q": _document(["s3:Get*"])}
    use = proof.Use("r", "s3:GetObject", "arn:aws:s3:::b/k")
    assert len(proof.needless("r", documents, [use])) == 2


def _document(actions):
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _actions(documents):
    return {cut.action for cut in proof.cuts("", documents)}
