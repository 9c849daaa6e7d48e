import pytest

import env
from tests.infra.templates import actions, resources, statements

PEOPLE = ("scientist", "approver", "operator")


def roles(synthesized):
    """The roles of people by what they do."""
    prefix = f"sluice-{synthesized.stage.name}-"
    found = (role["Properties"] for _, role in resources(synthesized.template("release"), "AWS::IAM::Role"))
    named = {role["RoleName"].removeprefix(prefix): role for role in found}
    return {person: named[person] for person in PEOPLE if person in named}


def allowed(synthesized, person):
    """Every action that a role is given and not denied everywhere."""
    given = statements(synthesized.template("release"), person.capitalize())
    plainly = [s for s in given if s["Effect"] == "Deny" and s["Resource"] == "*" and "Condition" not in s]
    denied = {a for s in plainly for a in actions(s)}
    return {a for s in given if s["Effect"] == "Allow" for a in actions(s)} - denied


def asked(synthesized, person):
    """The verbs of the functions that a role may invoke."""
    given = statements(synthesized.template("release"), person.capitalize())
    invoking = [s for s in given if "lambda:InvokeFunction" in actions(s)]
    named = {
        effect: {
            arn.rpartition("-")[2]
            for s in invoking
            if s["Effect"] == effect
            for arn in ([s["Resource"]] if isinstance(s["Resource"], str) else s["Resource"])
        }
        for effect in ("Allow", "Deny")
    }
    return named["Allow"] - named["Deny"]


def test_who_works_where(local, prod):
    """Where a registry is, somebody trains; every stage has an approver and an operator."""
    assert set(roles(local)) == {"scientist", "approver", "operator"}
    assert set(roles(prod)) == {"approver", "operator"}


def test_the_account_says_who_may_be_whom(every):
    """Each role trusts its account, so that the organisation's own policies say who assumes it, for four hours."""
    account = every.stage.account

    for role in roles(every).values():
        (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert f":iam::{account}:root" in str(trust["Principal"]["AWS"])
        assert trust["Action"] == "sts:AssumeRole"
        assert role["MaxSessionDuration"] == 4 * 3600


def test_who_trains_does_not_approve(local):
    """A scientist starts pipelines; a change of a package is denied, whatever else the role may be given."""
    assert "sagemaker:StartPipelineExecution" in allowed(local, "scientist")
    assert "sagemaker:UpdateModelPackage" not in allowed(local, "scientist")
    assert asked(local, "scientist") == set()
    denied = [
        a for s in statements(local.template("release"), "Scientist") if s["Effect"] == "Deny" for a in actions(s)
    ]
    assert "sagemaker:UpdateModelPackage" in denied


def test_who_approves_does_not_train(every):
    """An approver asks approve, in the first stage changes packages, and may neither start a pipeline nor register."""
    denied = [a for s in statements(every.template("release"), "Approver") if s["Effect"] == "Deny" for a in actions(s)]

    assert ("sagemaker:UpdateModelPackage" in allowed(every, "approver")) == every.stage.first
    assert asked(every, "approver") == {"approve"}
    assert {"sagemaker:StartPipelineExecution", "sagemaker:CreateModelPackage"} <= set(denied)


def test_who_takes_back_does_not_approve(every):
    """An operator asks rollback, sweep and monitor and sees what a release says of itself."""
    assert asked(every, "operator") == {"rollback", "sweep", "monitor"}
    assert "sagemaker:UpdateModelPackage" not in allowed(every, "operator")
    assert {
        "sagemaker:DescribeEndpoint",
        "cloudformation:DescribeStackEvents",
        "cloudwatch:DescribeAlarms",
        "cloudwatch:GetMetricData",
        "dynamodb:Query",
    } <= allowed(every, "operator")


@pytest.mark.parametrize("person", PEOPLE)
def test_people_release_through_the_functions_only(local, person):
    """No one updates a stack or an endpoint, changes the ledger, or deletes anything by hand but change sets."""
    pushing = {f"cloudformation:{verb}ChangeSet" for verb in ("Create", "Delete")} if person == "scientist" else set()
    looking = {"sagemaker:CreatePresignedMlflowTrackingServerUrl"}
    verbs = {action.partition(":")[2] for action in allowed(local, person) - pushing - looking}

    assert [verb for verb in verbs if verb.startswith(("Delete", "Create", "Continue", "Cancel"))] == []
    assert {"UpdateStack", "UpdateEndpoint", "PutItem", "UpdateItem", "PutMetricData", "*"} & verbs == set()


STATUS = {
    "cloudformation:DescribeStacks",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:GetDashboard",
    "cloudwatch:GetMetricData",
    "cloudwatch:ListDashboards",
    "cloudwatch:ListMetrics",
    "dynamodb:Query",
    "sagemaker:DescribeEndpoint",
    "sagemaker:DescribeEndpointConfig",
    "sagemaker:DescribeModel",
    "sagemaker:DescribeModelPackage",
    "sagemaker:ListModelPackages",
}


@pytest.mark.parametrize("person", PEOPLE)
def test_everybody_sees_what_serves_and_why(local, person):
    """Status, history and versions are open to all three."""
    assert allowed(local, person) >= STATUS


def test_scientists_write_data_and_nothing_that_was_made(local):
    """Data and labels are brought below the model's prefix; files of pipelines are added and never replaced."""
    given = statements(local.template("release"), "Scientist")
    writing = {s["Resource"]: s.get("Condition") for s in given if "s3:PutObject" in actions(s)}

    bucket = "arn:aws:s3:::sluice-local-artifacts-123456789012-eu-west-1"
    assert writing == {
        f"{bucket}/credit-risk/data/*": None,
        f"{bucket}/assets/*": {"Null": {"s3:if-none-match": "false"}},
        "arn:aws:s3:::sluice-local-capture-123456789012-eu-west-1/labels/credit-risk/*": None,
    }


def test_scientists_push_in_the_narrow_role_only(local):
    """A change set names the role and its kind of resource, brings its template along, and bears the push's name."""
    given = statements(local.template("release"), "Scientist")
    (creating,) = [s for s in given if "cloudformation:CreateChangeSet" in actions(s)]
    (executing,) = [s for s in given if "cloudformation:ExecuteChangeSet" in actions(s)]
    stack = "arn:aws:cloudformation:eu-west-1:123456789012:stack/sluice-local-training-credit-risk/*"

    assert creating["Resource"] == executing["Resource"] == stack
    assert creating["Condition"] == {
        "StringEquals": {
            "cloudformation:ChangeSetName": "sluice-push",
            "cloudformation:RoleArn": "arn:aws:iam::123456789012:role/sluice-local-push-credit-risk",
        },
        "ForAllValues:StringEquals": {"cloudformation:ResourceTypes": ["AWS::SageMaker::Pipeline"]},
        "Null": {
            "cloudformation:ImportResourceTypes": "true",
            "cloudformation:ResourceTypes": "false",
            "cloudformation:TemplateUrl": "true",
        },
    }
    assert executing["Condition"] == {"StringEquals": {"cloudformation:ChangeSetName": "sluice-push"}}


def test_scientists_pass_the_narrow_role_to_cloudformation_alone(local):
    """No role of jobs, people or functions can be passed on."""
    (passing,) = [s for s in statements(local.template("release"), "Scientist") if "iam:PassRole" in actions(s)]

    assert passing["Resource"] == "arn:aws:iam::123456789012:role/sluice-local-push-credit-risk"
    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}}


