import re

import pytest

from tests.local.sagemaker.tuning.conftest import ENDED

ONE = {"CategoricalParameterRanges": [{"Name": "x", "Values": ["1"]}]}
TWO = {"CategoricalParameterRanges": [{"Name": "x", "Values": ["1", "2"]}]}


@pytest.fixture(scope="module")
def grid(tuning):
    """What was said of a tuning job over three values, after its end."""
    return tuning.tuned("grid")


def test_a_grid_is_searched_by_real_training_jobs(tuning, grid):
    """One for each value, named after the tuning job; the best one is told with its metric and its hyperparameters."""
    job = grid
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    assert job["TrainingJobStatusCounters"] == {
        "Completed": 3,
        "InProgress": 0,
        "RetryableError": 0,
        "NonRetryableError": 0,
        "Stopped": 0,
    }
    assert job["ObjectiveStatusCounters"] == {"Succeeded": 3, "Pending": 0, "Failed": 0}
    best = job["BestTrainingJob"]
    assert re.fullmatch(r"grid-003-[0-9a-f]{8}", best["TrainingJobName"])
    assert (best["TunedHyperParameters"], best["ObjectiveStatus"]) == ({"x": "3"}, "Succeeded")
    metric = {"Type": "Minimize", "MetricName": "loss", "Value": 1.0}
    assert best["FinalHyperParameterTuningJobObjectiveMetric"] == metric
    trained = tuning.sm.describe_training_job(TrainingJobName=best["TrainingJobName"])
    assert trained["TuningJobArn"] == job["HyperParameterTuningJobArn"]
    assert trained["HyperParameters"]["_tuning_objective_metric"] == "loss"
    assert tuning.unpacked(f"models/{best['TrainingJobName']}/output/model.tar.gz") == {"x": b"3"}


def test_the_training_jobs_of_a_tuning_job_are_listed(tuning, grid):
    """By name at first; by the final metric; by status."""
    numbered = [trial["TrainingJobName"][:8] for trial in tuning.trials("grid")]
    assert numbered == ["grid-001", "grid-002", "grid-003"]
    by_metric = tuning.trials("grid", SortBy="FinalObjectiveMetricValue", SortOrder="Descending")
    assert [trial["TunedHyperParameters"]["x"] for trial in by_metric] == ["1", "2", "3"]
    assert tuning.trials("grid", StatusEquals="Failed") == []
    (row,) = tuning.sm.list_hyper_parameter_tuning_jobs(NameContains="rid")["HyperParameterTuningJobSummaries"]
    assert (row["Strategy"], row["TrainingJobStatusCounters"]["Completed"]) == ("Grid", 3)


def test_random_search_runs_so_many_jobs_as_are_asked_for(tuning):
    """The same ones for the same seed."""
    ranges = {"ContinuousParameterRanges": [{"Name": "x", "MinValue": "0", "MaxValue": "4"}]}
    how = {"strategy": "Random", "ranges": ranges, "most": 2, "RandomSeed": 11}
    points = []
    for name in ("random-a", "random-b"):
        assert tuning.tuned(name, **how)["HyperParameterTuningJobStatus"] == "Completed"
        points.append([trial["TunedHyperParameters"] for trial in tuning.trials(name)])
    assert len(points[0]) == 2
    assert points[0] == points[1]


def test_a_tuning_job_is_stopped_with_its_trials(tuning):
    """No more start; it is Stopped when they have ended, and cannot be stopped again."""
    tuning.start("stopped", static={"gate": "1"}, parallel=1)
    tuning.until(lambda: tuning.trials("stopped"), lambda found: found and found[0].get("TrainingStartTime"))
    busy = tuning.refused(tuning.sm.delete_hyper_parameter_tuning_job, HyperParameterTuningJobName="stopped")
    assert busy[0] == "ResourceInUse"
    tuning.sm.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName="stopped")
    job = tuning.until(
        lambda: tuning.described("stopped"), lambda found: found["HyperParameterTuningJobStatus"] == "Stopped"
    )
    assert job["TrainingJobStatusCounters"]["Stopped"] == len(tuning.trials("stopped")) == 1
    stop = tuning.sm.stop_hyper_parameter_tuning_job
    assert tuning.refused(stop, HyperParameterTuningJobName="stopped")[0] == "ValidationException"
    tuning.sm.delete_hyper_parameter_tuning_job(HyperParameterTuningJobName="stopped")
    assert tuning.refused(stop, HyperParameterTuningJobName="stopped")[0] == "ResourceNotFound"


def test_a_tuning_job_fails_when_no_trial_succeeds(tuning):
    """The first one's reason is told."""
    job = tuning.tuned("broken", static={"broken": "1"})
    assert (job["HyperParameterTuningJobStatus"], job["TrainingJobStatusCounters"]["NonRetryableError"]) == (
        "Failed",
        3,
    )
    assert "no training job succeeded of 3" in job["FailureReason"]
    assert "no data" in job["FailureReason"]


