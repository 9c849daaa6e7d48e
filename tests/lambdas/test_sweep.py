from datetime import timedelta
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from lambdas import remains, sweep
from lambdas.errors import RequestError
from lambdas.records import Veto
from lambdas.settings import to_environ
from tests.lambdas.aws import MODEL, STAGE, TABLE, World, refusal
from tests.lambdas.releases import deploy, start

OLD, YOUNG = timedelta(days=30), timedelta(days=3)
CONFIG, MODEL_NAME = "CreditRiskProdConfig-{}", "CreditRiskProdModel-{}"


class Stacks:
    """CloudFormation with the serving stacks that there are, each with its status and its physical ids."""

    exceptions = SimpleNamespace(ClientError=ClientError)

    def __init__(self):
        self.stacks = {}

    def describe_stacks(self, *, StackName):
        if StackName not in self.stacks:
            raise refusal("ValidationError", f"Stack with id {StackName} does not exist")
        return {"Stacks": [{"StackStatus": self.stacks[StackName]["status"]}]}

    def describe_stack_resources(self, *, StackName):
        return {"StackResources": self.stacks[StackName]["resources"]}


class Attic(World):
    """A stage with a serving stack that has seen releases."""

    def __init__(self):
        super().__init__()
        self.cloudformation = Stacks()

    def release(self, version, *, age=OLD):
        """A release that was deployed, with the config and the model that it made."""
        config, model = CONFIG.format(version), MODEL_NAME.format(version)
        self.sagemaker.make(config, model=model, age=age)
        deploy(self, version, config=config)
        self.sagemaker.serve(config)
        self.hold(config, model)

    def hold(self, config, model, *, status="UPDATE_COMPLETE"):
        """Make these the stack's own: the config by its ARN, the model by its name."""
        arn = f"arn:aws:sagemaker:eu-west-1:123456789012:endpoint-config/{config.lower()}"
        ids = {"AWS::SageMaker::EndpointConfig": arn, "AWS::SageMaker::Model": model, "AWS::SageMaker::Endpoint": "x"}
        logical_ids = ("CreditRiskProdConfig", "CreditRiskProdModel", "CreditRiskProdEndpoint")
        resources = [
            {"ResourceType": kind, "LogicalResourceId": logical_id, "PhysicalResourceId": name}
            for logical_id, (kind, name) in zip(logical_ids, ids.items(), strict=True)
        ]
        self.cloudformation.stacks[f"sluice-{STAGE}-serving-{MODEL}"] = {"status": status, "resources": resources}

    def leave(self, name, *, age=OLD, **tags):
        """What a release that did not hold has left behind."""
        self.sagemaker.make(CONFIG.format(name), model=MODEL_NAME.format(name), age=age, **tags)

    def sweep(self, **event):
        clients = sweep.Clients(cloudformation=self.cloudformation, dynamodb=self.dynamodb, sagemaker=self.sagemaker)
        return sweep.handler(event, None, clients=lambda: clients)

    @property
    def left(self):
        """The numbers of the configs and of the models that are there."""
        names = (self.sagemaker.configs, self.sagemaker.models)
        return tuple({name.rpartition("-")[2] for name in kind} for kind in names)


def settle(monkeypatch, *, releases=2, days=7):
    """The function's environment."""
    keep = sweep.Keep(releases=releases, days=days)
    settings = sweep.Settings(stage=STAGE, ledger=TABLE, models={MODEL: keep})
    for name, value in to_environ(settings).items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def attic(monkeypatch):
    """Four versions have served, each for a while; the last one does."""
    settle(monkeypatch)
    attic = Attic()
    for version in range(1, 5):
        attic.release(version)
    return attic


def names(entries):
    """Which of what was kept, deleted or failed."""
    return {entry["name"] for entry in entries}


def reasons(report, name):
    """Why something of that number was kept: its config, its model."""
    whys = {entry["name"]: entry["why"] for entry in report["kept"]}
    return whys.get(CONFIG.format(name)), whys.get(MODEL_NAME.format(name))


