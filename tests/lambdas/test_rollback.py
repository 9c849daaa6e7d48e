import pytest

from lambdas import rollback
from lambdas.errors import Conflict, RequestError
from lambdas.records import Approved, Veto
from lambdas.settings import to_environ
from tests.lambdas.aws import MODEL, STAGE, TABLE, World
from tests.lambdas.releases import deploy, start

PERSON = "arn:aws:sts::123456789012:assumed-role/sluice-prod-operator/eve"
RELEASE = "sluice-prod-release"


@pytest.fixture
def world(monkeypatch):
    """A stage whose registry has three approved versions."""
    settings = rollback.Settings(stage=STAGE, models=(MODEL, "abalone"), ledger=TABLE, release_function=RELEASE)
    for name, value in to_environ(settings).items():
        monkeypatch.setenv(name, value)
    world = World()
    for version in (1, 2, 3):
        world.sagemaker.register(version)
    return world


def ask(world, **event):
    """What the function answers to a person."""
    clients = rollback.Clients(dynamodb=world.dynamodb, functions=world.functions, sagemaker=world.sagemaker)
    request = {"model": MODEL, "reason": "it refuses everybody", "by": PERSON, **event}
    return rollback.handler(request, None, clients=lambda: clients)


def vetoed(world):
    """The versions that may never serve again."""
    return set(world.journal().vetoes)


def serve(world, *versions):
    """Versions that were deployed one after the other, the last of which serves."""
    for version in versions:
        release_id = deploy(world, version)
    world.sagemaker.serve(f"config-{release_id}")
    return release_id


def test_what_serves_is_vetoed_and_the_one_before_returns(world):
    """Without a release under way, the serving version goes and the last one that served well comes back, now."""
    serve(world, 1, 2)
    assert ask(world) == {"model": MODEL, "vetoed": 2, "returns_to": 1, "effect": "now"}
    veto = world.journal().vetoes[2]
    assert (veto.by, veto.cause, veto.reason) == (PERSON, "person", "it refuses everybody")
    assert world.functions.woken == [(RELEASE, {"model": MODEL})]


def test_a_release_under_way_is_what_is_meant(world):
    """In a canary the new version is vetoed and the old one stays, from the next bake on: no API stops an update."""
    serve(world, 1)
    start(world, 2)
    assert ask(world) == {"model": MODEL, "vetoed": 2, "returns_to": 1, "effect": "at the next bake"}
    assert vetoed(world) == {2}


def test_an_immediate_release_must_end_first(world):
    """A release without bakes cannot be stopped; what was vetoed goes when it has ended."""
    serve(world, 1)
    release_id = start(world, 2, rollout="immediate")
    assert ask(world)["effect"] == f"when release {release_id} has ended"


def test_what_serves_can_be_vetoed_while_another_is_on_its_way(world):
    """A person may name the version; the release under way goes on and is what follows it."""
    serve(world, 1)
    release_id = start(world, 2)
    answer = ask(world, version=1)
    assert (answer["vetoed"], answer["returns_to"]) == (1, 2)
    assert answer["effect"] == f"when release {release_id} has ended"


def test_asking_twice_takes_back_one_version(world):
    """The same request again, while the way back is under way, does not veto the version that returns."""
    bad = serve(world, 1, 2)
    ask(world)
    start(world, 1, cause="rollback", rollout="immediate", follows=bad)
    again = ask(world)
    assert (again["vetoed"], again["returns_to"], vetoed(world)) == (2, 1, {2})


def test_asking_twice_takes_back_one_version_even_when_the_endpoint_has_changed(world):
    """The moment when the old version serves again and nobody has written it down yet is no reason to veto it."""
    bad = serve(world, 1, 2)
    ask(world)
    start(world, 1, cause="rollback", rollout="immediate", follows=bad)
    world.sagemaker.serve("config-that-nobody-knows")
    assert ask(world)["vetoed"] == 2
    assert vetoed(world) == {2}


