from concurrent.futures import ThreadPoolExecutor

from botocore.exceptions import ClientError

from tests.local.cloudformation.account import PATIENCE_SECONDS
from tests.local.cloudformation.samples import parameter

CLIENTS = 16


def _all(work):
    """What every client got: an answer, or the code of an error."""

    def one(number):
        try:
            return work(number)
        except ClientError as error:
            return error.response["Error"]["Code"]

    with ThreadPoolExecutor(CLIENTS) as clients:
        return list(clients.map(one, range(CLIENTS)))


def test_many_stacks_are_created_at_once(account):
    """No stack and no resource is lost when many clients create stacks together."""
    _all(lambda number: account.create({"P": parameter("a", name=f"p{number}")}, name=f"s{number}", wait=False))
    assert account.cloud.parts[0].settled(PATIENCE_SECONDS)
    stacks = account.client.describe_stacks()["Stacks"]
    assert {stack["StackName"]: stack["StackStatus"] for stack in stacks} == {
        f"s{number}": "CREATE_COMPLETE" for number in range(CLIENTS)
    }
    pages = account.cloud.client("ssm").get_paginator("describe_parameters").paginate()
    names = {found["Name"] for page in pages for found in page["Parameters"]}
    assert names == {f"p{number}" for number in range(CLIENTS)}


def test_one_name_is_given_once(account):
    """Of many that create a stack of one name at once, one gets it."""
    answers = _all(lambda number: account.create({"P": parameter("a")}, wait=False))
    account.ended()
    assert sorted(answers)[0] == "AlreadyExistsException"
    assert answers.count("AlreadyExistsException") == CLIENTS - 1


def test_updates_do_not_mix(account):
    """Of many updates at once each is done whole or refused, and the stack ends as the last one said."""
    account.create({"P": parameter("start", name="p"), "Q": parameter("start", name="q")})

    def update(number):
        value = f"v{number}"
        return account.update({"P": parameter(value, name="p"), "Q": parameter(value, name="q")}, wait=False)

    answers = _all(update)
    stack = account.ended()
    assert stack["StackStatus"] == "UPDATE_COMPLETE"
    assert set(answers) <= {stack["StackId"], "ValidationError"}
    assert stack["StackId"] in answers
    values = {name: account.cloud.client("ssm").get_parameter(Name=name)["Parameter"]["Value"] for name in ("p", "q")}
    assert values["p"] == values["q"] != "start"
    shown = account.client.get_template(StackName="s")["TemplateBody"]["Resources"]["P"]["Properties"]["Value"]
    assert shown == values["p"]
