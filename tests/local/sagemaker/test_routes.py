import random
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from env import canary
from local.errors import AwsError
from local.sagemaker.hosting.routes import Active, Routes

REQUESTS = 3000


class NamedFleet:
    """A fleet whose instances are its own name and a number."""

    def __init__(self, name, **weights) -> None:
        self.name, self.weights = name, weights or {"V": 1.0}

    def pick(self, variant, active, *, chance):
        return SimpleNamespace(name=f"{self.name}-{chance.randrange(active)}")


def picked(routes, variant=None):
    """How often each instance was chosen."""
    names = [routes.pick("e", variant).instance.name for _ in range(REQUESTS)]
    return {name: names.count(name) / REQUESTS for name in sorted(set(names))}


@given(st.integers(0, 6), st.integers(0, 6), st.integers(0, 9))
def test_a_fleets_share_is_that_of_the_planners_arithmetic(green, blue, seed):
    """One function says how much of the traffic a canary sees, here and where deployments are planned."""
    routes = Routes(random.Random(seed))
    routes.put("e", Active(NamedFleet("green"), {"V": green}), Active(NamedFleet("blue"), {"V": blue}))
    if not green + blue:
        assert routes.pick("e") is None
        return
    route = routes.pick("e")
    assert (route.active, route.active_in_fleet) == (green + blue, green if route.fleet.name == "green" else blue)
    share = sum(routes.pick("e").fleet.name == "green" for _ in range(500)) / 500
    assert share == pytest.approx(canary.traffic_share(green_active=green, blue_active=blue), abs=0.12)


def test_every_active_instance_is_as_likely_as_another():
    """Also across fleets of different sizes."""
    routes = Routes(random.Random(1))
    routes.put("e", Active(NamedFleet("green"), {"V": 1}), Active(NamedFleet("blue"), {"V": 3}))
    shares = picked(routes)
    assert list(shares) == ["blue-0", "blue-1", "blue-2", "green-0"]
    assert all(share == pytest.approx(0.25, abs=0.04) for share in shares.values())


def test_weights_choose_the_variant_and_a_target_overrules_them():
    """A variant of weight zero is reached by its name alone."""
    routes = Routes(random.Random(1))
    routes.put("e", Active(NamedFleet("blue", A=3.0, B=1.0, C=0.0), {"A": 1, "B": 4, "C": 1}))
    variants = [routes.pick("e").active for _ in range(REQUESTS)]
    assert variants.count(4) / REQUESTS == pytest.approx(0.25, abs=0.04)
    assert picked(routes, "C") == {"blue-0": 1.0}
    with pytest.raises(AwsError, match="Variant D not found"):
        routes.pick("e", "D")


class EndedFleet(NamedFleet):
    """A fleet that gives up its instances while it is asked; `then` is what happens meanwhile."""

    def __init__(self, name, then) -> None:
        super().__init__(name)
        self._then = then

    def pick(self, variant, active, *, chance):
        self._then()


def test_no_request_is_lost_between_two_fleets():
    """One that looked before the traffic moved, and came when the old fleet was gone, looks again."""
    routes = Routes()
    green = Active(NamedFleet("green"), {"V": 1})
    routes.put("e", Active(EndedFleet("blue", lambda: routes.put("e", green)), {"V": 1}))
    assert routes.pick("e").instance.name == "green-0"
    routes.put("e", Active(EndedFleet("blue", lambda: routes.drop("e")), {"V": 1}))
    assert routes.pick("e") is None
    routes.put("e", Active(EndedFleet("blue", lambda: None), {"V": 1}))
    assert routes.pick("e") is None


def test_an_endpoint_that_was_dropped_takes_no_requests():
    """Nor does one that never was."""
    routes = Routes()
    routes.put("e", Active(NamedFleet("blue"), {"V": 1}))
    routes.drop("e")
    assert routes.pick("e") is None
    assert routes.pick("f") is None
