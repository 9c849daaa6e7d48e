import hashlib
import json
import re
import tomllib
from pathlib import Path

from env import images
from lambdas import checks

MODEL = Path(__file__).parents[1]
ROOT = MODEL.parents[1]
DATA = MODEL / "data" / "german.csv"
LOCK = MODEL / "lock"
TEXT = (LOCK / "definition.json").read_text()
DEFINITION = json.loads(TEXT)
SHA256 = hashlib.sha256(DATA.read_bytes()).hexdigest()


def pins(lines):
    """Name → version of the exact pins among requirement lines, for Pythons that have the image's versions."""
    found = (re.match(r"([a-z-]+)==([^;\s]+)(?:; python_version < .*)?$", line) for line in lines)
    return {match[1]: match[2] for match in found if match}


def test_the_lock_compiles_this_data():
    """The default of InputData names the file that is in the folder, by its content."""
    defaults = {parameter["Name"]: parameter["DefaultValue"] for parameter in DEFINITION["Parameters"]}
    key = f"{{{{sluice:model}}}}/data/{SHA256[:16]}/german.csv"
    assert defaults["InputData"] == "s3://{{sluice:artifact_bucket}}/" + key


def test_the_data_are_documented():
    """DATA.md has the hash of the file it describes, its origin and its licence."""
    text = (MODEL / "DATA.md").read_text()
    assert SHA256 in text
    assert "Hofmann, H. (1994)" in text
    assert "CC BY 4.0" in text


def test_the_steps_have_their_names():
    """The workflow is prepare, train, evaluate, and a gate: a baseline and the registry behind it, or a failure."""
    gate = DEFINITION["Steps"][-1]
    branches = {side: [step["Name"] for step in gate["Arguments"][side]] for side in ("IfSteps", "ElseSteps")}
    assert [step["Name"] for step in DEFINITION["Steps"]] == ["Prepare", "Train", "Evaluate", "Gate"]
    assert branches == {"IfSteps": ["Baseline", "Register"], "ElseSteps": ["GateFailed"]}


def test_a_model_waits_for_a_person():
    """What the pipeline registers is pending, in the group named as the model, with commit and data hash."""
    register = DEFINITION["Steps"][-1]["Arguments"]["IfSteps"][-1]["Arguments"]
    assert register["ModelApprovalStatus"] == "PendingManualApproval"
    assert register["ModelPackageGroupName"] == "{{sluice:model}}"
    assert register["MetadataProperties"] == {
        "CommitId": {"Get": "Parameters.CodeCommit"},
        "GeneratedBy": {"Get": "Execution.PipelineExecutionArn"},
    }
    facts = {"data-uri", "data-version", "data-sha256", "rows", "model-sha256", "report", "auc", "brier", "cost"}
    assert register["CustomerMetadataProperties"].keys() == {f"sluice:{fact}" for fact in facts}


def test_a_release_finds_what_it_checks_and_probes_with():
    """The package says what its artefact's hash is, and where rows are that its endpoint takes."""
    register = DEFINITION["Steps"][-1]["Arguments"]["IfSteps"][-1]["Arguments"]
    (summary,) = [step["PropertyFiles"][1] for step in DEFINITION["Steps"] if step["Name"] == "Evaluate"]
    quoted = {"PropertyFile": {"Get": f"Steps.Evaluate.PropertyFiles.{summary['PropertyFileName']}"}}
    assert register["CustomerMetadataProperties"][checks.SHA256] == {"Std:JsonGet": {"Path": "model_sha256", **quoted}}
    assert register["SamplePayloadUrl"]["Std:Join"]["Values"] == [
        {"Get": "Steps.Evaluate.ProcessingOutputConfig.Outputs['evaluation'].S3Output.S3Uri"},
        "sample.tar.gz",
    ]


def test_a_version_says_why_it_was_trained():
    """Its description and the report behind it are what whoever started the pipeline gave."""
    register = DEFINITION["Steps"][-1]["Arguments"]["IfSteps"][-1]["Arguments"]
    assert register["ModelPackageDescription"] == {"Get": "Parameters.Reason"}
    assert register["CustomerMetadataProperties"]["sluice:report"] == {"Get": "Parameters.Report"}


def test_the_baseline_travels_with_the_package():
    """Every monitor is held to a file that the Baseline step writes below its output folder, of this very execution."""
    baseline, register = DEFINITION["Steps"][-1]["Arguments"]["IfSteps"]
    assert (baseline["Type"], baseline["FunctionArn"]) == ("Lambda", "{{sluice:function:monitor}}")
    folder = baseline["Arguments"]["output"]["Std:Join"]["Values"]
    held = register["Arguments"]["DriftCheckBaselines"]
    told = {f"{kind}.{name}": source["S3Uri"] for kind, files in held.items() for name, source in files.items()}
    answered = {name: f"Steps.Baseline.OutputParameters['{name.lower()}']" for name in ("Statistics", "Constraints")}
    for name, path in answered.items():
        assert told.pop(f"ModelDataQuality.{name}") == {"Get": path}
    files = {name: uri["Std:Join"]["Values"] for name, uri in told.items()}
    assert all(uri[:-1] == folder[:-1] for uri in files.values())
    assert {name: uri[-1].removeprefix(f"{folder[-1]}/") for name, uri in files.items()} == {
        "ModelQuality.Statistics": "model-quality/statistics.json",
        "ModelQuality.Constraints": "model-quality/constraints.json",
        "Bias.PreTrainingConstraints": "bias/analysis.json",
        "Bias.PostTrainingConstraints": "bias/analysis.json",
        "Explainability.Constraints": "explainability/analysis.json",
    }


def test_the_lock_names_no_stage():
    """No account and no region stands in a lock."""
    assert re.findall(r"\b\d{12}\b|\b(?:us|eu|ap)-[a-z]+-\d\b", TEXT) == []


def test_the_placeholders_are_those_that_synth_knows():
    """Every placeholder of the lock is one of the agreed ones."""
    agreed = json.loads((ROOT / "tests" / "golden" / "placeholders.json").read_text())
    assert sorted(set(re.findall(r"\{\{sluice:[^}]*\}\}", TEXT))) == agreed


def test_assets_are_named_by_their_content():
    """Each file that a step reads is in the lock under the beginning of its SHA-256, and there is no other."""
    files = {path.relative_to(LOCK).as_posix() for path in (LOCK / "assets").rglob("*") if path.is_file()}
    named = set(re.findall(r"s3://\{\{sluice:artifact_bucket\}\}/(assets/[^\"]+)", TEXT))
    assert {file for file in files if not any(file == name or file.startswith(f"{name}/") for name in named)} == set()
    for name in named & files:
        assert name.split("/")[1] == hashlib.sha256((LOCK / name).read_bytes()).hexdigest()[:16]


def test_the_lock_holds_the_authors_files():
    """The files in the lock are those of the folder and those that models share: nobody forgot to compile."""
    shared = [path for name in ("evidence", "serving") for path in (MODEL.parent / name).glob("*.py")]
    for source in (*(MODEL / "steps").glob("*.py"), MODEL / "inference.py", MODEL / "contract.json", *shared):
        assert source.read_bytes() in {path.read_bytes() for path in (LOCK / "assets").rglob(source.name)}


def test_the_pins_are_the_images():
    """The model's requirements and the dependency group of its image hold the versions of the catalogue."""
    image = images.get("sklearn:1.4-2")
    group = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"][image.group]
    assert pins((MODEL / "requirements.txt").read_text().splitlines()) == image.packages
    assert {name: pins(group)[name] for name in image.packages} == image.packages
