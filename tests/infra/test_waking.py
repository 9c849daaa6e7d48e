import pytest

from tests.infra.templates import actions, only, resources, statements


def rules(synthesized):
    """The rules of the release stack by what they are called in the code."""
    found = resources(synthesized.template("release"), "AWS::Events::Rule")
    return {name[:-8]: rule["Properties"] for name, rule in found}


def schedules(synthesized):
    """The schedules of the release stack by name."""
    found = resources(synthesized.template("release"), "AWS::Scheduler::Schedule")
    return {schedule["Properties"]["Name"]: schedule["Properties"] for _, schedule in found}


def attribute(synthesized, kind, start):
    """The ARN of the one resource of a type whose logical id begins so, as templates refer to it."""
    (name,) = [name for name, _ in resources(synthesized.template("release"), kind) if name.startswith(start)]
    return {"Fn::GetAtt": [name, "Arn"]}


def test_changes_of_a_model_wake_the_release(every):
    """Packages, endpoints, serving stacks and the backstop of this stage lead to the one question."""
    stage = every.stage
    stack = f"arn:aws:cloudformation:{stage.region}:{stage.account}:stack/sluice-{stage.name}-serving-credit-risk/"
    by_type = {
        kind: rule["EventPattern"]["detail"]
        for rule in rules(every).values()
        if "EventPattern" in rule
        for kind in rule["EventPattern"]["detail-type"]
    }

    assert by_type == {
        "SageMaker Model Package State Change": {"ModelPackageGroupName": ["credit-risk"]},
        "SageMaker Endpoint State Change": {"EndpointName": [f"credit-risk-{stage.name}"]},
        "SageMaker Endpoint Deployment State Change": {"EndpointName": [f"credit-risk-{stage.name}"]},
        "CloudFormation Stack Status Change": {"stack-id": [{"prefix": stack}]},
        "CloudWatch Alarm State Change": {
            "alarmName": [f"credit-risk-{stage.name}-backstop"],
            "state": {"value": ["ALARM"]},
        },
    }


def test_a_release_goes_on_without_events(every):
    """Every quarter of an hour the question is asked whether or not an event came."""
    (tick,) = [rule for rule in rules(every).values() if "EventPattern" not in rule]

    assert (tick["ScheduleExpression"], tick["State"]) == ("rate(15 minutes)", "ENABLED")


def test_every_rule_wakes_the_function_that_decides(every):
    """Events go to release alone, are tried again, and end in the queue that people hear of."""
    release = attribute(every, "AWS::Lambda::Function", "Release")
    queue = attribute(every, "AWS::SQS::Queue", "DeadLetters")

    for rule in rules(every).values():
        (target,) = rule["Targets"]
        assert target["Arn"] == release
        assert target["DeadLetterConfig"] == {"Arn": queue}
        assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 3}


@pytest.mark.parametrize(
    ("verb", "rate", "retry"),
    [
        ("watch", "rate(1 minute)", {"MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 1}),
        ("sweep", "rate(1 day)", {"MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 3}),
    ],
)
def test_the_clock_wakes_who_works_by_it(every, verb, rate, retry):
    """Watch comes each minute and sweep each day, on the dot, in a role of their own."""
    schedule = schedules(every)[f"sluice-{every.stage.name}-{verb}"]
    target = schedule["Target"]

    assert (schedule["ScheduleExpression"], schedule["FlexibleTimeWindow"]) == (rate, {"Mode": "OFF"})
    assert target["Arn"] == attribute(every, "AWS::Lambda::Function", verb.capitalize())
    assert target["RoleArn"] == attribute(every, "AWS::IAM::Role", "SchedulerRole")
    assert target["DeadLetterConfig"] == {"Arn": attribute(every, "AWS::SQS::Queue", "DeadLetters")}
    assert target["RetryPolicy"] == retry


def test_the_scheduler_may_wake_two_functions(every):
    """Its role may invoke watch and sweep and leave what fails; only schedules of this account assume it."""
    account, stage = every.stage.account, every.stage.name
    given = statements(every.template("release"), "SchedulerRole")
    invoked, *_ = [s["Resource"] for s in given if "lambda:InvokeFunction" in actions(s)]
    (role,) = [
        role["Properties"]
        for name, role in resources(every.template("release"), "AWS::IAM::Role")
        if name.startswith("SchedulerRole")
    ]

    assert {action for s in given for action in actions(s)} == {"lambda:InvokeFunction", "sqs:SendMessage"}
    assert {arn.rpartition(":")[2] for arn in invoked} == {f"sluice-{stage}-watch", f"sluice-{stage}-sweep"}
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": account}}


def test_a_schedule_waits_for_its_rights(every):
    """Scheduler looks at the role when it takes a schedule, so the role's policy comes first."""
    template = every.template("release")
    (policy,) = [name for name, _ in resources(template, "AWS::IAM::Policy") if name.startswith("SchedulerRole")]

    for _, schedule in resources(template, "AWS::Scheduler::Schedule"):
        assert policy in schedule["DependsOn"]


def test_the_letters_that_are_dead_are_one_queue(every):
    """Rules, schedules and functions share the queue: one place to look."""
    assert only(every.template("release"), "AWS::SQS::Queue")["QueueName"] == f"sluice-{every.stage.name}-dead-letters"


def test_a_pipeline_runs_when_its_stage_says(scheduled):
    """The schedule starts the pipeline, in a role that may do that alone, once the pipeline is there."""
    schedule = schedules(scheduled)["credit-risk-local"]
    pipeline = "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/credit-risk-local"

    assert schedule["ScheduleExpression"] == "cron(0 6 ? * MON *)"
    assert schedule["ScheduleExpressionTimezone"] == "Europe/Zurich"
    assert schedule["Target"]["Arn"] == pipeline
    assert "DeadLetterConfig" in schedule["Target"]
    given = {action: s["Resource"] for s in statements(scheduled.template("release"), "Start") for action in actions(s)}
    assert given["sagemaker:StartPipelineExecution"] == pipeline
    assert set(given) == {"sagemaker:StartPipelineExecution", "sqs:SendMessage"}
    release = scheduled.manifest()["artifacts"][scheduled.stack("release")]
    assert scheduled.stack("training") in release["dependencies"]


def test_without_a_schedule_a_pipeline_waits_to_be_asked(local):
    """The stage has its functions' schedules and no other."""
    assert set(schedules(local)) == {"sluice-local-watch", "sluice-local-sweep"}
