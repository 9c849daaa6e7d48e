from click.testing import CliRunner

from cli.compile import compile_pipelines, warn


def test_an_unknown_model_is_wrong_use():
    """The command says which models there are, and ends with 2."""
    done = CliRunner().invoke(compile_pipelines, ["no-such-model"])
    assert done.exit_code == 2
    assert "pipelines/no_such_model/pipeline.py does not exist; the models are " in done.output


def test_warnings_are_told_as_they_are(capsys):
    """A path with brackets in it is no colour."""
    warn(("Step Use: ProcessingInputs[code].S3Input.S3Uri has no [/end]",))
    assert capsys.readouterr().err == "warning: Step Use: ProcessingInputs[code].S3Input.S3Uri has no [/end]\n"
