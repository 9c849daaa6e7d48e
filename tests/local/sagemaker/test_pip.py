import importlib.metadata

import pytest

from local.sagemaker.inside.pip.__main__ import differing, main, missing, wanted

PYTEST = importlib.metadata.version("pytest")


def test_requirements_come_from_the_command_line_and_from_files(tmp_path):
    """Options and comments are none."""
    file = tmp_path / "requirements.txt"
    file.write_text("pandas==2.0  # data\n\n--no-binary :all:\nnumpy>=1\n")
    command = ["-q", "--index-url", "https://example.org", "-r", str(file), "boto3"]
    assert wanted(command) == ["pandas==2.0", "numpy>=1", "boto3"]


@pytest.mark.parametrize("requirement", ["pytest", f"pytest=={PYTEST}", "pytest==0.1", "pytest[extra]>=1"])
def test_a_library_that_is_here_is_not_missing(requirement):
    """Whatever its version."""
    assert not missing(requirement)


def test_a_library_that_is_not_here_is_missing_unless_a_marker_may_excuse_it():
    """Markers are left to the import."""
    assert missing("no-such-thing>=1")
    assert not missing("no-such-thing; python_version < '3'")


def test_another_version_than_the_pinned_one_is_said():
    """A range is not a pin."""
    assert differing("pytest==0.1") == f"pytest {PYTEST} stands in for 0.1"
    assert differing(f"pytest=={PYTEST}") == differing("pytest>=0.1") == ""


def test_other_commands_do_nothing(capsys):
    """`pip uninstall` must not fail, and must not act."""
    assert main(["uninstall", "--yes", "typing"]) == 0
    assert "nothing is changed" in capsys.readouterr().out
