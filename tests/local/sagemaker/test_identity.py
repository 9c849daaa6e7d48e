"""Who did what: the names that the registry and pipelines keep."""

import json

import pytest

ROLES = "arn:aws:sts::123456789012:assumed-role"
PAYLOAD = {
    "SamplePayloadUrl": "s3://work/samples/payload.tar.gz",
    "Domain": "MACHINE_LEARNING",
    "Task": "CLASSIFICATION",
}


@pytest.fixture
def person(world):
    """Makes SageMaker clients of people: sessions of a role, named after them."""
    sts = world.services.client("sts")

    def make(role, name):
        arn = f"arn:aws:iam::123456789012:role/{role}"
        given = sts.assume_role(RoleArn=arn, RoleSessionName=name)["Credentials"]
        return world.services.session().client(
            "sagemaker",
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given["SessionToken"],
        )

    return make


def caller(context):
    """The ARN of a UserContext."""
    return context["IamIdentity"]["Arn"]


def registration(world):
    """A pipeline that registers a model with a sample payload."""
    url = world.archive("trained/model.tar.gz", {"word": "hello"})
    register = {
        "ModelPackageGroupName": "g",
        "InferenceSpecification": {"Containers": [{"Image": world.image, "ModelDataUrl": url}]},
        "MetadataProperties": {"CommitId": "abc"},
        **PAYLOAD,
    }
    steps = [{"Name": "Register", "Type": "RegisterModel", "Arguments": register}]
    return json.dumps({"Version": "2020-12-01", "Parameters": [], "Steps": steps})


def test_an_execution_is_its_starters_and_what_it_registers_its_roles(world, person):
    """The person started it, the pipeline's role registered; the package names the execution it comes from."""
    ada, eve = person("scientist", "ada"), person("scientist", "eve")
    eve.create_pipeline(PipelineName="p", PipelineDefinition=registration(world), RoleArn=world.role)
    arn = ada.start_pipeline_execution(PipelineName="p")["PipelineExecutionArn"]
    execution = world.ended_execution(arn)
    assert execution["PipelineExecutionStatus"] == "Succeeded"
    assert caller(execution["CreatedBy"]) == f"{ROLES}/scientist/ada"
    assert caller(world.sm.describe_pipeline(PipelineName="p")["CreatedBy"]) == f"{ROLES}/scientist/eve"
    (summary,) = world.sm.list_model_packages(ModelPackageGroupName="g")["ModelPackageSummaryList"]
    package = world.sm.describe_model_package(ModelPackageName=summary["ModelPackageArn"])
    assert caller(package["CreatedBy"]) == f"{ROLES}/runner/SageMaker"
    assert package["MetadataProperties"] == {"CommitId": "abc", "GeneratedBy": arn}
    assert PAYLOAD.items() <= package.items()


def test_each_caller_is_named_by_the_request_and_not_by_the_first_one(world, person):
    """CreatedBy stays, LastModifiedBy is who changed the package last."""
    person("scientist", "ada").create_model_package_group(ModelPackageGroupName="g")
    arn = world.package("g")
    for name in ("bob", "cleo"):
        person("approver", name).update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")
        package = world.sm.describe_model_package(ModelPackageName=arn)
        assert caller(package["LastModifiedBy"]) == f"{ROLES}/approver/{name}"
    group = world.sm.describe_model_package_group(ModelPackageGroupName="g")
    assert caller(group["CreatedBy"]) == f"{ROLES}/scientist/ada"
    assert "ada" not in caller(package["CreatedBy"])
