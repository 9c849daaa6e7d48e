"""What has been used of the rights of a stage's roles, kept in a file that is the same after each recording."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path

from cli.demo.loop import MODEL
from env.stage import Model
from local.iam.decision import Decision
from tests.rights.proof import Documents, Use
from tests.rights.stage import condition_keys

FILE = Path(__file__).parents[1] / "golden" / "rights.jsonl"

_CHANGING = (
    (re.compile(r"/\d{4}/\d\d/\d\d/\d\d/\d\d-\d\d-\d{3}-"), "/2026/01/01/00/00-00-000-"),
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "00000000-0000-0000-0000-000000000000"),
    # Names that end in what a service has thrown dice for: letters with a digit among them.
    (re.compile(r"(?<![0-9A-Za-z])(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[0-9A-Za-z]{10,64}(?![0-9A-Za-z])"), "0"),
    (re.compile(r"(?<=-)[A-Z]{12}(?![0-9A-Za-z])"), "0"),
    (re.compile(r"(?<=-)[0-9A-Za-z]{10}(?=/|$)"), "0"),
    (re.compile(r"(?<=/credit-risk/)\d+$"), "1"),
)

_MONITORS = re.compile(r"-function-(monitor|retrain) |-monitor-job |[/ ](labels|reports)/|:processing-job/sluice-")


class Recorder:
    """Hears a guard's decisions. `refused` are those that were not allowed."""

    def __init__(self, roles: Mapping[str, Documents]) -> None:
        self._keys = {role: condition_keys(documents) for role, documents in roles.items()}
        self._uses: dict[str, Use] = {}
        self._lock = threading.Lock()
        self.refused: list[str] = []
        self.path = ""

    def hear(self, decision: Decision) -> None:
        """Keep what one of the stage's roles has used; others are the account's own."""
        role = decision.role.rpartition("/")[2]
        if decision.effect != "Allow":
            self.refused.append(f"{self.path}: {role} {decision.action} on {decision.resource}")
        if role in self._keys and decision.effect == "Allow":
            asked = {key: decision.context.get(key, ()) for key in sorted(self._keys[role])}
            context = {key: tuple(map(_scrubbed, values)) for key, values in asked.items() if values}
            use = Use(role, decision.action, _scrubbed(decision.resource), context, self.path)
            with self._lock:
                self._uses.setdefault(use.key, use)

    def uses(self) -> list[Use]:
        """What has been used, in an order that does not change."""
        with self._lock:
            return sorted(self._uses.values(), key=lambda use: use.key)


def write(uses: Iterable[Use]) -> None:
    """Keep a recording."""
    lines = [json.dumps({**vars(use), "context": dict(use.context)}) for use in uses]
    FILE.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def read() -> list[Use]:
    """The recording that is kept."""
    found = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
    return [Use(**{**use, "context": {key: tuple(values) for key, values in use["context"].items()}}) for use in found]


def of_every_model(uses: Iterable[Use], models: Mapping[str, Model]) -> list[Use]:
    """The uses, and for each model that the paths do not walk with the same uses in its name: roles are alike.

    But for what monitors do: of a model that has none, nobody asks it.
    """
    walked = list(uses)
    others = {model: parts for model, parts in models.items() if model != MODEL}
    return [
        *walked,
        *(
            _renamed(use, model)
            for model, parts in others.items()
            for use in walked
            if parts.monitor is not None or not _of_monitors(use)
        ),
    ]


def _of_monitors(use: Use) -> bool:
    """Whether a use is a monitor's, or of what monitors leave and are brought; each model has a baseline made."""
    where = " ".join([use.resource, *use.context.get("s3:prefix", ())])
    made_with_the_model = use.role.endswith("-function-monitor") and "-artifacts-" in use.resource
    return not made_with_the_model and _MONITORS.search(f"{use.role} {where}") is not None


def _renamed(use: Use, model: str) -> Use:
    """A use as it would be for another model, which names begin with in three spellings."""

    def put(text: str) -> str:
        for spell in (str, _capitalized, _together):
            text = text.replace(spell(MODEL), spell(model))
        return text

    context = {key: tuple(map(put, values)) for key, values in use.context.items()}
    return Use(put(use.role), use.action, put(use.resource), context, use.path)


def _capitalized(model: str) -> str:
    return "".join(word.capitalize() for word in model.split("-"))


def _together(model: str) -> str:
    return model.replace("-", "")


def _scrubbed(text: str) -> str:
    for pattern, fixed in _CHANGING:
        text = pattern.sub(fixed, text)
    return text
