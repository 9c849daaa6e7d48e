import json

import pytest
from click.testing import CliRunner

import env
from cli.__main__ import sluice
from cli.errors import WrongUseError
from cli.plan_canary import differences, expecting

SERVING = env.load("prod").models["credit-risk"].serving


def planned(*options):
    """What the command answers, without any cloud."""
    return CliRunner().invoke(sluice, ["plan-canary", "credit-risk", "--stage", "prod", *options])


def test_no_cloud_is_asked(monkeypatch):
    """The stage's file and the options are all there is to know."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:1")
    answer = json.loads(planned("--rpm", "6000", "--json").stdout)
    assert answer["traffic"]["requests_per_minute"] == 6000
    assert 0.9 < answer["errors"]["in_deployment"] <= 1
    assert answer["false_rollback"] < 0.01


@pytest.mark.clients
def test_a_wish_that_is_not_met_is_a_bad_outcome():
    """Exit 1, with the chance that there is."""
    answer = planned("--factor", "1.1", "--power", "0.99")
    assert answer.exit_code == 1
    assert "99% are wished for" in answer.stderr
    assert "it takes more of them" in answer.stdout


def test_the_options_replace_what_the_file_expects():
    """What is not said stays."""
    replaced = expecting(SERVING, {"baseline_error": 0.05}).expected
    assert replaced.error_rate == 0.05
    assert replaced.requests_per_minute == SERVING.expected.requests_per_minute


def test_without_requests_nothing_can_be_reckoned():
    """An error rate alone is not enough where the file expects nothing."""
    silent = SERVING.model_copy(update={"expected": None})
    with pytest.raises(WrongUseError, match="--rpm"):
        expecting(silent, {"baseline_error": 0.05})


def test_differences_are_named_as_the_file_spells_them():
    """A person copies them into the stage's file."""
    alarms = SERVING.alarms.model_copy(update={"periods": 7})
    (change,) = differences(SERVING, SERVING.model_copy(update={"alarms": alarms}))
    assert change == {"key": "serving.alarms.periods", "now": SERVING.alarms.periods, "better": 7}
