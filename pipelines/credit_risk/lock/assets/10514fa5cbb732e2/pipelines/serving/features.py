"""The columns that a model takes, from its data contract."""

from __future__ import annotations

import json
import math
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.serving.refusals import PayloadError


@dataclass(frozen=True)
class Feature:
    """One column of a request."""

    name: str
    is_text: bool
    required: bool
    masked: bool = False
    """Whether nothing may repeat its values: an answer travels through logs."""

    def value(self, given: Any, *, where: str) -> Any:
        """``given`` as a text or a number; PayloadError when it is neither, None when it may be missing and is.

        A text or number that the training data do not have is the model's business.
        """
        missing = given is None or (isinstance(given, str) and not given.strip())
        if missing and not self.required:
            return None
        return self._text(given, where) if self.is_text else self._number(given, where)

    def _text(self, given: Any, where: str) -> str:
        if not isinstance(given, str) or not given.strip():
            raise PayloadError(f"{where} is {self._shown(given)}; expected a text.")
        return given

    def _number(self, given: Any, where: str) -> float:
        try:
            if isinstance(given, bool) or (isinstance(given, str) and "_" in given):
                raise ValueError(given)  # Python takes true and 1_000 for numbers
            number = float(given)
        except OverflowError as error:  # a whole number of hundreds of digits, which JSON may have
            raise PayloadError(f"{where} is beyond all finite numbers; expected one of them.") from error
        except (TypeError, ValueError) as error:
            raise PayloadError(f"{where} is {self._shown(given)}; expected a number.") from error
        if not math.isfinite(number):
            raise PayloadError(f"{where} is {self._shown(given)}; expected a finite number.")
        return number

    def _shown(self, given: Any) -> str:
        return "not what it must be" if self.masked else repr(given)


def features(contract: Path, *, masked: Container[str] = ()) -> dict[str, Feature]:
    """Name → column, in the order of the contract: all its fields but the target."""
    document = json.loads(contract.read_text(encoding="utf-8"))
    found = [
        Feature(
            field["name"],
            field["type"] == "string",
            bool(field.get("constraints", {}).get("required")),
            field["name"] in masked,
        )
        for field in document["fields"]
        if field["name"] != document["target"]
    ]
    return {feature.name: feature for feature in found}
