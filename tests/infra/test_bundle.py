import json
from pathlib import Path

import pytest

import env
from env.errors import EnvError
from env.stage import Network, OwnImage, Training
from infra import bundle, rights
from infra.bundle import Bundle
from infra.errors import BundleError, DefinitionSizeError, ParameterError, PlaceholderError

DATA = Path(__file__).parent / "data" / "pipelines"
LOCAL = env.load("local")
TRAINING = Training(instance_type="ml.m5.xlarge")


def resolved(*, stage=LOCAL, training=TRAINING, **changed):
    """The small pipeline of the tests' data for a stage, with parts of its definition changed."""
    compiled = bundle.read("credit-risk", pipelines=DATA)
    changed_bundle = Bundle(model="credit-risk", definition={**compiled.definition, **changed}, assets=())
    return json.loads(bundle.definition(changed_bundle, stage, training))


def step(definition, name):
    """One step of a definition."""
    return next(step for step in definition["Steps"] if step["Name"] == name)


def default(definition, name):
    """The default of one parameter."""
    return next(parameter["DefaultValue"] for parameter in definition["Parameters"] if parameter["Name"] == name)


def test_placeholders_become_the_stages_values():
    """Bucket, key, role and image are those of the stage."""
    arguments = step(resolved(), "Train")["Arguments"]

    assert arguments["RoleArn"] == "arn:aws:iam::123456789012:role/sluice-local-training-credit-risk"
    assert arguments["OutputDataConfig"] == {
        "KmsKeyId": "arn:aws:kms:eu-west-1:123456789012:alias/sluice-local",
        "S3OutputPath": "s3://sluice-local-artifacts-123456789012-eu-west-1/credit-risk/models",
    }
    assert arguments["AlgorithmSpecification"]["TrainingImage"] == (
        "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
    )


def test_an_image_of_the_teams_own_is_where_the_stage_has_it():
    """The stage's table places it; a role may pull it; a stage that does not know it stops the synthesis."""
    uri = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/churn:1"
    placing = LOCAL.model_copy(update={"images": {"churn:1": OwnImage(uri=uri, played_by="sklearn:1.4-2")}})
    named = {"Metadata": {"image": "{{sluice:image:churn:1}}"}}
    assert resolved(stage=placing, **named)["Metadata"] == {"image": uri}
    repository = "arn:aws:ecr:eu-west-1:123456789012:repository/team/churn"
    assert any(repository in right.resources for right in rights.pull_images(placing))
    with pytest.raises(EnvError, match="churn:1"):
        resolved(**named)


def test_placeholders_in_the_branches_of_a_condition_are_found():
    """Steps within steps are resolved too."""
    assert "{{sluice:" not in json.dumps(resolved())


def test_account_and_region_are_the_stages():
    """What a step names by ARN, such as a function, is looked for where the stage is."""
    found = resolved(Metadata={"x": "arn:aws:lambda:{{sluice:region}}:{{sluice:account}}:function:notify"})
    assert found["Metadata"]["x"] == "arn:aws:lambda:eu-west-1:123456789012:function:notify"


@pytest.mark.parametrize("text", ["{{sluice:bucket}}", "{{sluice:artifact_bucket", "{{sluice:role:serving}}"])
def test_an_unknown_placeholder_is_refused(text):
    """What no stage has a value for stops the synthesis, finished or not."""
    with pytest.raises(PlaceholderError):
        resolved(Metadata={"x": text})


def test_jobs_run_on_the_stages_instances():
    """A literal instance type is replaced; one from a parameter becomes the parameter's default."""
    definition = resolved()
    cluster = step(definition, "Prepare")["Arguments"]["ProcessingResources"]["ClusterConfig"]

    assert cluster["InstanceType"] == "ml.m5.xlarge"
    assert step(definition, "Train")["Arguments"]["ResourceConfig"]["InstanceType"] == {
        "Get": "Parameters.TrainingInstanceType"
    }
    assert default(definition, "TrainingInstanceType") == "ml.m5.xlarge"


