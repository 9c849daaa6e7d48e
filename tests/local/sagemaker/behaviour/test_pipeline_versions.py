"""Versions and aliases of pipelines, callbacks, and executions that are changed and retried."""

import json

import pytest

from tests.local.sagemaker.conftest import ROLE


def definition(*steps, **more) -> str:
    """A definition as text."""
    return json.dumps({"Version": "2020-12-01", "Parameters": [], "Steps": list(steps), **more})


def condition(name: str, *, holds: bool = True, **more):
    """A step that succeeds at once; what it says is its outcome."""
    conditions = [{"Type": "Equals", "LeftValue": 1, "RightValue": 1 if holds else 2}]
    return {"Name": name, "Type": "Condition", "Arguments": {"Conditions": conditions, **more}}


def callback(name: str, queue: str, *outputs: tuple[str, str], **more):
    """A Callback step with outputs of these names and types."""
    declared = [{"OutputName": output, "OutputType": kind} for output, kind in outputs]
    arguments = {"greeting": {"Get": "Execution.PipelineName"}}
    return {
        "Name": name,
        "Type": "Callback",
        "SqsQueueUrl": queue,
        "Arguments": arguments,
        "OutputParameters": declared,
    } | more


@pytest.fixture(scope="module")
def queue(shared):
    """A queue's URL."""
    return shared.services.client("sqs").create_queue(QueueName="callbacks")["QueueUrl"]


@pytest.fixture
def message(shared, queue):
    """Waits for the next message of the queue, which is JSON."""
    sqs = shared.services.client("sqs")

    def receive():
        found = shared.until(lambda: sqs.receive_message(QueueUrl=queue).get("Messages", []), bool)
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=found[0]["ReceiptHandle"])
        return json.loads(found[0]["Body"])

    return receive


@pytest.fixture
def start(sm, own_name):
    """Makes the pipeline of the test's name, starts it and gives the execution's ARN."""

    def begin(text: str, **more) -> str:
        sm.create_pipeline(PipelineName=own_name, PipelineDefinition=text, RoleArn=ROLE)
        return sm.start_pipeline_execution(PipelineName=own_name, **more)["PipelineExecutionArn"]

    return begin


def test_another_definition_is_another_version(sm, own_name, refused):
    """Each is described by its number or alias; the last one is the pipeline; the same text is no version."""
    first, second = definition(condition("One")), definition(condition("Two"))
    arn = sm.create_pipeline(
        PipelineName=own_name, PipelineDefinition=first, RoleArn=ROLE, PipelineVersionAliases=["stable"]
    )["PipelineArn"]
    assert sm.update_pipeline(PipelineName=own_name, PipelineDisplayName="shown")["PipelineVersionId"] == 1
    answer = sm.update_pipeline(PipelineName=own_name, PipelineDefinition=second, PipelineVersionAliases=["next"])
    assert answer["PipelineVersionId"] == 2
    assert sm.describe_pipeline(PipelineName=own_name)["PipelineDefinition"] == second
    assert sm.describe_pipeline(PipelineName=own_name, PipelineVersionId=1)["PipelineDefinition"] == first
    assert sm.describe_pipeline(PipelineName=own_name, PipelineVersionAlias="stable")["PipelineDefinition"] == first
    assert refused(sm.describe_pipeline, PipelineName=own_name, PipelineVersionId=3)[0] == "ResourceNotFound"
    listed = sm.list_pipeline_versions(PipelineName=arn)["PipelineVersionSummaries"]
    assert [version["PipelineVersionId"] for version in listed] == [2, 1]
    both = {"PipelineName": own_name, "PipelineVersionId": 1, "PipelineVersionAlias": "next"}
    assert refused(sm.describe_pipeline, **both)[0] == "ValidationException"


def test_an_alias_belongs_to_one_version(sm, own_name, refused):
    """It is removed from the one before it is added to the other; numbers alone are no alias."""
    arn = sm.create_pipeline(
        PipelineName=own_name,
        PipelineDefinition=definition(condition("One")),
        RoleArn=ROLE,
        PipelineVersionAliases=["live"],
    )["PipelineArn"]
    second = {"PipelineName": own_name, "PipelineDefinition": definition(condition("Two"))}
    assert refused(sm.update_pipeline, **second, PipelineVersionAliases=["live"])[0] == "ValidationException"
    assert refused(sm.update_pipeline, **second, PipelineVersionAliases=["12"])[0] == "ValidationException"
    sm.update_pipeline(**second)
    one, two = ({"PipelineArn": arn, "PipelineVersionId": number} for number in (1, 2))
    move = {"PipelineVersionAliasOperations": {"Add": ["live"]}}
    assert refused(sm.update_pipeline_version, **two, **move)[0] == "ValidationException"
    sm.update_pipeline_version(**one, PipelineVersionAliasOperations={"Remove": ["live"]})
    sm.update_pipeline_version(**two, **move, PipelineVersionDisplayName="two", PipelineVersionDescription="d")
    shown = sm.describe_pipeline(PipelineName=own_name, PipelineVersionAlias="live")
    assert (shown["PipelineVersionDisplayName"], shown["PipelineVersionDescription"]) == ("two", "d")
    assert shown["PipelineVersionAliases"] == ["live"]
    assert refused(sm.update_pipeline_version, PipelineArn=arn, PipelineVersionId=9)[0] == "ResourceNotFound"


