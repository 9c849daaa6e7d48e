"""moto's record of one service, as fast as a dict: its own way there takes locks and checks each time."""

from __future__ import annotations

from typing import Any


def backend(backends: Any, account: str, region: str) -> Any:
    """The backend of an account and region, made by moto if it is not there."""
    of_account = dict.get(backends, account)
    found = dict.get(of_account, region) if of_account is not None else None
    return found if found is not None else backends[account][region]
