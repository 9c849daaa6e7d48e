import pytest

from cli.definitions import Standing
from cli.deploy import _say
from cli.printing import print_rows
from cli.status import _tell_standing

SAID = "see [/aws/lambda/x], and [models.abalone.training] of env/local.toml"


@pytest.mark.parametrize(
    "tell",
    [
        lambda: print_rows([{"why": SAID}], as_json=False),
        lambda: _tell_standing(model="abalone", standing=Standing(deployed=True, trouble=SAID)),
        lambda: _say(SAID),
    ],
    ids=["a table", "a pipeline that cannot be compared", "an event of a stack"],
)
def test_brackets_of_others_are_no_markup(capsys, tell):
    """What AWS, `infra` and people write is printed as it is, and never fails a command."""
    tell()
    said = capsys.readouterr()
    assert SAID in said.out + said.err
