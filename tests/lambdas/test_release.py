import io
import json
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from lambdas import apply, release
from lambdas.errors import EventError, LambdaError, RequestError
from lambdas.settings import to_environ
from local.cloud import LocalCloud

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


class Functions:
    """Lambda's Invoke, for one function that runs right here."""

    def __init__(self, clients):
        self._clients = clients

    def invoke(self, *, FunctionName, Payload):
        try:
            answer = {"Payload": json.dumps(apply.handler(json.loads(Payload), None, clients=lambda: self._clients))}
        except (RequestError, self._clients.cloudformation.exceptions.ClientError) as error:
            answer = {"Payload": json.dumps({"errorMessage": str(error)}), "FunctionError": "Unhandled"}
        return {**answer, "Payload": io.BytesIO(answer["Payload"].encode())}


class Stage:
    """A stage with one serving stack and a registry, and the two functions with their environment."""

    def __init__(self, cloud):
        session = cloud.session()
        self.cloudformation, self.sagemaker = session.client("cloudformation"), session.client("sagemaker")
        self.ssm = session.client("ssm")
        self.applying = apply.Clients(cloudformation=self.cloudformation, sagemaker=self.sagemaker)
        self.clients = release.Clients(
            cloudformation=self.cloudformation, functions=Functions(self.applying), sagemaker=self.sagemaker
        )
        self.sagemaker.create_model_package_group(ModelPackageGroupName=MODEL)
        s3 = session.client("s3")
        s3.create_bucket(Bucket="artefacts", CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_object(Bucket="artefacts", Key="model.tar.gz", Body=b"")
        role = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "cloudformation.amazonaws.com"}}]}
        session.client("iam").create_role(
            RoleName=f"sluice-local-deploy-{MODEL}", AssumeRolePolicyDocument=json.dumps(role)
        )

    def deploy(self, template=TEMPLATE):
        self.cloudformation.create_stack(
            StackName=STACK,
            TemplateBody=json.dumps(template),
            Parameters=[{"ParameterKey": "Kept", "ParameterValue": "by hand"}],
        )
        self.rest("stack_create_complete")

    def rest(self, waiter="stack_update_complete"):
        config = {"Delay": 0.05, "MaxAttempts": 400}
        self.cloudformation.get_waiter(waiter).wait(StackName=STACK, WaiterConfig=config)

    def register(self, status="Approved"):
        specification = {
            "Containers": [
                {
                    "Image": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/image:1",
                    "ModelDataUrl": "s3://artefacts/model.tar.gz",
                }
            ],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        }
        return self.sagemaker.create_model_package(
            ModelPackageGroupName=MODEL, ModelApprovalStatus=status, InferenceSpecification=specification
        )["ModelPackageArn"]

    def event(self, model=MODEL):
        event = {
            "detail-type": "SageMaker Model Package State Change",
            "detail": {"ModelPackageGroupName": model, "ModelApprovalStatus": "Approved"},
        }
        return release.handler(event, None, clients=lambda: self.clients)

    def parameters(self):
        stack = self.cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
        return {item["ParameterKey"]: item["ParameterValue"] for item in stack["Parameters"]}


@pytest.fixture
def stage(monkeypatch):
    """A stage on a local cloud that nobody listens to."""
    monkeypatch.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "false")
    settings = release.Settings(
        stage="local",
        first=True,
        models=(MODEL,),
        apply_function="sluice-local-apply",
        registry=f"arn:aws:sagemaker:{REGION}:{ACCOUNT}",
    )
    applied = apply.Settings(stage="local", account=ACCOUNT, region=REGION)
    for name, value in (to_environ(settings) | to_environ(applied)).items():
        monkeypatch.setenv(name, value)
    with LocalCloud(region=REGION) as cloud:
        yield Stage(cloud)


def test_an_approval_reaches_the_stack(stage):
    """The stack takes the package, the release's name and the guarded rollout, and keeps what else it has."""
    stage.deploy()
    arn = stage.register()
    report = stage.event()
    stage.rest()
    assert (report["action"], report["outcome"], report["version"]) == ("release", "started", 1)
    assert stage.parameters() == {
        "ModelPackageArn": arn,
        "Rollout": "guarded",
        "ReleaseId": report["release_id"],
        "Kept": "by hand",
    }
    assert stage.ssm.get_parameter(Name="/serves")["Parameter"]["Value"] == arn


def test_the_same_event_again_does_nothing(stage):
    """A repeated event finds nothing left to do, during the update and after it."""
    stage.deploy()
    stage.register()
    stage.event()
    during = stage.event()
    stage.rest()
    assert {during["action"], stage.event()["action"]} == {"wait"}


def test_events_that_come_together_start_one_update(stage):
    """Of many deliveries at once one starts the release; CloudFormation holds the others off."""
    stage.deploy()
    stage.register()
    with ThreadPoolExecutor(8) as pool:
        reports = list(pool.map(lambda _: stage.event(), range(8)))
    stage.rest()
    history = stage.cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
    begun = [
        event
        for event in history
        if event["ResourceStatus"] == "UPDATE_IN_PROGRESS" and event["LogicalResourceId"] == STACK
    ]
    assert len(begun) == 1
    assert {report.get("outcome", "wait") for report in reports} <= {"started", "busy", "unchanged", "wait"}


def test_the_newest_approved_package_wins(stage):
    """An event about an old version, late, releases the newest approved one."""
    stage.deploy()
    stage.register()
    newest = stage.register()
    stage.register(status="PendingManualApproval")
    stage.event()
    stage.rest()
    assert stage.parameters()["ModelPackageArn"] == newest


def test_a_release_that_failed_is_not_tried_again(stage):
    """After CloudFormation has gone back, the same approval asks for nothing."""
    taken = {"Type": "AWS::S3::Bucket", "Condition": "HasModel", "Properties": {"BucketName": "artefacts"}}
    has_model = {"Fn::Not": [{"Fn::Equals": [{"Ref": "ModelPackageArn"}, "none"]}]}
    resources = {**TEMPLATE["Resources"], "Taken": taken}
    stage.deploy({**TEMPLATE, "Conditions": {"HasModel": has_model}, "Resources": resources})
    stage.register()
    stage.event()
    stage.rest("stack_rollback_complete")
    assert "did not hold" in stage.event()["reason"]
    assert stage.parameters()["ModelPackageArn"] == "none"


def test_a_rejected_version_gives_way_to_the_one_before(stage):
    """What served before is released again, under a token that CloudFormation has not seen."""
    stage.deploy()
    before = stage.register()
    first = stage.event()["release_id"]
    stage.rest()
    newer = stage.register()
    stage.event()
    stage.rest()
    stage.sagemaker.update_model_package(ModelPackageArn=newer, ModelApprovalStatus="Rejected")
    back = stage.event()
    stage.rest()
    assert stage.parameters()["ModelPackageArn"] == before
    assert stage.parameters()["ReleaseId"] == back["release_id"] != first


def test_a_stack_whose_creation_is_not_executed_yet_is_waited_for(stage):
    """A deployment's first change set makes a stack without parameters, and an event of it."""
    stage.cloudformation.create_change_set(
        StackName=STACK, ChangeSetName="first", ChangeSetType="CREATE", TemplateBody=json.dumps(TEMPLATE)
    )
    stage.register()
    assert stage.event()["reason"] == "the serving stack is REVIEW_IN_PROGRESS"


def test_before_the_stack_is_deployed_nothing_can_be_released(stage):
    """An approval that comes too early waits for the deployment's own event."""
    stage.register()
    assert stage.event() == {"model": MODEL, "action": "wait", "reason": "the serving stack is not deployed"}


def test_events_of_other_models_are_ignored(stage):
    """The rule may let more through than this stage's models."""
    assert stage.event(model="somebody-elses")["action"] == "ignore"


@pytest.mark.parametrize(
    ("detail_type", "detail", "expected"),
    [
        ("SageMaker Endpoint State Change", {"EndpointName": "credit-risk-local"}, MODEL),
        ("SageMaker Endpoint State Change", {"EndpointName": "credit-risk-prod"}, None),
        ("CloudFormation Stack Status Change", {"stack-id": f"arn:aws:cloudformation:r:a:stack/{STACK}/1"}, MODEL),
        ("CloudFormation Stack Status Change", {"stack-id": "arn:aws:cloudformation:r:a:stack/other/1"}, None),
        ("SageMaker Model Package State Change", {"ModelPackageGroupName": MODEL}, MODEL),
    ],
)
def test_every_event_speaks_of_a_model(detail_type, detail, expected):
    """Package, endpoint and stack events lead to the same question about the same model."""
    settings = SimpleNamespace(stage="local", models=(MODEL,))
    assert release.parse({"detail-type": detail_type, "detail": detail}, settings) == expected


def test_an_event_no_rule_sends_is_an_error():
    """It would be a defect of a rule; the queue of dead letters keeps it."""
    with pytest.raises(EventError, match="EC2"):
        release.parse(
            {"detail-type": "EC2 Instance State-change Notification"}, SimpleNamespace(stage="local", models=())
        )


@pytest.mark.parametrize(("status", "model"), [("Rejected", MODEL), ("Approved", "another-model")])
def test_apply_touches_nothing_for_a_package_it_may_not_release(stage, status, model):
    """A package that is not approved, or not of the model's own group, is refused."""
    stage.deploy()
    request = {"model": model, "package_arn": stage.register(status), "release_id": "v1-x"}
    with pytest.raises(RequestError):
        apply.handler(request, None, clients=lambda: stage.applying)
    assert stage.parameters()["ModelPackageArn"] == "none"


def test_a_failing_apply_fails_the_release(stage):
    """The error of the second function is the first one's, so that the event is retried and kept."""
    stage.deploy()
    stage.register()
    broken = SimpleNamespace(
        invoke=lambda **_: {"Payload": io.BytesIO(b'{"errorMessage": "no rights"}'), "FunctionError": "Unhandled"}
    )
    stage.clients = release.Clients(cloudformation=stage.cloudformation, functions=broken, sagemaker=stage.sagemaker)
    with pytest.raises(LambdaError, match="no rights"):
        stage.event()
