import json

from tests.local.sagemaker.test_pipelines import definition, fails

ARN = "arn:aws:sagemaker:eu-west-1:123456789012:mlflow-tracking-server/runs"


def pipeline(config):
    """The text of a pipeline with an MlflowConfig."""
    return json.dumps({**definition(fails()), "MlflowConfig": config})


def test_a_pipeline_may_name_a_tracking_server_that_is_there(world):
    """And an execution another experiment; null is none."""
    start, create = world.sm.start_pipeline_execution, world.sm.create_pipeline
    create(PipelineName="p", PipelineDefinition=pipeline({"MlflowResourceArn": ARN}), RoleArn=world.role)
    refused = world.refused(start, PipelineName="p", MlflowExperimentName="churn")
    assert "mlflow-tracking-server/runs" in refused[1]
    assert world.sm.list_pipeline_executions(PipelineName="p")["PipelineExecutionSummaries"] == []
    world.sm.create_mlflow_tracking_server(
        TrackingServerName="runs", ArtifactStoreUri="s3://work/runs", RoleArn=world.role
    )
    arn = start(PipelineName="p", MlflowExperimentName="churn")["PipelineExecutionArn"]
    assert world.ended_execution(arn)["PipelineExecutionStatus"] == "Failed"  # by its only step

    world.sm.update_pipeline(PipelineName="p", PipelineDefinition=pipeline(None))
    world.ended_execution(start(PipelineName="p")["PipelineExecutionArn"])
    assert (
        "needs a pipeline whose definition has an MlflowConfig"
        in (world.refused(start, PipelineName="p", MlflowExperimentName="churn")[1])
    )
