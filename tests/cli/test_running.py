import io
import json

import pytest
from rich.console import Console

from cli.comparison import beside_serving
from cli.compiling.sources import fingerprint
from cli.errors import CliError, WrongUseError
from cli.logs import _lines
from cli.run import Shown, check_trained, in_words, watch_run
from cli.running.ending import conclude, failure, typed
from cli.running.finding import find
from cli.running.following import follow
from cli.running.jobs import Job, look
from cli.running.readiness import outdated
from cli.running.record import gather, plan
from cli.running.starting import code_commit, start, start_some
from cli.running.view import Lines, View, remark
from cli.running.words import Words
from cli.runs import facts, recent, table
from tests.cli.executions import ARN, EARLIER, PACKAGE, TRAINING, Logs, SageMaker, package, stage, step
from tests.cli.fakes import connection, refusal

JOB = "pipelines-u9-Train-AbC"
TRAINS = {
    "pipelines-u9-train-abc": {
        "TrainingJobName": JOB,
        "TrainingJobStatus": "InProgress",
        "SecondaryStatus": "Training",
        "FinalMetricDataList": [{"MetricName": "train:auc", "Value": 0.75}],
    }
}
RUNNING = ("Executing", 40, [step("Train", "Executing", began=10, Metadata=TRAINING)])
REASON = "AlgorithmError: exit code: 1, Column 'age' is missing"
FAILED = ("Failed", 60, [step("Train", "Failed", began=10, took=50, Metadata=TRAINING, FailureReason=REASON)])
REGISTERED = (
    "Succeeded",
    100,
    [
        step("Train", began=10, took=50, Metadata=TRAINING),
        step("Gate", began=60, took=0, Metadata={"Condition": {"Outcome": "True"}}),
        step("Register", began=61, took=1, Metadata={"RegisterModel": {"Arn": PACKAGE.format(2)}}),
    ],
)


def seen(*looks, **more):
    """An execution at its first look."""
    there = stage(SageMaker(*looks, **more))
    return gather(there, ARN, known=plan(there, ARN))


def rendered(renderable, width=80):
    """What a terminal of so many columns shows, line by line."""
    console = Console(width=width, file=io.StringIO())
    console.print(renderable)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_times_are_the_clouds_own():
    """A step has been going on for as long as the cloud's clock says, which may run sixty times as fast as ours."""
    (train, *_) = seen(RUNNING).steps
    assert (train.status, train.seconds) == ("Executing", 30)
    assert seen(REGISTERED).seconds == 100


def test_steps_that_have_not_started_wait_until_the_execution_is_over():
    """A branch that was not taken leaves no step behind."""
    assert [(s.name, s.status) for s in seen(RUNNING).steps[1:]] == [
        ("Gate", "Waiting"),
        ("Register", "Waiting"),
        ("GateFailed", "Waiting"),
    ]
    assert [s.name for s in seen(REGISTERED).steps] == ["Train", "Gate", "Register"]


def test_what_a_running_job_says_stands_with_its_step():
    """How far it is and its metrics so far."""
    there = stage(SageMaker(RUNNING, jobs=TRAINS))
    run = gather(there, ARN, known=plan(there, ARN))
    assert remark(run.steps[0], look(there, run.steps[0])) == "Training · train:auc 0.75"


def test_a_step_says_where_its_result_is_from():
    """A cache hit and a step that was not selected name the run; another attempt is counted."""
    hit = step("Train", took=0, CacheHitResult={"SourcePipelineExecutionArn": EARLIER})
    spared = step("Train", took=0, SelectiveExecutionResult={"SourcePipelineExecutionArn": EARLIER})
    again = step("Train", "Executing", AttemptCount=3)
    said = [remark(seen(("Executing", 1, [told])).steps[0]) for told in (hit, spared, again)]
    assert said == ["taken from u9aaaaaaaaaa", "taken from u9aaaaaaaaaa", "attempt 3"]


