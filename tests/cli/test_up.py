from typing import get_args

from click.testing import CliRunner

from cli.up import up
from local.cloudformation import Rollbacks


def test_every_way_to_play_a_rollback_can_be_chosen():
    """The command offers what the local cloud knows, and nothing else."""
    [option] = [option for option in up.params if option.name == "rollbacks"]
    assert tuple(option.type.choices) == get_args(Rollbacks)
    assert option.default == "unnoticed"
    assert CliRunner().invoke(up, ["--rollbacks", "ignored"]).exit_code == 2
