import json

import pytest

import env
from cli.errors import CliError, WrongUseError
from cli.monitor import look, moved, table, tell_last, tell_now, view
from cli.printing import out
from cli.report import write
from cli.verdicts import folder_of, monitored, verdicts
from tests.cli.fakes import FakeBucket, FakeClient, FakeFunctions, connection


def a_verdict(run="20261121T100000Z-aa", **more):
    """What a run in which age has moved leaves."""
    violation = {"feature": "age", "check": "baseline_drift_check", "description": "age moved by 0.6.", "value": 0.6}
    monitors = {
        "data-quality": {
            "outcome": "completed_with_violations",
            "reason": "1 of 10 features has moved.",
            "rows": 5214,
            "violations": [violation],
        },
        "model-quality": {
            "outcome": "insufficient_data",
            "reason": "12 labels are too few.",
            "rows": 12,
            "violations": [],
        },
    }
    given = {
        "version": 1,
        "stage": "local",
        "model": "credit-risk",
        "package_version": "credit-risk/3",
        "run": run,
        "window": {"start": "2026-11-21T09:45:00Z", "end": "2026-11-21T10:00:00Z"},
        "rows": 5214,
        "outcome": "completed_with_violations",
        "reason": "1 of 10 features has moved.",
        "monitors": monitors,
        "skipped": {"a probe": 61, "truncated line": 0},
        "report": "s3://bucket/report.html",
    }
    return given | more


def a_bucket(*runs):
    """A capture bucket with the folders of runs, by `yyyy/mm/dd/hh/<id>`; one of no verdict still writes."""
    bucket = FakeBucket()
    for run in runs:
        folder = f"reports/credit-risk/{run}"
        bucket.objects[f"{folder}/data-quality/statistics.json"] = "{}"
        bucket.objects[f"{folder}/report.html"] = f"<!DOCTYPE html>{run}"
        if not run.endswith("writing"):
            bucket.objects[f"{folder}/verdict.json"] = json.dumps(a_verdict(run.rpartition("/")[2]))
    bucket.objects["reports/credit-risk/latest.json"] = "{}"
    return bucket


RUNS = ("2025/12/31/23/b", "2026/11/09/08/c", "2026/11/21/09/a", "2026/11/21/10/d-writing", "2026/11/21/09/e")


def shown(renderable):
    """What a terminal would show."""
    with out.capture() as captured:
        out.print(renderable)
    return captured.get()


def test_runs_come_newest_first_and_only_as_far_as_asked():
    """Years of runs are not listed for the last ten; one that still writes has no verdict."""
    bucket = a_bucket(*RUNS)
    assert [each["run"] for each in verdicts(connection(s3=bucket), "credit-risk")] == ["e", "a", "c", "b"]
    newest = verdicts(connection(s3=bucket), "credit-risk")
    next(newest)
    bucket.objects.clear()
    assert list(newest) == []


def test_a_run_is_found_by_the_beginning_of_its_id():
    """Nobody types an id; a wrong one is said so."""
    to = connection(s3=a_bucket(*RUNS))
    assert folder_of(to, "credit-risk", None).run == "d-writing"
    assert folder_of(to, "credit-risk", "c").key == "reports/credit-risk/2026/11/09/08/c/"
    with pytest.raises(CliError, match="no run of the monitors 'x': `sluice monitor"):
        folder_of(to, "credit-risk", "x")
    with pytest.raises(CliError, match="no run of the monitors yet: `sluice monitor credit-risk --now`"):
        folder_of(connection(s3=FakeBucket()), "credit-risk", None)


def test_what_lies_beside_the_years_is_no_run():
    """What monitors keep for themselves lies there, and what SageMaker's own have written, by hours of its own."""
    bucket = a_bucket(*RUNS)
    beside = "reports/credit-risk/model-monitor/credit-risk-local/credit-risk-local-data-quality/2026/11/21/09"
    bucket.objects |= {f"{beside}/statistics.json": "{}", "reports/credit-risk/explained/z/output/1/2/x.json": "{}"}
    assert folder_of(connection(s3=bucket), "credit-risk", None).run == "d-writing"


def test_a_model_that_is_not_monitored_is_wrong_use():
    """The remedy names the file and the table."""
    with pytest.raises(WrongUseError, match=r"add \[models.abalone.monitor\] to env/local.toml"):
        monitored(connection(), "abalone")


def test_a_run_of_now_is_what_the_function_says():
    """It is asked once, and waited for."""
    functions = FakeFunctions(monitor=a_verdict())
    assert look(connection(**{"lambda": functions}), "credit-risk")["run"] == "20261121T100000Z-aa"
    assert functions.asked == [("monitor", {"action": "run", "model": "credit-risk"})]


