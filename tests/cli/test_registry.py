import pytest

from cli.errors import CliError, WrongUseError
from cli.registry import decide
from tests.cli.fakes import CALLER, FakeClient, FakeFunctions, connection, refusal


class Registry(FakeClient):
    """A registry of one version; nothing serves."""

    def __init__(self, status):
        super().__init__()
        self.status, self.updates = status, []

    def describe_model_package(self, *, ModelPackageName):
        number = int(ModelPackageName.rsplit("/", 1)[1])
        package = {"ModelPackageArn": ModelPackageName, "ModelPackageGroupName": "credit-risk"}
        return package | {"ModelPackageVersion": number, "ModelApprovalStatus": self.status}

    def describe_endpoint(self, **_):
        raise refusal("ValidationException", 'Could not find endpoint "credit-risk-local".')

    def update_model_package(self, **given):
        self.updates.append((given["ModelApprovalStatus"], given["ApprovalDescription"]))


def stage(name, status, **answers):
    """A stage, its registry and its functions."""
    registry, functions = Registry(status), FakeFunctions(**answers)
    return connection(name, sagemaker=registry, **{"lambda": functions}), registry, functions


def test_the_first_stages_approval_is_the_registrys():
    """The status changes, with the reason; no function is asked: the change is an event."""
    first, registry, functions = stage("local", "PendingManualApproval")
    decide(first, "credit-risk/3", status="Approved", reason="good")
    assert (registry.updates, functions.asked) == ([("Approved", "good")], [])


def test_approving_again_what_does_not_serve_is_an_order():
    """A release that did not hold is tried anew; the registry has nothing new to say."""
    first, registry, functions = stage("local", "Approved", approve={})
    decide(first, "credit-risk/3", status="Approved", reason="the quota was raised")
    order = {"model": "credit-risk", "version": 3, "reason": "the quota was raised", "by": CALLER}
    assert (registry.updates, functions.asked) == ([], [("approve", order)])


def test_a_later_stages_approval_is_asked_of_its_function():
    """The registry's status admits to the first stage alone."""
    later, registry, functions = stage("staging", "Approved", approve={})
    decide(later, "credit-risk/3", status="Approved", reason="good in dev")
    assert registry.updates == []
    assert [verb for verb, _ in functions.asked] == ["approve"]


def test_a_rejection_is_the_first_stages_to_say():
    """In a later one a person takes back what serves there."""
    later, registry, _ = stage("staging", "Approved")
    with pytest.raises(WrongUseError, match="sluice rollback credit-risk --stage staging"):
        decide(later, "credit-risk/3", status="Rejected", reason="bad")
    assert registry.updates == []


def test_a_rejected_version_stays_rejected():
    """A later yes is no use: another version is."""
    first, registry, functions = stage("local", "Rejected")
    with pytest.raises(CliError, match="train a new version"):
        decide(first, "credit-risk/3", status="Approved", reason="on second thoughts")
    assert (registry.updates, functions.asked) == ([], [])
