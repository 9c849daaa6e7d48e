"""What SageMaker writes down by itself of jobs, packages and endpoints."""

import json

import pytest

from tests.local.sagemaker.conftest import ECHO_MODEL, IMAGE, ROLE

TRAIN = 'print("auc=0.75"); open("/opt/ml/model/weights", "w").write("w")'


@pytest.fixture(scope="module")
def trained(shared):
    """A training job of an experiment, ended."""
    shared.sm.create_experiment(ExperimentName="e")
    shared.sm.create_trial(TrialName="t", ExperimentName="e")
    data = shared.put("data/train.csv", "1")
    return shared.run_training(
        "job",
        TRAIN,
        channels=[("train", data)],
        algorithm={"MetricDefinitions": [{"Name": "auc", "Regex": "auc=([0-9.]+)"}]},
        HyperParameters={"depth": "3"},
        ExperimentConfig={"TrialName": "t", "TrialComponentDisplayName": "shown"},
    )


@pytest.fixture(scope="module")
def registered(shared, trained):
    """A version of what was trained, approved."""
    shared.sm.create_model_package_group(ModelPackageGroupName="g")
    containers = [{"Image": IMAGE, "ModelDataUrl": trained["ModelArtifacts"]["S3ModelArtifacts"]}]
    arn = shared.sm.create_model_package(ModelPackageGroupName="g", InferenceSpecification={"Containers": containers})[
        "ModelPackageArn"
    ]
    shared.sm.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")
    return arn


def reached(sm, arn: str, direction: str, *types: str) -> set[str]:
    """The sources of what is reached of these types; of contexts and actions the names."""
    answer = sm.query_lineage(StartArns=[arn], Direction=direction, Filters={"Types": list(types)}, IncludeEdges=False)
    found = set()
    for vertex in answer["Vertices"]:
        if vertex["LineageType"] == "Artifact":
            found.add(sm.describe_artifact(ArtifactArn=vertex["Arn"])["Source"]["SourceUri"])
        else:
            found.add(vertex["Arn"].rsplit("/", 1)[1])
    return found


def test_a_job_is_a_trial_component(sm, trained):
    """Named as AWS's SDK looks for it, in the trial of its ExperimentConfig, with parameters, metrics and artifacts."""
    shown = sm.describe_trial_component(TrialComponentName="job-aws-training-job")
    assert shown["Source"] == {"SourceArn": trained["TrainingJobArn"], "SourceType": "SageMakerTrainingJob"}
    assert (shown["DisplayName"], shown["Status"]["PrimaryStatus"]) == ("shown", "Completed")
    assert shown["Parameters"]["depth"] == {"StringValue": "3"}
    assert shown["Parameters"]["SageMaker.InstanceCount"] == {"NumberValue": 1.0}
    assert shown["InputArtifacts"]["train"]["Value"] == "s3://work/data/train.csv"
    model = trained["ModelArtifacts"]["S3ModelArtifacts"]
    assert shown["OutputArtifacts"] == {"SageMaker.ModelArtifact": {"Value": model}}
    assert [(metric["MetricName"], metric["Last"]) for metric in shown["Metrics"]] == [("auc", 0.75)]
    listed = sm.list_trial_components(TrialName="t")["TrialComponentSummaries"]
    assert [component["TrialComponentName"] for component in listed] == ["job-aws-training-job"]
    by_source = sm.list_trial_components(SourceArn=trained["TrainingJobArn"])["TrialComponentSummaries"]
    assert by_source == listed


def test_a_package_comes_from_its_data_and_image(sm, trained, registered):
    """From the version back to what the model was trained on, and forth to its group; an approval contributes."""
    (artifact,) = sm.list_artifacts(SourceUri=registered)["ArtifactSummaries"]
    arn = artifact["ArtifactArn"]
    assert "s3://work/data/train.csv" in reached(sm, arn, "Ascendants", "DataSet")
    assert reached(sm, arn, "Ascendants", "Image") == {IMAGE}
    assert reached(sm, arn, "Ascendants", "TrainingJob") == {"job-aws-training-job"}
    assert reached(sm, arn, "Descendants", "ModelGroup") == {"g-aws-model-group"}
    (action,) = reached(sm, arn, "Ascendants", "Approval")
    assert action.startswith("g-1-approved-")


