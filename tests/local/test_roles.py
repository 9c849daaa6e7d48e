"""Sessions of roles and of callers."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from moto.sts.models import sts_backends

from local.roles import NotAssumable, Principal
from local.transport import CLOUD
from tests.local import trust

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function"


@pytest.fixture
def cloud(small_cloud):
    """moto alone."""
    return small_cloud()


def _who(clients):
    return clients.client("sts").get_caller_identity()["Arn"]


def test_a_service_acts_in_a_role_that_trusts_it(cloud):
    """Its calls bear the role's name and the session's."""
    arn = trust.role(cloud.client("iam"), "fn", "lambda")
    clients = cloud.services.roles.acting(Principal(arn, "lambda.amazonaws.com", "fn"))
    assert _who(clients) == "arn:aws:sts::123456789012:assumed-role/fn/fn"


@pytest.mark.parametrize("name", ["other", "missing"])
def test_a_role_that_does_not_trust_a_service_is_not_given_to_it(cloud, name):
    """Nor is one that does not exist."""
    trust.role(cloud.client("iam"), "other", "sagemaker")
    principal = Principal(f"arn:aws:iam::123456789012:role/{name}", "lambda.amazonaws.com", "fn")
    with pytest.raises(NotAssumable):
        cloud.services.roles.acting(principal)
    with pytest.raises(NotAssumable):
        cloud.services.roles.credentials(principal)


def test_a_role_is_lent_on_behalf_of_what_its_trust_names_alone(cloud):
    """A session that was opened for one function is not handed to another."""
    condition = {"ArnLike": {"aws:SourceArn": f"{FUNCTION}:good"}}
    statement = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [{**statement, "Condition": condition}]})
    role = cloud.client("iam").create_role(RoleName="fn", AssumeRolePolicyDocument=document)["Role"]
    principal, roles = Principal(role["Arn"], "lambda.amazonaws.com", "fn"), cloud.services.roles
    assert _who(roles.acting(principal, source_arn=f"{FUNCTION}:good")).endswith("/fn/fn")
    with pytest.raises(NotAssumable):
        roles.acting(principal, source_arn=f"{FUNCTION}:bad")


def test_a_session_is_kept_and_a_childs_is_its_own(cloud):
    """Clients are made once; a child process gets credentials that are good for an hour from now."""
    arn = trust.role(cloud.client("iam"), "fn", "lambda")
    principal, roles = Principal(arn, "lambda.amazonaws.com", "fn"), cloud.services.roles
    assert roles.acting(principal).client("s3") is roles.acting(principal).client("s3")
    assert roles.credentials(principal) != roles.credentials(principal)
    assert roles.credentials(principal).environ().keys() == {
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
    }


def test_a_caller_is_worked_for_in_its_own_name(cloud):
    """The key of a session speaks as the session, any key that was not issued here as the account."""
    arn = trust.role(cloud.client("iam"), "people", "people")
    roles = cloud.services.roles
    key = roles.credentials(Principal(arn, "people.amazonaws.com", "ada")).access_key_id
    assert _who(roles.calling(key)).endswith("/people/ada")
    assert _who(roles.calling("test")).startswith("arn:aws:sts::123456789012:user/")  # moto's word for root
    assert roles.calling(CLOUD) is cloud.services


def test_a_childs_credentials_outlast_those_that_are_kept(cloud):
    """Twelve hours: nobody can give a running process new ones."""
    arn = trust.role(cloud.client("iam"), "fn", "lambda")
    principal = Principal(arn, "lambda.amazonaws.com", "fn")
    key = cloud.services.roles.credentials(principal).access_key_id
    [session] = [s for s in sts_backends["123456789012"]["aws"].assumed_roles if s.access_key_id == key]
    assert session.expiration - datetime.now(UTC).replace(tzinfo=None) > timedelta(hours=11)
