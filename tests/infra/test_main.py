import json

import pytest

import env
from infra.__main__ import main
from tests.infra.templates import only


def test_the_stage_is_an_option_or_the_cdks_context(tmp_path, monkeypatch):
    """`python -m infra --stage local` and `cdk deploy -c stage=local` synthesize the same bytes.

    What the CDK's command line asks for besides in its context changes no template.
    """
    wishes = {"stage": "local", "aws:cdk:enable-path-metadata": True, "aws:cdk:enable-asset-metadata": True}
    monkeypatch.setenv("CDK_CONTEXT_JSON", json.dumps(wishes))
    monkeypatch.setenv("CDK_OUTDIR", str(tmp_path / "cdk"))
    assert main([]) == 0
    monkeypatch.delenv("CDK_CONTEXT_JSON")
    assert main(["--stage", "local", "--output", str(tmp_path / "option")]) == 0

    made = [{path.name: path.read_text() for path in (tmp_path / way).glob("*.json")} for way in ("cdk", "option")]
    assert made[0] == made[1]
    models = env.load("local").models
    assert {f"sluice-local-training-{model}.template.json" for model in models} < set(made[0])


def test_an_unknown_stage_is_wrong_use(capsys):
    """A stage that does not exist is told in one sentence, with exit code 2."""
    assert main(["--stage", "nowhere"]) == 2
    assert capsys.readouterr().err.startswith("env/nowhere.toml: stage 'nowhere' does not exist")


def test_a_definition_alone_is_written_to_standard_output(capsys, local):
    """`--definition MODEL` gives the text that the model's training stack deploys, and synthesizes nothing."""
    assert main(["--stage", "local", "--definition", "credit-risk"]) == 0

    pipeline = only(local.template("training"), "AWS::SageMaker::Pipeline")
    assert json.loads(capsys.readouterr().out) == json.loads(pipeline["PipelineDefinition"]["PipelineDefinitionBody"])


@pytest.mark.parametrize(("stage", "model"), [("prod", "credit-risk"), ("local", "churn")])
def test_a_definition_that_no_stage_deploys_is_told(capsys, stage, model):
    """A model that a stage does not train is named with the table that is missing."""
    assert main(["--stage", stage, "--definition", model]) == 1
    assert f"env/{stage}.toml: there is no [models.{model}.training]" in capsys.readouterr().err


QUIET = """
account = "111111111111"
region = "eu-west-1"
registry = true

[models.credit-risk.serving]
instance_type = "ml.m5.large"
instance_count = 2
probe = false

[models.credit-risk.serving.deployment]
policy = "canary"
"""


def test_what_would_be_missed_is_said_and_stops_nothing(tmp_path, capsys):
    """A canary that nobody sends a request tells nothing: that is a warning, and the stage is synthesized."""
    (tmp_path / "quiet.toml").write_text(QUIET)

    assert main(["--stage", "quiet", "--output", str(tmp_path / "out")], root=tmp_path) == 0
    assert capsys.readouterr().err.startswith("warning: env/quiet.toml: models.credit-risk.serving.alarms would miss")
    assert (tmp_path / "out" / "sluice-quiet-serving-credit-risk.template.json").exists()


def test_a_stage_of_the_kit_is_not_warned_of(capsys, tmp_path):
    """What the kit's own production would miss is nothing to speak of."""
    assert main(["--stage", "prod", "--output", str(tmp_path)]) == 0
    assert capsys.readouterr().err == ""


def test_no_stage_is_wrong_use(capsys, monkeypatch):
    """Without a stage there is nothing to synthesize."""
    monkeypatch.delenv("CDK_CONTEXT_JSON", raising=False)

    with pytest.raises(SystemExit) as caught:
        main([])
    assert caught.value.code == 2
