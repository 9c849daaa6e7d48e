import hashlib
from importlib.metadata import version

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs
from cfnlint.config import ConfigMixIn
from cfnlint.runner import Runner

import env
from infra import rights, rules
from infra.rights import Right


@pytest.fixture
def app(tmp_path):
    """An empty app, judged by our rules."""
    app = App(outdir=str(tmp_path), builtin_cloud_formation_validation=False, analytics_reporting=False)
    rules.judge(app, env.load("local"))
    return app


def role(app):
    """A role of a stack of the app."""
    return iam.Role(Stack(app, "Work"), "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))


def test_a_broken_rule_stops_the_synthesis(app):
    """A finding that nobody answers for is an error: here a queue without TLS and without a dead-letter queue."""
    sqs.Queue(Stack(app, "Work"), "Queue")

    with pytest.raises(RuntimeError):
        app.synth()


def test_a_wildcard_without_a_reason_stops_the_synthesis(app):
    """Writing a policy past the rights that bring their reasons does not get through."""
    role(app).add_to_policy(iam.PolicyStatement(actions=["s3:GetObject"], resources=["arn:aws:s3:::bucket/*"]))

    with pytest.raises(RuntimeError):
        app.synth()


def test_a_wildcard_with_a_reason_is_let_through(app):
    """A right answers for its own wildcard, on the one role that is given it."""
    right = Right(actions=["s3:GetObject"], resources=["arn:aws:s3:::bucket/*"], because="Keys are born at run time.")
    rights.give(role(app), [right])

    assert app.synth().stacks


def test_a_reason_is_good_for_its_own_wildcard_only(app):
    """What was answered for on one resource is no excuse on another."""
    given = role(app)
    rights.give(given, [Right(actions=["s3:GetObject"], resources=["arn:aws:s3:::a/*"], because="It is so.")])
    given.add_to_policy(iam.PolicyStatement(actions=["s3:GetObject"], resources=["arn:aws:s3:::b/*"]))

    with pytest.raises(RuntimeError):
        app.synth()


LIKE_OTHERS = [name for name in env.names() if name != "dev"]
"""Stages whose resources are those of the first in AWS or of the last, or, the laptop's, are deployed by tests."""


@pytest.mark.parametrize("names", [("dev", "scaled"), pytest.param(LIKE_OTHERS, marks=pytest.mark.clients)])
def test_cfn_lint_finds_no_error(synthesized, scaled, request, names):
    """The templates of all stages, and of the last one that scales, are valid by the schemas of their resource types.

    What this version of the linter has found sound is not looked at again until it changes.
    """
    folders = [(scaled if name == "scaled" else synthesized(name)).folder for name in names]
    templates = {_key(path): str(path) for folder in folders for path in folder.glob("*.template.json")}
    sound = request.config.cache.get(_SOUND, [])
    paths = [path for key, path in templates.items() if key not in sound]
    # Warnings and advice would be looked for and left out again.
    config = ConfigMixIn([], templates=paths, regions=["eu-west-1"], ignore_checks=["W", "I"])
    found = Runner(config).run() if paths else []

    assert [str(match) for match in found if match.rule.severity == "error"] == []
    request.config.cache.set(_SOUND, sorted({*sound, *templates}))


_SOUND = "cfn-lint/sound"


def _key(path):
    return hashlib.sha256(f"{version('cfn-lint')} {path.name} ".encode() + path.read_bytes()).hexdigest()
