from datetime import UTC, datetime

import pytest

from cli.compiling import ownership, secrecy, stamps
from cli.compiling.findings import Finding, Places
from cli.compiling.placeholders import BELOW
from tests.cli.compiling_samples import definition, processing

NOW = datetime(2026, 11, 21, 14, 35, tzinfo=UTC)


def with_environment(**environment):
    """A pipeline of one step with an environment."""
    step = processing("A")
    step["Arguments"]["Environment"] = environment
    return definition(step)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_PASSWORD", "hunter2"),
        ("api-key", "abc"),
        ("HF_TOKEN", "x"),
        ("password", '"hunter2"'),
        ("URL", "postgres://me:hunter2@host/db"),
        ("X", "AKIAABCDEFGHIJKLMNOP"),
        ("X", "-----BEGIN RSA PRIVATE KEY-----"),
    ],
)
def test_secrets_are_told_without_their_value(name, value):
    """A value that is a secret by its name or by its form is a warning, which does not repeat it."""
    (finding,) = secrecy.findings(with_environment(**{name: value}))
    remedy = "keep it in Secrets Manager, and let the job fetch it by its name"
    assert finding.sentence == f"Step A: Environment {name} looks like a secret; {remedy}."
    assert finding.warning


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_PASSWORD", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db"),
        ("DB_PASSWORD", {"Get": "Parameters.MinAuc"}),
        ("db_password", '"arn:aws:secretsmanager:eu-west-1:123456789012:secret:db"'),
        ("USE_SECRET", "true"),
        ("pad_token", '"<pad>"'),
        ("mask-token", "[MASK]"),
        ("image_token", "32000"),
        ("TOKENIZER", "bert"),
        ("tokens_per_batch", "512"),
        ("URL", "https://host:443/path"),
    ],
)
def test_what_only_names_a_secret_passes(name, value):
    """A reference to a secret, or a word that holds one of the names, is no finding."""
    assert secrecy.findings(with_environment(**{name: value})) == []


def test_secrets_are_seen_in_arguments_and_parameters():
    """An option's value is known by the option, a parameter's default by the parameter."""
    step = processing("A")
    step["Arguments"]["AppSpecification"]["ContainerArguments"] = ["--rows", "10", "--password", "hunter2"]
    pipeline = definition(step)
    pipeline["Parameters"].append({"Name": "DbPassword", "Type": "String", "DefaultValue": "hunter2"})
    first, second = secrecy.findings(pipeline)
    assert (first.parameter, second.step) == ("DbPassword", "A")
    assert "ContainerArguments password looks like a secret" in second.sentence


@pytest.mark.parametrize(
    "text",
    [
        *("run-2026-11-21-14-34-59", "s3://b/20261121T143459/x", "2026-11-21 16:34", "job-1795271699"),
        *("j-1795271699123", "s3://b/2026/11/21", "run_20261122"),
    ],
)
def test_the_time_of_compiling_is_told(text):
    """A text made of the present instant, however it is written, makes a lock that is never up to date."""
    (finding,) = stamps.findings(with_environment(RUN=text), now=NOW, written=lambda _: False)
    assert repr(text) in finding.sentence
    assert (finding.step, finding.warning) == ("A", True)


def test_a_day_that_the_author_wrote_is_no_time_of_compiling():
    """Data may be of today."""
    pipeline = with_environment(DATA="s3://b/2026-11-21/x")
    assert stamps.findings(pipeline, now=NOW, written={"2026-11-21"}.__contains__) == []


@pytest.mark.parametrize("text", ["2026-11-19", "2025-11-21-14-34-59", "sklearn:1.4-2", "12345678901234567890", "v2.1"])
def test_other_numbers_are_no_times(text):
    """A date of data, another year's instant or a long number is no finding."""
    assert stamps.findings(with_environment(RUN=text), now=NOW, written=lambda _: False) == []


def test_findings_are_told_by_line(tmp_path):
    """Sentences come in the order of the author's lines; a wrong text that stands there once has its own."""
    folder = tmp_path / "churn"
    folder.mkdir()
    (folder / "pipeline.py").write_text("TYPE = 'ml.m5.lrage'\nA = 'twice'\nB = 'twice'\nEMPTY = ''\n")
    places = Places(
        folder=folder, steps={"Train": "pipeline.py:30", "Prepare": "pipeline.py:7"}, parameters={"P": "pipeline.py:9"}
    )
    found = [
        Finding(sentence="last", step="Train", literal="twice"),
        Finding(sentence="of a parameter", parameter="P"),
        Finding(sentence="wrong type", step="Train", literal="ml.m5.lrage"),
        Finding(sentence="of the whole"),
        Finding(sentence="of a step", step="Prepare"),
    ]
    assert places.told(found) == [
        "pipelines/churn/pipeline.py: of the whole",
        "pipelines/churn/pipeline.py:1: wrong type",
        "pipelines/churn/pipeline.py:7: of a step",
        "pipelines/churn/pipeline.py:9: of a parameter",
        "pipelines/churn/pipeline.py:30: last",
    ]


def output(uri):
    """A pipeline of a step that writes to a place."""
    step = processing("A")
    step["Arguments"]["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"] = uri
    return definition(step)


@pytest.mark.parametrize(
    "uri",
    [
        f"{BELOW}train",
        {"Std:Join": {"On": "/", "Values": [BELOW[:-1], {"Get": "Execution.PipelineExecutionId"}]}},
        {"Std:Join": {"On": "/", "Values": ["s3:/", *BELOW[5:-1].split("/")]}},
        {"Get": "Parameters.Place"},
    ],
    ids=["a text", "a join", "a join of its parts", "a parameter"],
)
def test_results_in_the_models_place_pass(uri):
    """Below the model's prefix the pipeline's role may write; of a parameter nothing is known."""
    assert ownership.findings(output(uri), model="churn") == []


def register(**arguments):
    """A step that registers what waits for a person, with some arguments of its own."""
    given = {"ModelApprovalStatus": "PendingManualApproval", **arguments}
    return {"Name": "R", "Type": "RegisterModel", "Arguments": given}


@pytest.mark.parametrize(
    "status", ["Approved", None, {"Get": "Parameters.Approval"}], ids=["approved", "none", "default"]
)
def test_an_approval_by_a_pipeline_is_told(status):
    """Whoever trained a version does not approve it: the role may register what is pending, said outright."""
    pipeline = definition(register(ModelApprovalStatus=status))
    pipeline["Parameters"].append({"Name": "Approval", "Type": "String", "DefaultValue": "Approved"})
    (finding,) = ownership.findings(pipeline, model="churn")
    assert "but a pipeline may register PendingManualApproval alone" in finding.sentence


def test_an_approval_that_is_given_at_the_start_passes():
    """Of a parameter without a default nothing is known before."""
    pipeline = definition(register(ModelApprovalStatus={"Get": "Parameters.Approval"}))
    pipeline["Parameters"].append({"Name": "Approval", "Type": "String"})
    assert ownership.findings(pipeline, model="churn") == []


def test_what_the_role_may_not_do_is_told():
    """Results elsewhere in the bucket, or another group of packages, would be refused when the pipeline runs."""
    (finding,) = ownership.findings(output("s3://{{sluice:artifact_bucket}}/train"), model="churn")
    assert (
        "Step A writes to s3://{{sluice:artifact_bucket}}/train, but the pipeline may write below" in finding.sentence
    )
    (finding,) = ownership.findings(definition(register(ModelPackageGroupName="Abalone")), model="churn")
    assert finding.sentence == (
        "Step R works with the group Abalone, but this pipeline may register in churn alone; write churn."
    )
