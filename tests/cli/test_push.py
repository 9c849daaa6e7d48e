import pytest

from cli import push
from cli.errors import CliError, WrongUseError
from tests.cli.fakes import FakeClient, connection, refusal


def missing(*, PipelineName):
    """SageMaker, when there is no such pipeline."""
    raise refusal("ResourceNotFound", f"Pipeline {PipelineName} does not exist")


def test_a_stage_that_does_not_train_is_no_place_to_push_to():
    """The stage that owns the registry is named instead; nothing is asked of AWS."""
    with pytest.raises(WrongUseError, match=r"stage prod does not train credit-risk: push to dev"):
        push.bring(connection("prod"), "credit-risk")


def test_a_pipeline_that_was_never_deployed_needs_a_deployment_first():
    """Who pushes may change a pipeline, and not make one."""
    with pytest.raises(WrongUseError, match=r"no pipeline credit-risk-local to push to: ask for `sluice deploy local`"):
        push.bring(connection(sagemaker=FakeClient(describe_pipeline=missing)), "credit-risk")


def test_a_stale_lock_is_not_pushed(tmp_path):
    """What would be deployed is not what the author sees: the command that renews it is named."""
    folder = tmp_path / "churn_model"
    (folder / "lock").mkdir(parents=True)
    (folder / "pipeline.py").write_text("pipeline = None")
    (folder / "lock" / "sources.sha256").write_text("0" * 64)
    with pytest.raises(CliError, match=r"pipelines/churn_model/lock was not made of .*`sluice compile churn-model`"):
        push.check_lock(folder)
