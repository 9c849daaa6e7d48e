"""A scientist pushes to a stage on a local cloud, which evaluates rights; and somebody tries for more."""

import copy
import json
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from cli import push, stacks
from cli.assembly import Asset, read
from cli.connection import connect
from cli.deploy import publish
from cli.errors import CliError
from cli.up import environment
from env import naming
from local.cloud import LocalCloud
from tests.infra.templates import MODEL
from tests.local import trust

DEPLOYMENT = "deployment"
"""The role that deployments name, an administrator's."""
TYPES = list(naming.PUSHED_TYPES)
ADMIN = {
    "Type": "AWS::IAM::Role",
    "Properties": {
        "AssumeRolePolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
        },
        "ManagedPolicyArns": ["arn:aws:iam::aws:policy/AdministratorAccess"],
    },
}
STEP = {"Name": "Only", "Type": "Fail", "Arguments": {"ErrorMessage": "nothing is trained"}}


def until(reached, *, patience_seconds=60.0):
    """Wait for what happens behind the callers' backs."""
    deadline = time.monotonic() + patience_seconds
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def silent(_):
    """Nobody listens."""


class Lab:
    """The stage `local` as far as a push needs it, its administrator and its scientist."""

    def __init__(self, synthesized, admin) -> None:
        self.stage, self.admin = synthesized.stage, admin
        trust.role(admin.client("iam"), DEPLOYMENT, "cloudformation", allowed=["*"])
        self.stacks = {stack.name: self._by_hand(stack) for stack in read(synthesized.folder)}
        self.training = self.stacks[naming.stack(self.stage, "training", MODEL)]
        self.registry = self.stacks[naming.stack(self.stage, "registry")]
        for capability in ("storage", "registry"):
            self.deploy(self.stacks[naming.stack(self.stage, capability)])
        self.deploy(self.training)
        self.deploy(self._people())
        self.scientist = admin.acting_as("scientist")

    def _by_hand(self, stack):
        """A stack as it is deployed where nobody has bootstrapped the CDK: small, in a role made for deployments."""
        files = tuple(asset for asset in stack.assets if asset.role is None)
        return replace(stack, assets=files, role=naming.role_arn(self.stage, DEPLOYMENT))

    def deploy(self, stack) -> bool:
        """Deploy a stack as `sluice deploy` does; gives whether it differed."""
        publish(self.admin, stack.assets)
        return stacks.deploy(self.admin, stack, say=silent)

    def _people(self):
        """The release stack with the scientist's role alone."""
        release = self.stacks[naming.stack(self.stage, "release")]
        template = json.loads(release.template)
        kept = {name: part for name, part in template["Resources"].items() if name.startswith("Scientist")}
        return replace(release, template=json.dumps({"Resources": kept}), assets=())

    def edited(self, edit, *assets):
        """The training stack with its template edited, and files that a deployment would not bring."""
        template = json.loads(self.training.template)
        edit(template)
        return replace(self.training, template=json.dumps(template), assets=(*self.training.assets, *assets))

    def definition(self):
        """What the pipeline runs."""
        name = naming.pipeline(self.stage, MODEL)
        return json.loads(self.admin.client("sagemaker").describe_pipeline(PipelineName=name)["PipelineDefinition"])

    def propose(self, stack, **changed):
        """Make and execute a change set as a push does, with other members; gives the stack's status at the end."""
        client = self.scientist.client("cloudformation")
        arguments = {
            "StackName": stack.name,
            "ChangeSetName": naming.PUSH_CHANGE_SET,
            "TemplateBody": stack.template,
            "RoleARN": naming.role_arn(self.stage, naming.push_role(self.stage, MODEL)),
            "ResourceTypes": TYPES,
            **changed,
        }
        given = {name: value for name, value in arguments.items() if value is not None}
        client.create_change_set(**given)
        seen = {event.id for event in stacks._events(client, stack.name)}
        client.execute_change_set(StackName=stack.name, ChangeSetName=given["ChangeSetName"])
        stacks._follow(client, stack.name, seen=seen, say=silent, good=("UPDATE_COMPLETE",))

    def settle(self) -> None:
        """Have the pipeline as it was deployed."""
        client = self.admin.client("cloudformation")
        client.delete_change_set(StackName=self.training.name, ChangeSetName=naming.PUSH_CHANGE_SET)
        template = client.get_template(StackName=self.training.name)["TemplateBody"]
        broken = stacks.describe(self.admin, self.training.name)["StackStatus"].endswith("_FAILED")
        if broken or template != json.loads(self.training.template):
            stacks.deploy(self.admin, self.training, say=silent)


