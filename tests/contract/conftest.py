"""What contract tests share. They create what they need under names of their own, and remove it."""

import json

import boto3
import pytest

from tests.clients.terminals import cloud
from tests.contract.account import REAL, Account, archive
from tests.contract.letters import Letters
from tests.contract.serving import Serving

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


@pytest.fixture(scope="session")
def account():
    """The account; whatever was made in it is gone afterwards."""
    if REAL:
        found = Account(boto3.Session())
        yield found
        found.close()
        return
    with cloud() as exported:
        session = boto3.Session(
            aws_access_key_id="test", aws_secret_access_key="test", region_name=exported["AWS_REGION"]
        )
        found = Account(session, endpoint_url=exported["AWS_ENDPOINT_URL"])
        yield found
        found.close()


@pytest.fixture(scope="session")
def bucket(account):
    """A bucket with two models, which differ by a word."""
    s3, name = account.client("s3"), account.name(f"models-{account.id}")
    where = {} if account.region == "us-east-1" else {"LocationConstraint": account.region}
    s3.create_bucket(Bucket=name, **({"CreateBucketConfiguration": where} if where else {}))
    account.later(s3.delete_bucket, Bucket=name)
    for word in ("one", "two"):
        s3.put_object(Bucket=name, Key=f"{word}/model.tar.gz", Body=archive(word))
        account.later(s3.delete_object, Bucket=name, Key=f"{word}/model.tar.gz")
    return name


@pytest.fixture(scope="session")
def role(account, bucket):
    """The execution role of the models: their data, their image, their logs, and nothing of CloudWatch's alarms."""
    iam, name = account.client("iam"), account.name("execution")
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    account.later(iam.delete_role, RoleName=name)
    actions = [
        "s3:GetObject",
        "s3:ListBucket",
        "ecr:GetAuthorizationToken",
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchGetImage",
        "ecr:GetDownloadUrlForLayer",
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:DescribeLogStreams",
        "logs:PutLogEvents",
        "cloudwatch:PutMetricData",
    ]
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
    iam.put_role_policy(RoleName=name, PolicyName="serve", PolicyDocument=json.dumps(policy))
    account.later(iam.delete_role_policy, RoleName=name, PolicyName="serve")
    return arn


@pytest.fixture(scope="session")
def serving(account, bucket, role):
    """Makes models, configurations, alarms and endpoints."""
    return Serving(account, bucket, role)


@pytest.fixture(scope="session")
def letters(account):
    """A queue that gets every event of SageMaker."""
    return Letters(account)
