import pytest

from cli.errors import CliError
from cli.rollback import expectation, provisioning_seconds, take_back
from cli.state import gather
from tests.cli.fakes import CALLER, FakeClient, FakeFunctions, connection, ledger_of

DATE = {"ResponseMetadata": {"HTTPHeaders": {"date": "Sat, 21 Nov 2026 10:30:00 GMT"}}}
VETO = {"kind": "veto", "version": 2, "by": CALLER, "cause": "person", "reason": "complaints"}
STUCK = {"kind": "stuck", "version": 2, "reason": "there is no version to return to"}


def opened(number, version, *, rollout="guarded", cause="approval"):
    """A release that was begun as record `number`."""
    known = {"release_id": f"r{number}-v{version}", "version": version, "rollout": rollout}
    return {"kind": "opened", **known, "cause": cause, "reason": "so"}


def ended(number, version, outcome="deployed", *, seconds=700):
    """How that release ended."""
    known = {"release_id": f"r{number}-v{version}", "version": version, "outcome": outcome, "seconds": seconds}
    return {"kind": "outcome", **known, "reason": "as it is", "config": f"config-{version}"}


BEFORE = [opened(1, 1), ended(1, 1, seconds=300), opened(3, 2), ended(3, 2)]
BACK = opened(6, 1, rollout="immediate", cause="rollback")


class World(FakeClient):
    """SageMaker and a ledger that go on by one scene each time the endpoint is looked at; the last scene stays."""

    def __init__(self, *scenes):
        super().__init__()
        self.scenes, self.now = list(scenes), None

    def describe_endpoint(self, **_):
        self.now = self.scenes.pop(0) if len(self.scenes) > 1 else self.scenes[0]
        serves, _ = self.now
        variants = [{"CurrentInstanceCount": 2}]
        status = {"EndpointStatus": "InService", "ProductionVariants": variants}
        return {"EndpointName": "e", "EndpointConfigName": f"config-{serves}", **status, **DATE}

    def describe_endpoint_config(self, *, EndpointConfigName):
        return {"ProductionVariants": [{"ModelName": EndpointConfigName.removeprefix("config-")}]}

    def describe_model(self, *, ModelName):
        return {"Containers": [{"ModelPackageName": f"arn:x:model-package/credit-risk/{ModelName}"}]}

    def query(self, **arguments):
        _, records = self.now
        return ledger_of(*records).query(**arguments)


def stage(*scenes, **answer):
    """A stage that goes through scenes, each what serves and the ledger; its rollback function's answer."""
    world = World(*scenes)
    functions = FakeFunctions(rollback=answer)
    made = connection(
        sagemaker=world,
        dynamodb=world,
        cloudwatch=FakeClient(
            describe_alarms=lambda **_: {"MetricAlarms": []},
            get_metric_data=lambda **_: {
                "MetricDataResults": [{"Id": i, "Values": []} for i in ("requests", "errors", "p90")]
            },
        ),
        cloudformation=FakeClient(describe_stacks=lambda **_: {"Stacks": [{"StackStatus": "UPDATE_COMPLETE"}]}),
        **{"lambda": functions},
    )
    return made, functions


def test_it_ends_when_the_version_before_serves_and_the_ledger_says_how(capsys):
    """Neither the endpoint's word nor the ledger's alone is enough."""
    there, functions = stage(
        (2, BEFORE),
        (2, [*BEFORE, VETO]),
        (1, [*BEFORE, VETO, BACK]),
        (1, [*BEFORE, VETO, BACK, ended(6, 1, seconds=120)]),
        vetoed=2,
        returns_to=1,
        effect="now",
    )
    take_back(there, "credit-risk", reason="complaints", wait=True)
    assert functions.asked == [("rollback", {"model": "credit-risk", "reason": "complaints", "by": CALLER})]
    assert "credit-risk/1 serves: r6-v1 is deployed" in capsys.readouterr().out


def test_without_waiting_it_ends_at_once(capsys):
    """What was said is what is expected; the old version need not serve yet."""
    there, _ = stage((2, BEFORE), vetoed=2, returns_to=1, effect="now")
    take_back(there, "credit-risk", reason="complaints", wait=False)
    assert "back to credit-risk/1 now" in capsys.readouterr().out


def test_nothing_to_go_back_to_is_a_bad_outcome(capsys):
    """What serves goes on, nothing is called vetoed, and the sentence names the runbook."""
    there, _ = stage((2, BEFORE), vetoed=None, returns_to=None, effect="nothing to go back to")
    with pytest.raises(CliError, match=r"credit-risk/2 keeps serving .*#nothing-to-go-back-to") as said:
        take_back(there, "credit-risk", reason="complaints", wait=True)
    assert said.value.exit_code == 1
    assert "vetoed" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "dead_end",
    [
        [STUCK],
        [BACK, ended(6, 1, "failed"), opened(8, 1), ended(8, 1, "failed"), opened(10, 1), ended(10, 1, "failed")],
    ],
)
def test_a_return_that_does_not_come_up_is_a_bad_outcome(dead_end):
    """After three failures, or when a person is needed, nobody is kept waiting."""
    there, _ = stage((2, BEFORE), (2, [*BEFORE, VETO, *dead_end]), vetoed=2, returns_to=1, effect="now")
    with pytest.raises(CliError, match="credit-risk/2 serves"):
        take_back(there, "credit-risk", reason="complaints", wait=True)


def test_a_return_takes_as_long_as_the_newest_release_without_its_bakes():
    """Two bakes of 240 seconds are left out of a guarded release; the first release had none."""
    there, _ = stage((2, BEFORE))
    assert provisioning_seconds(there, gather(there, "credit-risk")) == 700 - 480
    first, _ = stage((1, BEFORE[:2]))
    assert provisioning_seconds(first, gather(first, "credit-risk")) == 300
    assert "about 3 min 40 s" in expectation(there, gather(there, "credit-risk"), "now")