def test_a_tuning_step_counts_its_trials_and_names_the_best():
    """And each line of its log bears the number of its trial."""
    sagemaker = SageMaker(RUNNING)
    sagemaker.describe_hyper_parameter_tuning_job = lambda **_: {
        "HyperParameterTuningJobName": "u9-Tune-AbC",
        "HyperParameterTuningJobConfig": {"ResourceLimits": {"MaxNumberOfTrainingJobs": 10}},
        "TrainingJobStatusCounters": {"Completed": 3, "InProgress": 2, "NonRetryableError": 1},
        "BestTrainingJob": {
            "FinalHyperParameterTuningJobObjectiveMetric": {"MetricName": "validation:auc", "Value": 0.81}
        },
    }
    logs = Logs({"u9-Tune-AbC-002-1a2b3c4d/algo-1": [(1, "auc 0.81")], "u9-Tune-AbCd-001-x/algo-1": [(1, "other")]})
    there = stage(sagemaker, logs=logs)
    tune = step("Tune", "Executing", Metadata={"TuningJob": {"Arn": "arn:x:hyper-parameter-tuning-job/u9-tune-abc"}})
    sagemaker.looks = [("Executing", 5, [tune])]
    run = gather(there, ARN, known={})
    job = look(there, run.steps[0])
    assert remark(run.steps[0], job) == "4 of 10 trials, 2 run · best validation:auc 0.81"
    assert list(Words(there, job).fresh()) == ["002 auc 0.81"]


def test_a_version_that_another_run_registered_is_not_this_ones():
    """A step that was not selected brings what the other run made."""
    registered = {"RegisterModel": {"Arn": PACKAGE.format(1)}}
    spared = step("Register", took=0, Metadata=registered, SelectiveExecutionResult={"SourcePipelineExecutionArn": ARN})
    assert seen(("Succeeded", 1, [spared])).version is None


def test_whoever_may_not_see_a_job_sees_its_step():
    """A refusal to describe the job is not the end of watching."""
    sagemaker = SageMaker(RUNNING)

    def refused(**_):
        raise refusal("AccessDeniedException", "no")

    sagemaker.describe_training_job = refused
    there = stage(sagemaker)
    assert look(there, gather(there, ARN, known=plan(there, ARN)).steps[0]) is None


def test_a_table_has_a_line_for_each_step_and_cuts_no_name():
    """On a narrow screen the remark gives way; a step that only a failure comes to is not waited for."""
    lines = rendered(View().table(seen(FAILED), {}), width=50)
    assert len(lines) == 1
    assert lines[0].startswith("✗  Train  Training  50 s  AlgorithmError")
    assert lines[0].endswith("…")
    assert [line.split()[1] for line in rendered(View().table(seen(RUNNING), {}))] == ["Train", "Gate", "Register"]


def test_without_a_terminal_each_change_is_a_line():
    """The same look twice says nothing; steps that wait are not told of."""
    lines = Lines()
    assert [line.split() for line in lines.fresh(seen(RUNNING), {})] == [["Train", "Training", "Executing"]]
    assert list(lines.fresh(seen(RUNNING), {})) == []
    assert [line.split()[:2] for line in lines.fresh(seen(REGISTERED), {})] == [
        ["Train", "Training"],
        ["Gate", "Condition"],
        ["Register", "RegisterModel"],
    ]


def test_following_ends_with_the_execution_and_shows_each_line_once(capsys):
    """With logs: every line of the job behind its step's name, the last ones too."""
    logs = Logs({f"{JOB}/algo-1": [(1, "epoch 1"), (2, "epoch 2")], "somebody-else/algo-1": [(1, "not mine")]})
    there = stage(SageMaker(RUNNING, RUNNING, REGISTERED, jobs=TRAINS), logs=logs)
    run = follow(there, ARN, logs=True)
    said = capsys.readouterr().err.splitlines()
    assert run.version == "credit-risk/2"
    assert [line for line in said if "│" in line] == ["Train │ epoch 1", "Train │ epoch 2"]


