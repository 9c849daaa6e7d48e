import gzip
import json

import pytest

from monitor.policy import Policy
from monitor.running import job, run
from monitor.running.window import Window
from tests.monitor.running.account import NOW, OUTPUT, PACKAGE, PLACE, applicants

WINDOW = Window.ending(NOW, minutes=30)
JOBS = job.Jobs(role="arn:role", image="image", code="s3://artifacts/assets/1", key="alias/key", parameter="/p")
OURS = "Sluice/Monitoring"
MONITORS = {"data-quality", "model-quality", "bias", "business"}


def judged(account, policy, window=WINDOW, **more):
    """The verdict of a run."""
    return run.run(PLACE, policy, window, account.clients, **more)


def outcomes(verdict):
    """The outcome of each monitor."""
    return {name: each["outcome"] for name, each in verdict["monitors"].items()}


def test_the_same_people_are_no_violation(account, policy):
    """Requests of the people that the model was trained with are judged well by every monitor."""
    account.asked(labelled=300)
    verdict = judged(account, policy)
    assert set(outcomes(verdict)) == MONITORS
    assert verdict["outcome"] == "completed"
    assert (verdict["rows"], verdict["package_version"], verdict["skipped"]) == (400, "credit-risk/3", {})


def test_older_people_are_drift_with_its_feature_and_how_far(account, policy):
    """What moved is named, by how much, over which threshold; the files of Model Monitor say the same."""
    account.asked(older_by=12)
    verdict = judged(account, policy)
    assert verdict["outcome"] == "completed_with_violations"
    violations = verdict["monitors"]["data-quality"]["violations"]
    [age] = [each for each in violations if (each["feature"], each["check"]) == ("age", "baseline_drift_check")]
    assert age["value"] > age["threshold"] == 0.05
    folder = verdict["report"].removeprefix("s3://captured/").removesuffix("/report.html")
    written = account.s3.json("captured", f"{folder}/data-quality/constraint_violations.json")
    told = {(each["feature_name"], each["constraint_check_type"]) for each in written["violations"]}
    assert ("age", "baseline_drift_check") in told


def test_what_is_written_stands_where_people_look(account, policy):
    """A page, the verdict, and a copy of the last one; under the hour in which the window ends."""
    account.asked(older_by=12, labelled=300)
    verdict = judged(account, policy)
    folder = f"reports/credit-risk/2026/11/02/10/{verdict['run']}"
    assert verdict["report"] == f"s3://captured/{folder}/report.html"
    assert account.s3.json("captured", f"{folder}/verdict.json") == verdict
    assert account.s3.json("captured", "reports/credit-risk/latest.json") == verdict
    page = account.s3.kept["captured", f"{folder}/report.html"].decode()
    assert "<html" in page
    assert "age" in page


def test_a_second_try_writes_over_the_first(account, policy):
    """The id of a run follows from what it looks at, so that a retry leaves no second report."""
    account.asked()
    first = judged(account, policy)
    keys = account.s3.keys("captured")
    assert judged(account, policy)["run"] == first["run"]
    assert account.s3.keys("captured") == keys


def test_metrics_have_the_names_and_dimensions_of_model_monitor(account, policy):
    """In the stage's namespace, with the endpoint and the schedule; ours beside them, for alarms."""
    account.asked(older_by=12)
    judged(account, policy)
    theirs = account.metrics("sluice/Endpoints/data-metrics")
    schedule = "credit-risk-dev-data-quality"
    assert theirs["feature_baseline_drift_age", schedule] > 0.2
    assert theirs["feature_non_null_age", schedule] == pytest.approx(1.0)
    ours = account.metrics(OURS)
    assert ours["Violations", "data-quality"] >= 1
    assert ours["Judged", "data-quality"] == 1
    assert ours["Rows", "data-quality"] == 400
    assert ours["Idle", "data-quality"] == 0


def test_one_event_tells_that_a_run_has_ended(account, policy):
    """Its detail is the verdict, with no more violations of a monitor than five."""
    account.asked(older_by=12)
    verdict = judged(account, policy)
    [event] = account.told.events
    detail = json.loads(event["Detail"])
    assert (event["Source"], event["DetailType"]) == ("sluice", "Monitoring run ended")
    assert detail["run"] == verdict["run"]
    assert all(len(each["violations"]) <= 5 for each in detail["monitors"].values())


def test_too_few_requests_are_no_health(account, policy):
    """An outcome of its own, and no word on violations: an alarm keeps what the last judgement said."""
    account.asked(count=20)
    assert judged(account, policy)["outcome"] == "insufficient_data"
    ours = account.metrics(OURS)
    assert ours["Judged", "data-quality"] == 0
    assert ("Violations", "data-quality") not in ours


def test_a_window_in_which_nobody_asked_is_no_failure(account, policy):
    """No monitor fails for there being nothing."""
    assert set(outcomes(judged(account, policy)).values()) == {"insufficient_data"}


