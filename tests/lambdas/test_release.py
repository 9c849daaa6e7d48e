import io
import json
from types import SimpleNamespace

import pytest

from lambdas import release
from lambdas.errors import EventError, LambdaError
from lambdas.ledger import to_item
from lambdas.records import Approved
from tests.lambdas.world import ADA, MODEL, STAGE, World, error
from tests.lambdas.world_clients import SNS, CloudFormation, DynamoDB, Functions, clients
from tests.lambdas.world_life import Life

STACK = f"sluice-{STAGE}-serving-{MODEL}"


@pytest.fixture
def world(monkeypatch):
    """A stage with an empty serving stack and one approved version."""
    for name, value in Life.environ().items():
        monkeypatch.setenv(name, value)
    world = World()
    world.register(1)
    world.change_package(1, ADA, ModelApprovalStatus="Approved")
    return world


def ask(world, event=None, **fakes):
    """Run the handler in the world, some clients replaced."""
    made = SimpleNamespace(**{**vars(clients(world)), **fakes})
    return world.run(lambda given: release.handler(given, None, clients=lambda: made), event or {"model": MODEL})


def finish(world):
    """Let the update under way come to its end."""
    while world.stack.update is not None:
        world.stack.advance()


def test_an_approval_goes_all_the_way(world):
    """It is checked, opened, asked of the stack; at the end the outcome is what serves, and people hear of it."""
    assert ask(world)["models"][MODEL] == ["opened a release of version 1", "asked for r1-v1: started"]
    finish(world)
    subject = "told people: churn-dev: release r1-v1 of version 1 serves"
    assert ask(world)["models"][MODEL] == ["wrote outcome", subject, "waits: what should serve does"]
    (message,) = world.messages
    assert "sluice rollback churn --stage dev" in message[1]


def test_what_is_known_is_not_done_again(world):
    """The same event again finds nothing to do, during the update and after it."""
    ask(world)
    during = ask(world)["models"][MODEL]
    finish(world)
    ask(world)
    assert (during, ask(world)["models"][MODEL]) == (
        ["waits: release r1-v1 is under way"],
        ["waits: what should serve does"],
    )


def test_a_refusal_stands_in_the_ledger_and_on_the_package_once(world):
    """Whoever approved sees there why nothing happened."""
    world.packages[1]["ModelMetrics"] = {}
    ask(world)
    ask(world)
    assert len(world.of_kind("refused")) == len(world.messages) == 1
    reason = "the package has no evaluation: ModelMetrics.ModelQuality.Statistics is missing"
    assert world.packages[1]["ApprovalDescription"] == f"Refused for stage dev: {reason}"
    assert world.packages[1]["ModelApprovalStatus"] == "Approved"


def test_an_artefact_is_read_once_for_an_approval(world):
    """Also when it is refused for what it was refused for before: it may be gigabytes, and events come often."""
    world.packages[1]["ModelMetrics"] = {}
    ask(world)
    order = Approved(version=1, by=ADA, reason="again").placed(sequence=len(world.ledger) + 1, at=world.now)
    world.put(to_item(order), only_if_free=True)
    for _ in range(3):
        ask(world)
    assert len(world.of_kind("refused")) == len(world.messages) == 2


def test_before_the_stack_is_deployed_nothing_can_be_released(world):
    """An approval that comes too early waits for the deployment's own event."""

    class NoStack(CloudFormation):
        def describe_stacks(self, **_):
            raise error("DescribeStacks", "ValidationError", f"Stack with id {STACK} does not exist")

    report = ask(world, cloudformation=NoStack(world))
    assert report["models"][MODEL] == ["waits: the serving stack is not deployed"]


def test_what_cloudformation_will_not_have_is_given_up_with_its_reason(world):
    """The release fails with CloudFormation's words, once it can be sure that it did not begin."""

    class Refusing(Functions):
        def invoke(self, **_):
            return {"Payload": io.BytesIO(json.dumps({"outcome": "refused", "reason": "no rights"}).encode())}

    ask(world, functions=Refusing(world))
    world.pass_time(120)
    ask(world, functions=Refusing(world))
    (ended,) = world.of_kind("outcome")
    assert (ended["outcome"]["S"], ended["reason"]["S"]) == ("failed", "no rights")


def test_a_failing_apply_fails_the_release(world):
    """The error of the second function is the first one's, so that the event is retried and kept."""

    class Broken(Functions):
        def invoke(self, **_):
            return {"Payload": io.BytesIO(b'{"errorMessage": "no rights"}'), "FunctionError": "Unhandled"}

    failed = ask(world, functions=Broken(world))
    assert isinstance(failed, LambdaError)
    assert "no rights" in str(failed)


def test_when_people_cannot_be_told_the_way_back_is_taken_all_the_same(world):
    """A message is worth less than what serves."""

    class Mute(SNS):
        def publish(self, **_):
            raise error("Publish", "InternalError", "SNS is away")

    life = Life(first=True)
    life.release_well(2)
    life._rollback({})
    report = ask(life.world, sns=Mute(life.world))
    assert report["models"][MODEL][:2] == ["opened a release of version 1", "asked for r10-v1: started"]


def test_one_models_trouble_is_not_anothers(world, monkeypatch):
    """The tick looks after every model, and fails at the end."""
    policies = json.loads(Life.environ()["MODELS"])
    monkeypatch.setenv("MODELS", json.dumps({"abalone": policies[MODEL], MODEL: policies[MODEL]}))

    class Half(DynamoDB):
        def query(self, *, ExpressionAttributeValues, **_):
            if ExpressionAttributeValues[":model"]["S"] == "abalone":
                raise error("Query", "Throttling", "Rate exceeded")
            return super().query()

    failed = ask(world, {"detail-type": "Scheduled Event", "detail": {}}, dynamodb=Half(world))
    assert "abalone" in str(failed)
    assert world.stack.parameters["ReleaseId"] == "r1-v1"


@pytest.mark.parametrize(
    ("detail_type", "detail", "expected"),
    [
        ("SageMaker Endpoint State Change", {"EndpointName": "churn-dev"}, [MODEL]),
        ("SageMaker Endpoint Deployment State Change", {"EndpointName": "churn-dev"}, [MODEL]),
        ("SageMaker Endpoint State Change", {"EndpointName": "churn-prod"}, []),
        ("CloudFormation Stack Status Change", {"stack-id": f"arn:aws:cloudformation:r:a:stack/{STACK}/1"}, [MODEL]),
        ("CloudFormation Stack Status Change", {"stack-id": "arn:aws:cloudformation:r:a:stack/other/1"}, []),
        ("SageMaker Model Package State Change", {"ModelPackageGroupName": MODEL}, [MODEL]),
        ("CloudWatch Alarm State Change", {"alarmName": "churn-dev-backstop"}, [MODEL]),
        ("CloudWatch Alarm State Change", {"alarmName": "dead-letters"}, []),
        ("Scheduled Event", {}, [MODEL, "abalone"]),
    ],
)
def test_every_event_speaks_of_models(detail_type, detail, expected):
    """Package, endpoint, stack and alarm events lead to the same question about one model, the tick about all."""
    settings = SimpleNamespace(stage=STAGE, models={MODEL: None, "abalone": None})
    assert release.parse({"detail-type": detail_type, "detail": detail}, settings) == expected


def test_a_model_can_be_named():
    """That is how the other functions and people ask."""
    settings = SimpleNamespace(stage=STAGE, models={MODEL: None})
    assert release.parse({"model": MODEL}, settings) == [MODEL]
    assert release.parse({"model": "somebody-elses"}, settings) == []


def test_an_event_no_rule_sends_is_an_error():
    """It would be a defect of a rule; the queue of dead letters keeps it."""
    with pytest.raises(EventError, match="EC2"):
        release.parse({"detail-type": "EC2 Instance State-change Notification"}, SimpleNamespace(stage="", models={}))
