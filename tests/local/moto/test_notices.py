import sys
import types

from local.moto import notices


def test_a_module_that_another_thread_is_importing_is_left_to_it(monkeypatch):
    """While moto's own module lacks its names yet, hooking in does nothing and fails at nothing."""
    monkeypatch.setitem(sys.modules, "moto.sns.models", types.ModuleType("moto.sns.models"))

    notices.hook()

    assert not hasattr(sys.modules["moto.sns.models"], "Subscription")


def test_a_finished_module_is_taken_over_once(monkeypatch):
    """However often moto makes an application, its publishing is replaced a single time."""
    module = types.ModuleType("moto.sns.models")
    module.Subscription = type("Subscription", (), {"publish": lambda self: None})
    monkeypatch.setitem(sys.modules, "moto.sns.models", module)

    notices.hook()
    replaced = module.Subscription.publish
    notices.hook()

    assert module.Subscription.publish is replaced
