from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.compile import compile_pipelines, total, warn
from cli.compiling import CompileError
from cli.errors import CliError


def test_an_unknown_model_is_wrong_use():
    """The command says which models there are, and ends with 2."""
    done = CliRunner().invoke(compile_pipelines, ["no-such-model"])
    assert done.exit_code == 2
    assert "pipelines/no_such_model/pipeline.py does not exist; the models are " in done.output


def test_warnings_are_told_as_they_are(capsys):
    """A path with brackets in it is no colour."""
    warn(("Step Use: ProcessingInputs[code].S3Input.S3Uri has no [/end]",))
    assert capsys.readouterr().err == "warning: Step Use: ProcessingInputs[code].S3Input.S3Uri has no [/end]\n"


def test_all_models_are_compiled_whichever_is_wrong():
    """What is wrong with one is told together with what is wrong with the next."""
    compiled = []

    def count(folder):
        compiled.append(folder.name)
        if folder.name != "churn":
            raise CompileError(f"{folder.name} is broken")
        return 0

    with pytest.raises(CliError) as caught:
        total([Path("abalone"), Path("churn"), Path("fraud")], count)
    assert caught.value.message == "abalone is broken\nfraud is broken"
    assert compiled == ["abalone", "churn", "fraud"]
