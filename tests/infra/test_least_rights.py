import ast

import botocore.session
import pytest

from env import naming
from tests.infra.templates import CHECKOUT, actions, statements

CLIENTS = {
    "cloudformation": "cloudformation",
    "cloudwatch": "cloudwatch",
    "lambda": "lambda",
    "s3": "s3",
    "sagemaker": "sagemaker",
    "sagemaker-runtime": "sagemaker",
    "sns": "sns",
}
"""The prefix of a service's actions by the name of its client. The ledger has tests of its own."""

NO_CALLS = {
    # Parameters of calls that IAM counts as actions of their own.
    "cloudformation:SetStackPolicy",
    "iam:PassRole",
    # What services do in the name of who calls them, and what the function's frame does.
    "kms:Decrypt",
    "kms:GenerateDataKey",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "sqs:SendMessage",
    "dynamodb:PutItem",
    "dynamodb:Query",
}


def methods():
    """The action that each method of the clients needs, by its name in Python."""
    session, found = botocore.session.get_session(), {}
    for client, prefix in CLIENTS.items():
        for operation in session.get_service_model(client).operation_names:
            found[botocore.xform_name(operation)] = f"{prefix}:{operation}"
    # A method of one word may be anybody's, as `search` is; those of ours are named.
    distinct = {name: action for name, action in found.items() if "_" in name}
    return {**distinct, "publish": "sns:Publish", "invoke": "lambda:InvokeFunction"}


def sources(module, seen=None):
    """The syntax trees of a module of ``lambdas`` and of all that it imports from there."""
    seen = seen if seen is not None else {}
    path = CHECKOUT / "lambdas" / f"{module}.py"
    if module in seen or not path.exists():
        return seen
    seen[module] = ast.parse(path.read_text())
    for node in ast.walk(seen[module]):
        if isinstance(node, ast.ImportFrom) and node.module == "lambdas":
            for name in node.names:
                sources(name.name, seen)
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("lambdas."):
            sources(node.module.partition(".")[2], seen)
    return seen


def called(verb):
    """The actions of all AWS calls that a function's code makes."""
    known = methods()
    found = set()
    for tree in sources(verb).values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                name = node.func.attr
                if name == "get_paginator" and isinstance(node.args[0], ast.Constant):
                    name = node.args[0].value
                if name in known:
                    found.add(known[name])
    return found


@pytest.mark.parametrize("verb", naming.VERBS)
def test_a_function_may_what_it_calls_and_nothing_else(local, verb):
    """The calls in a function's code and the actions of its role are the same, but for what is no call."""
    role = f"{verb.capitalize()}Role"
    given = {a for s in statements(local.template("release"), role) if s["Effect"] == "Allow" for a in actions(s)}

    assert called(verb) == given - NO_CALLS
