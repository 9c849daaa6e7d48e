from threading import Thread

import pytest

from local.clock import Clock
from local.errors import AwsError
from local.model import service, validate
from local.sagemaker.derived import kinds
from local.sagemaker.kinds import Kind
from local.sagemaker.resources import Store
from local.sagemaker.structural import structural
from local.wire import Call

EXPERIMENT = Kind(
    "Experiment", "experiment", missing="no {arn}", exists="taken: {arn}", missing_code="ResourceNotFound"
)


@pytest.fixture
def call():
    """Calls an operation on experiments, a kind that has no behaviour of its own."""
    store = Store(clock=Clock(speed=0), account="123456789012", region="eu-west-1")
    handlers = structural(store, EXPERIMENT)

    def call(name, **params):
        operation = service("sagemaker").operation_model(name)
        validate(operation, params)
        return handlers[name](params, Call(operation, params, "key", "eu-west-1", "localhost"))

    return call


def test_a_kind_has_the_operations_that_the_model_gives_it(call):
    """Made, shown, listed, changed, deleted, by the kind's names alone."""
    arn = call("CreateExperiment", ExperimentName="e", Description="old")["ExperimentArn"]
    assert arn == "arn:aws:sagemaker:eu-west-1:123456789012:experiment/e"
    call("UpdateExperiment", ExperimentName="e", DisplayName="shown")
    shown = call("DescribeExperiment", ExperimentName="e")
    assert (shown["Description"], shown["DisplayName"]) == ("old", "shown")
    assert [found["ExperimentName"] for found in call("ListExperiments")["ExperimentSummaries"]] == ["e"]
    call("DeleteExperiment", ExperimentName="e")
    with pytest.raises(AwsError, match="ResourceNotFound"):
        call("DescribeExperiment", ExperimentName="e")


def test_an_operation_that_the_model_does_not_have_is_not_made():
    """There is no UpdateModel in SageMaker."""
    model = Kind("Model", "model", missing="", exists="")
    store = Store(clock=Clock(speed=0), account="123456789012", region="eu-west-1")
    assert set(structural(store, model)) == {"CreateModel", "DescribeModel", "ListModels", "DeleteModel"}


def test_a_resource_shows_the_arn_of_what_it_hangs_on():
    """DescribeWorkteam has a member for it, which no request gives."""
    store = Store(clock=Clock(speed=0), account="123456789012", region="eu-west-1")
    force = store.add(kinds()["Workforce"], "w", {})
    handlers = structural(store, kinds()["Workteam"])

    def call(name, **params):
        operation = service("sagemaker").operation_model(name)
        return handlers[name](params, Call(operation, params, "key", "eu-west-1", "localhost"))

    call("CreateWorkteam", WorkteamName="t", WorkforceName="w", Description="d", MemberDefinitions=[])
    assert call("DescribeWorkteam", WorkteamName="t")["Workteam"]["WorkforceArn"] == force["WorkforceArn"]


def test_what_a_new_resource_hangs_on_cannot_go_meanwhile():
    """A parent that is deleted while its child is being made is in use: there are no orphans."""
    deleting = []

    class Meanwhile(Store):
        """When a parent has been looked up, somebody else asks for its deletion, and has a while for it."""

        def get(self, kind, name):
            found = super().get(kind, name)
            if kind.name == "Workforce" and not deleting:
                deleting.append(Thread(target=delete, daemon=True))
                deleting[0].start()
                deleting[0].join(0.2)
            return found

    def call(name, **params):
        operation = service("sagemaker").operation_model(name)
        return handlers[name](params, Call(operation, params, "key", "eu-west-1", "localhost"))

    def delete():
        try:
            call("DeleteWorkforce", WorkforceName="w")
        except AwsError as error:
            refused.append(error.code)

    store = Meanwhile(clock=Clock(speed=0), account="123456789012", region="eu-west-1")
    handlers = {**structural(store, kinds()["Workteam"]), **structural(store, kinds()["Workforce"])}
    refused = []
    store.add(kinds()["Workforce"], "w", {"WorkforceName": "w"})
    call("CreateWorkteam", WorkteamName="t", WorkforceName="w", Description="d", MemberDefinitions=[])
    deleting[0].join()
    assert len(refused) == 1
    assert store.get(kinds()["Workforce"], "w")