def test_an_endpoint_knows_what_it_serves(sm, shared, registered):
    """From the endpoint's context back through its deployment to the version."""
    url = shared.archive("served/model.tar.gz", ECHO_MODEL)
    containers = [{"Image": IMAGE, "ModelDataUrl": url}]
    version = sm.create_model_package(
        ModelPackageGroupName="g",
        ModelApprovalStatus="Approved",
        InferenceSpecification={"Containers": containers},
    )["ModelPackageArn"]
    sm.create_model(ModelName="m", Containers=[{"ModelPackageName": version}], ExecutionRoleArn=ROLE)
    shared.config("c", "m")
    endpoint = shared.endpoint("serving", config="c")
    (context,) = sm.list_contexts(SourceUri=endpoint["EndpointArn"])["ContextSummaries"]
    assert (context["ContextName"], context["ContextType"]) == ("serving-aws-endpoint", "Endpoint")
    (action,) = reached(sm, context["ContextArn"], "Ascendants", "ModelDeployment")
    assert action.startswith("serving-")
    assert version in reached(sm, context["ContextArn"], "Ascendants", "Model")


def test_an_execution_has_a_trial_and_its_jobs_are_in_it(sm, shared):
    """Experiment and trial are made when the execution starts."""
    step = {"Name": "Prepare", "Type": "Processing", "Arguments": shared.processing("print(1)")}
    config = {
        "ExperimentName": {"Get": "Execution.PipelineName"},
        "TrialName": {"Get": "Execution.PipelineExecutionId"},
    }
    text = {"Version": "2020-12-01", "PipelineExperimentConfig": config, "Steps": [step]}
    execution = shared.run_pipeline(text)
    trial = execution["PipelineExecutionArn"].rsplit("/", 1)[1]
    assert execution["PipelineExperimentConfig"] == {"ExperimentName": "p", "TrialName": trial}
    assert sm.describe_trial(TrialName=trial)["ExperimentName"] == "p"
    (component,) = sm.list_trial_components(ExperimentName="p")["TrialComponentSummaries"]
    assert component["TrialComponentName"].endswith("-aws-processing-job")
    job = sm.describe_processing_job(
        ProcessingJobName=component["TrialComponentName"].removesuffix("-aws-processing-job")
    )
    assert job["ExperimentConfig"] == {"ExperimentName": "p", "TrialName": trial}
    assert execution["PipelineExecutionStatus"] == "Succeeded"


def test_steps_of_a_pipeline_put_a_model_behind_an_endpoint(sm, shared, own_name):
    """A configuration, and an endpoint that is created once and moved the next time."""
    url = shared.archive("steps/model.tar.gz", ECHO_MODEL)
    variant = {"VariantName": "v", "ModelName": {"Get": "Steps.Model.ModelName"}}
    variant |= {"InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}
    name = {"Get": "Steps.Config.EndpointConfigName"}
    steps = [
        {
            "Name": "Model",
            "Type": "Model",
            "Arguments": {"PrimaryContainer": {"Image": IMAGE, "ModelDataUrl": url}, "ExecutionRoleArn": ROLE},
        },
        {"Name": "Config", "Type": "EndpointConfig", "Arguments": {"ProductionVariants": [variant]}},
        {"Name": "Serve", "Type": "Endpoint", "Arguments": {"EndpointName": "stepped", "EndpointConfigName": name}},
    ]
    text = json.dumps({"Version": "2020-12-01", "Steps": steps})
    sm.create_pipeline(PipelineName=own_name, PipelineDefinition=text, RoleArn=ROLE)
    configs = []
    for _ in range(2):
        arn = sm.start_pipeline_execution(PipelineName=own_name)["PipelineExecutionArn"]
        execution = shared.ended_execution(arn)
        assert execution["PipelineExecutionStatus"] == "Succeeded"
        endpoint = sm.describe_endpoint(EndpointName="stepped")
        assert shared.steps(execution)["Serve"]["Metadata"] == {"Endpoint": {"Arn": endpoint["EndpointArn"]}}
        configs.append(endpoint["EndpointConfigName"])
    assert len(set(configs)) == 2
    assert shared.invoke("x", "stepped") == "hello x"


def test_a_job_of_no_trial_is_refused_and_an_ended_one_forgotten(sm, shared, trained, refused):
    """An unknown trial is an error before anything runs; a deleted job's name is free, its component stays."""
    request = shared.processing("print(1)", ExperimentConfig={"TrialName": "none"})
    assert refused(sm.create_processing_job, ProcessingJobName="lost", **request)[0] == "ResourceNotFound"
    shared.run_processing("short", "print(1)")
    sm.delete_processing_job(ProcessingJobName="short")
    assert refused(sm.describe_processing_job, ProcessingJobName="short")[0] == "ValidationException"
    assert sm.describe_trial_component(TrialComponentName="short-aws-processing-job")