def test_a_step_keeps_its_last_metrics(capsys):
    """They are looked at once more when it has ended, and stand with it from then on."""
    ended = {**TRAINS["pipelines-u9-train-abc"], "FinalMetricDataList": [{"MetricName": "train:auc", "Value": 0.8}]}
    sagemaker = SageMaker(RUNNING, RUNNING, REGISTERED, jobs=TRAINS)
    looked = iter([TRAINS["pipelines-u9-train-abc"], ended])
    sagemaker.describe_training_job = lambda **_: next(looked)
    follow(stage(sagemaker), ARN)
    said = [line.split() for line in capsys.readouterr().err.splitlines()]
    assert [words[2:] for words in said if words[0] == "Train"] == [
        ["Executing", "Training", "·", "train:auc", "0.75"],
        ["Succeeded", "50", "s", "train:auc", "0.8"],
    ]


def test_a_step_that_was_tried_again_between_two_looks_has_its_new_job(capsys):
    """Both jobs are heard, and what stands with the step is the last one's."""
    first = step("Train", "Failed", began=10, took=5, Metadata=TRAINING)
    again = {"TrainingJob": {"Arn": TRAINING["TrainingJob"]["Arn"].replace("abc", "def")}}
    second = step("Train", began=20, took=5, AttemptCount=2, Metadata=again)
    jobs = {
        "pipelines-u9-train-abc": TRAINS["pipelines-u9-train-abc"],
        "pipelines-u9-train-def": {
            "TrainingJobName": "pipelines-u9-Train-DeF",
            "TrainingJobStatus": "Completed",
            "FinalMetricDataList": [{"MetricName": "train:auc", "Value": 0.9}],
        },
    }
    logs = Logs({f"{JOB}/algo-1": [(1, "first")], "pipelines-u9-Train-DeF/algo-1": [(2, "second")]})
    looks = ("Executing", 1, []), ("Executing", 16, [first]), ("Succeeded", 30, [second])
    follow(stage(SageMaker(*looks, jobs=jobs), logs=logs), ARN, logs=True)
    said = capsys.readouterr().err
    assert [line for line in said.splitlines() if "│" in line] == ["Train │ first", "Train │ second"]
    assert "attempt 2 · train:auc 0.9" in said


def test_words_that_come_late_are_heard():
    """An event may be shown after a younger one."""
    logs = Logs({f"{JOB}/algo-1": [(70_000, "second")]})
    words = Words(stage(SageMaker(), logs=logs), Job(name=JOB, phase="", group="g", streams=f"{JOB}/"))
    assert list(words.fresh()) == ["second"]
    logs.streams[f"{JOB}/algo-2"] = [(69_000, "first")]
    assert list(words.fresh()) == ["first"]
    assert list(words.fresh()) == []


def test_a_log_is_each_steps_lines():
    """Of one step alone when it is named, in whatever case; a step that is none is wrong use."""
    there = stage(SageMaker(FAILED, jobs=TRAINS), logs=Logs({f"{JOB}/algo-1": [(1, "Traceback")]}))
    assert list(_lines(there, ARN, step="train", follow=False)) == [("Train", "Traceback")]
    with pytest.raises(WrongUseError, match="has no step 'Trane': it has Train"):
        list(_lines(there, ARN, step="Trane", follow=False))


def test_a_step_that_a_run_never_came_to_has_written_nothing():
    """It is no wrong name: the definition has it."""
    there = stage(SageMaker(RUNNING, FAILED, jobs=TRAINS))
    assert list(_lines(there, ARN, step="Register", follow=True)) == []


def test_a_failure_is_told_to_whoever_may_not_read_logs():
    """Without the log's end."""
    logs = Logs()

    def refused(**_):
        raise refusal("AccessDeniedException", "no")

    logs.filter_log_events = refused
    there = stage(SageMaker(FAILED, jobs=TRAINS), logs=logs)
    assert f"step Train: {REASON}" in list(failure(there, gather(there, ARN, known={})))


