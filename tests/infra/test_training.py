import json

from env import naming
from infra import assembly, bundle
from lambdas import retrain
from tests.infra.templates import CHECKOUT, Synthesized, actions, of_one_model, only, statements


def test_the_pipeline_is_the_compiled_one(local):
    """The pipeline bears the stage's name and holds the compiled definition with the stage's values."""
    pipeline = only(local.template("training"), "AWS::SageMaker::Pipeline")
    definition = json.loads(pipeline["PipelineDefinition"]["PipelineDefinitionBody"])

    assert pipeline["PipelineName"] == "credit-risk-local"
    assert definition["Version"] == "2020-12-01"
    assert "arn:aws:iam::123456789012:role/sluice-local-training-credit-risk" in str(definition)


def test_the_pipeline_is_alone_in_its_stack(local):
    """Who pushes updates this stack: it holds nothing else, and nothing that CloudFormation would have to look up."""
    template = local.template("training")

    assert [r["Type"] for r in template["Resources"].values()] == list(naming.PUSHED_TYPES)
    assert set(template) == {"Resources", "Outputs"}
    assert not any(word in json.dumps(template) for word in ('"Ref"', '"Fn::', "resolve:"))


def test_the_pipeline_waits_for_its_rights(local):
    """SageMaker looks at the role when it takes a pipeline, so the stack that holds the role comes first."""
    training = local.manifest()["artifacts"][local.stack("training")]

    assert local.stack("registry") in training["dependencies"]


def test_a_large_definition_is_read_from_the_bucket(tmp_path):
    """A definition that would burst the template is published as a file, under the hash of its content."""
    lock = tmp_path / "pipelines" / "credit_risk" / "lock"
    lock.mkdir(parents=True)
    steps = [{"Name": "F", "Type": "Fail", "Arguments": {"ErrorMessage": "x" * 50_000}}]
    parameters = [{"Name": name, "Type": "String", "DefaultValue": ""} for name in retrain.PARAMETERS]
    document = {"Version": "2020-12-01", "Parameters": parameters, "Steps": steps}
    (lock / "definition.json").write_text(json.dumps(document))
    stage = of_one_model("local")
    assembly.synthesize(stage, pipelines=tmp_path / "pipelines", assembly=tmp_path / "out")
    synthesized = Synthesized(stage, tmp_path / "out")

    location = only(synthesized.template("training"), "AWS::SageMaker::Pipeline")["PipelineDefinition"][
        "PipelineDefinitionS3Location"
    ]
    assert location["Bucket"] == "sluice-local-artifacts-123456789012-eu-west-1"
    assert location["Key"] in {file["displayName"] for file in synthesized.assets("training").values()}
    assert len((synthesized.folder / f"{synthesized.stack('training')}.template.json").read_bytes()) < 51_200


def test_the_pipeline_may_register_and_never_approve(local):
    """Packages are registered as pending, and changing one is denied whatever else may be given."""
    given = statements(local.template("registry"), "Training")
    (registering,) = [s for s in given if "sagemaker:CreateModelPackage" in actions(s)]
    (approving,) = [s for s in given if "sagemaker:UpdateModelPackage" in actions(s)]

    assert registering["Condition"] == {"StringEquals": {"sagemaker:ModelApprovalStatus": "PendingManualApproval"}}
    assert approving["Effect"] == "Deny"


def test_the_pipeline_writes_below_its_models_prefix_only(local):
    """Jobs read data and assets and write nothing but their model's results."""
    given = statements(local.template("registry"), "Training")
    (writing,) = [s for s in given if "s3:PutObject" in actions(s)]

    assert writing["Resource"] == "arn:aws:s3:::sluice-local-artifacts-123456789012-eu-west-1/credit-risk/*"


def test_the_pipeline_passes_its_own_role_only(local):
    """The jobs of a pipeline run in the pipeline's role."""
    (passing,) = [s for s in statements(local.template("registry"), "Training") if "iam:PassRole" in actions(s)]

    assert passing["Resource"] == "arn:aws:iam::123456789012:role/sluice-local-training-credit-risk"
    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}


def test_every_asset_of_the_lock_is_published(local):
    """The files that jobs read are listed for the artifact bucket, under the keys that the definition names."""
    compiled = bundle.read("credit-risk", pipelines=CHECKOUT / "pipelines")
    listed = {
        destination["objectKey"]
        for file in local.assets("training").values()
        for destination in file["destinations"].values()
        if destination["bucketName"] == "sluice-local-artifacts-123456789012-eu-west-1"
    }

    assert {asset.key for asset in compiled.assets} == listed


def test_the_pipeline_may_encrypt_what_its_jobs_leave(local):
    """SageMaker asks the role for Encrypt where a job names its key by an alias."""
    keys = [s for s in statements(local.template("registry"), "Training") if "kms:GenerateDataKey" in actions(s)]
    assert all({"kms:Encrypt", "kms:Decrypt"} <= set(actions(statement)) for statement in keys)
    assert keys


def test_a_push_gives_the_pipeline_another_definition_and_nothing_else(local):
    """CloudFormation's role in a push updates this pipeline and passes the pipeline's role."""
    given = {action: s for s in statements(local.template("registry"), "Push") for action in actions(s)}

    assert set(given) == {
        "iam:PassRole",
        "kms:Decrypt",
        "s3:GetObject",
        "sagemaker:DescribePipeline",
        "sagemaker:ListTags",
        "sagemaker:UpdatePipeline",
    }
    pipeline = "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/credit-risk-local"
    assert given["sagemaker:UpdatePipeline"]["Resource"] == pipeline
    passed = "arn:aws:iam::123456789012:role/sluice-local-training-credit-risk"
    assert given["iam:PassRole"]["Resource"] == passed
