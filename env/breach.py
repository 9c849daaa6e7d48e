"""What a rule finds: a value that contradicts others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Breach:
    """A value that contradicts others: where it stands, and which other keys it was compared with."""

    key: str
    value: Any
    fault: str
    remedy: str
    compared: tuple[str, ...] = ()
