"""Writes one record that was decided from the newest journal, and decides again when somebody else was faster."""

from __future__ import annotations

from collections.abc import Callable

from lambdas.errors import Conflict
from lambdas.journal import Journal
from lambdas.ledger import Ledger
from lambdas.records import Record

_TURNS = 8


def write(ledger: Ledger, model: str, decide: Callable[[Journal], Record | None]) -> Journal:
    """The journal after the record that `decide` made of it; as it was when that is None.

    `decide` may be asked several times, each time with a newer journal, and may raise. Raises Conflict when others
    were faster eight times in a row.
    """
    for _ in range(_TURNS):
        journal = ledger.read(model)
        record = decide(journal)
        if record is None:
            return journal
        try:
            return ledger.append(journal, record)
        except Conflict:
            continue
    raise Conflict(f"{model}: others wrote to the ledger {_TURNS} times meanwhile; ask again")
