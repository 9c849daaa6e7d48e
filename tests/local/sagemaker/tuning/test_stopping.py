from local.sagemaker.tuning.request import Definition, Objective
from local.sagemaker.tuning.stopping import hopeless, not_improving, satisfied
from local.sagemaker.tuning.trials import Trial, best, told

LOSS = Objective("loss", maximize=False)
AUC = Objective("auc", maximize=True)


def trial(*history, status="Completed", objective=LOSS, name=""):
    """A trial that told these values of its objective."""
    metrics = [{"MetricName": objective.metric, "Value": history[-1]}] if history else []
    job = {"TrainingJobStatus": status, "FinalMetricDataList": metrics, "ObjectiveHistory": list(history)}
    return Trial(name or str(history), Definition("", objective, None, {}), {}, job)


def test_a_trial_is_hopeless_that_is_worse_than_the_median_of_running_averages():
    """At the same epoch: of (3+1)/2, (4+2)/2 and (9+9)/2 the median is 3."""
    ended = [trial(3.0, 1.0, 0.5), trial(4.0, 2.0, 0.5), trial(9.0, 9.0, 9.0)]
    assert hopeless(trial(5.0, 3.1, status="InProgress"), ended)
    assert not hopeless(trial(5.0, 2.9, status="InProgress"), ended)


def test_higher_is_better_when_maximizing():
    """The same rule the other way round."""
    ended = [trial(0.5, 0.7, 0.8, objective=AUC)]
    assert hopeless(trial(0.4, status="InProgress", objective=AUC), ended)
    assert not hopeless(trial(0.6, status="InProgress", objective=AUC), ended)


def test_a_trial_in_its_last_epoch_goes_on():
    """Stopping it would spare nothing, and lose its model; so does one that has nobody before it."""
    assert not hopeless(trial(9.0, status="InProgress"), [trial(1.0), trial(2.0)])
    assert not hopeless(trial(9.0, status="InProgress"), [])
    assert not hopeless(trial(status="InProgress"), [trial(1.0, 1.0)])


def test_a_target_satisfies():
    """When it is reached or passed."""
    criteria = {"TargetObjectiveMetricValue": 0.5}
    assert satisfied([trial(0.6), trial(0.5)], criteria)
    assert not satisfied([trial(0.6), trial(0.4, status="InProgress")], criteria)
    assert satisfied([trial(0.9, objective=AUC)], criteria)
    assert not satisfied([trial(0.1)], {})


def test_no_improvement_by_one_per_cent_satisfies():
    """Counted from the last trial that brought one."""
    values = [1.0, 0.5, 0.4999, 0.7, 0.4]
    assert not_improving([trial(value) for value in values[:4]]) == 2
    assert not_improving([trial(value) for value in values]) == 0
    criteria = {"BestObjectiveNotImproving": {"MaxNumberOfTrainingJobsNotImproving": 3}}
    assert not satisfied([trial(value) for value in values[:4]], criteria)
    assert satisfied([trial(value) for value in (0.1, 0.2, 0.3, 0.4)], criteria)


def test_the_best_is_the_earlier_of_equals_and_no_failed_one():
    """Whatever a failed one has told before."""
    found = [trial(0.3, name="first"), trial(0.3, name="second"), trial(0.1, status="Failed")]
    assert best(found).name == "first"
    assert best([trial(status="Completed")]) is None


def test_counters_follow_the_trials():
    """Completed ones that told nothing have failed as objectives; an internal error could be retried."""
    internal = trial(status="Failed")
    internal.job["FailureReason"] = "InternalServerError: again"
    silent = trial(status="Completed", name="silent")
    members = told(
        [trial(0.5), silent, trial(status="Failed"), internal, trial(status="InProgress"), trial(0.2, status="Stopped")]
    )
    assert members["TrainingJobStatusCounters"] == {
        "Completed": 2,
        "InProgress": 1,
        "RetryableError": 1,
        "NonRetryableError": 1,
        "Stopped": 1,
    }
    assert members["ObjectiveStatusCounters"] == {"Succeeded": 2, "Pending": 1, "Failed": 3}
    metric = members["BestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"]
    assert metric == {"Type": "Minimize", "MetricName": "loss", "Value": 0.2}
