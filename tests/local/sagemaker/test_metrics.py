from types import SimpleNamespace

import pytest

from local.sagemaker.hosting.metrics import Invocation, Metrics
from local.sagemaker.hosting.routes import Route
from tests.local.sagemaker.fakes import Hosting


@pytest.mark.parametrize(
    ("status", "errors"),
    [
        (0, {"InvocationModelErrors"}),
        (200, set()),
        (400, {"Invocation4XXErrors", "InvocationModelErrors"}),
        (503, {"Invocation5XXErrors", "InvocationModelErrors"}),
    ],
)
def test_an_invocation_that_is_not_answered_is_an_error_of_the_model(tmp_path, status, errors):
    """One that times out has no status, so that no count of 5xx shows it; with and without the configuration."""
    services, recorded = Hosting(tmp_path).services, []
    services.record = lambda namespace, data: recorded.extend(data)
    variant = SimpleNamespace(name="V", config_name="c1")
    route = Route(None, SimpleNamespace(variant=variant), active=2, active_in_fleet=1)
    metrics = Metrics(services)
    metrics.record(Invocation("e", route, services.clock.now(), status, 60e6, 10.0))
    metrics.flush()
    counted = [datum["MetricName"] for datum in recorded if "Error" in datum["MetricName"] and datum["Value"]]
    assert sorted(counted) == sorted([*errors, *errors])
    assert {datum["Value"] for datum in recorded if datum["MetricName"] == "ModelLatency"} == {60e6}