@pytest.fixture(scope="module")
def lab(local):
    """The lab on a cloud that listens, since roles are assumed through it."""
    before = dict(os.environ)
    with LocalCloud(region=local.stage.region) as cloud:
        url = cloud.start()
        os.environ.update(environment(url, local.stage))
        try:
            yield Lab(local, connect("local"))
        finally:
            os.environ.clear()
            os.environ.update(before)


@pytest.fixture
def settled(lab):
    """The lab with the pipeline as it was deployed."""
    lab.settle()
    return lab


@pytest.fixture
def clockwork(settled, scheduled):
    """What starts the pipeline by the clock, as a stack of its own: every minute, and the first time at once."""
    kept = ("Start", "Schedulecredit", "DeadLetters")
    parts = {
        name: part
        for name, part in scheduled.template("release")["Resources"].items()
        if name.startswith(kept) and part["Type"] not in ("AWS::CloudWatch::Alarm", "AWS::SQS::QueuePolicy")
    }
    [schedule] = [part["Properties"] for part in parts.values() if part["Type"] == "AWS::Scheduler::Schedule"]
    schedule.update(ScheduleExpression="rate(1 minute)", ScheduleExpressionTimezone="UTC")
    stack = replace(settled.training, name="clockwork", template=json.dumps({"Resources": parts}), assets=())
    yield stack
    # It would start what other tests have deployed.
    stacks.delete(settled.admin, stack.name, role=stack.role, say=silent)


def steps(*named):
    """An edit that gives the pipeline these steps."""

    def edit(template):
        properties = template["Resources"]["Pipeline"]["Properties"]
        definition = json.loads(properties["PipelineDefinition"]["PipelineDefinitionBody"])
        properties["PipelineDefinition"] = {
            "PipelineDefinitionBody": json.dumps({**definition, "Parameters": [], "Steps": list(named)})
        }

    return edit


def in_bucket(key):
    """An edit that has the definition read from the artifact bucket."""

    def edit(template):
        bucket = "sluice-local-artifacts-123456789012-eu-west-1"
        place = {"PipelineDefinitionS3Location": {"Bucket": bucket, "Key": key}}
        template["Resources"]["Pipeline"]["Properties"]["PipelineDefinition"] = place

    return edit


def asset(tmp_path, content: bytes, key: str) -> Asset:
    """A file for the artifact bucket."""
    path = Path(tmp_path / "file")
    path.write_bytes(content)
    return Asset(path=path, zipped=False, bucket="sluice-local-artifacts-123456789012-eu-west-1", key=key, role=None)


def test_a_scientist_gives_the_pipeline_another_definition(settled):
    """With the rights of the role alone; a deployment of the same finds nothing to do."""
    changed = settled.edited(steps(STEP))
    push.check_rights(settled.scientist, settled.registry, MODEL)
    push.check_stack(settled.scientist, changed)
    push.give(settled.scientist, changed, MODEL)
    assert settled.definition()["Steps"] == [STEP]
    assert not settled.deploy(changed)


def test_a_definition_too_large_for_a_template_is_pushed_too(settled, tmp_path):
    """Its file is put among the assets, and CloudFormation reads it there in the narrow role."""
    text = json.dumps({"Version": "2020-12-01", "Parameters": [], "Steps": [{**STEP, "Name": "Large"}]}).encode()
    key = "assets/1111111111111111/definition.json"
    push.give(settled.scientist, settled.edited(in_bucket(key), asset(tmp_path, text, key)), MODEL)
    assert settled.definition()["Steps"][0]["Name"] == "Large"


def test_the_role_that_cloudformation_remembers_does_no_harm(settled):
    """After a push a deployment changes what the narrow role could not, because it names its own."""
    push.give(settled.scientist, settled.edited(steps(STEP)), MODEL)
    remembered = stacks.describe(settled.admin, settled.training.name)["RoleARN"]
    assert remembered.endswith(naming.push_role(settled.stage, MODEL))

    def with_topic(template):
        template["Resources"]["News"] = {"Type": "AWS::SNS::Topic"}

    assert settled.deploy(settled.edited(with_topic))
    assert settled.deploy(settled.training)


def test_what_needs_a_deployment_is_refused_before_anything_is_written(settled):
    """A tag, a second resource: the sentence names it and the command to ask for."""

    def other(template):
        template["Resources"]["Pipeline"]["Properties"]["PipelineDisplayName"] = "x"
        template["Resources"]["News"] = {"Type": "AWS::SNS::Topic"}

    with pytest.raises(CliError, match=r"would change in News, Pipeline, and a push .*sluice deploy local"):
        push.check_stack(settled.scientist, settled.edited(other))
    tagged = replace(settled.training, tags={**settled.training.tags, "owner": "me"})
    with pytest.raises(CliError, match="would change in tags"):
        push.check_stack(settled.scientist, tagged)


