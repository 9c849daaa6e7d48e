"""Writes the table of keys in this room's README: ``python -m env``."""

from pathlib import Path

from env import reference

page = Path(__file__).parent / "README.md"
page.write_text(reference.renewed(page.read_text(encoding="utf-8")), encoding="utf-8")