def test_a_failure_names_step_type_log_and_remedy():
    """The log's end leaves out what the reason has said already."""
    logs = Logs({f"{JOB}/algo-1": [(1, "epoch 1"), (2, "Column 'age' is missing")]})
    there = stage(SageMaker(FAILED, jobs=TRAINS), logs=logs)
    with pytest.raises(CliError) as raised:
        conclude(there, gather(there, ARN, known=plan(there, ARN)))
    headline, step_line, group, line, remedy = raised.value.message.splitlines()
    assert headline == "run u92ftvh0y0wg of credit-risk is Failed; nothing was registered"
    assert step_line == f"step Train: {REASON}"
    assert "/aws/sagemaker/TrainingJobs" in group
    assert line == "  epoch 1"
    assert remedy.startswith("what to do: mend the program in pipelines/credit_risk/")


@pytest.mark.parametrize(
    ("kind", "reason", "remedy"),
    [
        ("Fail", "Not registered: AUC 0.78 is below MinAuc 0.95", "better data or a better model"),
        ("Training", "AlgorithmError: exit code 1", "sluice logs u92ftvh0y0wg Train"),
        ("Training", "ClientError: AccessDenied: User is not authorized to perform: s3:GetObject", "lacks a right"),
        ("Training", "ClientError: No S3 objects found under s3://b/k", "correct what the step asks for"),
        ("Training", "CapacityError: Unable to provision", "another instance type in env/local.toml"),
        ("Training", "InternalServerError: We encountered an internal error", "sluice retry u92ftvh0y0wg"),
        ("Training", "", "sluice retry u92ftvh0y0wg"),
    ],
)
def test_what_to_do_follows_from_the_type_of_the_error(kind, reason, remedy):
    """Each sentence names a command or a file."""
    there = stage(SageMaker(("Failed", 60, [step("Train", "Failed", took=1, FailureReason=reason)])))
    known = {"Train": kind}
    assert remedy in list(failure(there, gather(there, ARN, known=known)))[-1]


def test_a_failure_names_the_exception_of_the_authors_program():
    """Where the reason has no more than the SDK's own words."""
    reason = "AlgorithmError: exit code: 1, Traceback (most recent call last):\nsubprocess.CalledProcessError: Command"
    failed = ("Failed", 60, [step("Train", "Failed", took=1, Metadata=TRAINING, FailureReason=reason)])
    log = ["Traceback (most recent call last):", "KeyError: 'age'", "+ exit 1"]
    logs = Logs({f"{JOB}/algo-1": list(enumerate(log))})
    there = stage(SageMaker(failed, jobs=TRAINS), logs=logs)
    lines = list(failure(there, gather(there, ARN, known={})))
    assert lines[1] == "step Train: AlgorithmError: exit code: 1, KeyError: 'age'"
    assert lines[3] == "  Traceback (most recent call last):"


def test_a_remedy_that_stands_in_the_reason_comes_last_and_alone():
    """After the log's end, where the eye rests; ours would only be a guess."""
    reason = f"{REASON}\nWhat to do: correct the data."
    failed = ("Failed", 60, [step("Train", "Failed", took=1, Metadata=TRAINING, FailureReason=reason)])
    there = stage(SageMaker(failed, jobs=TRAINS), logs=Logs({f"{JOB}/algo-1": [(1, "epoch 1")]}))
    lines = list(failure(there, gather(there, ARN, known={})))
    assert lines[1] == f"step Train: {REASON}"
    assert lines[-2] == "  epoch 1"
    assert lines[-1].startswith("what to do: correct the data. `sluice logs")


def test_the_type_of_an_error_is_what_stands_before_it():
    """A sentence of a Fail step has none."""
    assert typed("AlgorithmError: exit code: 1") == ("AlgorithmError", "exit code: 1")
    assert typed("Not registered: AUC is low") == ("", "Not registered: AUC is low")


