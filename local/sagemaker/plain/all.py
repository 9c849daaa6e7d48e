"""Every operation that is generated, for whatever handlers written by hand do not take the place of."""

from __future__ import annotations

from local.front import Handler
from local.sagemaker.derived import kinds
from local.sagemaker.facts import BY_HAND
from local.sagemaker.plain.absent import absences
from local.sagemaker.plain.devices import devices
from local.sagemaker.plain.hubs import hubs
from local.sagemaker.plain.policies import policies
from local.sagemaker.plain.portfolio import portfolio
from local.sagemaker.plain.refused import REASONS, refusals
from local.sagemaker.resources import Store
from local.sagemaker.structural import Who, structural, tagging
from local.state import State


def generated(store: Store, state: State, *, who: Who | None = None) -> dict[str, Handler]:
    """The handlers of all plain kinds, of their tags, of what is not here and of what is refused."""
    made: dict[str, Handler] = {}
    for kind in kinds().values():
        if f"Create{kind.name}" not in REASONS and kind.name not in BY_HAND:
            made |= structural(store, kind, who=who)
    return {
        **made,
        **tagging(store),
        **absences(store),
        **hubs(store, who=who),
        **devices(store),
        **policies(store),
        **portfolio(state),
        **refusals(),
    }
