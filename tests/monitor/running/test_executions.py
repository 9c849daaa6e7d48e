import json
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from monitor.policy import BiasPolicy, ExplainabilityPolicy, Policy
from monitor.running import executions
from tests.monitor.running.account import NOW, PLACE, Account, Registry, missing

POLICY = Policy.of(
    {
        "schedule": "model-monitor",
        "window_minutes": 60,
        "quality": {"kind": "binary-classification", "positive_label": "1"},
    }
)
TEN = NOW.replace(minute=0)
FOLDER = "reports/credit-risk/model-monitor/credit-risk-dev"


class Schedules(Registry):
    """SageMaker with schedules whose executions a test sets."""

    exceptions = SimpleNamespace(ClientError=ClientError, ResourceNotFound=ClientError)

    def __init__(self):
        super().__init__()
        self.executions = {}

    def list_monitoring_executions(self, *, MonitoringScheduleName, **_):
        if MonitoringScheduleName not in self.executions:
            raise missing("ResourceNotFound", MonitoringScheduleName)
        return {"MonitoringExecutionSummaries": self.executions[MonitoringScheduleName]}

    def ran(self, monitor, status, *, at=TEN, reason=""):
        told = {"ScheduledTime": at, "MonitoringExecutionStatus": status, "FailureReason": reason}
        self.executions.setdefault(f"credit-risk-dev-{monitor}", []).append(told)


@pytest.fixture
def account():
    """An account whose schedules have run at ten; model quality had no labels."""
    made = Account(sagemaker=Schedules())
    made.sagemaker.ran("data-quality", "CompletedWithViolations")
    made.sagemaker.ran("model-quality", "Failed", reason="Job inputs had no data")
    report = f"{FOLDER}/credit-risk-dev-data-quality/2026/11/02/10"
    violation = {"feature_name": "age", "constraint_check_type": "baseline_drift_check", "description": "Drift: 0.3"}
    put(made, f"{report}/constraint_violations.json", {"violations": [violation]})
    put(made, f"{report}/statistics.json", {"dataset": {"item_count": 321}})
    return made


def put(account, key, document):
    """Put a JSON document into the capture bucket."""
    account.s3.put_object(Bucket="captured", Key=key, Body=json.dumps(document).encode())


def test_what_sagemaker_has_found_is_told_as_what_the_kit_finds(account):
    """Verdict, event, and the metrics that alarms look at."""
    verdict = executions.tell(PLACE, POLICY, account.clients)
    assert (verdict["outcome"], verdict["rows"]) == ("completed_with_violations", 321)
    assert verdict["window"] == {"start": "2026-11-02T09:00:00Z", "end": "2026-11-02T10:00:00Z"}
    (violation,) = verdict["monitors"]["data-quality"]["violations"]
    assert (violation["feature"], violation["check"]) == ("age", "baseline_drift_check")
    assert verdict["monitors"]["model-quality"]["outcome"] == "insufficient_data"
    assert account.s3.json("captured", "reports/credit-risk/latest.json") == verdict
    judged = [key for _, key in account.s3.kept if "/judged/" in key]
    assert judged == ["reports/credit-risk/judged/data-quality.json"]
    ours = {
        (d["Monitor"], name): value for space, name, d, value in account.told.metrics if space == "Sluice/Monitoring"
    }
    assert ours["data-quality", "Violations"] == 1
    assert (ours["data-quality", "Judged"], ours["model-quality", "Judged"]) == (1, 0)
    assert [event["DetailType"] for event in account.told.events] == ["Monitoring run ended"]


def test_a_turn_is_told_once(account):
    """Until another one has ended."""
    first = executions.tell(PLACE, POLICY, account.clients)
    assert executions.tell(PLACE, POLICY, account.clients) == first
    assert len(account.told.events) == 1
    for monitor in ("data-quality", "model-quality"):
        account.sagemaker.ran(monitor, "Completed", at=TEN + timedelta(hours=1))
    again = executions.tell(PLACE, POLICY, account.clients)
    assert (again["outcome"], again["window"]["end"]) == ("completed", "2026-11-02T11:00:00Z")
    assert len(account.told.events) == 2


def test_a_turn_that_is_under_way_is_waited_for(account):
    """Those before it are told; later ones after it, so that none is left out and the newest is told last."""
    eleven, noon = TEN + timedelta(hours=1), TEN + timedelta(hours=2)
    for at in (eleven, noon):
        account.sagemaker.ran("data-quality", "Completed", at=at)
    account.sagemaker.ran("model-quality", "InProgress", at=eleven)
    account.sagemaker.ran("model-quality", "Completed", at=noon)
    assert executions.tell(PLACE, POLICY, account.clients)["window"]["end"] == "2026-11-02T10:00:00Z"
    account.sagemaker.executions["credit-risk-dev-model-quality"][1]["MonitoringExecutionStatus"] = "Completed"
    assert executions.tell(PLACE, POLICY, account.clients)["window"]["end"] == "2026-11-02T12:00:00Z"
    told = [json.loads(event["Detail"])["window"]["end"] for event in account.told.events]
    assert told == ["2026-11-02T10:00:00Z", "2026-11-02T11:00:00Z", "2026-11-02T12:00:00Z"]


def test_an_hour_of_probes_alone_is_silence(account):
    """Requests were captured, and none that counts: the analyzer says so in its own message."""
    at = TEN + timedelta(hours=1)
    for monitor in ("data-quality", "model-quality"):
        account.sagemaker.ran(monitor, "Failed", at=at, reason="ClientError: Job inputs had no data.")
    assert executions.tell(PLACE, POLICY, account.clients)["outcome"] == "insufficient_data"


def test_an_analysis_that_failed_is_no_good_news(account):
    """Its reason is told."""
    at = TEN + timedelta(hours=1)
    account.sagemaker.ran("data-quality", "Failed", at=at, reason="AlgorithmError: exit code: 255")
    account.sagemaker.ran("model-quality", "Completed", at=at)
    verdict = executions.tell(PLACE, POLICY, account.clients)
    assert verdict["outcome"] == "failed"
    assert "AlgorithmError: exit code: 255" in verdict["reason"]


def test_clarify_is_told_which_model_serves(account):
    """Its configurations follow the endpoint: columns as requests have them, and a row that stands for the others."""
    folder = "credit-risk/e1/baseline"
    for name, body in {
        "manifest.json": json.dumps({"columns": ["age", "sex"]}),
        "explainability/background.csv": "sex,age\nmale,40\nfemale,30\nmale,70\n",
    }.items():
        account.s3.put_object(Bucket="artifacts", Key=f"{folder}/{name}", Body=body.encode())
    bias = BiasPolicy(facets={"sex": "female"}, favourable_label="1")
    executions.tell(PLACE, replace(POLICY, bias=bias, explainability=ExplainabilityPolicy()), account.clients)
    of_bias, of_answers = (
        account.s3.json("captured", f"reports/credit-risk/config/{kind}/analysis_config.json")
        for kind in ("bias", "explainability")
    )
    assert of_bias["headers"] == ["age", "sex", "label"]
    assert of_bias["facet"] == [{"name_or_index": "sex", "value_or_threshold": ["female"]}]
    assert of_answers["predictor"]["model_name"] == "model-3"
    assert of_answers["methods"]["shap"]["baseline"] == [[40, "male"]]


def test_before_the_first_turn_nothing_is_said():
    """Silence is what the alarm on silence is for."""
    account = Account(sagemaker=Schedules())
    assert executions.tell(PLACE, POLICY, account.clients)["outcome"] == "insufficient_data"
    assert (account.told.metrics, account.told.events) == ([], [])