def test_a_success_ends_with_its_metrics_against_what_serves(capsys):
    """Better and worse are marked, and the command that approves is there."""
    packages = [package(2, auc="0.80", brier="0.19", rows="1000"), package(1, "Approved", auc="0.78", brier="0.17")]
    there = stage(SageMaker(REGISTERED, packages=packages, serving=1))
    conclude(there, gather(there, ARN, known=plan(there, ARN)))
    said = capsys.readouterr().out
    assert "registered credit-risk/2: it waits for an approval" in said
    rows = [line.split() for line in said.splitlines()]
    assert ["auc", "0.8", "0.78", "+0.02", "better"] in rows
    assert ["brier", "0.19", "0.17", "+0.02", "worse"] in rows
    assert "sluice approve credit-risk/2 --stage local" in said
    assert "rows" not in said


def test_no_figure_is_cut_on_a_narrow_screen():
    """Words go to the next line."""
    packages = [package(12, auc="0.80", brier="0.19"), package(11, "Approved", auc="0.78", brier="0.17")]
    there = stage(SageMaker(REGISTERED, packages=packages, serving=11))
    values = {"auc": 0.8, "false_negative_rate": 0.19}
    lines = rendered(beside_serving(there, "credit-risk", version="credit-risk/12", values=values), width=60)
    assert "…" not in "".join(lines)
    assert ["auc", "0.8", "0.78", "+0.02"] in [line.split()[:4] for line in lines]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_list_of_runs_cuts_no_id_and_no_version(width):
    """What gives way on a narrow screen is the time it took, and who began it."""
    _, registered, failed = rendered(table([seen(REGISTERED), seen(FAILED)], width=width), width=width)
    assert registered.startswith("u92ftvh0y0wg")
    assert registered.endswith("credit-risk/2")
    assert failed.startswith("u92ftvh0y0wg")
    assert failed.endswith("…") == (width < 120)


def test_a_first_version_has_nobody_to_be_compared_with(capsys):
    """Its metrics stand alone."""
    there = stage(SageMaker(REGISTERED, packages=[package(2, auc="0.80")]))
    conclude(there, gather(there, ARN, known=plan(there, ARN)))
    said = capsys.readouterr().out
    assert ["auc", "0.8"] in [line.split() for line in said.splitlines()]
    assert "serves" not in said


def test_people_name_a_run_by_its_id_its_beginning_or_its_model():
    """What means two or none is wrong use."""
    there = stage(SageMaker(REGISTERED, earlier=[EARLIER]))
    assert [find(there, text) for text in ("u92", "credit-risk", "credit_risk", EARLIER)] == [ARN, ARN, ARN, EARLIER]
    with pytest.raises(WrongUseError, match="more than one run begins with 'u9': u92ftvh0y0wg, u9aaaaaaaaaa"):
        find(there, "u9")
    with pytest.raises(WrongUseError, match="has no run 'zz' and no model of that name"):
        find(there, "zz")


def test_a_run_for_programs_has_its_version_or_its_reason():
    """With each step's type and time."""
    there = stage(SageMaker(FAILED))
    (run,) = recent(there, "credit-risk", limit=1)
    told = facts(run)
    assert (told["run"], told["status"], told["failed_step"]) == ("u92ftvh0y0wg", "Failed", "Train")
    assert told["reason"] == REASON
    assert told["steps"]["Train"]["type"] == "Training"


def test_parameters_are_checked_before_anything_starts():
    """Their names and their types."""
    sagemaker = SageMaker(REGISTERED)
    for given, said in (({"Sead": "1"}, "has no parameter Sead"), ({"Seed": "x"}, "is of type Integer")):
        with pytest.raises(WrongUseError, match=said):
            start(stage(sagemaker), "credit-risk", given=given)
    assert sagemaker.started == []


def test_some_steps_run_with_the_parameters_of_the_run_they_build_on():
    """But for those that are given."""
    sagemaker = SageMaker(REGISTERED)
    start_some(stage(sagemaker), "credit-risk", given={}, source=EARLIER, steps=["Train"])
    (asked,) = sagemaker.started
    assert asked["PipelineParameters"] == [{"Name": "Seed", "Value": "20"}]
    assert asked["SelectiveExecutionConfig"] == {
        "SourcePipelineExecutionArn": EARLIER,
        "SelectedSteps": [{"StepName": "Train"}],
    }


