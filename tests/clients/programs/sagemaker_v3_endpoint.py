"""Train, deploy, predict, register and approve with SageMaker's SDK v3, without a pipeline."""

import json
import sys
import tempfile
from pathlib import Path

import rows
from sagemaker.core import image_uris
from sagemaker.core.helper.session_helper import Session, get_execution_role
from sagemaker.core.resources import Endpoint, EndpointConfig, Model, ModelPackage, TrainingJob
from sagemaker.serve.model_builder import ModelBuilder
from sagemaker.train import ModelTrainer
from sagemaker.train.configs import Compute, InputData, SourceCode

NAME = "sdk-v3-direct"
CODE = Path(__file__).with_name("code")

session = Session()
role, region = get_execution_role(), session.boto_region_name
image = image_uris.retrieve(
    framework="sklearn", region=region, version="1.4-2", py_version="py3", instance_type="ml.m5.xlarge"
)


def train():
    """A training job, waited for with its log."""
    with tempfile.TemporaryDirectory() as scratch:
        data = session.upload_data(str(rows.write(Path(scratch) / "train.csv")), key_prefix=f"{NAME}/train")
    trainer = ModelTrainer(
        training_image=image,
        source_code=SourceCode(source_dir=str(CODE), entry_script="train.py"),
        compute=Compute(instance_type="ml.m5.xlarge", instance_count=1),
        base_job_name=NAME,
        sagemaker_session=session,
        role=role,
        hyperparameters={"alpha": 0.001},
    )
    trainer.train(input_data_config=[InputData(channel_name="train", data_source=data)], wait=True, logs=True)
    return next(TrainingJob.get_all(name_contains=NAME))


def serve(job):
    """An endpoint for the model of a training job, and what it answers."""
    builder = ModelBuilder(
        s3_model_data_url=job.model_artifacts.s3_model_artifacts,
        image_uri=image,
        source_code=SourceCode(source_dir=str(CODE), entry_script="train.py"),
        sagemaker_session=session,
        role_arn=role,
        instance_type="ml.m5.xlarge",
    )
    builder.build(model_name=NAME)
    endpoint = builder.deploy(endpoint_name=NAME, initial_instance_count=1, instance_type="ml.m5.xlarge")
    answer = endpoint.invoke(body="1,0\n0,1\n", content_type="text/csv", accept="text/csv")
    prediction = [float(line) for line in answer.body.read().decode().split()]
    return builder, {"status": endpoint.endpoint_status, "prediction": prediction}


def register(builder):
    """A version in the registry, approved."""
    arn = builder.register(
        model_package_group_name=NAME,
        content_types=["text/csv"],
        response_types=["text/csv"],
        inference_instances=["ml.m5.xlarge"],
        approval_status="PendingManualApproval",
    )
    package = ModelPackage.get(model_package_name=arn)
    before = package.model_approval_status
    package.update(model_approval_status="Approved", approval_description="as good as any")
    package.refresh()
    return {"arn": arn, "before": before, "after": package.model_approval_status}


def clean():
    """Delete what serves; gives the endpoints that are left."""
    endpoint = Endpoint.get(endpoint_name=NAME)
    config = EndpointConfig.get(endpoint_config_name=endpoint.endpoint_config_name)
    endpoint.delete()
    endpoint.wait_for_delete(poll=1)
    config.delete()
    Model.get(model_name=NAME).delete()
    return [left.endpoint_name for left in Endpoint.get_all(name_contains=NAME)]


if __name__ == "__main__":
    job = train()
    job.refresh()
    builder, served = serve(job)
    seen = {"training": job.training_job_status, "endpoint": served, "package": register(builder), "left": clean()}
    Path(sys.argv[1]).write_text(json.dumps(seen, default=str))