def test_an_execution_runs_the_version_it_is_told(sm, shared, own_name, start):
    """By number; listed by alias; the version knows its last execution."""
    start(definition(condition("One")))
    sm.update_pipeline(
        PipelineName=own_name, PipelineDefinition=definition(condition("Two")), PipelineVersionAliases=["next"]
    )
    arn = sm.start_pipeline_execution(PipelineName=own_name, PipelineVersionId=1)["PipelineExecutionArn"]
    latest = sm.start_pipeline_execution(PipelineName=own_name)["PipelineExecutionArn"]
    assert list(shared.steps(shared.ended_execution(arn))) == ["One"]
    assert list(shared.steps(shared.ended_execution(latest))) == ["Two"]
    assert sm.describe_pipeline_execution(PipelineExecutionArn=arn)["PipelineVersionId"] == 1
    found = sm.list_pipeline_executions(PipelineName=own_name, PipelineVersionAlias="next")
    assert [e["PipelineExecutionArn"] for e in found["PipelineExecutionSummaries"]] == [latest]
    (two, one) = sm.list_pipeline_versions(PipelineName=own_name)["PipelineVersionSummaries"]
    assert (one["LastExecutionPipelineExecutionArn"], two["LastExecutionPipelineExecutionArn"]) == (arn, latest)


def test_a_callback_step_waits_for_whoever_has_its_token(sm, shared, own_name, start, queue, message, refused):
    """The message carries token, execution and arguments; typed outputs come back; the token is used once."""
    gate = {"Type": "Equals", "LeftValue": {"Get": "Steps.Ask.OutputParameters['count']"}, "RightValue": 3}
    check = {"Name": "Check", "Type": "Condition", "Arguments": {"Conditions": [gate]}}
    arn = start(definition(callback("Ask", queue, ("count", "Integer")), check))
    told = message()
    assert (told["pipelineExecutionArn"], told["arguments"]) == (arn, {"greeting": own_name})
    answer = {"CallbackToken": told["token"], "OutputParameters": [{"Name": "count", "Value": "3"}]}
    sm.send_pipeline_execution_step_success(**answer, ClientRequestToken="r" * 32)
    execution = shared.ended_execution(arn)
    steps = shared.steps(execution)
    assert execution["PipelineExecutionStatus"] == "Succeeded"
    assert steps["Check"]["Metadata"]["Condition"]["Outcome"] == "True"
    assert steps["Ask"]["Metadata"]["Callback"] == {
        "CallbackToken": told["token"],
        "SqsQueueUrl": queue,
        "OutputParameters": [{"Name": "count", "Value": "3"}],
    }
    sm.send_pipeline_execution_step_success(**answer, ClientRequestToken="r" * 32)
    assert refused(sm.send_pipeline_execution_step_success, **answer)[0] == "ConflictException"
    assert refused(sm.send_pipeline_execution_step_failure, CallbackToken="0123456789")[0] == "ResourceNotFound"


def test_a_callback_may_fail_its_step(sm, shared, start, queue, message):
    """With the reason that was sent."""
    arn = start(definition(callback("Ask", queue)))
    sm.send_pipeline_execution_step_failure(CallbackToken=message()["token"], FailureReason="no answer")
    execution = shared.ended_execution(arn)
    assert execution["PipelineExecutionStatus"] == "Failed"
    assert shared.steps(execution)["Ask"]["FailureReason"] == "no answer"


def test_stopping_tells_the_queue_of_a_callback_and_waits_for_its_answer(sm, shared, start, queue, message):
    """A second message says Stopping; the execution is Stopped when the token has been used."""
    arn = start(definition(callback("Ask", queue)))
    token = message()["token"]
    sm.stop_pipeline_execution(PipelineExecutionArn=arn)
    told = message()
    assert (told["token"], told["status"]) == (token, "Stopping")
    described = sm.describe_pipeline_execution(PipelineExecutionArn=arn)
    assert described["PipelineExecutionStatus"] == "Stopping"
    sm.send_pipeline_execution_step_failure(CallbackToken=token)
    execution = shared.ended_execution(arn)
    assert execution["PipelineExecutionStatus"] == "Stopped"
    assert shared.steps(execution)["Ask"]["StepStatus"] == "Stopped"


