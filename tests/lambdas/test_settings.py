from collections.abc import Mapping
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


@dataclass(frozen=True)
class Keep:
    releases: int
    secure: bool


@dataclass(frozen=True, kw_only=True)
class PerModel:
    models: Mapping[str, Keep]
    hours: Mapping[str, int]


PER_MODEL = PerModel(models={"churn": Keep(releases=3, secure=True)}, hours={"churn": 24})


def test_a_mapping_is_one_variable_of_json():
    """What differs by model travels together, and comes back as what it was."""
    environ = to_environ(PER_MODEL)
    assert environ == {"MODELS": '{"churn":{"releases":3,"secure":true}}', "HOURS": '{"churn":24}'}
    assert from_environ(PerModel, environ) == PER_MODEL


@pytest.mark.parametrize("text", ["", "[]", '{"churn":{"releases":3}}', '{"churn":{"surprise":1}}'])
def test_a_mapping_of_another_shape_is_refused(text):
    """A deployment that writes other members than the function reads is told so."""
    with pytest.raises(SettingsError, match="MODELS is not a JSON object of Keep"):
        from_environ(PerModel, {"MODELS": text, "HOURS": "{}"})