def a_job(*statuses):
    """A stage whose window is too large for a function: its job goes through `statuses`."""
    left = list(statuses)
    sagemaker = FakeClient(
        describe_processing_job=lambda **_: {"ProcessingJobStatus": left.pop(0), "FailureReason": "out of memory"}
    )
    functions = FakeFunctions(monitor={"job": "sluice-local-credit-risk-1", "run": "e", "reason": "600 MB"})
    return connection(s3=a_bucket(*RUNS), sagemaker=sagemaker, **{"lambda": functions})


def test_a_window_that_is_left_to_a_job_is_followed_to_its_verdict():
    """The verdict is the job's, found by the id that the function named."""
    assert look(a_job("InProgress", "Completed"), "credit-risk")["run"] == "e"


def test_a_job_that_fails_says_why():
    """A run that came to nothing is no verdict."""
    with pytest.raises(CliError, match="is Failed \\(out of memory\\)"):
        look(a_job("Failed"), "credit-risk")


def test_people_read_what_moved():
    """In the list the names; below, each monitor's reason and the numbers."""
    verdict = a_verdict()
    assert moved(verdict) == "data-quality: age"
    line = shown(table([verdict]))
    assert "credit-risk/3" in line
    assert "5,214" in line
    said = shown(view(verdict))
    assert "age: age moved by 0.6." in said
    assert "12 labels are too few." in said
    assert "left out: 61 a probe" in said
    assert "sluice report credit-risk --stage local --run 20261121T100000Z-aa" in said


def test_many_features_are_counted():
    """A list stays readable when all has moved."""
    violations = [{"feature": f"f{i}", "description": "moved"} for i in range(9)]
    one = {"outcome": "completed_with_violations", "reason": "all", "violations": violations}
    verdict = a_verdict(monitors={"bias": one})
    assert moved(verdict) == "bias: f0, f1, f2, f3 and 5 more"
    assert "3 more" in shown(view(verdict))


def test_nothing_that_serves_is_told_in_one_line():
    """There is no window to tell of then."""
    assert "Nothing serves" in shown(view({"outcome": "insufficient_data", "reason": "Nothing serves x yet."}))


def judging(outcome):
    """A stage whose next run comes to an outcome."""
    return connection(**{"lambda": FakeFunctions(monitor=a_verdict(outcome=outcome))})


@pytest.mark.parametrize("outcome", ["completed_with_violations", "insufficient_data", "failed"])
def test_only_what_is_known_to_be_well_is_exit_0(capsys, outcome):
    """A script that asks `--now` must not take silence for health."""
    with pytest.raises(CliError) as ended:
        tell_now(
            connection(**{"lambda": FakeFunctions(monitor=a_verdict(outcome=outcome))}), "credit-risk", as_json=True
        )
    assert ended.value.exit_code == 1
    assert json.loads(capsys.readouterr().out)["outcome"] == outcome
    tell_now(
        connection(**{"lambda": FakeFunctions(monitor=a_verdict(outcome="completed"))}), "credit-risk", as_json=True
    )


def test_the_last_runs_are_listed_for_programs(capsys):
    """As many as asked, whole verdicts."""
    tell_last(connection(s3=a_bucket(*RUNS)), "credit-risk", limit=2, as_json=True)
    assert [each["run"] for each in json.loads(capsys.readouterr().out)] == ["e", "a"]


def test_a_model_that_was_never_judged_says_what_to_do():
    """No empty table."""
    with out.capture() as said:
        tell_last(connection(s3=FakeBucket()), "credit-risk", limit=2, as_json=False)
    assert "sluice monitor credit-risk --now" in said.get()
    assert env.load("local").models["credit-risk"].monitor.every in said.get()


def test_the_page_is_written_where_it_was_asked_for(capsys, tmp_path):
    """And its path is the answer; the newest run is meant when none is named."""
    file = tmp_path / "new" / "page.html"
    assert write(connection(s3=a_bucket(*RUNS)), "credit-risk", run="c", output=str(file)) == file
    assert capsys.readouterr().out == f"{file}\n"
    assert file.read_text() == "<!DOCTYPE html>2026/11/09/08/c"
    assert write(connection(s3=a_bucket("2026/11/09/08/c")), "credit-risk", run=None, output="-") is None
    assert capsys.readouterr().out == "<!DOCTYPE html>2026/11/09/08/c"


def test_a_run_without_a_page_is_said_so():
    """And where it was looked for."""
    bucket = a_bucket("2026/11/09/08/c")
    del bucket.objects["reports/credit-risk/2026/11/09/08/c/report.html"]
    with pytest.raises(CliError, match=r"left no report\.html in s3://"):
        write(connection(s3=bucket), "credit-risk", run=None, output=None)
