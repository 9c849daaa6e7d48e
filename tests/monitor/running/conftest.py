import pytest

from monitor.policy import Policy
from tests.monitor.running.account import Account

POLICY = {
    "window_minutes": 30,
    "quality": {"kind": "binary-classification", "positive_label": "0", "minimum_labels": 50},
    "bias": {"facets": {"sex": "female"}, "favourable_label": "1"},
    "business": {"refused": {"expression": "mean(decision)", "at_most": 0.99}},
}


@pytest.fixture
def policy():
    """A policy of four monitors."""
    return Policy.of(POLICY)


@pytest.fixture(scope="session")
def trained():
    """What stands in S3 when the model has been trained: made once."""
    made = Account()
    made.trained(Policy.of(POLICY))
    return made.s3.kept


@pytest.fixture
def account(trained):
    """An account whose endpoint serves a version with a baseline."""
    made = Account()
    made.s3.kept = dict(trained)
    return made
