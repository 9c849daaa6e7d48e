"""The round of SageMaker's SDK v2: a pipeline, an estimator, an endpoint, a predictor, a version approved."""

import json
import sys
import tempfile
from pathlib import Path

import rows
import sagemaker
from botocore.exceptions import WaiterError
from sagemaker import ModelPackage, get_execution_role
from sagemaker.deserializers import CSVDeserializer
from sagemaker.inputs import TrainingInput
from sagemaker.model_metrics import MetricsSource, ModelMetrics
from sagemaker.predictor import Predictor
from sagemaker.processing import ProcessingInput, ProcessingOutput
from sagemaker.serializers import CSVSerializer
from sagemaker.sklearn import SKLearn, SKLearnModel, SKLearnProcessor
from sagemaker.workflow.condition_step import ConditionStep
from sagemaker.workflow.conditions import ConditionGreaterThanOrEqualTo
from sagemaker.workflow.fail_step import FailStep
from sagemaker.workflow.functions import Join, JsonGet
from sagemaker.workflow.model_step import ModelStep
from sagemaker.workflow.parameters import ParameterFloat, ParameterString
from sagemaker.workflow.pipeline import Pipeline
from sagemaker.workflow.pipeline_context import PipelineSession
from sagemaker.workflow.properties import PropertyFile
from sagemaker.workflow.steps import ProcessingStep, TrainingStep

NAME = "sdk-v2"
VERSION = "1.4-2"
CODE = Path(__file__).with_name("code")
ROOT = "/opt/ml/processing"

session, pipeline_session = sagemaker.Session(), PipelineSession()
role = get_execution_role()

instance_type = ParameterString(name="InstanceType", default_value="ml.m5.xlarge")
approval_status = ParameterString(name="ModelApprovalStatus", default_value="PendingManualApproval")
min_r2 = ParameterFloat(name="MinR2", default_value=0.9)


def estimator(where, instance):
    """The estimator, in a pipeline or by itself."""
    return SKLearn(
        entry_point="train.py",
        source_dir=str(CODE),
        framework_version=VERSION,
        instance_type=instance,
        role=role,
        sagemaker_session=where,
        hyperparameters={"alpha": 0.001},
        metric_definitions=[{"Name": "train:r2", "Regex": "train-r2=(.*?);"}],
    )


def get_pipeline(data):
    """The whole pipeline."""
    input_data = ParameterString(name="InputData", default_value=data)
    processor = SKLearnProcessor(
        framework_version=VERSION,
        instance_type=instance_type,
        instance_count=1,
        base_job_name=NAME,
        role=role,
        sagemaker_session=pipeline_session,
    )
    prepared = processor.run(
        inputs=[ProcessingInput(source=input_data, destination=f"{ROOT}/input")],
        outputs=[ProcessingOutput(output_name=name, source=f"{ROOT}/{name}") for name in ("train", "test")],
        code=str(CODE / "preprocess.py"),
    )
    preprocess = ProcessingStep(name="Preprocess", step_args=prepared)
    outputs = preprocess.properties.ProcessingOutputConfig.Outputs
    fitted = estimator(pipeline_session, instance_type).fit(
        {"train": TrainingInput(outputs["train"].S3Output.S3Uri, content_type="text/csv")}
    )
    train = TrainingStep(name="Train", step_args=fitted)
    model_data = train.properties.ModelArtifacts.S3ModelArtifacts
    report = PropertyFile(name="Evaluation", output_name="evaluation", path="evaluation.json")
    measured = processor.run(
        inputs=[
            ProcessingInput(source=model_data, destination=f"{ROOT}/model"),
            ProcessingInput(source=outputs["test"].S3Output.S3Uri, destination=f"{ROOT}/test"),
        ],
        outputs=[ProcessingOutput(output_name="evaluation", source=f"{ROOT}/evaluation")],
        code=str(CODE / "evaluate.py"),
    )
    evaluate = ProcessingStep(name="Evaluate", step_args=measured, property_files=[report])
    evidence = evaluate.properties.ProcessingOutputConfig.Outputs["evaluation"].S3Output.S3Uri
    statistics = MetricsSource(
        s3_uri=Join(on="/", values=[evidence, "evaluation.json"]), content_type="application/json"
    )
    model = SKLearnModel(
        model_data=model_data,
        role=role,
        entry_point="train.py",
        source_dir=str(CODE),
        framework_version=VERSION,
        sagemaker_session=pipeline_session,
    )
    registered = model.register(
        content_types=["text/csv"],
        response_types=["text/csv"],
        inference_instances=["ml.m5.xlarge"],
        transform_instances=["ml.m5.xlarge"],
        model_package_group_name=NAME,
        approval_status=approval_status,
        model_metrics=ModelMetrics(model_statistics=statistics),
    )
    holds = ConditionGreaterThanOrEqualTo(
        left=JsonGet(step_name="Evaluate", property_file=report, json_path="regression_metrics.r2.value"), right=min_r2
    )
    check = ConditionStep(
        name="Check",
        conditions=[holds],
        if_steps=[ModelStep(name="Register", step_args=registered)],
        else_steps=[FailStep(name="TooBad", error_message=Join(on=" ", values=["R2 is below", min_r2]))],
    )
    return Pipeline(
        name=NAME,
        parameters=[instance_type, approval_status, min_r2, input_data],
        steps=[preprocess, train, evaluate, check],
        sagemaker_session=pipeline_session,
    )


