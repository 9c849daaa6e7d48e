import pytest

from env import naming
from tests.infra.templates import actions, resources, statements

VERBS = naming.VERBS


def given(synthesized, verb):
    """The statements of a function's role."""
    return statements(synthesized.template("release"), f"{verb.capitalize()}Role")


def that(synthesized, verb, action):
    """The one statement in which a function's role is allowed an action."""
    (found,) = [s for s in given(synthesized, verb) if action in actions(s) and s["Effect"] == "Allow"]
    return found


def holders(synthesized, action):
    """The verbs of the functions that are allowed an action."""
    return {verb for verb in VERBS for s in given(synthesized, verb) if action in actions(s) and s["Effect"] == "Allow"}


def test_the_role_of_a_function_bears_its_name(every):
    """Roles have names, so that another account's ledger can name one of them."""
    roles = {role["Properties"].get("RoleName") for _, role in resources(every.template("release"), "AWS::IAM::Role")}

    assert {f"sluice-{every.stage.name}-function-{verb}" for verb in VERBS} <= roles


def test_only_apply_may_update_a_stack(every):
    """Updates and the end of failed ones are given once, with the narrow role named, never with a foreign template."""
    account, stage = every.stage.account, every.stage.name
    allowed = that(every, "apply", "cloudformation:UpdateStack")

    assert holders(every, "cloudformation:UpdateStack") == {"apply"}
    assert holders(every, "cloudformation:ContinueUpdateRollback") == {"apply"}
    assert "cloudformation:ContinueUpdateRollback" in actions(allowed)
    assert allowed["Condition"] == {
        "StringEquals": {"cloudformation:RoleArn": f"arn:aws:iam::{account}:role/sluice-{stage}-deploy-credit-risk"}
    }
    assert allowed["Resource"].endswith(f":stack/sluice-{stage}-serving-credit-risk/*")
    (denied,) = [
        s for s in given(every, "apply") if s["Effect"] == "Deny" and "cloudformation:UpdateStack" in actions(s)
    ]
    assert denied["Condition"] == {"Null": {"cloudformation:TemplateUrl": "false"}}


@pytest.mark.parametrize("action", ["cloudformation:CancelUpdateStack", "sagemaker:UpdateEndpoint"])
def test_no_function_may_go_past_the_stack(every, action):
    """Nobody cancels an update or updates an endpoint by hand."""
    assert holders(every, action) == set()


@pytest.mark.parametrize(
    ("verb", "asked"),
    [
        ("release", {"apply"}),
        ("apply", set()),
        ("rollback", {"release"}),
        ("approve", {"release"}),
        ("watch", {"release"}),
        ("sweep", set()),
    ],
)
def test_who_may_ask_whom(every, verb, asked):
    """Only release asks apply; those whom people and the clock wake ask release."""
    invoked = {
        resource.rpartition("-")[2]
        for s in given(every, verb)
        if "lambda:InvokeFunction" in actions(s)
        for resource in ([s["Resource"]] if isinstance(s["Resource"], str) else s["Resource"])
    }

    assert invoked == asked


@pytest.mark.parametrize("verb", VERBS)
def test_nothing_changes_what_the_ledger_says(every, verb):
    """A function may query the ledger and maybe append to it; any other write of any function is denied."""
    table = f"arn:aws:dynamodb:{every.stage.region}:{every.stage.account}:table/sluice-{every.stage.name}-ledger"
    allowed = {
        action
        for s in given(every, verb)
        if s["Effect"] == "Allow"
        for action in actions(s)
        if action.startswith("dynamodb:")
    }
    (denied,) = [s for s in given(every, verb) if s["Effect"] == "Deny" and "dynamodb:DeleteItem" in actions(s)]

    assert allowed <= {"dynamodb:Query", "dynamodb:PutItem"}
    assert denied["Resource"] == table
    assert {"dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem"} <= set(actions(denied))
    assert {"dynamodb:Query", "dynamodb:PutItem"} & set(actions(denied)) == set()


def test_those_who_write_into_the_ledger(every):
    """Apply and sweep read it; the others append to it."""
    assert holders(every, "dynamodb:PutItem") == {"release", "rollback", "approve", "watch"}
    assert holders(every, "dynamodb:Query") == set(VERBS)