def test_approvers_read_the_evidence_where_it_is(prod):
    """The approver of a later stage reads packages and evidence in the account of the registry."""
    given = statements(prod.template("release"), "Approver")
    (reading,) = [s for s in given if "s3:GetObject" in actions(s)]
    (describing,) = [s for s in given if "sagemaker:ListModelPackages" in actions(s)]

    assert reading["Resource"] == [
        "arn:aws:s3:::sluice-dev-artifacts-111111111111-eu-west-1/credit-risk/*",
        "arn:aws:s3:::sluice-prod-capture-333333333333-eu-west-1/reports/credit-risk/*",
    ]
    assert "arn:aws:sagemaker:eu-west-1:111111111111:model-package/credit-risk/*" in describing["Resource"]


@pytest.mark.parametrize("person", PEOPLE)
def test_what_was_captured_is_read_by_nobody(local, person):
    """People read what monitors say of requests, never the requests."""
    reading = [
        s["Resource"]
        for s in statements(local.template("release"), person.capitalize())
        if "s3:GetObject" in actions(s)
    ]
    read = [one for each in reading for one in ([each] if isinstance(each, str) else each) if "-capture-" in one]

    assert read == ["arn:aws:s3:::sluice-local-capture-123456789012-eu-west-1/reports/credit-risk/*"]


@pytest.mark.parametrize("role", ["Approver", "ReleaseRole"])
def test_nobody_vouches_for_another_artefact(every, role):
    """Who may change a package may neither write nor remove the hash that was registered with it."""
    denied = [
        s["Condition"]
        for s in statements(every.template("release"), role)
        if s["Effect"] == "Deny" and "sagemaker:UpdateModelPackage" in actions(s)
    ]

    assert denied == [
        {"Null": {"sagemaker:CustomerMetadataProperties/sluice:model-sha256": "false"}},
        {"ForAnyValue:StringEquals": {"sagemaker:CustomerMetadataPropertiesToRemove": ["sluice:model-sha256"]}},
    ]


@pytest.mark.parametrize(
    ("kinds", "seen"),
    [
        ({"Condition", "Fail"}, set()),
        ({"Processing", "QualityCheck"}, {"sagemaker:DescribeProcessingJob"}),
        ({"Training", "Transform"}, {"sagemaker:DescribeTrainingJob", "sagemaker:DescribeTransformJob"}),
        (
            {"Tuning"},
            {
                "sagemaker:DescribeHyperParameterTuningJob",
                "sagemaker:DescribeTrainingJob",
                "sagemaker:ListTrainingJobsForHyperParameterTuningJob",
            },
        ),
    ],
)
def test_scientists_see_the_jobs_of_the_steps_that_there_are(kinds, seen):
    """A stage whose pipelines tune shows tuning jobs and their trials, others do not."""
    from infra import people

    given = people._see_jobs(env.load("local"), kinds)
    assert {action for right in given for action in right.actions} == seen