def ended(execution):
    """How an execution ended, as the SDK sees it."""
    try:
        execution.wait(delay=1, max_attempts=120)
        waited = "succeeded"
    except WaiterError as error:
        waited = str(error)
    return {
        "waited": waited,
        "status": execution.describe()["PipelineExecutionStatus"],
        "steps": {step["StepName"]: step["StepStatus"] for step in execution.list_steps()},
        "reasons": [step["FailureReason"] for step in execution.list_steps() if "FailureReason" in step],
    }


def run_pipeline(data):
    """Upsert twice, run twice, look, delete."""
    pipeline = get_pipeline(data)
    upserts = [pipeline.upsert(role_arn=role)["PipelineArn"], pipeline.upsert(role_arn=role)["PipelineArn"]]
    first = ended(pipeline.start())
    second = ended(pipeline.start(parameters={"MinR2": 2.5}))
    pipeline.delete()
    return {"upserts": upserts, "first": first, "second": second}


def approve_and_deploy():
    """The registered version: approved, deployed as it is, asked, deleted."""
    client = session.sagemaker_client
    arn = client.list_model_packages(ModelPackageGroupName=NAME)["ModelPackageSummaryList"][0]["ModelPackageArn"]
    package = ModelPackage(role=role, model_package_arn=arn, sagemaker_session=session)
    package.update_approval_status("Approved", approval_description="as good as any")
    package.deploy(initial_instance_count=1, instance_type="ml.m5.xlarge", endpoint_name=f"{NAME}-package", wait=False)
    client.get_waiter("endpoint_in_service").wait(
        EndpointName=f"{NAME}-package", WaiterConfig={"Delay": 1, "MaxAttempts": 120}
    )
    predictor = Predictor(
        f"{NAME}-package",
        sagemaker_session=session,
        serializer=CSVSerializer(),
        deserializer=CSVDeserializer(),
    )
    prediction = predictor.predict([[1, 0], [0, 1]])
    predictor.delete_endpoint()
    described = client.describe_model_package(ModelPackageName=arn)
    return {"arn": arn, "status": described["ModelApprovalStatus"], "prediction": prediction}


def fit_and_deploy(data):
    """An estimator by itself: fit, attach, deploy, predict, delete."""
    trained = estimator(session, "ml.m5.xlarge")
    trained.fit({"train": data}, logs="All")
    attached = SKLearn.attach(trained.latest_training_job.name, sagemaker_session=session)
    predictor = trained.deploy(
        initial_instance_count=1,
        instance_type="ml.m5.xlarge",
        endpoint_name=NAME,
        serializer=CSVSerializer(),
        deserializer=CSVDeserializer(),
    )
    prediction = predictor.predict([[1, 0], [0, 1]])
    predictor.delete_model()
    predictor.delete_endpoint(delete_endpoint_config=True)
    left = session.sagemaker_client.list_endpoints(NameContains=NAME)["Endpoints"]
    metrics = session.describe_training_job(trained.latest_training_job.name)["FinalMetricDataList"]
    return {
        "model_data": [trained.model_data, attached.model_data],
        "prediction": prediction,
        "left": [found["EndpointName"] for found in left if found["EndpointName"] in (NAME, f"{NAME}-package")],
        "metrics": [metric["MetricName"] for metric in metrics],
    }


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        data = session.upload_data(str(rows.write(Path(scratch) / "train.csv")), key_prefix=f"{NAME}/input")
    seen = {"pipeline": run_pipeline(data), "package": approve_and_deploy(), "estimator": fit_and_deploy(data)}
    Path(sys.argv[1]).write_text(json.dumps(seen, default=str))
