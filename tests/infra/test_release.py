import pytest

from lambdas import apply, approve, release, rollback, sweep, watch
from lambdas.settings import from_environ
from tests.infra.templates import only, resources

SETTINGS = {
    "release": release.Settings,
    "apply": apply.Settings,
    "rollback": rollback.Settings,
    "approve": approve.Settings,
    "watch": watch.Settings,
    "sweep": sweep.Settings,
}


def functions(synthesized):
    """The Lambdas of the release stack by verb."""
    found = resources(synthesized.template("release"), "AWS::Lambda::Function")
    prefix = f"sluice-{synthesized.stage.name}-"
    return {f["Properties"]["FunctionName"].removeprefix(prefix): f["Properties"] for _, f in found}


def told(synthesized, verb):
    """The settings that a function of the stage reads from its environment."""
    return from_environ(SETTINGS[verb], functions(synthesized)[verb]["Environment"]["Variables"])


def test_each_verb_has_a_function(every):
    """A stage has six functions, each the handler of the module that bears its name."""
    assert {verb: function["Handler"] for verb, function in functions(every).items()} == {
        verb: f"lambdas.{verb}.handler" for verb in SETTINGS
    }


def test_release_reads_the_settings_it_was_given(every):
    """What the template puts into the environment of the function that decides, the function reads back."""
    stage = every.stage
    parts = stage.models["credit-risk"]

    assert told(every, "release") == release.Settings(
        stage=stage.name,
        first=stage.after is None,
        may_reject_deployed=stage.name == "local",
        registry=f"arn:aws:sagemaker:{stage.registry_region}:{stage.registry_account}",
        apply_function=f"sluice-{stage.name}-apply",
        ledger=f"sluice-{stage.name}-ledger",
        topic=f"arn:aws:sns:{stage.region}:{stage.account}:sluice-{stage.name}-notify",
        models={
            "credit-risk": release.ReleasePolicy(
                two_people=True,
                approval_valid_hours=168,
                watch_hours=24,
                backstop_seconds=60 * parts.serving.alarms.periods,
            )
        },
    )


def test_apply_knows_its_place(every):
    """The function that updates stacks knows stage, account, region and ledger, and nothing else."""
    stage = every.stage

    assert told(every, "apply") == apply.Settings(
        stage=stage.name, account=stage.account, region=stage.region, ledger=f"sluice-{stage.name}-ledger"
    )


def test_those_whom_people_ask_know_whom_to_wake(every):
    """Rollback and approve write into the stage's ledger and wake the function that decides."""
    for verb in ("rollback", "approve", "watch"):
        settings = told(every, verb)
        assert settings.ledger == f"sluice-{every.stage.name}-ledger"
        assert settings.release_function == f"sluice-{every.stage.name}-release"


def test_approve_looks_at_the_stage_before(prod, synthesized):
    """A later stage is told whose ledger an approval rests on; the first one rests on none."""
    later, first = told(prod, "approve"), told(synthesized("dev"), "approve")

    assert later.before_stage == "staging"
    assert later.before_ledger == "arn:aws:dynamodb:eu-west-1:222222222222:table/sluice-staging-ledger"
    assert (first.before_stage, first.before_ledger) == ("", "")
    assert later.models == {"credit-risk": prod.stage.models["credit-risk"].release.soak_hours}


def test_the_probe_and_the_sweeper_follow_the_stages_file(every):
    """How a fleet is probed and what is kept of releases stands in the stage's file."""
    parts = every.stage.models["credit-risk"]

    assert told(every, "watch").models == {
        "credit-risk": watch.Probe(
            enabled=parts.serving.probe, minimum_invocations=parts.serving.alarms.minimum_invocations
        )
    }
    assert told(every, "sweep").models == {
        "credit-risk": sweep.Keep(releases=parts.release.keep_releases, days=parts.release.keep_days)
    }


def test_what_no_function_could_digest_is_kept(every):
    """Functions retry, and leave what fails in the queue whose alarm tells people."""
    template = every.template("release")
    ((queue, _),) = resources(template, "AWS::SQS::Queue")
    arn = {"Fn::GetAtt": [queue, "Arn"]}

    configs = [config["Properties"] for _, config in resources(template, "AWS::Lambda::EventInvokeConfig")]
    assert [config["DestinationConfig"] for config in configs] == [{"OnFailure": {"Destination": arn}}] * len(SETTINGS)
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
    groups = [group["Properties"] for _, group in resources(every.template("release"), "AWS::Logs::LogGroup")]

    assert {group["LogGroupName"] for group in groups} == {
        f"/aws/lambda/sluice-{every.stage.name}-{verb}" for verb in SETTINGS
    }
    assert {group["RetentionInDays"] for group in groups} == {90}
    assert {function["LoggingConfig"]["LogFormat"] for function in functions(every).values()} == {"JSON"}


@pytest.mark.parametrize(("verb", "seconds"), [("release", 300), ("sweep", 300), ("watch", 60), ("apply", 60)])
def test_a_function_has_time_for_its_work(local, verb, seconds):
    """Release reads a whole artefact and sweep lists all models; no minute's watch outlasts its minute."""
    assert functions(local)[verb]["Timeout"] == seconds
