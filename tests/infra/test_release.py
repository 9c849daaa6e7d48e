from lambdas import apply, release
from lambdas.settings import from_environ
from tests.infra.templates import actions, only, resources, statements


def functions(synthesized):
    """The Lambdas of the release stack by function name."""
    found = resources(synthesized.template("release"), "AWS::Lambda::Function")
    return {resource["Properties"]["FunctionName"]: resource["Properties"] for _, resource in found}


def rules(synthesized):
    """The event patterns of the release stack by detail type."""
    found = resources(synthesized.template("release"), "AWS::Events::Rule")
    return {rule["Properties"]["EventPattern"]["detail-type"][0]: rule["Properties"] for _, rule in found}


def test_a_function_reads_the_settings_it_was_given(every):
    """What the template puts into a function's environment, the function reads back."""
    stage = every.stage
    environment = functions(every)[f"sluice-{stage.name}-release"]["Environment"]["Variables"]

    assert from_environ(release.Settings, environment) == release.Settings(
        stage=stage.name,
        first=stage.after is None,
        models=("credit-risk",),
        apply_function=f"sluice-{stage.name}-apply",
        registry=f"arn:aws:sagemaker:{stage.registry_region}:{stage.registry_account}",
    )


def test_apply_knows_its_place(every):
    """The function that updates stacks knows stage, account and region, and nothing else."""
    stage = every.stage
    environment = functions(every)[f"sluice-{stage.name}-apply"]["Environment"]["Variables"]

    assert from_environ(apply.Settings, environment) == apply.Settings(
        stage=stage.name, account=stage.account, region=stage.region
    )


def test_only_apply_may_update_a_stack(every):
    """UpdateStack is given once, with the narrow role named, and refused with any template from elsewhere."""
    template = every.template("release")
    holders = [
        (policy["Properties"]["Roles"][0]["Ref"], statement)
        for _, policy in resources(template, "AWS::IAM::Policy")
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if "cloudformation:UpdateStack" in actions(statement)
    ]
    account, stage = every.stage.account, every.stage.name

    assert {role.startswith("ApplyRole") for role, _ in holders} == {True}
    allow, deny = sorted((statement for _, statement in holders), key=lambda statement: statement["Effect"])
    assert allow["Condition"] == {
        "StringEquals": {"cloudformation:RoleArn": f"arn:aws:iam::{account}:role/sluice-{stage}-deploy-credit-risk"}
    }
    assert allow["Resource"].endswith(f":stack/sluice-{stage}-serving-credit-risk/*")
    assert (deny["Effect"], deny["Condition"]) == ("Deny", {"Null": {"cloudformation:TemplateUrl": "false"}})


def test_release_may_ask_apply_and_no_one_else(every):
    """The function that decides may invoke one function."""
    invoking = [
        s for s in statements(every.template("release"), "ReleaseRole") if "lambda:InvokeFunction" in actions(s)
    ]

    assert [statement["Resource"].rpartition(":")[2] for statement in invoking] == [f"sluice-{every.stage.name}-apply"]


def test_nothing_here_may_approve(every):
    """No role of the release stack may change a model package."""
    text = str(every.template("release"))

    assert "UpdateModelPackage" not in text
    assert "CreateModelPackage" not in text


def test_three_kinds_of_events_wake_the_release(every):
    """Changes of this stage's packages, endpoints and serving stacks lead to the one question."""
    stage = every.stage
    stack = f"arn:aws:cloudformation:{stage.region}:{stage.account}:stack/sluice-{stage.name}-serving-credit-risk/"

    assert {kind: rule["EventPattern"]["detail"] for kind, rule in rules(every).items()} == {
        "SageMaker Model Package State Change": {"ModelPackageGroupName": ["credit-risk"]},
        "SageMaker Endpoint State Change": {"EndpointName": [f"credit-risk-{stage.name}"]},
        "CloudFormation Stack Status Change": {"stack-id": [{"prefix": stack}]},
    }


def test_an_event_that_cannot_be_delivered_is_kept(every):
    """Rules and functions retry, and leave what fails in the queue whose alarm tells people."""
    template = every.template("release")
    ((queue, _),) = resources(template, "AWS::SQS::Queue")
    arn = {"Fn::GetAtt": [queue, "Arn"]}

    for rule in rules(every).values():
        (target,) = rule["Targets"]
        assert target["DeadLetterConfig"] == {"Arn": arn}
        assert target["RetryPolicy"]["MaximumRetryAttempts"] == 3
    for _, config in resources(template, "AWS::Lambda::EventInvokeConfig"):
        assert config["Properties"]["DestinationConfig"] == {"OnFailure": {"Destination": arn}}
    alarm = only(template, "AWS::CloudWatch::Alarm")
    assert alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
    assert alarm["AlarmActions"] == [{"Ref": next(name for name, _ in resources(template, "AWS::SNS::Topic"))}]


def test_people_are_told_by_mail(prod):
    """Each address of the stage's file has a subscription."""
    found = resources(prod.template("release"), "AWS::SNS::Subscription")

    assert {(s["Properties"]["Protocol"], s["Properties"]["Endpoint"]) for _, s in found} == {
        ("email", address) for address in prod.stage.notify
    }


def test_cloudwatch_may_tell_people(every):
    """The topic's policy lets alarms of this account publish, and no one without TLS."""
    policy = only(every.template("release"), "AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]
    deny, allow = sorted(policy, key=lambda statement: statement["Effect"], reverse=True)

    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert allow["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert allow["Condition"] == {"StringEquals": {"aws:SourceAccount": every.stage.account}}


def test_a_stage_elsewhere_admits_the_registrys_events(prod, local):
    """Packages change in the account that owns them: it may put its events on the default bus of the others."""
    policy = only(prod.template("release"), "AWS::Events::EventBusPolicy")

    assert "111111111111" in str(policy["Statement"]["Principal"])
    assert policy["Statement"]["Resource"] == "arn:aws:events:eu-west-1:333333333333:event-bus/default"
    assert list(resources(local.template("release"), "AWS::Events::EventBusPolicy")) == []


def test_functions_log_json_into_groups_that_expire(every):
    """Each function writes structured logs into a group of its own, kept for three months."""
    groups = resources(every.template("release"), "AWS::Logs::LogGroup")

    assert {group["Properties"]["RetentionInDays"] for _, group in groups} == {90}
    assert {function["LoggingConfig"]["LogFormat"] for function in functions(every).values()} == {"JSON"}