def test_what_nothing_needs_goes(attic):
    """The last two versions that served well stay with their models; older ones go, configs and models."""
    report = attic.sweep()
    assert attic.left == ({"3", "4"}, {"3", "4"})
    assert names(report["deleted"]) == {form.format(n) for form in (CONFIG, MODEL_NAME) for n in (1, 2)}
    assert (report["dry_run"], report["failed"], report["waiting"]) == (False, [], [])


def test_everything_kept_has_a_reason(attic):
    """The report says why, in words."""
    attic.leave("young", age=YOUNG)
    report = attic.sweep()
    assert reasons(report, "4") == ("it serves", f"{CONFIG.format(4)} runs it")
    assert {entry["name"] for entry in report["kept"]} == attic.sagemaker.configs.keys() | attic.sagemaker.models.keys()
    assert reasons(report, "3") == ("version 3 served well", f"{CONFIG.format(3)} runs it")
    assert reasons(report, "young") == ("it is younger than 7 days", f"{CONFIG.format('young')} runs it")


def test_a_dry_run_deletes_nothing(attic):
    """It gives the same report as the sweep that follows."""
    rehearsed = attic.sweep(dry_run=True)
    assert attic.left == ({"1", "2", "3", "4"}, {"1", "2", "3", "4"})
    assert {**rehearsed, "dry_run": False} == attic.sweep()


def test_a_second_sweep_finds_nothing(attic):
    """Sweeping is repeatable."""
    attic.sweep()
    assert attic.sweep()["deleted"] == []


def test_the_endpoint_keeps_what_it_serves(attic):
    """After a rollback that nobody noticed, the stack holds another config than the endpoint: both stay."""
    attic.leave("new")
    attic.hold(CONFIG.format("new"), MODEL_NAME.format("new"))
    attic.sagemaker.serve(CONFIG.format(1))
    attic.sweep()
    assert attic.left == ({"1", "3", "4", "new"}, {"1", "3", "4", "new"})


def test_reasons_name_configs_as_they_are_spelt(attic):
    """The stack knows its config by an ARN in small letters; people read the name that SageMaker lists."""
    attic.hold(CONFIG.format(3), MODEL_NAME.format(3))
    attic.write(Veto(version=3, by="somebody", cause="person", reason="bad"))
    assert reasons(attic.sweep(), "3") == ("the serving stack holds it", f"{CONFIG.format(3)} runs it")


def test_a_vetoed_version_is_not_gone_back_to(attic):
    """Of what served well, the vetoed do not count."""
    attic.write(Veto(version=3, by="somebody", cause="person", reason="bad"))
    attic.sweep()
    assert attic.left == ({"2", "4"}, {"2", "4"})


def test_what_has_not_held_goes(attic):
    """A release that failed or was rolled back leaves nothing worth keeping."""
    attic.leave("rolledback")
    attic.sweep()
    assert attic.left == ({"3", "4"}, {"3", "4"})


def test_a_version_counts_once(attic):
    """A version that came back has two configs: the newer one is kept."""
    config, model = CONFIG.format("3again"), MODEL_NAME.format("3again")
    attic.sagemaker.make(config, model=model, age=OLD)
    deploy(attic, 3, config=config, cause="rollback", rollout="immediate")
    attic.sagemaker.serve(config)
    attic.hold(config, model)
    attic.sweep()
    assert attic.left == ({"3again", "4"}, {"3again", "4"})


@pytest.mark.parametrize("tags", [{"tag": None}, {"tag": "another-model"}, {"stage": "dev"}])
def test_what_is_not_tagged_as_ours_stays(attic, tags):
    """A name alone is no proof: what bears no tags of this model and stage is not deleted."""
    attic.leave("foreign", **tags)
    report = attic.sweep()
    assert reasons(report, "foreign")[0] == "it lacks the tags sluice:model=credit-risk, sluice:stage=prod"


def test_names_that_only_contain_ours_are_passed_over(attic):
    """AWS filters by what a name contains; ours begin with it. Tags are asked for where nothing else decides."""
    attic.sagemaker.make("TheirCreditRiskProdConfig-1", model="TheirCreditRiskProdModel-1", age=OLD)
    attic.leave("young", age=YOUNG)
    attic.sweep()
    assert "TheirCreditRiskProdConfig-1" in attic.sagemaker.configs
    gone = {form.format(n).lower() for form in (CONFIG, MODEL_NAME) for n in (1, 2)}
    assert set(attic.sagemaker.listed_tags) == gone


