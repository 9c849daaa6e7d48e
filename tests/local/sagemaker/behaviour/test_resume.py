"""What goes on when the next process takes the state up."""

import json

import pytest

from local.sagemaker import SageMaker
from local.state import State
from tests.local.conftest import SmallCloud
from tests.local.sagemaker.conftest import ROLE, PlainImages, World


@pytest.fixture
def process(tmp_path, monkeypatch):
    """Begins processes on one state; those before have ended."""
    monkeypatch.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "false")
    state, running = State.in_memory(), []

    def part(services):
        services.state = state
        return SageMaker(services, images=PlainImages())

    def begin() -> World:
        for cloud in running:
            cloud.close()
        running[:] = [SmallCloud(tmp_path / str(len(list(tmp_path.iterdir()))), part)]
        return World(running[0])

    yield begin
    for cloud in running:
        cloud.close()


def test_an_execution_goes_on(process):
    """Finished steps keep their results; the one that waited runs again."""
    first = process()
    queue = first.services.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    conditions = [{"Type": "Equals", "LeftValue": 1, "RightValue": 1}]
    steps = [
        {"Name": "First", "Type": "Condition", "Arguments": {"Conditions": conditions}},
        {"Name": "Ask", "Type": "Callback", "SqsQueueUrl": queue, "DependsOn": ["First"]},
    ]
    text = json.dumps({"Version": "2020-12-01", "Steps": steps})
    first.sm.create_pipeline(PipelineName="p", PipelineDefinition=text, RoleArn=ROLE)
    arn = first.sm.start_pipeline_execution(PipelineName="p")["PipelineExecutionArn"]
    _told(first, queue)
    done = first.steps({"PipelineExecutionArn": arn})["First"]

    second = process()
    second.services.client("sqs").create_queue(QueueName="q")
    second.part.resume()
    token = _told(second, queue)["token"]
    second.sm.send_pipeline_execution_step_success(CallbackToken=token)
    execution = second.ended_execution(arn)
    assert execution["PipelineExecutionStatus"] == "Succeeded"
    assert second.steps(execution)["First"] == done


def _told(world, queue):
    sqs = world.services.client("sqs")
    found = world.until(lambda: sqs.receive_message(QueueUrl=queue).get("Messages", []), bool)
    return json.loads(found[0]["Body"])