def test_a_version_without_a_baseline_fails_aloud(account, policy):
    """Nothing is passed because there is nothing to compare with; the reason says what to do."""
    account.asked()
    account.sagemaker.baseline = ""
    verdict = judged(account, policy)
    assert set(outcomes(verdict).values()) == {"failed"}
    assert "train the model again" in verdict["reason"]


def test_a_baseline_that_is_gone_fails_aloud(account, policy):
    """A folder without files is named."""
    account.asked()
    account.s3.kept = {key: value for key, value in account.s3.kept.items() if key[0] == "captured"}
    assert f"{OUTPUT} holds no baseline" in judged(account, policy)["reason"]


def test_a_baseline_of_awss_own_analyzer_is_enough(account, policy):
    """Without our profile and manifest its statistics name the columns."""
    account.asked(older_by=12)
    for name in ("manifest.json", "data-quality/profile.json.gz"):
        del account.s3.kept["artifacts", f"credit-risk/e1/baseline/{name}"]
    moved = {each["feature"] for each in judged(account, policy)["monitors"]["data-quality"]["violations"]}
    assert "age" in moved


def test_one_monitor_that_breaks_silences_no_other(account, policy):
    """A damaged baseline of bias makes that monitor fail, with the reason, and only that one."""
    account.asked(labelled=300)
    account.s3.kept["artifacts", "credit-risk/e1/baseline/bias/analysis.json"] = b'{"pre_training_bias_metrics": 3}'
    found = outcomes(judged(account, policy))
    assert found["data-quality"] == "completed"
    assert found["bias"] != "completed"


def test_what_cannot_be_read_is_counted_and_what_is_no_number_is_told(account, policy):
    """Broken lines of requests and of labels stop nothing and are not passed over; every file is JSON, strictly."""
    account.asked(labelled=300)
    [requests] = account.s3.keys("captured", "credit-risk/3/")
    lines = account.s3.kept["captured", requests].splitlines()
    whole = [line.replace(b',67"', b',inf"').replace(b',22"', b',nan"') for line in lines]
    account.s3.kept["captured", requests] = b"\n".join([*whole, b"\xff\xfe", b'{"captureData":'])
    key = "labels/credit-risk/2026/11/02/10/broken.jsonl"
    account.s3.put_object(Bucket="captured", Key=key, Body=b'\xff\n{"a": 1}\n[]\nnull\n')
    verdict = judged(account, policy)
    assert verdict["skipped"]["a line of labels that is none"] == 4
    assert sum(verdict["skipped"].values()) == 6
    for (bucket, key), content in account.s3.kept.items():
        if bucket == "captured" and key.endswith(".json"):
            json.loads(content, parse_constant=lambda constant, key=key: pytest.fail(f"{key} holds {constant}"))


def test_where_nothing_serves_nothing_is_judged(account, policy):
    """That is said by a metric of its own, so that no alarm rings about silence; no report is written."""
    account.sagemaker.serves = False
    assert judged(account, policy)["outcome"] == "insufficient_data"
    assert account.metrics(OURS) == {("Idle", "data-quality"): 1, ("Judged", "data-quality"): 0}
    assert account.s3.keys("captured") == []
    assert account.told.events == []


def test_labels_that_come_late_are_waited_for(account):
    """With a delay of an hour the requests of an hour ago are joined, while data quality looks at the last ones."""
    late = Policy.of(
        {
            "quality": {
                "kind": "binary-classification",
                "positive_label": "0",
                "minimum_labels": 50,
                "label_delay_minutes": 60,
            }
        }
    )
    account.asked(count=300, minutes_ago=10, seed=1)
    account.asked(count=250, minutes_ago=70, seed=2, labelled=200)
    verdict = judged(account, late)
    assert verdict["monitors"]["data-quality"]["rows"] == 300
    assert verdict["monitors"]["model-quality"]["rows"] == 200


def test_masked_requests_are_taken_from_what_the_container_wrote(account):
    """SageMaker's own records have answers alone then; those of the container have the rest."""
    account.asked(count=300, seed=1)
    account.asked(count=250, seed=2)
    [_, theirs] = account.s3.keys("captured", "credit-risk/3/")
    account.s3.kept["captured", theirs.replace(".jsonl", "-masked.jsonl")] = account.s3.kept.pop(("captured", theirs))
    verdict = judged(account, Policy.of({"masked": ["age"]}))
    assert verdict["rows"] == 250


def test_values_of_a_masked_column_are_told_nowhere(account):
    """Nor are those that a baseline lists, or that were captured, from before it was masked: in no file, metric, event.

    What the ledger says of a retraining is in the event's words.
    """
    value = b"furniture/equipment"
    account.asked(count=300, seed=1)
    account.asked(count=300, seed=2, older_by=12)
    [_, theirs] = account.s3.keys("captured", "credit-risk/3/")
    account.s3.kept["captured", theirs.replace(".jsonl", "-masked.jsonl")] = account.s3.kept.pop(("captured", theirs))
    before = dict(account.s3.kept)
    assert len([key for key, content in before.items() if value in content]) >= 3
    clear = judged(account, Policy.of({}))
    assert value in account.s3.kept["captured", clear["report"].removeprefix("s3://captured/")]
    account.s3.kept = dict(before)
    account.told.events.clear()
    verdict = judged(account, Policy.of({"masked": ["purpose"]}))
    written = {key: content for key, content in account.s3.kept.items() if before.get(key) != content}
    assert verdict["outcome"] == "completed_with_violations"
    assert len(written) > 5
    opened = [gzip.decompress(each) if each[:2] == b"\x1f\x8b" else each for each in written.values()]
    told = [*opened, *(json.dumps(each).encode() for each in (verdict, account.told.events, account.told.metrics))]
    assert [text for text in told if value in text] == []