def test_a_metric_that_nobody_tells_is_named(tuning):
    """The jobs completed, the search failed."""
    request = tuning.request(ranges=ONE)
    request["TrainingJobDefinition"]["AlgorithmSpecification"]["MetricDefinitions"][0]["Regex"] = "lost=(.*)"
    tuning.sm.create_hyper_parameter_tuning_job(HyperParameterTuningJobName="silent", **request)
    job = tuning.until(
        lambda: tuning.described("silent"), lambda found: found["HyperParameterTuningJobStatus"] == "Failed"
    )
    assert "no training job told the objective metric loss" in job["FailureReason"]
    assert job["ObjectiveStatusCounters"] == {"Succeeded": 0, "Pending": 0, "Failed": 1}


def test_a_target_ends_the_search(tuning):
    """The jobs that were left are never made."""
    criteria = {"TuningJobCompletionCriteria": {"TargetObjectiveMetricValue": 3.5}}
    job = tuning.tuned("target", parallel=1, **criteria)
    assert (job["HyperParameterTuningJobStatus"], job["TrainingJobStatusCounters"]["Completed"]) == ("Completed", 1)


def test_several_definitions_take_turns(tuning):
    """Each has its own ranges and objective, and its name at its trials."""
    single = tuning.request(ranges=TWO)
    config, body = single["HyperParameterTuningJobConfig"], single["TrainingJobDefinition"]
    objective, ranges = config.pop("HyperParameterTuningJobObjective"), config.pop("ParameterRanges")
    several = [
        {**body, "DefinitionName": name, "TuningObjective": objective, "HyperParameterRanges": ranges}
        for name in ("one", "two")
    ]
    request = {"HyperParameterTuningJobConfig": config, "TrainingJobDefinitions": several}
    tuning.sm.create_hyper_parameter_tuning_job(HyperParameterTuningJobName="several", **request)
    tuning.until(
        lambda: tuning.described("several"), lambda found: found["HyperParameterTuningJobStatus"] == "Completed"
    )
    names = [trial["TrainingJobDefinitionName"] for trial in tuning.trials("several")]
    assert names == ["one", "two"] * 2


@pytest.mark.parametrize("asked", ["WarmStartConfig", "TrainingJobEarlyStoppingType"])
def test_several_definitions_neither_start_warm_nor_stop_early(tuning, asked):
    """As AWS, which does both for a single algorithm only."""
    single = tuning.request(ranges=ONE)
    config, body = single["HyperParameterTuningJobConfig"], single["TrainingJobDefinition"]
    own = {"TuningObjective": config.pop("HyperParameterTuningJobObjective")}
    own["HyperParameterRanges"] = config.pop("ParameterRanges")
    request = {
        "HyperParameterTuningJobConfig": config,
        "TrainingJobDefinitions": [{**body, **own, "DefinitionName": name} for name in ("one", "two")],
    }
    if asked == "WarmStartConfig":
        parents = [{"HyperParameterTuningJobName": "grid"}]
        request[asked] = {"ParentHyperParameterTuningJobs": parents, "WarmStartType": "TransferLearning"}
    else:
        config[asked] = "Auto"
    create = tuning.sm.create_hyper_parameter_tuning_job
    code, said = tuning.refused(create, HyperParameterTuningJobName="warm", **request)
    assert (code, said.startswith(asked)) == ("ValidationException", True)
    assert said.endswith("can be used only with a single training job definition.")


