"""A local cloud for all, and the clients that are fixtures of several files."""

import json
import os
import re

import pytest

from tests.clients.terminals import NODE, ROOT, CdkTerminal, Terminal, cloud, run

ROLE = "AmazonSageMaker-ExecutionRole-20261121T120000"
"""As the console of SageMaker names it, under the path /service-role/."""

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "sagemaker.amazonaws.com", "AWS": "arn:aws:iam::123456789012:root"},
            "Action": "sts:AssumeRole",
        }
    ],
}


@pytest.fixture(scope="session")
def terminal(tmp_path_factory):
    """A terminal at a local cloud that several files share."""
    with cloud() as exported:
        yield Terminal(exported, tmp_path_factory.mktemp("terminal"))


@pytest.fixture(scope="session")
def notebook(terminal):
    """The credentials of a SageMaker notebook: a role with AmazonSageMakerFullAccess, as the examples assume it."""
    iam = terminal.client("iam")
    role = iam.create_role(Path="/service-role/", RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"][
        "Arn"
    ]
    iam.attach_role_policy(RoleName=ROLE, PolicyArn="arn:aws:iam::aws:policy/AmazonSageMakerFullAccess")
    keys = terminal.client("sts").assume_role(RoleArn=role, RoleSessionName="SageMaker")["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
        "AWS_SESSION_TOKEN": keys["SessionToken"],
    }


@pytest.fixture(scope="session")
def cdk():
    """The CDK's program, in the version that the README names; npm, which comes with our node, installs it once."""
    version = re.search(r"npx (aws-cdk@[\d.]+)", (ROOT / "README.md").read_text())[1]
    folder = ROOT / ".cache" / "clients" / version
    if not folder.exists():
        npm = [NODE / "bin" / "node", NODE / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"]
        made = folder.with_name(f"{folder.name}.{os.getpid()}")
        made.mkdir(parents=True)
        options = ["--prefix", made, "--ignore-scripts", "--no-audit", "--no-fund"]
        run([*npm, "install", *options, version], cwd=made, env=dict(os.environ))
        made.rename(folder)
    return folder / "node_modules" / "aws-cdk" / "bin" / "cdk"


@pytest.fixture(scope="module")
def cdk_terminal(cdk, tmp_path_factory):
    """A terminal with the CDK at a local cloud of its own, which comes bootstrapped and otherwise empty."""
    with cloud() as exported:
        yield CdkTerminal(cdk, exported, tmp_path_factory.mktemp("cdk"))
