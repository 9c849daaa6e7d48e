"""Which policy wins: the evaluation logic, held against IAM's own rules."""

import pytest

from local.iam.evaluation import Ask, Held, Policies, ResourcePolicy, judge
from local.iam.principals import NOBODY, Principal, root, service
from tests.local.iam.town import ACCOUNT, allow, deny, document

ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/r/s"
BUCKET = "arn:aws:s3:::b"
CALLER = Principal("role", SESSION, ACCOUNT, role=ROLE, id="AROA1:s")
ASK = Ask("s3:GetObject", f"{BUCKET}/k", {})
ALL, OTHER, NO = allow("s3:*"), allow("sqs:*"), deny("s3:*")


def held(source, *statements):
    """A policy, or None."""
    return Held(document(*statements), source, "owner", "name") if statements else None


def to(principal, effect="Allow"):
    """A statement of the bucket's policy."""
    return {"Effect": effect, "Principal": principal, "Action": "s3:GetObject", "Resource": f"{BUCKET}/*"}


def verdict(identity=(), boundary=(), session=(), resource=(), caller=CALLER, **own):
    """What is decided, and if nothing allows, what kind of policy does not."""
    policies = Policies(
        tuple(filter(None, [held("identity", *identity)])), held("boundary", *boundary), held("session", *session)
    )
    bucket = ResourcePolicy(held("resource", *resource), **{"account": ACCOUNT, **own})
    found = judge(ASK, caller, policies=policies, resource=bucket)
    return (found.effect, found.origin.source if found.origin else found.lacking)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, ("ImplicitDeny", "identity")),
        ({"identity": [OTHER]}, ("ImplicitDeny", "identity")),
        ({"identity": [OTHER, ALL]}, ("Allow", "identity")),
        ({"identity": [ALL, NO]}, ("Deny", "identity")),
        ({"identity": [ALL], "boundary": [OTHER]}, ("ImplicitDeny", "boundary")),
        ({"identity": [ALL], "boundary": [ALL]}, ("Allow", "identity")),
        ({"identity": [ALL], "boundary": [ALL, NO]}, ("Deny", "boundary")),
        ({"boundary": [ALL]}, ("ImplicitDeny", "identity")),
        ({"identity": [ALL], "session": [OTHER]}, ("ImplicitDeny", "session")),
        ({"identity": [ALL], "session": [NO]}, ("Deny", "session")),
        ({"identity": [ALL], "session": [ALL], "boundary": [ALL]}, ("Allow", "identity")),
        ({"session": [ALL]}, ("ImplicitDeny", "identity")),
    ],
)
def test_identity_boundary_and_session(given, expected):
    """The identity's policies give; boundary and session only limit; a denial anywhere wins."""
    assert verdict(**given) == expected


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        ("*", ("Allow", "resource")),
        ({"AWS": "*"}, ("Allow", "resource")),
        ({"AWS": ROLE}, ("Allow", "resource")),
        ({"AWS": [SESSION]}, ("Allow", "resource")),
        ({"AWS": ACCOUNT}, ("ImplicitDeny", "identity")),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, ("ImplicitDeny", "identity")),
        ({"AWS": "210987654321"}, ("ImplicitDeny", "identity")),
        ({"Service": "lambda.amazonaws.com"}, ("ImplicitDeny", "identity")),
    ],
)
def test_a_resource_may_let_a_role_in_by_itself(principal, expected):
    """By naming it, its session or everybody; naming its account leaves it to the account's policies."""
    assert verdict(resource=[to(principal)]) == expected
    assert verdict(resource=[to(principal)], identity=[ALL])[0] == "Allow"


def test_a_resource_that_names_the_role_is_limited_and_one_that_names_the_session_is_not():
    """Boundary and session policies limit what a role is given, not what its session is."""
    limits = {"session": [OTHER], "boundary": [OTHER]}
    for principal in ({"AWS": ROLE}, "*"):
        assert verdict(resource=[to(principal)], **limits) == ("ImplicitDeny", "boundary")
    assert verdict(resource=[to({"AWS": SESSION})], **limits) == ("Allow", "resource")


def test_a_resource_may_shut_anybody_out():
    """The account's administrator too; whom NotPrincipal names stays in."""
    for principal in ("*", {"AWS": ROLE}, {"AWS": ACCOUNT}):
        assert verdict(resource=[to(principal, "Deny")], identity=[ALL]) == ("Deny", "resource")
    assert verdict(resource=[to("*", "Deny")], caller=root(ACCOUNT)) == ("Deny", "resource")
    spared = to({}, "Deny") | {"NotPrincipal": {"AWS": [ROLE, ACCOUNT]}}
    del spared["Principal"]
    assert verdict(resource=[spared], identity=[ALL])[0] == "Allow"
    assert verdict(resource=[spared], caller=NOBODY) == ("Deny", "resource")


def test_a_key_lets_nobody_in_without_its_own_policy():
    """Unless it leaves that to the account."""
    account = to({"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
    assert verdict(identity=[ALL], needed=True) == ("ImplicitDeny", "resource")
    assert verdict(identity=[ALL], needed=True, resource=[to({"Service": "x.amazonaws.com"})])[0] == "ImplicitDeny"
    assert verdict(identity=[ALL], needed=True, resource=[account]) == ("Allow", "identity")
    assert verdict(needed=True, resource=[account]) == ("ImplicitDeny", "identity")
    assert verdict(needed=True, resource=[to({"AWS": ROLE})]) == ("Allow", "resource")


@pytest.mark.parametrize("principal", [{"AWS": ACCOUNT}, {"AWS": ROLE}, "*"])
def test_across_accounts_both_sides_must_agree(principal):
    """The resource's policy, and the caller's own."""
    assert verdict(account="210987654321", identity=[ALL]) == ("ImplicitDeny", "resource")
    assert verdict(account="210987654321", resource=[to(principal)]) == ("ImplicitDeny", "identity")
    assert verdict(account="210987654321", resource=[to(principal)], identity=[ALL])[0] == "Allow"


def test_who_is_no_role():
    """An administrator may all that is not denied; strangers and services only what a resource lets them."""
    assert verdict(caller=root(ACCOUNT)) == ("Allow", None)
    lambdas = service("lambda.amazonaws.com")
    assert verdict(caller=lambdas, resource=[to({"Service": "lambda.amazonaws.com"})]) == ("Allow", "resource")
    assert verdict(caller=lambdas, resource=[to({"AWS": ACCOUNT})])[0] == "ImplicitDeny"
    assert verdict(caller=NOBODY, resource=[to("*")]) == ("Allow", "resource")
    assert verdict(caller=NOBODY, resource=[to({"AWS": ACCOUNT})])[0] == "ImplicitDeny"


def test_a_verdict_names_the_statement_that_decided():
    """By its place, its policy and whose policy it is."""
    policies = Policies((Held(document(OTHER, ALL | {"Sid": "Mine"}), "identity", ROLE, "p"),))
    origin = judge(ASK, CALLER, policies=policies, resource=ResourcePolicy(None, ACCOUNT)).origin
    assert origin is not None
    assert (origin.owner, origin.policy, origin.index, origin.sid) == (ROLE, "p", 1, "Mine")
