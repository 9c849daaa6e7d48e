import pytest

import env
from env import naming

LOCAL = env.load("local")


@pytest.mark.parametrize(
    ("expected", "name"),
    [
        ("sluice-local-storage", naming.stack(LOCAL, "storage")),
        ("sluice-local-serving-credit-risk", naming.stack(LOCAL, "serving", "credit-risk")),
        ("sluice-local-artifacts-123456789012-eu-west-1", naming.artifact_bucket(LOCAL)),
        ("sluice-local-capture-123456789012-eu-west-1", naming.capture_bucket(LOCAL)),
        ("sluice-local-logs-123456789012-eu-west-1", naming.log_bucket(LOCAL)),
        ("arn:aws:kms:eu-west-1:123456789012:alias/sluice-local", naming.key_alias_arn(LOCAL)),
        ("credit-risk-local", naming.endpoint(LOCAL, "credit-risk")),
        ("credit-risk-local", naming.pipeline(LOCAL, "credit-risk")),
        ("sluice-local-training-credit-risk", naming.training_role(LOCAL, "credit-risk")),
        ("sluice-local-serving-credit-risk", naming.serving_role(LOCAL, "credit-risk")),
        ("sluice-local-deploy-credit-risk", naming.deploy_role(LOCAL, "credit-risk")),
        ("arn:aws:iam::123456789012:role/r", naming.role_arn(LOCAL, "r")),
        ("sluice-local-release", naming.function(LOCAL, "release")),
        ("arn:aws:lambda:eu-west-1:123456789012:function:sluice-local-apply", naming.function_arn(LOCAL, "apply")),
        ("sluice-local-function-approve", naming.function_role(LOCAL, "approve")),
        ("sluice-local-scientist", naming.person_role(LOCAL, "scientist")),
        ("sluice-local-ledger", naming.ledger(LOCAL)),
        ("arn:aws:dynamodb:eu-west-1:123456789012:table/sluice-local-ledger", naming.ledger_arn(LOCAL)),
        ("sluice-local-sweep", naming.schedule(LOCAL, "sweep")),
        ("credit-risk-local-backstop", naming.backstop(LOCAL, "credit-risk")),
        ("config-7-abort", naming.alarm("config-7", "abort")),
        ("arn:aws:sns:eu-west-1:123456789012:sluice-local-notify", naming.topic_arn(LOCAL)),
        ("credit_risk", naming.folder("credit-risk")),
        ("sluice-local-monitor-credit-risk", naming.monitor_schedule(LOCAL, "credit-risk")),
        (
            "arn:aws:ssm:eu-west-1:123456789012:parameter/sluice/local/monitor/credit-risk",
            naming.monitor_parameter_arn(LOCAL, "credit-risk"),
        ),
        ("credit-risk-local-bias", naming.monitoring_schedule(LOCAL, "credit-risk", "bias")),
        ("credit-risk-local-data-quality", naming.monitor_alarm(LOCAL, "credit-risk", "data-quality")),
        ("credit-risk-local-not-judged", naming.silence_alarm(LOCAL, "credit-risk")),
        ("sluice-local-monitor-job", naming.monitor_job_role(LOCAL)),
        ("sluice-local-credit-risk", naming.monitor_job(LOCAL, "credit-risk")),
        ("sluice/local/mask", naming.mask_key(LOCAL)),
        ("sluice-local-libraries", naming.libraries(LOCAL)),
        ("sluice-local", naming.dashboard(LOCAL)),
        ("sluice-local-abalone", naming.dashboard(LOCAL, "abalone")),
    ],
)
def test_names_are_composed_of_the_stage(expected, name):
    """Names follow from stage and model alone, so that every room composes the same."""
    assert expected == name