def test_approve_reads_the_ledger_of_the_stage_before(prod, local):
    """Beside its own ledger a later stage's approve reads the one that its approvals rest on."""
    queried = [s["Resource"] for s in given(prod, "approve") if actions(s) == ["dynamodb:Query"]]

    assert queried == ["arn:aws:dynamodb:eu-west-1:222222222222:table/sluice-staging-ledger"]
    assert [s for s in given(local, "approve") if actions(s) == ["dynamodb:Query"]] == []


def test_release_may_reject_and_describe_and_never_approve(local, prod):
    """The first stage rejects or describes a package; a later one describes and leaves the status alone."""
    first, later = (that(stage, "release", "sagemaker:UpdateModelPackage") for stage in (local, prod))

    assert first["Condition"] == {"StringEqualsIfExists": {"sagemaker:ModelApprovalStatus": "Rejected"}}
    assert later["Condition"] == {"Null": {"sagemaker:ModelApprovalStatus": "true"}}
    assert later["Resource"] == "arn:aws:sagemaker:eu-west-1:111111111111:model-package/credit-risk/*"
    assert holders(local, "sagemaker:UpdateModelPackage") == {"release"}
    assert holders(local, "sagemaker:CreateModelPackage") == set()


def test_metrics_are_put_into_our_namespace_alone(every):
    """Release aborts a deployment by a metric, watch counts its probes, and no other namespace is open to them."""
    assert holders(every, "cloudwatch:PutMetricData") == {"release", "watch"}
    for verb in ("release", "watch"):
        statement = that(every, verb, "cloudwatch:PutMetricData")
        assert statement["Condition"] == {"StringEquals": {"cloudwatch:namespace": "Sluice/Release"}}


def test_artefacts_are_read_where_they_were_trained(prod):
    """Release and watch read below the model's prefix in the bucket of the registry's stage."""
    assert holders(prod, "s3:GetObject") == {"release", "watch"}
    for verb in ("release", "watch"):
        assert that(prod, verb, "s3:GetObject")["Resource"] == (
            "arn:aws:s3:::sluice-dev-artifacts-111111111111-eu-west-1/credit-risk/*"
        )


def test_executions_are_asked_about_where_they_are(local, prod):
    """Who trained is read from the execution, which another account cannot see."""
    assert that(local, "release", "sagemaker:DescribePipelineExecution")["Resource"] == (
        "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/credit-risk-local/execution/*"
    )
    assert holders(prod, "sagemaker:DescribePipelineExecution") == set()


def test_only_the_probe_asks_the_model(every):
    """Watch sends requests to the endpoints of its stage; no other function does."""
    assert holders(every, "sagemaker:InvokeEndpoint") == {"watch"}
    assert that(every, "watch", "sagemaker:InvokeEndpoint")["Resource"].endswith(
        f":endpoint/credit-risk-{every.stage.name}"
    )


def test_the_sweeper_deletes_what_bears_its_stages_name_and_tags(every):
    """Deleting is bound to names after the serving stack's logical ids, and to the tags of model and stage."""
    stage = every.stage
    statement = that(every, "sweep", "sagemaker:DeleteModel")

    assert holders(every, "sagemaker:DeleteEndpointConfig") == {"sweep"}
    assert statement["Condition"] == {
        "StringEquals": {"aws:ResourceTag/sluice:stage": stage.name, "aws:ResourceTag/sluice:model": "credit-risk"}
    }
    assert {resource.split("/")[1] for resource in statement["Resource"]} == {
        f"creditrisk{stage.name}model-*",
        f"CreditRisk{stage.name.capitalize()}Model-*",
        f"creditrisk{stage.name}config-*",
        f"CreditRisk{stage.name.capitalize()}Config-*",
    }


def test_people_are_told_by_release_alone(every):
    """One function publishes, to the stage's topic, and may use its key for it."""
    assert holders(every, "sns:Publish") == {"release"}
    assert that(every, "release", "sns:Publish")["Resource"].endswith(f":sluice-{every.stage.name}-notify")
    assert holders(every, "kms:GenerateDataKey") == {"release"}
