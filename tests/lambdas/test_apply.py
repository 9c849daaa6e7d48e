import json
from datetime import UTC, datetime, timedelta

import pytest

from lambdas import apply
from lambdas.errors import RequestError
from lambdas.journal import Journal
from lambdas.ledger import Ledger, to_item
from lambdas.records import Abort, Opened, Outcome, Recovery, Veto
from lambdas.settings import to_environ
from lambdas.underway import START
from local.cloud import LocalCloud
from tests.local import trust

REGION, ACCOUNT, MODEL = "eu-west-1", "123456789012", "credit-risk"
STACK = f"sluice-local-serving-{MODEL}"
TEMPLATE = {
    "Parameters": {
        "ModelPackageArn": {"Type": "String", "Default": "none"},
        "Rollout": {"Type": "String", "Default": "guarded"},
        "ReleaseId": {"Type": "String", "Default": "none"},
        "Kept": {"Type": "String", "Default": "by default"},
    },
    "Resources": {
        "Serves": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {"Name": "/serves", "Type": "String", "Value": {"Ref": "ModelPackageArn"}},
        }
    },
}
"""What a release needs of a serving stack, without the minutes an endpoint takes."""


class Stage:
    """A stage on a local cloud: a serving stack, a registry and a ledger."""

    def __init__(self, cloud):
        session = cloud.session()
        self.cloudformation, self.sagemaker = session.client("cloudformation"), session.client("sagemaker")
        self.dynamodb, self.ssm = session.client("dynamodb"), session.client("ssm")
        self.clients = apply.Clients(
            cloudformation=self.cloudformation, dynamodb=self.dynamodb, sagemaker=self.sagemaker
        )
        self.sagemaker.create_model_package_group(ModelPackageGroupName=MODEL)
        s3 = session.client("s3")
        s3.create_bucket(Bucket="artefacts", CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_object(Bucket="artefacts", Key="model.tar.gz", Body=b"")
        trust.role(session.client("iam"), f"sluice-local-deploy-{MODEL}", "cloudformation", allowed=["ssm:*"])
        keys = (("model", "HASH", "S"), ("sequence", "RANGE", "N"))
        self.dynamodb.create_table(
            TableName="ledger",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind, _ in keys],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, _, kind in keys],
        )
        self._ledger = Ledger("ledger", dynamodb=self.dynamodb)

    def deploy(self, **parameters):
        """Deploy the stack, with more parameters by their defaults."""
        more = {name: {"Type": "String", "Default": value} for name, value in parameters.items()}
        template = {**TEMPLATE, "Parameters": {**TEMPLATE["Parameters"], **more}}
        self.cloudformation.create_stack(
            StackName=STACK,
            TemplateBody=json.dumps(template),
            Parameters=[{"ParameterKey": "Kept", "ParameterValue": "by hand"}],
        )
        self.rest("stack_create_complete")

    def rest(self, waiter="stack_update_complete"):
        config = {"Delay": 0.05, "MaxAttempts": 400}
        self.cloudformation.get_waiter(waiter).wait(StackName=STACK, WaiterConfig=config)

    def register(self, status="Approved", **more):
        image = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/image:1"
        specification = {
            "Containers": [{"Image": image, "ModelDataUrl": "s3://artefacts/model.tar.gz"}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        }
        return self.sagemaker.create_model_package(
            ModelPackageGroupName=MODEL, ModelApprovalStatus=status, InferenceSpecification=specification, **more
        )["ModelPackageArn"]

    def open(self, package_arn, *, model=MODEL, rollout="guarded"):
        """Open a release of a package; gives its id."""
        release = Opened(version=1, package_arn=package_arn, rollout=rollout, cause="approval", reason="good")
        return self.write(release, model=model).open.release_id

    def write(self, record, *, model=MODEL):
        return self._ledger.append(self._ledger.read(model), record)

    def ask(self, release_id, *, model=MODEL, **members):
        event = {"model": model, "release_id": release_id, **members}
        return apply.handler(event, None, clients=lambda: self.clients)

    def parameters(self):
        stack = self.cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
        return {item["ParameterKey"]: item["ParameterValue"] for item in stack["Parameters"]}

    def updates(self):
        """How often the stack began to be updated."""
        events = self.cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
        begun = [event for event in events if event["ResourceStatus"] == "UPDATE_IN_PROGRESS"]
        return len([event for event in begun if event["LogicalResourceId"] == STACK])


@pytest.fixture
def stage(monkeypatch):
    """A stage on a local cloud that nobody listens to."""
    monkeypatch.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "false")
    settings = apply.Settings(stage="local", account=ACCOUNT, region=REGION, ledger="ledger")
    for name, value in to_environ(settings).items():
        monkeypatch.setenv(name, value)
    with LocalCloud(region=REGION) as cloud:
        yield Stage(cloud)