def test_a_right_that_the_role_has_not_is_named(settled):
    """An edit that needs one asks for a deployment."""
    template = json.loads(settled.registry.template)
    [policy] = [part for name, part in template["Resources"].items() if name.startswith("TrainingcreditriskDefault")]
    extra = {"Effect": "Allow", "Action": ["sagemaker:CreateTransformJob"], "Resource": "arn:aws:sagemaker:*:*:x/*"}
    policy["Properties"]["PolicyDocument"]["Statement"].append(extra)
    wanted = replace(settled.registry, template=json.dumps(template))
    with pytest.raises(CliError, match=r"may not sagemaker:CreateTransformJob .*sluice deploy local"):
        push.check_rights(settled.scientist, wanted, MODEL)


def beside(template):
    """Give somebody all rights."""
    template["Resources"]["Mine"] = ADMIN


def another(template):
    """A second pipeline."""
    copied = copy.deepcopy(template["Resources"]["Pipeline"])
    copied["Properties"]["PipelineName"] = "mine"
    template["Resources"]["Mine"] = copied


def instead(template):
    """The same pipeline under another logical id: the one that stands would go."""
    template["Resources"]["Mine"] = template["Resources"].pop("Pipeline")
    template["Resources"]["Mine"]["Properties"]["PipelineName"] = "mine"


def renamed(template):
    """Another name: CloudFormation would replace the pipeline."""
    template["Resources"]["Pipeline"]["Properties"]["PipelineName"] = "mine"


def as_administrator(template):
    """The jobs of the pipeline in the role of deployments."""
    template["Resources"]["Pipeline"]["Properties"]["RoleArn"] = f"arn:aws:iam::123456789012:role/{DEPLOYMENT}"


def as_the_model(template):
    """The jobs of the pipeline in another role of the stage: the push's own."""
    role = "arn:aws:iam::123456789012:role/sluice-local-push-credit-risk"
    template["Resources"]["Pipeline"]["Properties"]["RoleArn"] = role


def tagged(template):
    """Tags that somebody's policies may look at."""
    template["Resources"]["Pipeline"]["Properties"]["Tags"] = [{"Key": "team", "Value": "admins"}]


@pytest.mark.parametrize(
    ("edit", "refusal"),
    [
        (beside, "Requires capabilities|AWS::IAM::Role is not allowed"),
        (another, r"sagemaker:CreatePipeline"),
        (instead, r"sagemaker:CreatePipeline"),
        (renamed, r"sagemaker:CreatePipeline"),
        (as_administrator, r"iam:PassRole"),
        (as_the_model, r"iam:PassRole"),
        (tagged, r"sagemaker:(Add|Delete)Tags"),
    ],
)
def test_a_template_cannot_do_more_than_its_role(settled, edit, refusal):
    """Whatever it asks for beside another definition fails, and the pipeline is as it was."""
    before = settled.definition()
    with pytest.raises((ClientError, CliError), match=refusal):
        settled.propose(settled.edited(edit))
    assert settled.definition() == before


@pytest.mark.parametrize(
    "changed",
    [
        {"RoleARN": None},
        {"RoleARN": f"arn:aws:iam::123456789012:role/{DEPLOYMENT}"},
        {"ResourceTypes": None},
        {"ResourceTypes": None, "Capabilities": ["CAPABILITY_NAMED_IAM"]},
        {"ResourceTypes": [*TYPES, "AWS::IAM::Role"]},
        {"ResourceTypes": ["*"]},
        {"ChangeSetName": "sluice-deploy"},
        {"TemplateBody": None, "TemplateURL": "https://s3.eu-west-1.amazonaws.com/somebody/t.json"},
        {"StackName": "sluice-local-registry"},
    ],
)
def test_a_change_set_of_another_kind_cannot_be_made(settled, changed):
    """Without the role, with more types, under another name, from elsewhere, of another stack: IAM refuses."""
    with pytest.raises(ClientError, match=r"not authorized to perform: cloudformation:CreateChangeSet"):
        settled.propose(settled.edited(beside), **changed)


def test_a_change_set_that_an_administrator_has_left_cannot_be_executed(settled):
    """It would run in the administrator's rights."""
    arguments = {"StackName": settled.training.name, "ChangeSetName": "sluice-deploy"}
    admin = settled.admin.client("cloudformation")
    admin.create_change_set(**arguments, TemplateBody=settled.edited(another).template)
    try:
        with pytest.raises(ClientError, match="not authorized to perform: cloudformation:ExecuteChangeSet"):
            settled.scientist.client("cloudformation").execute_change_set(**arguments)
    finally:
        admin.delete_change_set(**arguments)


@pytest.mark.parametrize(
    ("service", "call", "arguments"),
    [
        ("cloudformation", "update_stack", {"UsePreviousTemplate": True}),
        ("cloudformation", "delete_stack", {}),
        ("cloudformation", "set_stack_policy", {"StackPolicyBody": "{}"}),
        ("sagemaker", "update_pipeline", {"PipelineDefinition": "{}"}),
        ("sagemaker", "delete_pipeline", {"ClientRequestToken": "0" * 32}),
    ],
)
def test_there_is_no_other_way(settled, service, call, arguments):
    """Neither the stack nor the pipeline can be changed directly."""
    names = {"cloudformation": {"StackName": settled.training.name}, "sagemaker": {"PipelineName": "credit-risk-local"}}
    with pytest.raises(ClientError, match="not authorized to perform"):
        getattr(settled.scientist.client(service), call)(**names[service], **arguments)


def test_no_file_of_a_pipeline_is_replaced(settled, tmp_path):
    """A scientist adds files, and cannot put another in the place of one that a reviewed definition names."""
    s3 = settled.scientist.client("s3")
    bucket = naming.artifact_bucket(settled.stage)
    key = next(asset.key for asset in settled.training.assets if asset.bucket == bucket)
    with pytest.raises(ClientError, match="not authorized to perform: s3:PutObject"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"mine")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"mine", IfNoneMatch="*")
    with pytest.raises(ClientError, match="not authorized to perform: s3:DeleteObject"):
        s3.delete_object(Bucket=bucket, Key=key)


def test_a_file_under_the_key_of_another_is_noticed(settled, tmp_path):
    """Who puts a file where a deployment will look for its own stops that deployment."""
    wanted = asset(tmp_path, b"reviewed", "assets/2222222222222222/train.py")
    settled.scientist.client("s3").put_object(Bucket=wanted.bucket, Key=wanted.key, Body=b"mine", IfNoneMatch="*")
    with pytest.raises(CliError, match=r"assets/2222222222222222/train.py is not file of this checkout"):
        publish(settled.admin, [wanted])


@pytest.mark.clients  # heavy: a stack more, and executions that run
def test_a_schedule_starts_the_pipeline(settled, clockwork):
    """EventBridge Scheduler runs what was pushed, in the role that may start it."""
    push.give(settled.scientist, settled.edited(steps(STEP)), MODEL)
    settled.deploy(clockwork)
    sagemaker = settled.admin.client("sagemaker")

    def runs():
        found = sagemaker.list_pipeline_executions(PipelineName="credit-risk-local")["PipelineExecutionSummaries"]
        return [run for run in found if run["PipelineExecutionStatus"] == "Failed"]

    until(runs)
    told = sagemaker.describe_pipeline_execution(PipelineExecutionArn=runs()[0]["PipelineExecutionArn"])
    assert "nothing is trained" in told["FailureReason"]
    assert "sluice-local-start-credit-risk" in told["CreatedBy"]["IamIdentity"]["Arn"]


@pytest.mark.clients  # heavy: a stack more, and executions that run
def test_a_schedule_that_may_not_start_its_pipeline_leaves_a_dead_letter(settled, clockwork):
    """Without the one right the pipeline rests, and the queue that people hear of says what was not allowed."""
    template = json.loads(clockwork.template)
    [policy] = [part for part in template["Resources"].values() if part["Type"] == "AWS::IAM::Policy"]
    document = policy["Properties"]["PolicyDocument"]
    document["Statement"] = [s for s in document["Statement"] if s["Action"] != "sagemaker:StartPipelineExecution"]
    assert len(document["Statement"]) == 1
    settled.deploy(replace(clockwork, template=json.dumps(template)))
    sqs, found = settled.admin.client("sqs"), []
    url = sqs.get_queue_url(QueueName=naming.dead_letter_queue(settled.stage))["QueueUrl"]

    def letters():
        received = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])
        found.extend(letter["MessageAttributes"] for letter in received.get("Messages", []))
        return found

    until(letters)
    assert "not authorized to perform: sagemaker:StartPipelineExecution" in found[0]["ERROR_MESSAGE"]["StringValue"]
