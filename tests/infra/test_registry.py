import env
from infra import assembly
from tests.infra.templates import Synthesized, only, resources


def test_a_model_has_a_group_of_its_name(local):
    """The registry holds one group for each model, closed to others when there are none."""
    group = only(local.template("registry"), "AWS::SageMaker::ModelPackageGroup")

    assert group["ModelPackageGroupName"] == "credit-risk"
    assert "ModelPackageGroupPolicy" not in group


def test_later_stages_may_deploy_and_not_approve(synthesized):
    """Other accounts of the chain may read packages and make models of them; approving is not theirs."""
    group = only(synthesized("dev").template("registry"), "AWS::SageMaker::ModelPackageGroup")
    reading, deploying, _ = group["ModelPackageGroupPolicy"]["Statement"]

    assert "222222222222" in str(reading["Principal"])
    assert "333333333333" in str(deploying["Principal"])
    assert reading["Resource"] == "arn:aws:sagemaker:eu-west-1:111111111111:model-package-group/credit-risk"
    assert deploying["Resource"] == "arn:aws:sagemaker:eu-west-1:111111111111:model-package/credit-risk/*"
    assert deploying["Action"] == [
        "sagemaker:CreateModel",
        "sagemaker:DescribeModelPackage",
        "sagemaker:ListModelPackages",
    ]


def test_a_later_stage_says_why_it_refuses(synthesized):
    """The functions that judge packages elsewhere may describe one, as long as they leave its status alone."""
    group = only(synthesized("dev").template("registry"), "AWS::SageMaker::ModelPackageGroup")
    *_, describing = group["ModelPackageGroupPolicy"]["Statement"]

    assert describing["Action"] == "sagemaker:UpdateModelPackage"
    assert describing["Condition"] == {
        "ArnEquals": {
            "aws:PrincipalArn": [
                "arn:aws:iam::222222222222:role/sluice-staging-function-release",
                "arn:aws:iam::333333333333:role/sluice-prod-function-release",
            ]
        },
        "Null": {"sagemaker:ModelApprovalStatus": "true"},
    }


def test_later_stages_hear_of_changes(synthesized):
    """Events of packages go on to the default buses of the other accounts."""
    rule = only(synthesized("dev").template("registry"), "AWS::Events::Rule")

    assert rule["EventPattern"]["detail"] == {"ModelPackageGroupName": ["credit-risk"]}
    assert [target["Arn"] for target in rule["Targets"]] == [
        "arn:aws:events:eu-west-1:222222222222:event-bus/default",
        "arn:aws:events:eu-west-1:333333333333:event-bus/default",
    ]


def test_a_stage_that_stands_alone_forwards_nothing(local):
    """Without other accounts there is no rule."""
    assert list(resources(local.template("registry"), "AWS::Events::Rule")) == []


FIRST = """
account = "222222222222"
region = "eu-west-1"
"""
OWNER = """
account = "111111111111"
region = "eu-west-1"
registry = true
after = "first"

[models.credit-risk.serving]
instance_type = "ml.m5.large"

[models.credit-risk.serving.deployment]
policy = "all-at-once"
"""


def test_the_first_stage_approves_wherever_the_registry_is(tmp_path):
    """Where a later stage owns the registry, the first one's approver changes packages there, its release rejects."""
    (tmp_path / "first.toml").write_text(FIRST)
    (tmp_path / "owner.toml").write_text(OWNER)
    stage = env.load("owner", root=tmp_path)
    assembly.synthesize(stage, pipelines=tmp_path, assembly=tmp_path / "out")
    group = only(Synthesized(stage, tmp_path / "out").template("registry"), "AWS::SageMaker::ModelPackageGroup")
    *_, approving, rejecting = group["ModelPackageGroupPolicy"]["Statement"]

    assert approving["Condition"] == {
        "ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::222222222222:role/sluice-first-approver"}
    }
    assert rejecting["Condition"] == {
        "ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::222222222222:role/sluice-first-function-release"},
        "StringEquals": {"sagemaker:ModelApprovalStatus": "Rejected"},
    }