def test_some_steps_run_with_the_code_of_now():
    """What they register is not said to be of the commit of the run that they build on."""
    sagemaker = SageMaker(REGISTERED)
    given = {"PipelineParameters": [{"Name": "CodeCommit", "Value": "0" * 40}]}
    sagemaker.list_pipeline_parameters_for_execution = lambda **_: given
    for chosen in ({}, {"CodeCommit": "mine"}):
        start_some(stage(sagemaker), "credit-risk", given=chosen, source=EARLIER, steps=["Train"])
    told = [asked["PipelineParameters"][0]["Value"] for asked in sagemaker.started]
    assert told == [code_commit(), "mine"]


def test_the_results_of_another_models_run_are_refused():
    """Before anything starts."""
    sagemaker = SageMaker(REGISTERED)
    with pytest.raises(WrongUseError, match="run u9aaaaaaaaaa is one of credit-risk: `sluice runs abalone` lists"):
        start_some(stage(sagemaker), "abalone", given={}, source=EARLIER, steps=["Train"])
    assert sagemaker.started == []


def test_a_step_that_the_run_has_not_is_wrong_use():
    """Before anything starts."""
    sagemaker = SageMaker(REGISTERED)
    with pytest.raises(WrongUseError, match="run u9aaaaaaaaaa has no step Trane: it has Train, Gate"):
        start_some(stage(sagemaker), "credit-risk", given={}, source=EARLIER, steps=["Trane"])
    assert sagemaker.started == []


def test_a_lock_that_does_not_say_of_which_sources_it_is_is_not_made_anew(tmp_path):
    """One that says so is, once they have changed; and a model without a lock is compiled."""
    (tmp_path / "model" / "lock").mkdir(parents=True)
    model = tmp_path / "model"
    (model / "pipeline.py").write_text("one")
    assert outdated(model)
    (model / "lock" / "definition.json").write_text("{}")
    assert not outdated(model)
    (model / "lock" / "sources.sha256").write_text(fingerprint(model))
    assert not outdated(model)
    (model / "pipeline.py").write_text("another")
    assert outdated(model)


def test_a_stage_that_only_serves_names_the_one_that_trains():
    """It has no pipeline, and never will."""
    with pytest.raises(
        WrongUseError, match="stage staging does not train credit-risk: `sluice run credit-risk --stage dev`"
    ):
        check_trained(connection("staging"), "credit-risk")
    check_trained(connection("local"), "credit-risk")


def test_whoever_interrupts_the_watching_leaves_the_run_alone_and_reads_how_to_go_on(capsys):
    """Three commands, each with the run's id or the model's name."""
    sagemaker = SageMaker(RUNNING)

    def interrupted(**_):
        raise KeyboardInterrupt

    sagemaker.list_pipeline_execution_steps = interrupted
    with pytest.raises(KeyboardInterrupt):
        watch_run(stage(sagemaker), ARN, Shown(steps=True, logs=False, as_json=False))
    said = capsys.readouterr().err
    for command in ("sluice logs u92ftvh0y0wg --follow", "sluice runs credit-risk", "sluice stop u92ftvh0y0wg"):
        assert command in said


def test_a_program_reads_json_alone(capsys):
    """Of a success and of a failure, whose reason also is an error."""
    shown = Shown(steps=True, logs=False, as_json=True)
    watch_run(stage(SageMaker(REGISTERED, packages=[package(2)], jobs=TRAINS)), ARN, shown)
    assert json.loads(capsys.readouterr().out)["version"] == "credit-risk/2"
    with pytest.raises(CliError, match="nothing was registered"):
        watch_run(stage(SageMaker(FAILED, jobs=TRAINS)), ARN, shown)
    assert json.loads(capsys.readouterr().out)["failed_step"] == "Train"


def test_a_run_that_is_over_cannot_be_stopped():
    """SageMaker's conflict is a sentence of ours."""
    with pytest.raises(CliError, match="run u92ftvh0y0wg: it has ended"), in_words("u92ftvh0y0wg"):
        raise refusal("ConflictException", "it has ended")
