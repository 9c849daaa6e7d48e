"""The CDK's own command line in place of `sluice deploy`: the version that the README names, unmodified."""

import re
import shlex
import shutil
import time

import pytest

from tests.clients.terminals import BIN, PATIENCE_SECONDS, ROOT, run

pytestmark = pytest.mark.clients

ENVIRONMENT = "123456789012/eu-west-1"
STACKS = [
    "sluice-local-storage",
    "sluice-local-registry",
    "sluice-local-training-credit-risk",
    "sluice-local-training-abalone",
    "sluice-local-release",
    "sluice-local-serving-credit-risk",
    "sluice-local-serving-abalone",
    "sluice-local-tracking",
]
SERVING = "sluice-local-serving-credit-risk"
ARTIFACTS = "sluice-local-artifacts-123456789012-eu-west-1"
ALARMS = "[models.credit-risk.serving.alarms]\n"
SLOWER = f"{ALARMS}p90_latency_ms = 777\n"


class Stage:
    """A stage of ours in an account, and what was said of it."""

    def __init__(self, terminal) -> None:
        self.terminal = terminal
        self.client = terminal.client

    def cdk(self, label, line, *, checkout=ROOT, synthesized=False, expect=0):
        """Run the CDK's command line, on the last synthesis when so told."""
        app = str(self.terminal.folder / "cdk.out") if synthesized else None
        self.terminal.cdk(label, line, app=app, cwd=checkout, expect=expect)

    def sluice(self, label, line):
        """Run one of our own commands outside the checkout; remembers under a label what it said."""
        said = run([BIN / "sluice", *shlex.split(line)], cwd=self.terminal.folder, env=self.terminal.environ)
        self.terminal.said[label] = said

    def statuses(self):
        """The status of every stack."""
        stacks = self.client("cloudformation").describe_stacks()["Stacks"]
        return {stack["StackName"]: stack["StackStatus"] for stack in stacks}

    def serving(self):
        """What serves: the serving stack's parameters, its latency alarm's threshold, and the endpoint."""
        cloudformation, sagemaker = self.client("cloudformation"), self.client("sagemaker")
        stack = cloudformation.describe_stacks(StackName=SERVING)["Stacks"][0]
        found = cloudformation.describe_stack_resource(StackName=SERVING, LogicalResourceId="Latency")
        name = found["StackResourceDetail"]["PhysicalResourceId"]
        alarm = self.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"][0]
        endpoint = sagemaker.describe_endpoint(EndpointName="credit-risk-local")
        return {
            "parameters": {item["ParameterKey"]: item["ParameterValue"] for item in stack["Parameters"]},
            "threshold": alarm["Threshold"],
            "status": (stack["StackStatus"], endpoint["EndpointStatus"]),
            "created": endpoint["CreationTime"],
        }

    def wait_until_serving(self):
        """Wait until the approved version serves and its stack rests."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        waiter = self.client("sagemaker").get_waiter("endpoint_in_service")
        while self.statuses()[SERVING] != "UPDATE_COMPLETE":
            assert time.monotonic() < deadline, self.statuses()
            time.sleep(0.3)
        waiter.wait(EndpointName="credit-risk-local", WaiterConfig={"Delay": 1, "MaxAttempts": PATIENCE_SECONDS})


@pytest.fixture(scope="module")
def stage(cdk_terminal):
    """Our stage of the name local, not there yet."""
    return Stage(cdk_terminal)


@pytest.fixture(scope="module")
def changed(tmp_path_factory):
    """A checkout in which somebody has raised a limit of the stage."""
    checkout = tmp_path_factory.mktemp("checkout")
    for room in ("env", "infra", "lambdas", "pipelines"):
        shutil.copytree(ROOT / room, checkout / room)
    shutil.copy(ROOT / "cdk.json", checkout)
    (checkout / ".venv").symlink_to(ROOT / ".venv")
    stage = checkout / "env" / "local.toml"
    stage.write_text(stage.read_text().replace(ALARMS, SLOWER))
    return checkout


@pytest.fixture(scope="module")
def story(stage, changed):
    """All that the tests tell of, in its order: one life of a stage, with what was seen between its turns."""
    seen = {}
    stage.cdk("list", "ls")
    stage.cdk("bootstrap", f"bootstrap aws://{ENVIRONMENT}")
    stage.cdk("deploy", "deploy --all --require-approval never --concurrency 5")
    seen["deployed"] = stage.statuses()
    seen["files"] = {item["Key"] for item in stage.client("s3").list_objects_v2(Bucket=ARTIFACTS)["Contents"]}
    stage.sluice("sluice after cdk", "deploy local")

    stage.sluice("run", "run credit-risk --as scientist")
    stage.sluice("approve", "approve credit-risk/1 --as approver --reason 'the first'")
    stage.wait_until_serving()
    seen["before"] = stage.serving()
    stage.cdk("diff", f"diff --method=template --exclusively {SERVING}", checkout=changed)
    stage.cdk("change", f"deploy --exclusively {SERVING} --require-approval never", synthesized=True)
    seen["after"] = stage.serving()

    stage.cdk("destroy", "destroy --all --force --concurrency 5", synthesized=True, expect=1)
    seen["destroyed"] = stage.statuses()
    seen["buckets"] = {bucket["Name"] for bucket in stage.client("s3").list_buckets()["Buckets"]}
    stage.sluice("clean", "destroy local --yes")
    stage.sluice("sluice deploy", "deploy local")
    stage.cdk("cdk after sluice", "deploy --all --require-approval never")
    return stage.terminal.said, seen


def test_the_stacks_are_listed_in_their_order(story):
    """`cdk ls` names every stack of the stage after those that it needs."""
    said, _ = story
    assert said["list"].split() == STACKS


def test_the_real_bootstrap_takes_over_the_local_one(story):
    """`cdk bootstrap` updates the stack that the local account comes with."""
    said, seen = story
    assert f"Environment aws://{ENVIRONMENT} bootstrapped." in said["bootstrap"]
    assert seen["deployed"]["CDKToolkit"] == "UPDATE_COMPLETE"


def test_an_empty_account_is_deployed_in_one_go(story):
    """`cdk deploy --all` makes every stack; none waits for a flag or a second try."""
    _, seen = story
    assert {name: seen["deployed"].get(name) for name in STACKS} == dict.fromkeys(STACKS, "CREATE_COMPLETE")


def test_the_files_of_jobs_are_published_into_the_new_bucket(story):
    """The artifact bucket of the storage stack holds every file that the pipelines name, under the same keys."""
    _, seen = story
    lock = ROOT / "pipelines" / "credit_risk" / "lock"
    expected = {path.relative_to(lock).as_posix() for path in (lock / "assets").rglob("*") if path.is_file()}
    assert expected - seen["files"] == set()


def test_sluice_finds_what_the_cdk_deployed_unchanged(story):
    """`sluice deploy` has nothing to do after `cdk deploy`: same templates, tags and files."""
    said, _ = story
    assert re.findall(r"^(\S+) (?:unchanged|deployed)$", said["sluice after cdk"], flags=re.MULTILINE) == STACKS
    assert said["sluice after cdk"].count("unchanged") == len(STACKS)


def test_the_cdk_finds_what_sluice_deployed_unchanged(story):
    """`cdk deploy` has nothing to do after `sluice deploy`."""
    said, _ = story
    found = re.findall(r"(\S+) \(no changes\)", said["cdk after sluice"])
    assert sorted(found) == sorted(STACKS)


def test_a_difference_is_shown_before_it_is_deployed(story):
    """`cdk diff` names the alarm whose threshold differs, and the new model that its fleet needs."""
    said, _ = story
    assert re.search(r"\[~\] AWS::CloudWatch::Alarm Latency", said["diff"])
    assert re.search(r"\[\+\] 777000", said["diff"])
    assert re.search(r"\[~\] AWS::SageMaker::Model \S+ \S+ replace", said["diff"])


def test_a_deployment_keeps_what_serves(story):
    """A changed stage reaches the serving stack, whose released package and endpoint stay."""
    _, seen = story
    before, after = seen["before"], seen["after"]
    assert before["parameters"]["ModelPackageArn"].endswith("model-package/credit-risk/1")
    assert after["parameters"] == before["parameters"]
    assert after["created"] == before["created"]
    assert after["status"] == ("UPDATE_COMPLETE", "InService")
    assert (before["threshold"], after["threshold"]) == (1_000_000, 777_000)


def test_data_and_versions_outlive_the_stacks(story):
    """`cdk destroy` leaves the stage's buckets, and fails at a registry that holds versions, as it does on AWS."""
    said, seen = story
    assert "cannot be deleted: it is not empty" in said["destroy"]
    assert seen["destroyed"] == {"CDKToolkit": "UPDATE_COMPLETE", "sluice-local-registry": "DELETE_FAILED"}
    kinds = ("artifacts", "capture", "logs")
    assert {f"sluice-local-{kind}-123456789012-eu-west-1" for kind in kinds} <= seen["buckets"]


def test_sluice_destroys_what_the_cdk_leaves(story):
    """`sluice destroy` empties the registry and the buckets that `cdk destroy` left; the stage can be made again."""
    said, _ = story
    assert "1 model versions deleted" in said["clean"]
    assert "sluice-local-registry deleted" in said["clean"]
    assert said["sluice deploy"].count(" deployed") == len(STACKS)
