"""AWS's command line of version 1 from PyPI, by environment variables alone."""

import json
import subprocess

import pytest

from tests.clients import environments

pytestmark = pytest.mark.clients

TEMPLATE = """
Parameters:
  Topic: {Type: String}
Resources:
  Alerts:
    Type: AWS::SNS::Topic
    Properties: {TopicName: !Ref Topic}
Outputs:
  Arn: {Value: !Ref Alerts}
"""


@pytest.fixture(scope="module")
def aws(terminal):
    """Runs `aws …`; gives its exit code and what it printed, as data where it is data."""
    program = environments.python("aws-cli").with_name("aws")

    def run(*arguments):
        done = subprocess.run(
            [program, "--output", "json", *arguments],
            env=terminal.environ,
            cwd=terminal.folder,
            capture_output=True,
            text=True,
            timeout=120,
        )
        try:
            return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr
        except ValueError:
            return done.returncode, done.stdout

    return run


def test_the_caller_is_the_local_account(aws):
    """`aws sts get-caller-identity` is what people type first."""
    code, who = aws("sts", "get-caller-identity")
    assert (code, who["Account"]) == (0, "123456789012")


def test_a_template_is_deployed_changed_and_deleted(aws, terminal):
    """`cloudformation deploy` makes a change set and waits; a second one has nothing to do; waiters end."""
    (terminal.folder / "stack.yaml").write_text(TEMPLATE)
    deploy = ["cloudformation", "deploy", "--stack-name", "by-cli", "--template-file", "stack.yaml"]
    code, said = aws(*deploy, "--parameter-overrides", "Topic=one")
    assert (code, "Successfully created/updated stack" in said) == (0, True)
    code, said = aws(*deploy, "--parameter-overrides", "Topic=one", "--no-fail-on-empty-changeset")
    assert (code, "No changes to deploy" in said) == (0, True)
    assert aws(*deploy, "--parameter-overrides", "Topic=two")[0] == 0
    _, found = aws("cloudformation", "describe-stacks", "--stack-name", "by-cli", "--query", "Stacks[0].Outputs")
    assert [output["OutputValue"].rpartition(":")[2] for output in found] == ["two"]
    assert aws("cloudformation", "delete-stack", "--stack-name", "by-cli")[0] == 0
    assert aws("cloudformation", "wait", "stack-delete-complete", "--stack-name", "by-cli")[0] == 0


def test_folders_are_synchronized(aws, terminal):
    """`aws s3 sync` copies what is new, deletes what is gone, and lists it; `rb --force` empties the bucket."""
    folder = terminal.folder / "synchronized"
    (folder / "below").mkdir(parents=True)
    (folder / "one").write_text("1")
    (folder / "below" / "two").write_text("2")
    assert aws("s3", "mb", "s3://by-cli-bucket")[0] == 0
    assert aws("s3", "sync", str(folder), "s3://by-cli-bucket/here")[0] == 0
    (folder / "one").unlink()
    _, said = aws("s3", "sync", str(folder), "s3://by-cli-bucket/here", "--delete")
    assert "delete: s3://by-cli-bucket/here/one" in said
    _, listed = aws("s3", "ls", "--recursive", "s3://by-cli-bucket")
    assert [line.split()[-1] for line in listed.splitlines()] == ["here/below/two"]
    assert aws("s3", "rb", "--force", "s3://by-cli-bucket")[0] == 0


def test_registry_and_pipelines_are_shown(aws):
    """The operations of the model registry, with a query and a filter of the client's own."""
    assert aws("sagemaker", "create-model-package-group", "--model-package-group-name", "by-cli")[0] == 0
    code, names = aws(
        "sagemaker",
        "list-model-package-groups",
        "--name-contains",
        "by-cli",
        "--query",
        "ModelPackageGroupSummaryList[].ModelPackageGroupName",
    )
    assert (code, names) == (0, ["by-cli"])
    assert aws("sagemaker", "delete-model-package-group", "--model-package-group-name", "by-cli")[0] == 0


def test_messages_are_sent_and_received(aws):
    """A queue by its URL, which names the local cloud."""
    _, made = aws("sqs", "create-queue", "--queue-name", "by-cli")
    assert aws("sqs", "send-message", "--queue-url", made["QueueUrl"], "--message-body", "hello")[0] == 0
    _, got = aws("sqs", "receive-message", "--queue-url", made["QueueUrl"])
    assert [message["Body"] for message in got["Messages"]] == ["hello"]


def test_a_refusal_is_shown_in_aws_words(aws):
    """An error reaches the user, and the command fails."""
    code, said = aws("sagemaker", "describe-endpoint", "--endpoint-name", "nobody")
    assert code != 0
    assert "(ValidationException) when calling the DescribeEndpoint operation: Could not find endpoint" in said


def test_what_is_not_here_is_refused_by_name(aws):
    """No operation is waved through: the refusal names it."""
    code, said = aws("sagemaker", "create-compilation-job", "--cli-input-json", _COMPILATION)
    assert code != 0
    assert "UnsupportedLocally" in said
    assert "CreateCompilationJob" in said


_COMPILATION = json.dumps(
    {
        "CompilationJobName": "by-cli",
        "RoleArn": "arn:aws:iam::123456789012:role/any",
        "OutputConfig": {"S3OutputLocation": "s3://by-cli/out", "TargetDevice": "ml_m5"},
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
    }
)