def test_a_search_may_start_from_others(tuning, grid):
    """Of the parents and the child the best training job is told, with the job that it belongs to."""
    warm = {"ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "grid"}]}
    request = {
        **tuning.request(ranges=ONE),
        "WarmStartConfig": {**warm, "WarmStartType": "IdenticalDataAndAlgorithm"},
    }
    tuning.sm.create_hyper_parameter_tuning_job(HyperParameterTuningJobName="child", **request)
    job = tuning.until(
        lambda: tuning.described("child"), lambda found: found["HyperParameterTuningJobStatus"] == "Completed"
    )
    assert job["BestTrainingJob"]["TunedHyperParameters"] == {"x": "1"}
    assert job["OverallBestTrainingJob"]["TuningJobName"] == "grid"


def changed(request, **config):
    """The request with other members in its configuration."""
    return {**request, "HyperParameterTuningJobConfig": {**request["HyperParameterTuningJobConfig"], **config}}


@pytest.mark.parametrize(
    ("config", "code", "said"),
    [
        (
            {"Strategy": "Hyperband"},
            "UnsupportedLocally",
            "strategy Hyperband of tuning jobs: use Bayesian, Grid, Rand",
        ),
        ({"Strategy": "Random"}, "ValidationException", "MaxNumberOfTrainingJobs or MaxRuntimeInSeconds"),
        (
            {"ResourceLimits": {"MaxParallelTrainingJobs": 1, "MaxNumberOfTrainingJobs": 2}},
            "ValidationException",
            "MaxNumberOfTrainingJobs is 2, and there are 3 combinations",
        ),
        (
            {"ParameterRanges": {"IntegerParameterRanges": [{"Name": "x", "MinValue": "1", "MaxValue": "2"}]}},
            "ValidationException",
            "Grid searches categorical values only: x has a range",
        ),
        (
            {"HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "cost"}},
            "ValidationException",
            "objective metric cost is not among the MetricDefinitions of the training job definition, which are: loss",
        ),
        (
            {"ParameterRanges": {"CategoricalParameterRanges": [{"Name": "sagemaker_program", "Values": ["1"]}]}},
            "ValidationException",
            "static and searched at once: sagemaker_program",
        ),
    ],
)
def test_what_cannot_be_searched_is_refused_before_anything_runs(tuning, config, code, said):
    """By name where AWS would, by AWS's rules otherwise."""
    request = changed(tuning.request(), **config)
    create = tuning.sm.create_hyper_parameter_tuning_job
    refused = tuning.refused(create, HyperParameterTuningJobName="refused", **request)
    assert refused[0] == code
    assert said in refused[1]
    missing = tuning.refused(tuning.sm.describe_hyper_parameter_tuning_job, HyperParameterTuningJobName="refused")
    assert missing[0] == "ResourceNotFound"


def test_a_training_job_that_could_not_be_made_is_refused_at_once(tuning):
    """Its image is not known here."""
    request = tuning.request()
    request["TrainingJobDefinition"]["AlgorithmSpecification"]["TrainingImage"] = "strange:1"
    create = tuning.sm.create_hyper_parameter_tuning_job
    refused = tuning.refused(create, HyperParameterTuningJobName="strange", **request)
    assert refused == ("UnsupportedLocally", "The local cloud does not support image strange:1.")


def test_a_name_is_taken_once(tuning, grid):
    """ResourceInUse, as of other jobs."""
    create = tuning.sm.create_hyper_parameter_tuning_job
    assert tuning.refused(create, HyperParameterTuningJobName="grid", **tuning.request())[0] == "ResourceInUse"


def test_changes_of_status_are_told(tuning):
    """As events of AWS's name."""
    tuning.tuned("told", ranges=ONE)
    events = tuning.told("SageMaker HyperParameter Tuning Job State Change")
    mine = [event for event in events if event["HyperParameterTuningJobName"] == "told"]
    assert [event["HyperParameterTuningJobStatus"] for event in mine] == ["InProgress", "Completed"]


def test_a_step_of_a_pipeline_tunes(tuning):
    """Its best models can be referred to by rank, the first one also by name."""
    request = tuning.request()
    best = {"Get": "Steps.Tune.BestTrainingJob.TrainingJobName"}
    second = {"Get": "Steps.Tune.TrainingJobSummaries[1].TunedHyperParameters['x']"}
    told = {
        "Std:Join": {"On": " ", "Values": [{"Get": "Steps.Tune.TrainingJobSummaries[0].TrainingJobName"}, best, second]}
    }
    steps = [
        {"Name": "Tune", "Type": "Tuning", "Arguments": request},
        {"Name": "Told", "Type": "Fail", "Arguments": {"ErrorMessage": told}},
    ]
    execution = tuning.run_pipeline({"Version": "2020-12-01", "Steps": steps})
    first, again, x = execution["FailureReason"].rsplit(": ", 1)[1].split()
    assert (first == again, x) == (True, "2")
    arn = tuning.steps(execution)["Tune"]["Metadata"]["TuningJob"]["Arn"]
    job = tuning.described(first.rsplit("-", 2)[0])
    assert job["HyperParameterTuningJobArn"] == arn
    assert job["HyperParameterTuningJobName"].startswith(execution["PipelineExecutionArn"].rsplit("/", 1)[1] + "-Tune-")


EPOCHS = """
import json, time
x = float(json.load(open("/opt/ml/input/config/hyperparameters.json"))["x"])
for epoch in range(3):
    print(f"loss={x + 1 / (epoch + 1)}", flush=True)
    if x > 1:
        time.sleep(600)
"""


def test_a_trial_that_falls_behind_is_stopped_early(tuning):
    """With TrainingJobEarlyStoppingType Auto; the search is complete all the same."""
    request = changed(tuning.request(), TrainingJobEarlyStoppingType="Auto")
    request["HyperParameterTuningJobConfig"]["ResourceLimits"] = {"MaxParallelTrainingJobs": 1}
    request["HyperParameterTuningJobConfig"]["ParameterRanges"]["CategoricalParameterRanges"][0]["Values"] = ["1", "5"]
    code = tuning.archive("early/sourcedir.tar.gz", {"train.py": EPOCHS})
    request["TrainingJobDefinition"]["StaticHyperParameters"]["sagemaker_submit_directory"] = code
    tuning.sm.create_hyper_parameter_tuning_job(HyperParameterTuningJobName="early", **request)
    job = tuning.until(lambda: tuning.described("early"), lambda found: found["HyperParameterTuningJobStatus"] in ENDED)
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    found = {trial["TunedHyperParameters"]["x"]: trial["TrainingJobStatus"] for trial in tuning.trials("early")}
    assert found == {"1": "Completed", "5": "Stopped"}
    assert job["BestTrainingJob"]["TunedHyperParameters"] == {"x": "1"}
