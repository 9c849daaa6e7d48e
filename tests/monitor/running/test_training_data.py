import csv
import hashlib
import io

import pytest

from monitor.policy import Policy
from monitor.running import training_data
from monitor.running.errors import GatherError
from monitor.running.window import Window
from tests.monitor.running.account import NOW, PLACE, applicants

DAY = Window.ending(NOW, minutes=1440)


def gathered(account, policy):
    """The answer, and the rows of the file."""
    answer = training_data.gather(PLACE, policy, DAY, account.clients)
    key = answer["uri"].removeprefix("s3://artifacts/")
    content = account.s3.kept["artifacts", key]
    return answer, content, list(csv.DictReader(io.StringIO(content.decode())))


def test_labelled_requests_become_rows_of_the_models_contract(account, policy):
    """Columns in the contract's order, values as they were sent, and the label as the target; others are left out."""
    account.asked(count=120, labelled=80)
    answer, content, rows = gathered(account, policy)
    assert answer["rows"] == len(rows) == 80
    assert list(rows[0]) == list(applicants()[0])
    known = {tuple(one.values()) for one in applicants()}
    assert {tuple(row.values()) for row in rows} <= known
    assert answer["sha256"] == hashlib.sha256(content).hexdigest()
    assert answer["uri"] == f"s3://artifacts/credit-risk/data/{answer['sha256'][:16]}/window.csv"


def test_the_requests_of_every_version_count(account, policy):
    """Whichever version answered them: what is learned from is what people asked, and what came of it."""
    account.asked(count=60, labelled=60, seed=1)
    account.asked(count=40, labelled=40, seed=2)
    [_, other] = account.s3.keys("captured", "credit-risk/3/")
    moved = other.replace("credit-risk/3/", "credit-risk/2/")
    account.s3.kept["captured", moved] = account.s3.kept.pop(("captured", other))
    answer, _, _ = gathered(account, policy)
    assert answer["rows"] == 100


def test_the_same_rows_are_the_same_data(account, policy):
    """Asked again, the file has the same key: no training twice on one window."""
    account.asked(count=60, labelled=60)
    assert gathered(account, policy)[0] == gathered(account, policy)[0]


def test_nothing_labelled_is_nothing_to_learn_from(account, policy):
    """That is an error with a sentence, not an empty file."""
    account.asked(count=60)
    with pytest.raises(GatherError, match="is labelled"):
        gathered(account, policy)


def test_masked_columns_are_not_trained_with(account):
    """A hash is no age."""
    with pytest.raises(GatherError, match="age are masked"):
        gathered(account, Policy.of({"masked": ["age"]}))
