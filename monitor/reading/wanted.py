"""What the caller of `read` asks for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Names for values that come without, the window, and whether rows are to be told apart."""

    columns: tuple[str, ...] | None = None
    start: datetime | None = None
    end: datetime | None = None
    identity: bool = False
