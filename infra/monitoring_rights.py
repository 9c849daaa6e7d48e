"""What the function and the jobs that judge traffic may do: read what serves and what it saw, write what they found."""

from __future__ import annotations

from env import naming
from env.stage import Stage
from infra import model_monitor, rights
from infra.alarms import MONITORING
from infra.rights import Right
from infra.serving import logical_id

_FAMILIES = ("data", "model", "bias", "explainability", "business")
_RUN_IDS = "A job's name ends in the id of its run."


def of_function(stage: Stage) -> list[Right]:
    """Judging, making baselines where models are trained, gathering training data, and starting jobs."""
    trained = [model for model, parts in stage.models.items() if parts.training is not None]
    return [
        *_judge(stage),
        *_read_policies(stage),
        *_train(stage, trained),
        *_start_jobs(stage),
        *model_monitor.telling(stage),
    ]


def of_job(stage: Stage) -> list[Right]:
    """Judging, and what every job needs: its code, its image, its logs, its network."""
    bucket = naming.artifact_bucket(stage)
    return [
        *_judge(stage),
        *_read_policies(stage),
        rights.read_objects(bucket, prefixes=["assets"]),
        rights.list_objects(bucket, prefixes=["assets"]),
        rights.use_key(stage, actions=["Decrypt"], via="s3"),
        rights.write_logs(stage),
        rights.put_metrics(),
        *rights.pull_images(stage),
        *rights.join_network(stage),
        rights.grant_key(stage),
        *model_monitor.running(stage),
    ]


def _judge(stage: Stage) -> list[Right]:
    """Seeing what serves, reading its baseline and what it saw, and saying what was found."""
    models = list(stage.monitored)
    if not models:
        return []
    captured = naming.capture_bucket(stage)
    seen = [f"{folder}{model}" for model in models for folder in ("", "labels/", "reports/")]
    written = rights.write_objects(captured, prefixes=[f"reports/{model}" for model in models])
    return [
        *(right for model in models for right in _see(stage, model)),
        rights.read_objects(captured, prefixes=seen),
        rights.list_objects(captured, prefixes=seen),
        rights.read_objects(naming.artifact_bucket(stage.owner), prefixes=models),
        rights.list_objects(naming.artifact_bucket(stage.owner), prefixes=models),
        written,
        rights.use_key(stage, actions=["Decrypt", "GenerateDataKey"], via="s3"),
        *([rights.use_key(stage.owner, actions=["Decrypt"], via="s3")] if stage.owner.name != stage.name else []),
        rights.put_metrics_of_ours(
            MONITORING, *(f"{stage.monitoring.namespace}/Endpoints/{family}-metrics" for family in _FAMILIES)
        ),
        Right(
            actions=["events:PutEvents"],
            resources=[f"arn:aws:events:{stage.region}:{stage.account}:event-bus/default"],
            conditions={"StringEquals": {"events:source": "sluice"}},
        ),
    ]


def _see(stage: Stage, model: str) -> list[Right]:
    """Finding the package that an endpoint serves: by its config and the model in it."""
    arn = f"arn:aws:sagemaker:{stage.region}:{stage.account}"
    named = [
        *rights.named_after(f"{arn}:endpoint-config", logical_id(stage, model, "Config")),
        *rights.named_after(f"{arn}:model", logical_id(stage, model, "Model")),
    ]
    return [
        Right(actions=["sagemaker:DescribeEndpoint"], resources=[rights.endpoint_arn(stage, model)]),
        Right(
            actions=["sagemaker:DescribeEndpointConfig", "sagemaker:DescribeModel"],
            resources=named,
            because=rights.NAME_ENDS,
        ),
        rights.describe_package(stage, model),
    ]


def _read_policies(stage: Stage) -> list[Right]:
    parameters = [naming.monitor_parameter_arn(stage, model) for model in stage.monitored]
    return [Right(actions=["ssm:GetParameter"], resources=parameters)] if parameters else []


def _train(stage: Stage, models: list[str]) -> list[Right]:
    """Reading what a pipeline was given and has left, and writing baselines and training data beside it."""
    if not models:
        return []
    bucket = naming.artifact_bucket(stage)
    # Of the others the judging reads all that a pipeline has left.
    unseen = [model for model in models if model not in stage.monitored]
    return [
        *(
            [rights.read_objects(bucket, prefixes=unseen), rights.list_objects(bucket, prefixes=unseen)]
            if unseen
            else []
        ),
        # Not whatever is there: archives, reports and data that people have brought stay as they are.
        rights.write_objects(bucket, prefixes=[f"{model}/*/baseline" for model in models]),
        Right(
            actions=["s3:PutObject"],
            resources=[f"arn:aws:s3:::{bucket}/{model}/data/*/window.csv" for model in models],
            because=rights.KEYS,
        ),
        rights.use_key(stage, actions=["Decrypt", "GenerateDataKey"], via="s3"),
    ]


def _start_jobs(stage: Stage) -> list[Right]:
    models = list(stage.monitored)
    if not models:
        return []
    jobs = f"arn:aws:sagemaker:{stage.region}:{stage.account}:processing-job"
    role = naming.role_arn(stage, naming.monitor_job_role(stage))
    return [
        Right(
            actions=["sagemaker:AddTags", "sagemaker:CreateProcessingJob"],
            resources=[f"{jobs}/{naming.monitor_job(stage, model)}-*" for model in models],
            because=_RUN_IDS,
        ),
        rights.pass_role(role, service="sagemaker.amazonaws.com"),
    ]