def test_a_retry_repeats_what_failed_alone(sm, shared, start, queue, message, refused):
    """Steps that succeeded keep their times and what later steps read of them; what succeeded is not retried."""
    arn = start(definition(condition("First"), callback("Ask", queue, DependsOn=["First"])))
    sm.send_pipeline_execution_step_failure(CallbackToken=message()["token"])
    before = shared.steps(shared.ended_execution(arn))
    sm.retry_pipeline_execution(PipelineExecutionArn=arn, ClientRequestToken="t" * 32)
    sm.send_pipeline_execution_step_success(CallbackToken=message()["token"])
    execution = shared.ended_execution(arn)
    after = shared.steps(execution)
    assert execution["PipelineExecutionStatus"] == "Succeeded"
    assert "FailureReason" not in execution
    assert after["First"] == before["First"]
    assert (before["Ask"]["StepStatus"], after["Ask"]["StepStatus"]) == ("Failed", "Succeeded")
    again = {"PipelineExecutionArn": arn, "ClientRequestToken": "u" * 32}
    assert refused(sm.retry_pipeline_execution, **again)[0] == "ConflictException"


def test_a_cached_step_is_done_once(sm, shared, own_name):
    """The second execution takes job and result of the first; other arguments, or none that are cached, are a run."""

    def run(word: str) -> dict:
        arn = sm.start_pipeline_execution(PipelineName=own_name, PipelineParameters=[{"Name": "Word", "Value": word}])[
            "PipelineExecutionArn"
        ]
        execution = shared.ended_execution(arn)
        assert execution["PipelineExecutionStatus"] == "Succeeded"
        return {"arn": arn, **shared.steps(execution)}

    uri = {"Std:Join": {"On": "/", "Values": ["s3://work", {"Get": "Execution.PipelineExecutionId"}]}}
    script = "open('/opt/ml/processing/out/word', 'w').write('w')"
    arguments = shared.processing(
        script, outputs=[("out", uri, "out")], Environment={"WORD": {"Get": "Parameters.Word"}}
    )
    cached = {"CacheConfig": {"Enabled": True, "ExpireAfter": "P30D"}}
    steps = [
        {"Name": "Prepare", "Type": "Processing", "Arguments": arguments, **cached},
        condition("After", DependsOn=["Prepare"]),
    ]
    text = json.dumps({"Version": "2020-12-01", "Parameters": [{"Name": "Word", "Type": "String"}], "Steps": steps})
    sm.create_pipeline(PipelineName=own_name, PipelineDefinition=text, RoleArn=ROLE)
    first, second, third = run("a"), run("a"), run("b")
    assert second["Prepare"]["CacheHitResult"] == {"SourcePipelineExecutionArn": first["arn"]}
    assert second["Prepare"]["Metadata"] == first["Prepare"]["Metadata"]
    assert "CacheHitResult" not in first["Prepare"]
    assert "CacheHitResult" not in third["Prepare"]
    assert third["Prepare"]["Metadata"] != first["Prepare"]["Metadata"]


@pytest.mark.parametrize(
    ("expires", "found"), [("PT1H", True), ("P1W", True), ("T16m", True), ("soon", False), ("P", False)]
)
def test_a_cache_expires_after_a_duration(sm, own_name, expires, found):
    """In ISO 8601, or as the guide writes it; nonsense is refused."""
    text = definition({**condition("One"), "CacheConfig": {"Enabled": True, "ExpireAfter": expires}})
    request = {"PipelineName": own_name, "PipelineDefinition": text, "RoleArn": ROLE}
    if found:
        sm.create_pipeline(**request)
    else:
        with pytest.raises(sm.exceptions.ClientError, match="ExpireAfter"):
            sm.create_pipeline(**request)


def test_an_execution_is_renamed(sm, shared, own_name, start):
    """UpdatePipelineExecution changes what is given."""
    arn = start(
        definition(condition("One"), PipelineExperimentConfig={"ExperimentName": {"Get": "Execution.PipelineName"}})
    )
    sm.update_pipeline_execution(
        PipelineExecutionArn=arn, PipelineExecutionDisplayName="shown", PipelineExecutionDescription="why"
    )
    shown = shared.ended_execution(arn)
    assert (shown["PipelineExecutionDisplayName"], shown["PipelineExecutionDescription"]) == ("shown", "why")
    assert shown["PipelineExperimentConfig"] == {"ExperimentName": own_name}


def test_fewer_steps_at_once_are_none_until_others_end(sm, shared, own_name, start, queue, message):
    """When less is wanted than runs, the next step waits for all of them."""
    names = ["One", "Two", "Three", "Four", "Five"]
    text = definition(*(callback(name, queue) for name in names))
    arn = start(text, ParallelismConfiguration={"MaxParallelExecutionSteps": 3})
    tokens = [message()["token"] for _ in range(3)]
    sm.update_pipeline_execution(PipelineExecutionArn=arn, ParallelismConfiguration={"MaxParallelExecutionSteps": 1})
    for token in tokens:
        sm.send_pipeline_execution_step_success(CallbackToken=token)
    for _ in range(2):
        sm.send_pipeline_execution_step_success(CallbackToken=message()["token"])
    steps = shared.steps(shared.ended_execution(arn))
    started = sorted(steps.values(), key=lambda step: step["StartTime"])
    assert all(step["EndTime"] <= later["StartTime"] for later in started[3:] for step in started[:3])
    assert started[3]["EndTime"] <= started[4]["StartTime"]
