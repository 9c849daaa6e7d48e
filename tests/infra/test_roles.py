import itertools

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from tests.infra.templates import actions, resources, statements


def allowed(template, role):
    """Every action that a role may do, on whatever."""
    return set(itertools.chain.from_iterable(map(actions, statements(template, role))))


def wanted(synthesized):
    """What CloudFormation's registry says that the handlers of the serving stack's types call."""
    types = {resource["Type"] for resource in synthesized.template("serving")["Resources"].values()}
    needed = set()
    for kind in types - {"AWS::CloudFormation::WaitConditionHandle"}:
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(synthesized.stage.region, kind).schema
        for handler in ("create", "read", "update", "delete"):
            needed |= set(schema["handlers"].get(handler, {}).get("permissions", []))
    return needed


def test_the_narrow_role_may_what_the_handlers_of_its_stack_do(every):
    """The rights cover what CloudFormation's registry says that the handlers of the stack's types call."""
    assert wanted(every) - allowed(every.template("release"), "Deploycreditrisk") == set()


FOR_OTHER_TARGETS = {
    # The handlers are those of every kind of target. Ours is no function, and has no schedule.
    "lambda:GetProvisionedConcurrencyConfig",
    "lambda:PutProvisionedConcurrencyConfig",
    "lambda:DeleteProvisionedConcurrencyConfig",
    "application-autoscaling:PutScheduledAction",
    "application-autoscaling:DeleteScheduledAction",
    # The role of Application Auto Scaling is made once for the account, by an administrator.
    "iam:CreateServiceLinkedRole",
}


def test_the_narrow_role_may_scale_where_something_is_scaled(scaled, prod):
    """Scaling adds what its handlers call, less what other targets need; where nothing scales none of it is given."""
    given = allowed(scaled.template("release"), "Deploycreditrisk")

    assert wanted(scaled) - given == FOR_OTHER_TARGETS
    assert "sagemaker:UpdateEndpointWeightsAndCapacities" in given
    narrow = allowed(prod.template("release"), "Deploycreditrisk")
    assert [action for action in narrow if action.startswith("application-autoscaling:")] == []


def test_the_narrow_role_scales_its_own_endpoint(scaled):
    """Its alarms of scaling are those of the endpoint's variant, and it registers nothing but SageMaker's targets."""
    given = statements(scaled.template("release"), "Deploycreditrisk")
    (registering,) = [s for s in given if "application-autoscaling:RegisterScalableTarget" in actions(s)]
    (changing,) = [s for s in given if "sagemaker:UpdateEndpointWeightsAndCapacities" in actions(s)]
    alarms = [s["Resource"] for s in given if actions(s) == ["cloudwatch:DeleteAlarms", "cloudwatch:PutMetricAlarm"]]

    assert registering["Condition"] == {"StringEquals": {"application-autoscaling:service-namespace": "sagemaker"}}
    assert changing["Resource"] == "arn:aws:sagemaker:eu-west-1:333333333333:endpoint/credit-risk-prod"
    assert alarms == [
        "arn:aws:cloudwatch:eu-west-1:333333333333:alarm:TargetTracking-endpoint/credit-risk-prod/variant/AllTraffic-*"
    ]


def test_the_narrow_role_gives_no_rights(every):
    """The role in which a release runs cannot touch IAM, but for passing the model's own role to SageMaker."""
    iam = [s for s in statements(every.template("release"), "Deploy") if any(a.startswith("iam:") for a in actions(s))]

    (passing,) = iam
    assert actions(passing) == ["iam:PassRole"]
    assert passing["Resource"] == (
        f"arn:aws:iam::{every.stage.account}:role/sluice-{every.stage.name}-serving-credit-risk"
    )
    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}


def test_the_narrow_role_is_cloudformations(every):
    """No one but CloudFormation assumes the narrow role."""
    ((_, role),) = [
        found
        for found in resources(every.template("release"), "AWS::IAM::Role")
        if found[1]["Properties"].get("RoleName", "").endswith("deploy-credit-risk")
    ]
    (trust,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]

    assert trust["Principal"] == {"Service": "cloudformation.amazonaws.com"}


def test_no_role_may_everything_of_a_service(every):
    """No action of any role ends in a wildcard."""
    every_action = {action for template in every.templates().values() for action in allowed(template, "")}

    assert "sagemaker:UpdateEndpoint" in every_action
    assert [action for action in every_action if "*" in action] == []


def test_names_that_sagemaker_lower_cases_are_given_both_ways(local):
    """IAM sees the ARNs of models and configs in lower case, whatever CloudFormation called them."""
    (deleting,) = [s for s in statements(local.template("release"), "Deploy") if "sagemaker:DeleteModel" in actions(s)]

    prefix = "arn:aws:sagemaker:eu-west-1:123456789012:model"
    assert deleting["Resource"] == [f"{prefix}/CreditRiskLocalModel-*", f"{prefix}/creditrisklocalmodel-*"]


def test_a_later_stage_reads_what_the_registrys_stage_trained(prod):
    """A model of prod may read the artifacts of dev's bucket, and write its capture to its own."""
    reading, *_ = [s for s in statements(prod.template("release"), "Serving") if actions(s) == ["s3:GetObject"]]
    writing, *_ = [s for s in statements(prod.template("release"), "Serving") if "s3:PutObject" in actions(s)]

    assert reading["Resource"] == "arn:aws:s3:::sluice-dev-artifacts-111111111111-eu-west-1/credit-risk/*"
    assert writing["Resource"] == "arn:aws:s3:::sluice-prod-capture-333333333333-eu-west-1/credit-risk/*"


def test_a_network_needs_its_interfaces(prod, local):
    """Only roles of a stage with a network may place interfaces, and only into its subnets."""
    inside = [s for s in statements(prod.template("release"), "Serving") if "ec2:CreateNetworkInterface" in actions(s)]

    assert "arn:aws:ec2:eu-west-1:333333333333:subnet/subnet-0a1b2c3d4e5f60718" in inside[0]["Resource"]
    assert [action for action in allowed(local.template("release"), "Serving") if action.startswith("ec2:")] == []
