"""What a record of a feature group may be: its features, their types, its event time and how long it lives."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from local.errors import AwsError
from local.sagemaker.resources import Record

Value = Mapping[str, Any]
"""A FeatureValue: `FeatureName` with `ValueAsString` or `ValueAsStringList`."""

_ISO: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{3})?Z")
_UNITS: Final = {"Seconds": 1, "Minutes": 60, "Hours": 3600, "Days": 86_400, "Weeks": 604_800}
_LARGEST: Final = 2**63


def invalid(message: str) -> AwsError:
    """The runtime's error for what does not fit; its control plane calls the same ValidationException."""
    return AwsError("ValidationError", f"Validation Error: {message}")


@dataclass(frozen=True)
class Schema:
    """A feature group as its records see it."""

    group: Record

    @property
    def arn(self) -> str:
        """The group's ARN."""
        return str(self.group["FeatureGroupArn"])

    @property
    def identifier(self) -> str:
        """The feature that tells records apart."""
        return str(self.group["RecordIdentifierFeatureName"])

    @property
    def clock(self) -> str:
        """The feature that holds the event time."""
        return str(self.group["EventTimeFeatureName"])

    @property
    def definitions(self) -> dict[str, Record]:
        """FeatureDefinitions by name."""
        return {definition["FeatureName"]: definition for definition in self.group["FeatureDefinitions"]}

    @property
    def stores(self) -> list[str]:
        """The stores that the group has."""
        online = self.group.get("OnlineStoreConfig", {}).get("EnableOnlineStore", False)
        return [*(["OnlineStore"] if online else []), *(["OfflineStore"] if "OfflineStoreConfig" in self.group else [])]

    def targets(self, asked: Sequence[str] | None) -> list[str]:
        """The stores that a request means: all there are, or those that it names. Raises ValidationError."""
        lacking = [store for store in asked or () if store not in self.stores]
        if lacking:
            raise invalid(f"FeatureGroup {self.group['FeatureGroupName']} has no {lacking[0]}.")
        return list(asked or self.stores)

    def check(self, values: Sequence[Value], *, whole: bool = True) -> dict[str, Value]:
        """The values by feature. Raises ValidationError; a `whole` record has an identifier and an event time."""
        found = {value["FeatureName"]: value for value in values}
        if len(found) < len(values):
            raise invalid("A FeatureName is given more than once in the record.")
        for name in found:
            if name not in self.definitions:
                raise invalid(f"FeatureValues contains a feature that is not defined: {name}.")
        for name in (self.identifier, self.clock) if whole else ():
            if not found.get(name, {}).get("ValueAsString"):
                raise invalid(f"The record must have a value of the feature {name}.")
        for name, value in found.items():
            self._check_value(self.definitions[name], value)
        if self.clock in found:
            self.moment(found[self.clock]["ValueAsString"])
        return found

    def moment(self, text: str) -> datetime:
        """An event time: seconds since 1970 for a Fractional feature, ISO 8601 in UTC for a String. ValidationError."""
        try:
            if self.definitions[self.clock]["FeatureType"] == "Fractional":
                return datetime.fromtimestamp(float(text), UTC)
            if _ISO.fullmatch(text):
                return datetime.fromisoformat(text)
        except (ValueError, OverflowError, OSError) as error:
            raise invalid(f"{text!r} is not an event time: {error}") from error
        raise invalid(f"{text!r} is not an event time: it must be in ISO 8601, such as 2026-01-31T12:00:00Z.")

    def life(self, given: Mapping[str, Any] | None) -> timedelta | None:
        """How long a record lives: as the request says, else as the group does, else for ever."""
        duration = given or self.group.get("OnlineStoreConfig", {}).get("TtlDuration")
        return timedelta(seconds=_UNITS[duration["Unit"]] * duration["Value"]) if duration else None

    def _check_value(self, definition: Record, value: Value) -> None:
        name, many = definition["FeatureName"], "CollectionType" in definition
        if ("ValueAsString" in value) == ("ValueAsStringList" in value):
            raise invalid(f"Exactly one of ValueAsString and ValueAsStringList must be given for {name}.")
        if many != ("ValueAsStringList" in value):
            raise invalid(f"The feature {name} is {'a' if many else 'no'} collection.")
        for text in value.get("ValueAsStringList", [value.get("ValueAsString")]):
            if not _fits(definition["FeatureType"], text):
                raise invalid(f"{text!r} is not of type {definition['FeatureType']}, which the feature {name} has.")


def _fits(kind: str, text: str) -> bool:
    try:
        if kind == "Integral":
            return -_LARGEST <= int(text) < _LARGEST
        return kind == "String" or not math.isnan(float(text))
    except ValueError:
        return False
