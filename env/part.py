"""What the tables of a stage's file have in common: they are frozen, and take no key that they do not know."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """What all parts of a stage share: frozen, no unknown keys, no conversion of one type into another."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )
