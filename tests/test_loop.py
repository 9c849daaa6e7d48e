"""The whole loop, typed as the README types it, against a local cloud of its own process."""

import hashlib
import io
import json
import os
import re
import shlex
import signal
import subprocess
import time
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path

import boto3
import pytest

from cli.__main__ import main

ROOT = Path(__file__).parent.parent
BIN = ROOT / ".venv" / "bin"
PATIENCE_SECONDS = 120
MODEL = "credit-risk"


@dataclass
class Shell:
    """A terminal in the checkout, with the variables that `sluice up` printed."""

    environ: dict[str, str]
    said: dict[str, subprocess.CompletedProcess] = field(default_factory=dict)
    too_early: subprocess.CompletedProcess | None = None

    def client(self, name):
        """A boto3 client of the same cloud."""
        return boto3.client(
            name,
            endpoint_url=self.environ["AWS_ENDPOINT_URL"],
            region_name=self.environ["AWS_REGION"],
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def looks(self):
        """What the release function says that it has done, each time it looked after the model."""
        pages = self.client("logs").get_paginator("filter_log_events")
        events = [e for page in pages.paginate(logGroupName="/aws/lambda/sluice-local-release") for e in page["events"]]
        lines = [json.loads(event["message"]) for event in events if event["message"].startswith("{")]
        return [line for line in lines if line.get("message") == "looked after"]

    def copy_of(self, version, **more):
        """Register one version's model again: a new version that waits for a person, with some members others."""
        sagemaker = self.client("sagemaker")
        arn = f"arn:aws:sagemaker:eu-west-1:123456789012:model-package/{MODEL}/{version}"
        package = sagemaker.describe_model_package(ModelPackageName=arn)
        kept = ("InferenceSpecification", "CustomerMetadataProperties", "ModelMetrics", "MetadataProperties")
        made = sagemaker.create_model_package(
            ModelPackageGroupName=MODEL,
            ModelApprovalStatus="PendingManualApproval",
            **{key: package[key] for key in kept} | more,
        )
        return int(made["ModelPackageArn"].rsplit("/", 1)[1])

    def run(self, line, *, expect=0):
        """Type a line; remembers what it answered, and insists on its exit code unless that is None."""
        command = shlex.split(line)
        command[0] = str(BIN / Path(command[0]).name)
        done = subprocess.run(
            command, cwd=ROOT, env=self.environ, capture_output=True, text=True, timeout=PATIENCE_SECONDS
        )
        self.said[line] = done
        assert expect in (done.returncode, None), f"{line}\n{done.stdout}\n{done.stderr}"
        return done

    def sluice(self, line, *, expect=0):
        """The same in this process, sparing the second that an interpreter takes to begin; for lines of `sluice`."""
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            for name, value in self.environ.items():
                patch.setenv(name, value)
            patch.setattr("sys.argv", shlex.split(line))
            with pytest.raises(SystemExit) as ended:
                main()
        assert (ended.value.code or 0) == expect, f"{line}\n{out.getvalue()}\n{err.getvalue()}"
        return subprocess.CompletedProcess(line, expect, out.getvalue(), err.getvalue())

    def json(self, line):
        """What a line with JSON output says."""
        return json.loads((self.sluice if line.startswith("sluice ") else self.run)(line).stdout)

    def history(self):
        """The ledger, newest first, as `sluice history` tells it."""
        return self.json(f"sluice history {MODEL} --json")


def plain_environ():
    """The environment without AWS's or our own variables."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "SLUICE_", "PYTHONDONT"))}


@pytest.fixture(scope="session")
def cloud():
    """`sluice up` in a process of its own; afterwards it has left none behind."""
    line = [BIN / "sluice", *readme_commands()[0].split()[1:], "--port", "0"]
    child = subprocess.Popen(line, cwd=ROOT, env=plain_environ(), stdout=subprocess.PIPE, text=True)
    exported = {}
    for line in child.stdout:
        if found := re.match(r"export (\w+)=(.*)", line):
            exported[found[1]] = found[2]
        elif exported:
            break
    yield child, plain_environ() | exported
    child.send_signal(signal.SIGINT)
    assert child.wait(PATIENCE_SECONDS) == 0
    child.stdout.close()


def readme_commands():
    """The commands of the README's section on working with a local cloud, the first of which starts it."""
    section = (ROOT / "README.md").read_text().split("## A local cloud to work with")[1].split("\n## ")[0]
    return re.findall(r"^\$ (.+?)(?:\s+#.*)?$", section, flags=re.MULTILINE)


@pytest.fixture(scope="session")
def shell(cloud):
    """A terminal in which the README's session has been typed; before the first approval it was too early to score."""
    _, environ = cloud
    shell, commands = Shell(environ), readme_commands()[1:]
    for line in commands:
        if " approve " in line and shell.too_early is None:
            shell.too_early = shell.run(next(later for later in commands if " invoke " in later), expect=1)
        shell.run(line)
    return shell


def answer(shell, fragment):
    """What the README's command that contains `fragment` said."""
    typed = readme_commands()
    return next(done.stdout for line, done in shell.said.items() if line in typed and fragment in line)


def test_the_readme_session_scores_applicants(shell):
    """After deploy, run and approve, each row of the file has a probability."""
    probabilities = [float(line) for line in answer(shell, "invoke credit-risk").split()]
    assert len(probabilities) == 2
    assert all(0 < probability < 1 for probability in probabilities)


def test_the_evidence_names_data_code_and_metrics(shell):
    """`show` tells what an approver and an auditor ask."""
    evidence = shell.json("sluice show credit-risk/1 --json")
    assert (
        evidence["data_sha256"]
        == hashlib.sha256((ROOT / "pipelines/credit_risk/data/german.csv").read_bytes()).hexdigest()
    )
    assert re.fullmatch(r"[0-9a-f]{40}(-dirty)?", evidence["code_commit"])
    assert 0.7 <= evidence["auc"] <= 1
    assert evidence["reason"] == "better than what serves"


def test_a_canary_and_a_rollback_stand_in_the_history(shell):
    """Who approved, what went out, who took it back and why: version 2 came by canary, then version 1 returned."""
    first, second, veto, back = [row for row in reversed(shell.history()) if row["kind"] in ("release", "veto")][:4]
    assert [(row["from"], row["version"]) for row in (first, second, back)] == [(None, 1), (1, 2), (2, 1)]
    assert {row["outcome"] for row in (first, second, back)} == {"deployed"}
    assert (second["rollout"], back["rollout"]) == ("guarded", "immediate")
    assert "sluice-local-approver" in second["by"]
    assert second["reason"] == "as good, on another split"
    assert (veto["version"], veto["why"]) == (2, "complaints")
    assert "sluice-local-operator" in veto["by"]


def test_a_rollback_says_what_returns_and_sees_it_serve(shell):
    """The command ends when the version before is behind the endpoint."""
    said = answer(shell, "rollback credit-risk")
    assert "back to credit-risk/1 now" in said
    assert "credit-risk/1 serves" in said


def test_what_was_taken_back_cannot_be_approved_again(shell):
    """In this stage it never serves again; the sentence says since when and why."""
    done = shell.sluice(f"sluice approve {MODEL}/2 --reason 'on second thoughts'", expect=1)
    assert re.search(r"version 2 of credit-risk was (vetoed|rejected)|credit-risk/2 was rejected", done.stderr)


def test_a_scientist_has_no_right_to_approve(shell):
    """AWS refuses it, in one sentence."""
    version = shell.copy_of(1)
    done = shell.sluice(f"sluice approve {MODEL}/{version} --as scientist --reason 'mine is good'", expect=1)
    assert "is not authorized to perform: sagemaker:UpdateModelPackage" in done.stderr
    assert "Traceback" not in done.stderr


def test_who_trained_a_version_may_not_approve_it(shell):
    """Not even an administrator. The refusal stands in the ledger and on the package, and nothing is released."""
    sagemaker = shell.client("sagemaker")
    trained = sagemaker.start_pipeline_execution(PipelineName=f"{MODEL}-local")["PipelineExecutionArn"]
    sagemaker.stop_pipeline_execution(PipelineExecutionArn=trained)
    version = shell.copy_of(1, MetadataProperties={"GeneratedBy": trained, "CommitId": "0" * 40})
    shell.sluice(f"sluice approve {MODEL}/{version} --reason 'mine is good'")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (rows := [row for row in shell.history() if row["version"] == version]):
        assert time.monotonic() < deadline
        time.sleep(0.3)
    assert [(row["outcome"], "ask somebody else" in row["why"]) for row in rows] == [("refused", True)]
    while "ask somebody else" not in (shell.json(f"sluice show {MODEL}/{version} --json")["reason"] or ""):
        assert time.monotonic() < deadline
        time.sleep(0.3)


def test_the_aws_command_line_sees_the_registry(shell):
    """The AWS CLI lists the packages by the variables alone."""
    listed = json.loads(answer(shell, "aws sagemaker list-model-packages"))
    numbers = {package["ModelPackageArn"].rsplit("/", 1)[1] for package in listed["ModelPackageSummaryList"]}
    assert numbers == {"1", "2"}


def test_the_aws_command_line_sees_the_endpoint(shell):
    """The AWS CLI describes the endpoint as in service."""
    described = shell.json(f"aws sagemaker describe-endpoint --endpoint-name {MODEL}-local")
    assert described["EndpointStatus"] == "InService"


def test_the_aws_command_line_sees_the_stacks(shell):
    """Every stack of the stage rests in a good state."""
    stacks = shell.json("aws cloudformation describe-stacks")["Stacks"]
    ours = {stack["StackName"]: stack["StackStatus"] for stack in stacks if stack["StackName"].startswith("sluice-")}
    assert set(ours) == {
        "sluice-local-storage",
        "sluice-local-registry",
        "sluice-local-release",
        "sluice-local-tracking",
        "sluice-local-monitoring",
        *(f"sluice-local-{part}-{model}" for part in ("training", "serving") for model in ("abalone", MODEL)),
    }
    assert set(ours.values()) <= {"CREATE_COMPLETE", "UPDATE_COMPLETE"}


def test_the_aws_command_line_sees_the_buckets(shell):
    """`aws s3 ls` lists what is in the stage's buckets, and captured requests lie where the version says."""
    bucket, version = "sluice-local-capture-123456789012-eu-west-1", "credit-risk/1/"
    s3, deadline = shell.client("s3"), time.monotonic() + PATIENCE_SECONDS
    while not s3.list_objects_v2(Bucket=bucket, Prefix=version)["KeyCount"]:
        assert time.monotonic() < deadline
        time.sleep(0.3)
    assert ".jsonl" in shell.run(f"aws s3 ls --recursive s3://{bucket}/{version}").stdout


def test_a_wrong_number_of_columns_is_the_models_400(shell, tmp_path):
    """The model's own sentence reaches the person who sent the row."""
    (tmp_path / "short.csv").write_text("male,2,own\n")
    done = shell.sluice(f"sluice invoke {MODEL} --data {tmp_path}/short.csv", expect=1)
    assert "the model answers 400" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("line", "code", "sentence"),
    [
        ("sluice approve credit-risk/99 --reason x", 1, "there is no version credit-risk/99"),
        ("sluice approve credit-risk --reason x", 2, "say which version"),
        ("sluice run no-such-model", 2, "stage local has no model 'no-such-model'"),
        ("sluice status --stage nowhere", 2, "nowhere"),
        ("sluice deploy dev", 2, "123456789012"),
        ("sluice run credit-risk --param Nonsense=1", 2, "has no parameter Nonsense"),
        ("sluice run credit-risk --param MinAuc=high", 2, "is of type Float"),
        ("sluice invoke credit-risk --data /no/such/file.csv", 2, "cannot be read"),
        ("sluice compile no-such-model", 2, "the models are abalone, credit-risk"),
    ],
)
def test_wrong_use_is_one_sentence(shell, line, code, sentence):
    """Bad input gets what is wrong and an exit code; never a traceback."""
    said = shell.sluice(line, expect=code)
    assert said.stdout == ""
    assert sentence in said.stderr
    assert "Traceback" not in said.stderr


def test_nothing_serves_before_an_approval(shell):
    """Scoring too early says what to do instead of failing in the dark."""
    assert "approve a version first" in shell.too_early.stderr


def test_a_rejected_version_stays_rejected(shell):
    """What an approver refused is not released by a later yes."""
    version = shell.copy_of(1)
    shell.sluice(f"sluice reject {MODEL}/{version} --reason 'too costly'")
    done = shell.sluice(f"sluice approve {MODEL}/{version} --reason 'on second thoughts'", expect=1)
    assert "was rejected (too costly)" in done.stderr


@pytest.mark.clients  # heavy: `make test` leaves it to `make test-clients`
def test_a_gate_that_fails_is_named_and_registers_nothing(shell):
    """The failure says which gate and by how much, and the registry stays as it was."""
    before = shell.json(f"sluice models {MODEL} --json")
    done = shell.run(f"sluice run {MODEL} --param MinAuc=0.95", expect=1)
    assert re.search(r"step GateFailed: .*AUC 0\.\d+ is below MinAuc 0\.95 by 0\.\d+", done.stderr)
    assert [row["version"] for row in shell.json(f"sluice models {MODEL} --json")] == [row["version"] for row in before]


def test_data_without_a_column_fails_loudly(shell):
    """The step's name, exit code and sentence reach the person; later steps do not run."""
    raw = (ROOT / "pipelines/credit_risk/data/german.csv").read_text().splitlines()
    cut = "\n".join(line.rsplit(",", 1)[0] for line in raw)
    bucket = "sluice-local-artifacts-123456789012-eu-west-1"
    shell.client("s3").put_object(Bucket=bucket, Key=f"{MODEL}/data/cut/german.csv", Body=cut.encode())
    done = shell.run(f"sluice run {MODEL} --param InputData=s3://{bucket}/{MODEL}/data/cut/german.csv", expect=1)
    assert "step Prepare" in done.stderr
    assert re.search(r"exit code:? ?\d+", done.stderr)
    assert "age" in done.stderr
    assert "Train" not in done.stderr


def test_an_event_that_says_nothing_new_does_nothing(shell):
    """It is looked into, and the stack is left alone."""
    cloudformation, stack = shell.client("cloudformation"), f"sluice-local-serving-{MODEL}"
    updated = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["LastUpdatedTime"]
    arn = f"arn:aws:sagemaker:eu-west-1:123456789012:model-package/{MODEL}/1"
    before = {look["requestId"] for look in shell.looks()}
    shell.client("sagemaker").update_model_package(ModelPackageArn=arn, CustomerMetadataProperties={"seen": "again"})
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (looks := [look for look in shell.looks() if look["requestId"] not in before]):
        assert time.monotonic() < deadline
        time.sleep(0.3)
    assert {tuple(look["did"]) for look in looks} == {("waits: what should serve does",)}
    assert cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["LastUpdatedTime"] == updated


@pytest.mark.clients  # heavy: `make test` leaves it to `make test-clients`
def test_a_second_deployment_changes_nothing(shell):
    """What is deployed already is unchanged, the serving stack's parameters included."""
    done = shell.run("sluice deploy local")
    assert done.stdout.count("unchanged") == 9
    assert shell.json(f"sluice status {MODEL} --json")[0]["serves"].startswith(f"{MODEL}/")


def test_a_port_in_use_is_refused(cloud):
    """A second local cloud on the same port says what to do."""
    _, environ = cloud
    port = environ["AWS_ENDPOINT_URL"].rsplit(":", 1)[1]
    done = subprocess.run(
        [BIN / "sluice", "up", "--port", port],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert f"port {port} on 127.0.0.1 is in use" in done.stderr
