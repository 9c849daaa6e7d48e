from dataclasses import dataclass

import pytest

from lambdas.errors import SettingsError
from lambdas.settings import from_environ, to_environ


@dataclass(frozen=True, kw_only=True)
class Settings:
    stage: str
    first: bool
    models: tuple[str, ...]
    seconds: int


SETTINGS = Settings(stage="dev", first=True, models=("credit-risk", "abalone"), seconds=60)


def test_what_is_written_is_what_is_read():
    """The environment carries a settings object unharmed."""
    assert from_environ(Settings, to_environ(SETTINGS)) == SETTINGS


def test_variables_are_the_fields_in_capitals():
    """The wire is plain text that a person can read in the console."""
    assert to_environ(SETTINGS) == {
        "STAGE": "dev",
        "FIRST": "true",
        "MODELS": "credit-risk,abalone",
        "SECONDS": "60",
    }


def test_no_models_are_an_empty_text():
    """An empty tuple survives the wire."""
    environ = to_environ(Settings(stage="dev", first=False, models=(), seconds=1))
    assert from_environ(Settings, environ).models == ()


def test_every_missing_variable_is_named():
    """A deployment that forgot variables is told all of them at once."""
    with pytest.raises(SettingsError, match="FIRST, SECONDS"):
        from_environ(Settings, {"STAGE": "dev", "MODELS": ""})


def test_a_boolean_is_true_or_false():
    """Nothing else is taken for a boolean."""
    with pytest.raises(SettingsError, match="FIRST is 'yes'"):
        from_environ(Settings, {**to_environ(SETTINGS), "FIRST": "yes"})
