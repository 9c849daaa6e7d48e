import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.local.cloudformation.samples import parameter

pytestmark = pytest.mark.clients


@pytest.fixture
def aws(account, tmp_path):
    """Runs the AWS CLI against the account over HTTP, and gives what it prints as data."""
    account.cloud.listen()
    environment = {
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": account.cloud.services.endpoint_url,
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "HOME": str(tmp_path),
        "PATH": os.defpath,
    }
    program = Path(sys.executable).with_name("aws")

    def run(*arguments):
        done = subprocess.run(
            [program, "--output", "json", *arguments], env=environment, capture_output=True, text=True, check=False
        )
        return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr

    return run


def test_the_aws_cli_creates_and_describes_a_stack(account, aws):
    """Another client than boto3, over a socket, unmodified, gets through from creation to description."""
    template = json.dumps({"Resources": {"P": parameter("a", name="p")}, "Outputs": {"O": {"Value": {"Ref": "P"}}}})
    code, made = aws("cloudformation", "create-stack", "--stack-name", "s", "--template-body", template)
    assert code == 0
    account.ended()
    code, found = aws("cloudformation", "describe-stacks", "--stack-name", "s")
    (stack,) = found["Stacks"]
    assert (code, stack["StackId"], stack["StackStatus"]) == (0, made["StackId"], "CREATE_COMPLETE")
    assert stack["Outputs"] == [{"OutputKey": "O", "OutputValue": "p"}]


def test_the_aws_cli_shows_a_refusal(aws):
    """An error reaches the user in AWS's words, and the command fails."""
    code, said = aws("cloudformation", "describe-stacks", "--stack-name", "nobody")
    assert code
    assert "(ValidationError) when calling the DescribeStacks operation: Stack with id nobody does not exist" in said