def test_a_veto_that_stands_is_not_written_again(world):
    """The ledger says once who took a version back."""
    serve(world, 1, 2)
    ask(world)
    before = world.journal().last
    ask(world)
    assert world.journal().last == before
    assert len(world.functions.woken) == 2


def test_what_the_registry_no_longer_admits_does_not_return(world):
    """A version that was rejected or deleted in the registry is passed over."""
    serve(world, 1, 2, 3)
    world.sagemaker.register(2, status="Rejected")
    assert ask(world)["returns_to"] == 1


def test_a_package_that_is_gone_does_not_return(world):
    """Without its package, a version cannot be built again."""
    serve(world, 1, 2)
    world.sagemaker.packages.clear()
    assert ask(world)["effect"] == "nothing to go back to"
    assert vetoed(world) == set()


def test_nothing_to_go_back_to_is_said(world):
    """The only version that ever served is not vetoed: it would serve on, and nothing could return to it."""
    serve(world, 1)
    assert ask(world) == {"model": MODEL, "vetoed": None, "returns_to": None, "effect": "nothing to go back to"}
    assert vetoed(world) == set()


def test_a_second_rollback_does_not_take_the_last_version_too(world):
    """Who asks again when the way back has ended hears that there is no further one."""
    serve(world, 1, 2)
    ask(world)
    serve(world, 1)
    assert ask(world) == {"model": MODEL, "vetoed": None, "returns_to": None, "effect": "nothing to go back to"}
    assert vetoed(world) == {2}


def test_a_deployment_that_nobody_wrote_down_yet_serves_the_same_version(world):
    """A changed config without a release is the last release's, deployed again."""
    serve(world, 1, 2)
    world.sagemaker.serve("config-of-a-deployment")
    assert ask(world)["vetoed"] == 2


def test_a_config_of_a_release_that_nobody_wrote_down_yet_is_not_guessed(world):
    """While a release is under way, an unknown config is likely its own: the version before does not serve any more."""
    serve(world, 1)
    start(world, 2)
    world.sagemaker.serve("config-of-the-release")
    with pytest.raises(RequestError, match=r"version 1 is not what serves .* ask for 2"):
        ask(world, version=1)


def test_whoever_is_faster_is_heard(world):
    """A veto that somebody else writes meanwhile is read, not overwritten and not doubled."""
    serve(world, 1, 2)
    world.dynamodb.faster = lambda: world.write(Veto(version=2, by="sluice", cause="alarm", reason="it rang"))
    assert ask(world)["vetoed"] == 2
    assert [veto.cause for veto in world.journal().every(Veto)] == ["alarm"]


def test_a_ledger_that_never_rests_is_an_error(world):
    """After eight turns the function gives up rather than claim a veto that does not stand."""
    serve(world, 1, 2)

    def again():
        world.write(Approved(version=9, by=PERSON, reason="busy"))
        world.dynamodb.faster = again

    world.dynamodb.faster = again
    with pytest.raises(Conflict, match="8 times"):
        ask(world)
    assert vetoed(world) == set()


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        ({"model": "unknown"}, "stage prod has no model 'unknown': its models are abalone, credit-risk"),
        ({"reason": "  "}, "reason is empty: say why"),
        ({"by": None}, "by is empty"),
        ({"version": "2"}, "version is '2': it must be the number of a package of credit-risk"),
        ({"version": 0}, "version is 0"),
        ({"version": 3}, "version 3 is not what serves as credit-risk in stage prod, nor is its release under way"),
        ({"version": 3}, "ask for 2, or leave the version out"),
    ],
)
def test_a_request_that_cannot_be_met_says_why(world, event, sentence):
    """A person reads what is wrong, where, and what to do; nothing is written and nobody is woken."""
    serve(world, 1, 2)
    with pytest.raises(RequestError) as caught:
        ask(world, **event)
    assert sentence in str(caught.value)
    assert vetoed(world) == set()
    assert world.functions.woken == []


def test_where_nothing_serves_nothing_is_taken_back(world):
    """Before the first release there is no endpoint and nothing to veto."""
    with pytest.raises(RequestError, match="nothing serves as credit-risk in stage prod and no release is under way"):
        ask(world)
