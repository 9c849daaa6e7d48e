from typing import get_args

from click.testing import CliRunner

from cli.up import up
from local.cloudformation import Rollbacks
from local.state import State


def test_every_way_to_play_a_rollback_can_be_chosen():
    """The command offers what the local cloud knows, and nothing else."""
    [option] = [option for option in up.params if option.name == "rollbacks"]
    assert tuple(option.type.choices) == get_args(Rollbacks)
    assert option.default == "unnoticed"
    assert CliRunner().invoke(up, ["--rollbacks", "ignored"]).exit_code == 2


def test_a_state_of_another_region_is_told_in_one_sentence(tmp_path):
    """Before anything listens; the folder is named, and what to do."""
    State.at(tmp_path, facts={"region": "us-east-1"}).close()
    refused = CliRunner().invoke(up, ["--port", "0", "--state", str(tmp_path)])
    said = " ".join(refused.output.split())
    remedy = "start it as it was, or name an empty folder"
    assert said == f"sluice: the state in {tmp_path} is of region us-east-1, not eu-west-1: {remedy}"
    assert refused.exit_code == 2