def test_the_open_release_reaches_the_stack(stage):
    """The stack takes package, name and rollout as the ledger has them, and keeps what else it has."""
    stage.deploy()
    arn = stage.register()
    release_id = stage.open(arn, rollout="immediate")
    assert stage.ask(release_id) == {"outcome": "started"}
    stage.rest()
    expected = {"ModelPackageArn": arn, "Rollout": "immediate", "ReleaseId": release_id, "Kept": "by hand"}
    assert stage.parameters() == expected
    assert stage.ssm.get_parameter(Name="/serves")["Parameter"]["Value"] == arn


def test_a_release_brings_the_baseline_of_its_package(stage):
    """Where SageMaker runs the monitors: a package that has one takes it along, one without leaves none behind."""
    stage.deploy(BaselineUri="none")
    folder = "s3://artefacts/credit-risk/e1/baseline"
    constraints = {"ContentType": "application/json", "S3Uri": f"{folder}/data-quality/constraints.json"}
    held = {"ModelDataQuality": {"Constraints": constraints}}
    release_id = stage.open(stage.register(DriftCheckBaselines=held))
    stage.ask(release_id)
    stage.rest()
    assert stage.parameters()["BaselineUri"] == folder
    stage.write(Outcome(release_id=release_id, version=1, outcome="superseded", reason="so"))
    stage.ask(stage.open(stage.register()))
    stage.rest()
    assert stage.parameters()["BaselineUri"] == "none"


def test_a_release_begins_once_however_often_it_is_asked(stage):
    """A lost answer is asked again, during the update and after it."""
    stage.deploy()
    release_id = stage.open(stage.register())
    during = [stage.ask(release_id)["outcome"], stage.ask(release_id)["outcome"]]
    stage.rest()
    assert {*during, stage.ask(release_id)["outcome"]} <= {"started", "busy"}
    assert stage.updates() == 1


@pytest.mark.parametrize(
    "record",
    [
        Outcome(release_id="r1-v1", version=1, outcome="superseded", reason="so"),
        Veto(version=1, by="ada", cause="person", reason="bad"),
        Abort(release_id="r1-v1", reason="refused", by="sluice"),
    ],
)
def test_what_is_not_open_or_not_wanted_does_not_begin(stage, record):
    """Whatever the caller believed when it asked: the ledger is read here."""
    stage.deploy()
    release_id = stage.open(stage.register())
    stage.write(record)
    assert stage.ask(release_id) == {"outcome": "closed"}
    assert stage.updates() == 0


def test_what_is_too_old_does_not_begin(stage):
    """Somebody may be about to close it."""
    stage.deploy()
    opened = Opened(version=1, package_arn=stage.register(), rollout="guarded", cause="approval", reason="good")
    old = opened.placed(sequence=1, at=datetime.now(UTC) - START - timedelta(minutes=1))
    stage.dynamodb.put_item(TableName="ledger", Item={"model": {"S": MODEL}, **to_item(old)})
    assert stage.ask(old.release_id) == {"outcome": "closed"}


@pytest.mark.parametrize(("status", "model"), [("Rejected", MODEL), ("Approved", "another-model")])
def test_apply_touches_nothing_for_a_package_it_may_not_release(stage, status, model):
    """A package that is not approved, or not of the model's own group, is refused with the reason."""
    stage.deploy()
    answer = stage.ask(stage.open(stage.register(status), model=model), model=model)
    assert answer["outcome"] == "refused"
    assert ("not Approved" in answer["reason"]) == (model == MODEL)
    assert stage.parameters()["ModelPackageArn"] == "none"


def test_a_stack_that_is_not_there_is_a_refusal(stage):
    """CloudFormation's own words are the reason."""
    answer = stage.ask(stage.open(stage.register()))
    assert answer["outcome"] == "refused"
    assert "does not exist" in answer["reason"]


def test_a_model_the_ledger_does_not_know_is_an_error(stage):
    """Nobody but `release` asks, and it has written before."""
    with pytest.raises(RequestError, match="knows nothing"):
        stage.ask("r1-v1")


def test_a_rollback_is_continued_under_a_name_of_its_attempt():
    """The narrow role goes along, and what is to be left out."""
    asked = []

    class CloudFormation:
        def continue_update_rollback(self, **params):
            asked.append(params)

    now = datetime(2026, 11, 2, tzinfo=UTC)
    record = Recovery(release_id="r1-v1", attempt=1, skipped=("Endpoint",)).placed(sequence=7, at=now)
    settings = apply.Settings(stage="local", account=ACCOUNT, region=REGION, ledger="ledger")
    journal = Journal.of(MODEL, records=[record], now=now)
    answer = apply._recover({"skip": ["Endpoint"]}, journal, settings, CloudFormation())
    assert answer == {"outcome": "started"}
    assert asked == [
        {
            "StackName": STACK,
            "RoleARN": f"arn:aws:iam::{ACCOUNT}:role/sluice-local-deploy-{MODEL}",
            "ClientRequestToken": "recovery-7",
            "ResourcesToSkip": ["Endpoint"],
        }
    ]