def test_a_large_window_is_left_to_a_job(account):
    """Its arguments tell it the same run; a second try finds it started. Nothing is judged here."""
    account.asked(count=3000)
    policy = Policy.of({"job_above_mb": 1})
    answer = judged(account, policy, jobs=JOBS)
    assert judged(account, policy, jobs=JOBS)["job"] == answer["job"]
    [request] = account.sagemaker.jobs
    assert request["ProcessingJobName"] == answer["job"]
    assert request["AppSpecification"]["ContainerEntrypoint"] == ["python3", "/opt/ml/processing/input/code/start.py"]
    assert all(len(argument) <= 256 for argument in request["AppSpecification"]["ContainerArguments"])
    assert account.told.metrics == []
    account.told.parameters["/p"] = json.dumps({"job_above_mb": 1})
    verdict = job.main(request["AppSpecification"]["ContainerArguments"], account.clients)
    assert (verdict["run"], verdict["rows"]) == (answer["run"], 3000)


def test_a_job_stays_in_the_stages_network(account):
    """Where the stage has one, the job's interfaces are in it; it is not cut off from what it must read."""
    account.asked(count=3000)
    inside = job.Jobs(
        role="r", image="i", code="s3://a/b", key="k", parameter="/p", subnets=("s-1",), security_groups=("g-1",)
    )
    judged(account, Policy.of({"job_above_mb": 1}), jobs=inside)
    [request] = account.sagemaker.jobs
    assert request["NetworkConfig"] == {
        "EnableNetworkIsolation": False,
        "VpcConfig": {"Subnets": ["s-1"], "SecurityGroupIds": ["g-1"]},
    }


def test_a_baseline_tells_what_the_model_was_made_of(account):
    """Features and answers are profiled, not the label; the manifest has the columns of a request in their order."""
    manifest = account.s3.json("artifacts", "credit-risk/e1/baseline/manifest.json")
    columns = [name for name in applicants()[0] if name != "risk"]
    assert manifest["columns"] == columns
    assert (manifest["target"], manifest["protected"], manifest["rows"]) == ("risk", ["sex"], 750)
    assert manifest["contract"] == ["risk", *columns]
    statistics = account.s3.json("artifacts", "credit-risk/e1/baseline/data-quality/statistics.json")
    assert {each["name"] for each in statistics["features"]} == {"prediction", *columns}
    profile = account.s3.kept["artifacts", "credit-risk/e1/baseline/data-quality/profile.json.gz"]
    assert json.loads(gzip.decompress(profile))["rows"] == 750


def test_a_stage_that_only_trains_takes_the_quality_that_the_pipeline_measured(account):
    """Without a policy of its own the evaluation is the baseline, so that stages that follow have one."""
    evaluation = {
        "version": 0.0,
        "dataset": {"item_count": 250},
        "binary_classification_metrics": {"auc": {"value": 0.78, "standard_deviation": 0.03}},
    }
    account.s3.put_object(
        Bucket="artifacts", Key="credit-risk/e1/evaluation/evaluation.json", Body=json.dumps(evaluation).encode()
    )
    account.trained(Policy(), evaluation=True)
    folder = "credit-risk/e1/baseline/model-quality"
    assert account.s3.json("artifacts", f"{folder}/statistics.json") == evaluation
    constraints = account.s3.json("artifacts", f"{folder}/constraints.json")
    assert constraints["binary_classification_constraints"]["auc"] == {
        "threshold": 0.78,
        "comparison_operator": "LessThanThreshold",
    }


def test_attributions_travel_with_the_baseline(account, policy):
    """What Evaluate has left of them is copied beside the rest."""
    for name in ("analysis.json", "background.csv"):
        key = f"credit-risk/e1/evaluation/explainability/{name}"
        account.s3.put_object(Bucket="artifacts", Key=key, Body=b"{}")
    account.trained(policy, explainability=True)
    assert account.s3.keys("artifacts", "credit-risk/e1/baseline/explainability/") == [
        "credit-risk/e1/baseline/explainability/analysis.json",
        "credit-risk/e1/baseline/explainability/background.csv",
    ]


def test_the_package_that_serves_is_found_by_its_config(account, policy):
    """While a release is under way an endpoint still has its old config: that one's package is judged."""
    account.asked()
    judged(account, policy)
    assert PACKAGE.endswith(json.loads(account.told.events[0]["Detail"])["package_version"])
