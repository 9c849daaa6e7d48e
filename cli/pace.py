"""How often a command asks AWS: often at first, since much is quick, then less, since AWS throttles who insists."""

from __future__ import annotations

import time

_FIRST_SECONDS = 0.4
_MOST_SECONDS = 5.0
_GROWTH = 1.1


class Pace:
    """Pauses of one wait, each a tenth longer than the one before, up to five seconds."""

    def __init__(self) -> None:
        self._seconds = _FIRST_SECONDS

    def pause(self) -> None:
        """Sleep until it is time to ask again."""
        time.sleep(self._seconds)
        self._seconds = min(_MOST_SECONDS, self._seconds * _GROWTH)