def test_the_very_new_stays_whatever_the_settings(attic, monkeypatch):
    """A release that begins while the sweep runs keeps its config, even where no days are kept."""
    settle(monkeypatch, releases=1, days=0)
    attic.leave("beginning", age=timedelta(minutes=59))
    attic.leave("over", age=timedelta(minutes=61))
    report = attic.sweep()
    assert attic.left == ({"4", "beginning"}, {"4", "beginning"})
    assert reasons(report, "beginning")[0] == "it is new"


def test_a_model_goes_after_its_config(attic):
    """Where a config cannot be deleted, its model stays; the rest goes on, and the failure is reported."""
    attic.sagemaker.undeletable[CONFIG.format(1)] = "Rate exceeded"
    report = attic.sweep()
    assert attic.left == ({"1", "3", "4"}, {"1", "3", "4"})
    (failure,) = report["failed"]
    assert (failure["model"], failure["kind"], failure["name"]) == (MODEL, "endpoint config", CONFIG.format(1))
    assert "Rate exceeded" in failure["why"]


def test_a_kept_config_that_is_gone_needs_no_model(attic):
    """Somebody deleted by hand what served well: its model is not needed either."""
    del attic.sagemaker.configs[CONFIG.format(3)]
    attic.sweep()
    assert attic.left == ({"4"}, {"4"})


@pytest.mark.parametrize(
    ("prepare", "why"),
    [
        (lambda attic: start(attic, 5), "release r13-v5 is under way"),
        (lambda attic: attic.sagemaker.serve(CONFIG.format(4), status="Updating"), "the endpoint is Updating"),
        (
            lambda attic: attic.sagemaker.serve(CONFIG.format(4), status="UpdateRollbackFailed"),
            "the endpoint is UpdateRollbackFailed",
        ),
        (
            lambda attic: attic.hold(CONFIG.format(4), MODEL_NAME.format(4), status="UPDATE_ROLLBACK_FAILED"),
            "the serving stack is UPDATE_ROLLBACK_FAILED",
        ),
        (
            lambda attic: attic.hold(
                CONFIG.format(4), MODEL_NAME.format(4), status="UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
            ),
            "the serving stack is UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        ),
        (lambda attic: attic.cloudformation.stacks.clear(), "the serving stack is not deployed"),
    ],
)
def test_nothing_is_deleted_while_something_is_under_way(attic, prepare, why):
    """A rollback may need any of it, so the broom waits, and says for what."""
    prepare(attic)
    report = attic.sweep()
    assert report["waiting"] == [{"model": MODEL, "why": why}]
    assert attic.left == ({"1", "2", "3", "4"}, {"1", "2", "3", "4"})


def test_a_stack_without_a_model_has_left_nothing_to_find(attic):
    """Before the first release there is no name to look for."""
    stack = {"status": "CREATE_COMPLETE", "resources": []}
    attic.cloudformation.stacks[f"sluice-{STAGE}-serving-{MODEL}"] = stack
    attic.sagemaker.endpoints.clear()
    assert attic.sweep(model=MODEL)["kept"] == []


@pytest.mark.parametrize(
    ("logical_id", "name", "expected"),
    [
        ("ChurnDevModel", "ChurnDevModel-1a2B", "ChurnDevModel-"),
        ("ChurnDevModel", "churndevmodel-1a2b", "ChurnDevModel-"),
        ("ChurnDevModel", "ChurnDe-1a2B", "ChurnDe-"),
        ("ChurnDevModel", "named-by-hand", "named-by-"),
        ("ChurnDevModel", "named", "named-"),
    ],
)
def test_predecessors_are_known_by_their_name(logical_id, name, expected):
    """CloudFormation names after the logical id, cut to length; an ARN loses the case."""
    assert remains.family(logical_id, name) == expected


def test_a_model_that_the_stage_has_not_is_refused(attic):
    """A person who asks for one model has a name to correct."""
    with pytest.raises(RequestError, match="stage prod has no model 'abalone': its models are credit-risk"):
        attic.sweep(model="abalone")
