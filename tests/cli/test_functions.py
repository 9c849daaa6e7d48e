import pytest

from cli.errors import CliError, WrongUseError
from cli.functions import ask
from tests.cli.fakes import FakeFunctions, connection


def test_an_answer_is_given_as_it_is():
    """What the Lambda says is what the command gets, and the Lambda what the command said."""
    functions = FakeFunctions(approve={"version": 3})
    assert ask(connection(**{"lambda": functions}), "approve", {"model": "credit-risk"}) == {"version": 3}
    assert functions.asked == [("approve", {"model": "credit-risk"})]


def test_a_refusal_is_the_lambdas_own_sentence():
    """A person reads why, and nothing of functions and types."""
    functions = FakeFunctions(
        approve={"errorMessage": "version 3 has not soaked for 24 h", "errorType": "RequestError"}
    )
    with pytest.raises(CliError) as refused:
        ask(connection(**{"lambda": functions}), "approve", {})
    assert (refused.value.message, refused.value.exit_code) == ("version 3 has not soaked for 24 h", 1)


def test_a_defect_names_the_function_and_its_log():
    """What is no refusal is looked up in the function's log."""
    functions = FakeFunctions(approve={"errorMessage": "'version'", "errorType": "KeyError"})
    with pytest.raises(CliError, match="/aws/lambda/sluice-local-approve"):
        ask(connection(**{"lambda": functions}), "approve", {})


def test_a_stage_that_is_not_deployed_is_wrong_use():
    """The remedy is a command."""
    with pytest.raises(WrongUseError, match="sluice deploy local"):
        ask(connection(**{"lambda": FakeFunctions()}), "sweep", {})
