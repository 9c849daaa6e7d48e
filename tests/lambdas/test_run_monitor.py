import json
import os
import subprocess
import sys
from datetime import timedelta

import pytest

from lambdas import run_monitor
from lambdas.errors import RequestError
from lambdas.settings import to_environ
from tests.monitor.running.account import NOW, OUTPUT, Account

SETTINGS = run_monitor.Settings(
    stage="dev",
    capture_bucket="captured",
    artifact_bucket="artifacts",
    key="alias/sluice-dev",
    namespace="sluice",
    models={"credit-risk": "/sluice/dev/monitor/credit-risk"},
    job_role="arn:aws:iam::111111111111:role/sluice-dev-monitor-job",
    job_image="image",
    job_code="s3://artifacts/assets/1",
    subnets=(),
    security_groups=(),
)
POLICY = {"window_minutes": 30, "quality": {"kind": "binary-classification", "positive_label": "0"}}
RUN = {"action": "run", "model": "credit-risk"}
BASELINE = {
    "action": "baseline",
    "model": "credit-risk",
    "data": "s3://artifacts/credit-risk/e1/train/train.csv",
    "predictions": "s3://artifacts/credit-risk/e1/evaluation/predictions.csv",
    "contract": "s3://artifacts/credit-risk/e1/evaluation/contract.json",
    "output": OUTPUT,
}


@pytest.fixture(scope="module")
def trained():
    """What stands in S3 when the model has been trained: made once."""
    from monitor.policy import Policy

    made = Account()
    made.trained(Policy.of(POLICY))
    return made.s3.kept


@pytest.fixture
def account(trained, monkeypatch):
    """An account with the function's environment and a policy."""
    for name, value in to_environ(SETTINGS).items():
        monkeypatch.setenv(name, value)
    made = Account()
    made.s3.kept = dict(trained)
    made.told.parameters["/sluice/dev/monitor/credit-risk"] = json.dumps(POLICY)
    return made


def handled(event, account):
    """The function's answer."""
    return run_monitor.handler(event, None, clients=lambda: account.clients)


def test_a_run_looks_at_the_window_before_now(account):
    """Now is what AWS says: this machine's clock need not be right."""
    account.asked(count=300, minutes_ago=10)
    verdict = handled(RUN, account)
    assert (verdict["rows"], verdict["window"]["end"]) == (300, f"{NOW:%Y-%m-%dT%H:%M:%SZ}")


def test_a_scheduled_run_leaves_captures_time_to_arrive(account):
    """Its window ends five minutes before the time it was due, whenever it really comes: none is judged twice."""
    due = NOW - timedelta(hours=1)
    verdict = handled({**RUN, "time": f"{due:%Y-%m-%dT%H:%M:%SZ}"}, account)
    assert verdict["window"] == {"start": "2026-11-02T08:55:00Z", "end": "2026-11-02T09:25:00Z"}


def test_a_baseline_answers_a_pipeline_in_texts(account):
    """The outputs of a pipeline's step are texts; the files are where they say."""
    answer = handled(BASELINE, account)
    assert answer == {
        "statistics": f"{OUTPUT}/data-quality/statistics.json",
        "constraints": f"{OUTPUT}/data-quality/constraints.json",
        "rows": "750",
    }
    assert ("artifacts", "credit-risk/e1/baseline/data-quality/statistics.json") in account.s3.kept


def test_a_model_that_is_only_trained_here_gets_its_baseline(account):
    """The stages that follow may monitor it."""
    assert handled({**BASELINE, "model": "abalone"}, account)["rows"] == "750"


def test_training_data_are_gathered(account):
    """As many labelled rows as there are, and where they are."""
    account.asked(count=90, labelled=70)
    answer = handled({"action": "training-data", "model": "credit-risk", "hours": 2}, account)
    assert answer["rows"] == 70


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ({**RUN, "action": "approve"}, "there is no action 'approve'"),
        ({"model": "credit-risk"}, "there is no action ''"),
        ({**RUN, "model": "abalone"}, "stage dev does not monitor 'abalone': it monitors credit-risk"),
    ],
)
def test_what_it_does_not_know_it_refuses(account, event, message):
    """With a sentence that says what there is."""
    with pytest.raises(RequestError, match=message):
        handled(event, account)


def test_a_cold_start_loads_nothing_of_the_analyzer():
    """Its libraries take most of a second to load: they are loaded by the first action that needs them."""
    program = "import sys, lambdas.run_monitor; sys.exit(bool({'numpy', 'pyarrow', 'monitor'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], env={**os.environ}, check=False)
    assert done.returncode == 0
