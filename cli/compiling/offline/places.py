"""Where the author makes the steps and parameters of a pipeline: file and line, by name."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any


class Places:
    """Remembers for every object of some classes the author's line that made it."""

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)
        self._made: list[tuple[Any, str]] = []

    def watch(self, kind: type) -> None:
        """Remember every object of ``kind`` and its subclasses that is made from now on."""
        original: Any = kind.__new__

        def new(cls: type, *args: Any, **kwargs: Any) -> Any:
            made = original(cls) if original is object.__new__ else original(cls, *args, **kwargs)
            if where := self.here():
                self._made.append((made, where))
            return made

        kind.__new__ = new  # type: ignore[assignment]

    def here(self) -> str:
        """The author's line that is being run, ``file:line`` with the file relative to the folder; empty for none."""
        frame = sys._getframe(1)
        while frame is not None:
            file = frame.f_code.co_filename
            if file.startswith(f"{self._folder}/"):
                return f"{file.removeprefix(f'{self._folder}/')}:{frame.f_lineno}"
            if frame.f_back is None:
                return ""
            frame = frame.f_back
        return ""

    def by_name(self) -> dict[str, str]:
        """Name → place of the objects that have a name by now; the first of a name counts."""
        named: dict[str, str] = {}
        for made, where in self._made:
            name = getattr(made, "name", None)
            if isinstance(name, str):
                named.setdefault(name, where)
        return named
