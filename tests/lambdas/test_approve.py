import pytest

from lambdas import approve
from lambdas.errors import RequestError
from lambdas.records import Approved, Outcome, Veto
from lambdas.settings import to_environ
from tests.lambdas.aws import MODEL, REGISTRY, STAGE, TABLE, World, refusal
from tests.lambdas.releases import deploy, start

PERSON = "arn:aws:sts::123456789012:assumed-role/sluice-prod-approver/ada"
BEFORE = "arn:aws:dynamodb:eu-west-1:210987654321:table/sluice-staging-ledger"
RELEASE = "sluice-prod-release"


def settle(monkeypatch, **changed):
    """The function's environment, by default of a stage that asks for a day in the stage before."""
    given = {"before_stage": "staging", "before_ledger": BEFORE, "models": {MODEL: 24}, **changed}
    settings = approve.Settings(stage=STAGE, registry=REGISTRY, ledger=TABLE, release_function=RELEASE, **given)
    for name, value in to_environ(settings).items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def world(monkeypatch):
    """A stage after another; version 1 serves here, version 2 has served there for a day."""
    settle(monkeypatch)
    world = World()
    for version in (1, 2):
        world.sagemaker.register(version)
        deploy(world, version, table=BEFORE)
    world.sagemaker.serve(f"config-{deploy(world, 1)}")
    world.clock.pass_(hours=24)
    return world


def ask(world, version=2, **event):
    """What the function answers to a person."""
    clients = approve.Clients(dynamodb=world.dynamodb, functions=world.functions, sagemaker=world.sagemaker)
    request = {"model": MODEL, "version": version, "reason": "a day without a finding", "by": PERSON, **event}
    return approve.handler(request, None, clients=lambda: clients)


def orders(world):
    """The approvals in the stage's ledger."""
    return [(record.version, record.by, record.reason) for record in world.journal().every(Approved)]


def test_an_approval_is_recorded_and_acted_upon(world):
    """A version that has proven itself is admitted: who, why, and the release function is woken."""
    assert ask(world) == {"model": MODEL, "version": 2, "stage": STAGE}
    assert orders(world) == [(2, PERSON, "a day without a finding")]
    assert world.functions.woken == [(RELEASE, {"model": MODEL})]


def test_the_first_stage_of_a_chain_has_no_stage_before(world, monkeypatch):
    """There an approval asks for a version again, say after three attempts that failed."""
    settle(monkeypatch, before_stage="", before_ledger="", models={MODEL: 0})
    world.sagemaker.register(3)
    assert ask(world, 3)["version"] == 3


def test_approving_again_asks_again(world):
    """An approval that was refused, or has grown old, is given anew."""
    ask(world)
    ask(world)
    assert len(orders(world)) == 2


def test_the_hours_of_all_its_releases_count(world):
    """A version that left the stage before and came back has served both times."""
    for _ in range(2):
        deploy(world, 3, table=BEFORE)
        world.clock.pass_(hours=10)
        deploy(world, 2, table=BEFORE, cause="rollback", rollout="immediate")
        world.clock.pass_(hours=2)
    world.sagemaker.register(3)
    with pytest.raises(RequestError, match=r"served 20\.0 of 24 hours in stage staging and does not serve there any"):
        ask(world, 3)


def test_a_deployment_in_between_does_not_start_the_hours_again(world):
    """The same version under another config goes on serving."""
    newest = world.journal(table=BEFORE).last_deployed
    again = Outcome(
        release_id=newest.release_id,
        version=2,
        outcome="deployed",
        cause="deploy",
        reason="deployed again",
        config="config-new",
    )
    world.write(again, table=BEFORE)
    assert ask(world)["version"] == 2


def test_a_soak_that_is_not_over_says_when_it_is(world):
    """The person learns the hour from which the approval will be taken."""
    deploy(world, 3, table=BEFORE)
    world.clock.pass_(hours=6)
    world.sagemaker.register(3)
    with pytest.raises(RequestError, match=r"6\.0 of 24 hours in stage staging: approve it from 2026-11-23 12:00 UTC"):
        ask(world, 3)


def test_a_soak_ends_on_time(world):
    """An hour that has come is not asked for again."""
    deploy(world, 3, table=BEFORE)
    world.clock.pass_(hours=24)
    world.sagemaker.register(3)
    assert ask(world, 3)["version"] == 3


def test_a_veto_in_the_stage_before_holds_here(world):
    """What did not hold there is not released here."""
    world.write(Veto(version=2, by="sluice", cause="alarm", reason="5 % errors"), table=BEFORE)
    with pytest.raises(RequestError, match=r"version 2 of credit-risk was vetoed in stage staging \(5 % errors\)"):
        ask(world)


def test_a_release_that_did_not_hold_is_no_proof(world):
    """A release that was rolled back or failed in the stage before has not served."""
    world.sagemaker.register(3)
    deploy(world, 3, table=BEFORE, outcome="failed")
    with pytest.raises(RequestError, match="version 3 of credit-risk was never deployed in stage staging"):
        ask(world, 3)


def test_a_veto_here_is_for_good(world):
    """The evidence is quoted, and the way out is a new version."""
    world.write(Veto(version=2, by=PERSON, cause="person", reason="it refuses everybody"))
    with pytest.raises(RequestError) as caught:
        ask(world)
    assert "vetoed in stage prod on 2026-11-22 12:00 UTC (it refuses everybody)" in str(caught.value)
    assert "register a new version" in str(caught.value)


def test_what_serves_needs_no_approval(world):
    """Approving the serving version would do nothing, and says so."""
    with pytest.raises(RequestError, match="version 1 of credit-risk serves in stage prod already"):
        ask(world, 1)


def test_what_is_under_way_needs_no_approval(world):
    """Nor does the version whose release is running."""
    release_id = start(world, 2)
    with pytest.raises(RequestError, match=f"version 2 of credit-risk is under way .* {release_id}"):
        ask(world)


@pytest.mark.parametrize("status", ["Rejected", "PendingManualApproval"])
def test_the_registry_comes_first(world, status):
    """A version that nobody admitted to the registry's own stage is not admitted to a later one."""
    world.sagemaker.register(2, status=status)
    with pytest.raises(RequestError, match=f"version 2 of credit-risk is {status} in the registry"):
        ask(world)


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        ({"version": 9}, "the registry has no version 9 of credit-risk: `sluice models credit-risk` lists"),
        ({"version": None}, "version is missing"),
        ({"version": True}, "version is True: it must be the number"),
        ({"model": "unknown"}, "stage prod has no model 'unknown': its models are credit-risk"),
        ({"reason": ""}, "reason is empty"),
        ({"by": " "}, "by is empty"),
    ],
)
def test_a_request_that_cannot_be_met_says_why(world, event, sentence):
    """A person reads what is wrong, where, and what to do; nothing is written and nobody is woken."""
    with pytest.raises(RequestError) as caught:
        ask(world, **event)
    assert sentence in str(caught.value)
    assert orders(world) == []
    assert world.functions.woken == []


def test_an_error_of_aws_is_not_taken_for_an_unknown_version(world):
    """Throttling is not an answer about the registry."""
    error = refusal("ThrottlingException", "Rate exceeded")

    def describe_model_package(**_):
        raise error

    world.sagemaker.describe_model_package = describe_model_package
    with pytest.raises(type(error), match="Rate exceeded"):
        ask(world)
