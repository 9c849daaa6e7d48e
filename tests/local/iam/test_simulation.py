"""The policy simulator."""

from tests.local.iam.town import allow, deny, document, refused


def test_the_simulator_answers_as_the_guard_would(town):
    """For each action and resource: what is decided, by which policy, and what the conditions lack."""
    role = town.role(
        allow("s3:GetObject", "arn:aws:s3:::b/*"),
        deny("s3:DeleteObject"),
        allow("s3:ListBucket", "arn:aws:s3:::b", StringLike={"s3:prefix": "x/*"}),
    )
    iam, actions = town.client("iam"), ["s3:GetObject", "s3:DeleteObject", "s3:ListBucket"]
    pages = iam.get_paginator("simulate_principal_policy").paginate(
        PolicySourceArn=role, ActionNames=actions, ResourceArns=["arn:aws:s3:::b/k", "arn:aws:s3:::c/k"]
    )
    found = [result for page in pages for result in page["EvaluationResults"]]
    assert [(r["EvalActionName"], r["EvalResourceName"][-3:], r["EvalDecision"]) for r in found] == [
        ("s3:GetObject", "b/k", "allowed"),
        ("s3:GetObject", "c/k", "implicitDeny"),
        ("s3:DeleteObject", "b/k", "explicitDeny"),
        ("s3:DeleteObject", "c/k", "explicitDeny"),
        ("s3:ListBucket", "b/k", "implicitDeny"),
        ("s3:ListBucket", "c/k", "implicitDeny"),
    ]
    assert found[0]["MatchedStatements"] == [{"SourcePolicyId": "own", "SourcePolicyType": "IAM Policy"}]
    assert found[4]["MissingContextValues"] == ["s3:prefix"]
    entry = {"ContextKeyName": "s3:prefix", "ContextKeyValues": ["x/1"], "ContextKeyType": "string"}
    [listing] = iam.simulate_principal_policy(
        PolicySourceArn=role, ActionNames=["s3:ListBucket"], ResourceArns=["arn:aws:s3:::b"], ContextEntries=[entry]
    )["EvaluationResults"]
    assert listing["EvalDecision"] == "allowed"
    assert refused(iam.simulate_principal_policy, PolicySourceArn=f"{role}x", ActionNames=actions)[0] == "NoSuchEntity"


def test_policies_that_nobody_has_can_be_simulated(town):
    """With a boundary and a resource's own."""
    iam, bucket = town.client("iam"), "arn:aws:s3:::b/k"
    given = {"PolicyInputList": [document(allow("s3:*"))], "ActionNames": ["s3:GetObject"], "ResourceArns": [bucket]}
    [result] = iam.simulate_custom_policy(**given)["EvaluationResults"]
    assert result["EvalDecision"] == "allowed"
    [result] = iam.simulate_custom_policy(**given, PermissionsBoundaryPolicyInputList=[document(allow("sqs:*"))])[
        "EvaluationResults"
    ]
    assert result["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}
    closed = document(deny("s3:GetObject") | {"Principal": "*"})
    [result] = iam.simulate_custom_policy(**given, ResourcePolicy=closed)["EvaluationResults"]
    assert result["EvalDecision"] == "explicitDeny"