def test_parameters_of_the_stage_replace_defaults():
    """What the stage's file says of a parameter becomes its default; the others keep theirs."""
    definition = resolved(training=Training(instance_type="ml.m5.large", parameters={"MinAuc": 0.8}))

    assert (default(definition, "MinAuc"), default(definition, "Seed")) == (0.8, 1)


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        (
            {"MinAcu": 0.8},
            "env/local.toml: models.credit-risk.training.parameters.MinAcu is no parameter of the pipeline; "
            "its parameters are InputData, TrainingInstanceType, MinAuc, Seed.",
        ),
        (
            {"Seed": 1.5},
            "env/local.toml: models.credit-risk.training.parameters.Seed = 1.5 is not of the type Integer; "
            "write one that is.",
        ),
        (
            {"Seed": True},
            "env/local.toml: models.credit-risk.training.parameters.Seed = True is not of the type Integer; "
            "write one that is.",
        ),
    ],
)
def test_a_parameter_that_does_not_fit_is_refused(parameters, sentence):
    """A stage can set the parameters that the pipeline has, to values of their types."""
    with pytest.raises(ParameterError) as caught:
        resolved(training=Training(instance_type="ml.m5.large", parameters=parameters))

    assert str(caught.value) == sentence


def test_jobs_run_inside_the_network():
    """In a stage with a network every job is placed into it, each kind where SageMaker looks for it."""
    network = Network(subnets=("subnet-1",), security_groups=("sg-1",))
    definition = resolved(stage=LOCAL.model_copy(update={"network": network}))
    expected = {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]}

    assert step(definition, "Prepare")["Arguments"]["NetworkConfig"]["VpcConfig"] == expected
    assert step(definition, "Train")["Arguments"]["VpcConfig"] == expected


def test_a_stage_without_a_network_adds_none():
    """Jobs of a stage without a network have no word of one."""
    assert "VpcConfig" not in json.dumps(resolved())


def test_a_definition_that_sagemaker_would_refuse_is_refused():
    """More characters than SageMaker takes stop the synthesis."""
    with pytest.raises(DefinitionSizeError, match="900000 is the most"):
        resolved(Metadata={"x": "x" * 900_000})


def test_the_compiled_bundle_is_left_as_it_was():
    """Resolving for one stage leaves the bundle as it is for the next."""
    compiled = bundle.read("credit-risk", pipelines=DATA)
    before = json.dumps(compiled.definition)
    bundle.definition(compiled, LOCAL, TRAINING)

    assert json.dumps(compiled.definition) == before


def test_assets_bear_the_keys_that_the_definition_names():
    """A file of the lock is published under its path in it."""
    (asset,) = bundle.read("credit-risk", pipelines=DATA).assets

    assert asset.key == "assets/0123456789abcdef/prepare.py"
    assert f"/{asset.key}" in json.dumps(resolved())


@pytest.mark.parametrize(("text", "reason"), [(None, "is not compiled"), ("{", "line 1: not JSON")])
def test_a_lock_that_cannot_be_read_says_what_to_do(tmp_path, text, reason):
    """A missing or broken lock names its file and the command that makes it."""
    lock = tmp_path / "churn" / "lock"
    lock.mkdir(parents=True)
    (tmp_path / "churn" / "pipeline.py").touch()
    if text is not None:
        (lock / "definition.json").write_text(text)

    with pytest.raises(BundleError, match=reason) as caught:
        bundle.read("churn", pipelines=tmp_path)
    assert "sluice compile churn" in str(caught.value)


def test_a_model_without_a_folder_is_told_from_one_that_is_not_compiled(tmp_path):
    """Both ways out are named: make the model, or take it out of the stage."""
    with pytest.raises(BundleError, match=r"sluice new churn, or take \[models\.churn\] out of env"):
        bundle.read("churn", pipelines=tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        b"[]",
        b"{}",
        b'{"Steps": [{}]}',
        b'{"Steps": {"x": 1}}',
        b'{"Steps": [{"Name": "Gate", "Type": "Condition", "Arguments": {"IfSteps": [1]}}]}',
        b'{"Steps": [], "Parameters": [{"Name": "Seed", "Type": "Whole"}]}',
        b"\xff\xfe",
        b'{"Steps": [',
    ],
)
def test_a_lock_that_is_no_definition_is_told_with_its_remedy(tmp_path, content):
    """Whatever stands in the file, a person reads which one and what to do."""
    path = tmp_path / "credit_risk" / "lock" / "definition.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    with pytest.raises(BundleError, match=r"definition\.json.*run sluice compile credit-risk again"):
        bundle.read("credit-risk", pipelines=tmp_path)


def test_a_lock_that_cannot_be_opened_is_told(tmp_path):
    """A folder in the file's place, or rights that are missing, are named."""
    (tmp_path / "credit_risk" / "lock" / "definition.json").mkdir(parents=True)
    with pytest.raises(BundleError, match="cannot be read"):
        bundle.read("credit-risk", pipelines=tmp_path)
