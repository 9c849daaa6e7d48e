"""Where the kit is: it is used from its checkout."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parent.parent
