"""Experiments, trials, components and their metrics."""

from datetime import UTC, datetime, timedelta

import pytest

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def trial(sm, own_name):
    """An experiment, its trial and a component in it, all named after the test."""
    name = own_name
    sm.create_experiment(ExperimentName=name)
    sm.create_trial(TrialName=name, ExperimentName=name)
    sm.create_trial_component(TrialComponentName=name)
    sm.associate_trial_component(TrialName=name, TrialComponentName=name)
    return name


def test_what_holds_something_cannot_be_deleted(sm, trial, refused):
    """An experiment goes after its trials, a trial after its components, a component after its trials."""
    assert refused(sm.delete_experiment, ExperimentName=trial)[0] == "ValidationException"
    assert refused(sm.delete_trial, TrialName=trial)[0] == "ValidationException"
    assert refused(sm.delete_trial_component, TrialComponentName=trial)[0] == "ValidationException"
    sm.disassociate_trial_component(TrialName=trial, TrialComponentName=trial)
    sm.delete_trial_component(TrialComponentName=trial)
    sm.delete_trial(TrialName=trial)
    sm.delete_experiment(ExperimentName=trial)
    assert refused(sm.describe_experiment, ExperimentName=trial)[0] == "ResourceNotFound"


def test_names_are_taken_once_in_words_that_clients_know(sm, trial, refused):
    """ "already exists" in a ValidationException is how the SDK tells that it may load instead."""
    for create, member in (
        (sm.create_experiment, "ExperimentName"),
        (sm.create_trial_component, "TrialComponentName"),
    ):
        code, message = refused(create, **{member: trial})
        assert (code, "already exists" in message) == ("ValidationException", True)
    code, message = refused(sm.create_trial, TrialName=trial, ExperimentName=trial)
    assert (code, "already exists" in message) == ("ValidationException", True)
    assert refused(sm.create_trial, TrialName="t", ExperimentName="none")[0] == "ResourceNotFound"


def test_lists_follow_the_associations(sm, trial, refused):
    """Trials by experiment and component, components by experiment and trial; an unknown name is an error."""
    other = f"{trial}-other"
    sm.create_trial_component(TrialComponentName=other)

    def trials(**given):
        return [summary["TrialName"] for summary in sm.list_trials(**given)["TrialSummaries"]]

    def components(**given):
        listed = sm.list_trial_components(**given)["TrialComponentSummaries"]
        return [summary["TrialComponentName"] for summary in listed]

    assert trials(ExperimentName=trial) == trials(TrialComponentName=trial) == [trial]
    assert trials(TrialComponentName=other) == []
    assert components(ExperimentName=trial) == components(TrialName=trial) == [trial]
    assert refused(sm.list_trials, ExperimentName="none")[0] == "ResourceNotFound"
    assert refused(sm.list_trial_components, TrialName=trial, SourceArn="x")[0] == "ValidationException"


def test_an_update_merges_maps_by_key_and_takes_keys_out(sm, trial):
    """Parameters and artifacts that are not named stay."""
    sm.update_trial_component(
        TrialComponentName=trial,
        Status={"PrimaryStatus": "Completed"},
        Parameters={"depth": {"NumberValue": 3.0}, "loss": {"StringValue": "log"}},
        OutputArtifacts={"model": {"Value": "s3://work/model"}},
    )
    sm.update_trial_component(
        TrialComponentName=trial, Parameters={"depth": {"NumberValue": 4.0}}, ParametersToRemove=["loss"]
    )
    shown = sm.describe_trial_component(TrialComponentName=trial)
    assert shown["Parameters"] == {"depth": {"NumberValue": 4.0}}
    assert shown["OutputArtifacts"] == {"model": {"Value": "s3://work/model"}}
    assert shown["Status"] == {"PrimaryStatus": "Completed"}
    assert shown["DisplayName"] == trial


def test_a_component_that_is_not_in_the_trial_cannot_leave_it(sm, trial, refused):
    """Disassociating twice is refused."""
    sm.disassociate_trial_component(TrialName=trial, TrialComponentName=trial)
    assert refused(sm.disassociate_trial_component, TrialName=trial, TrialComponentName=trial)[0] == "ResourceNotFound"


def test_metrics_are_summed_up_where_the_component_is_described(sm, shared, trial, refused):
    """Min, max, average, deviation, count and the last value in time, whatever the order they came in."""
    metrics = shared.services.client("sagemaker-metrics")
    answer = metrics.batch_put_metrics(
        TrialComponentName=trial,
        MetricData=[
            {"MetricName": "loss", "Timestamp": NOON + timedelta(minutes=minute), "Step": step, "Value": value}
            for minute, step, value in ((2, 2, 1.0), (0, 0, 4.0), (1, 1, 1.0))
        ],
    )
    assert answer.get("Errors", []) == []
    (summary,) = sm.describe_trial_component(TrialComponentName=trial)["Metrics"]
    figures = {name: summary[name] for name in ("Min", "Max", "Last", "Count", "Avg")}
    assert figures == {"Min": 1.0, "Max": 4.0, "Last": 1.0, "Count": 3, "Avg": 2.0}
    assert summary["StdDev"] == pytest.approx(2**0.5)
    assert summary["TimeStamp"] == NOON + timedelta(minutes=2)
    entry = {"MetricName": "loss", "Timestamp": NOON, "Value": 1.0}
    assert refused(metrics.batch_put_metrics, TrialComponentName="none", MetricData=[entry])[0] == "ResourceNotFound"


def test_metrics_are_got_by_iteration_and_by_time(sm, shared, trial):
    """Each query is answered by itself: a bad one does not spoil the others."""
    metrics = shared.services.client("sagemaker-metrics")
    arn = sm.describe_trial_component(TrialComponentName=trial)["TrialComponentArn"]
    metrics.batch_put_metrics(
        TrialComponentName=trial,
        MetricData=[
            {"MetricName": "auc", "Timestamp": NOON + timedelta(seconds=40 * n), "Step": n, "Value": float(n)}
            for n in range(4)
        ],
    )
    query = {"MetricName": "auc", "ResourceArn": arn, "MetricStat": "Max"}
    by_step = {**query, "Period": "IterationNumber", "XAxisType": "IterationNumber", "Start": 1, "End": 2}
    by_minute = {**query, "Period": "OneMinute", "XAxisType": "Timestamp"}
    wrong = {**query, "Period": "OneMinute", "XAxisType": "IterationNumber"}
    found = metrics.batch_get_metrics(MetricQueries=[by_step, by_minute, wrong])["MetricQueryResults"]
    noon = int(NOON.timestamp())
    assert [(r["Status"], r["XAxisValues"], r["MetricValues"]) for r in found] == [
        ("Complete", [1, 2], [1.0, 2.0]),
        ("Complete", [noon, noon + 60, noon + 120], [1.0, 2.0, 3.0]),
        ("ValidationError", [], []),
    ]


def test_metrics_go_with_their_component(sm, shared, trial):
    """A component of the same name begins without values."""
    metrics = shared.services.client("sagemaker-metrics")
    entry = {"MetricName": "loss", "Timestamp": NOON, "Value": 1.0}
    metrics.batch_put_metrics(TrialComponentName=trial, MetricData=[entry])
    sm.disassociate_trial_component(TrialName=trial, TrialComponentName=trial)
    sm.delete_trial_component(TrialComponentName=trial)
    sm.create_trial_component(TrialComponentName=trial)
    assert sm.describe_trial_component(TrialComponentName=trial)["Metrics"] == []


def test_a_component_shows_maps_that_are_empty(sm, trial):
    """AWS's SDK iterates over the artifacts of what a search finds, whether there are any or not."""
    wanted = {"Filters": [{"Name": "TrialComponentName", "Operator": "Equals", "Value": trial}]}
    (found,) = sm.search(Resource="ExperimentTrialComponent", SearchExpression=wanted)["Results"]
    maps = {name: found["TrialComponent"][name] for name in ("Parameters", "InputArtifacts", "OutputArtifacts")}
    assert maps == {"Parameters": {}, "InputArtifacts": {}, "OutputArtifacts": {}}
