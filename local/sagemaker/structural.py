"""Operations that only keep and show records, made from the service model for any kind of resource."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local.front import Handler
from local.model import service
from local.sagemaker.kinds import Kind
from local.sagemaker.listing import listed, page
from local.sagemaker.resources import Store
from local.wire import Call

Params = dict[str, Any]

_OPERATIONS = frozenset(service("sagemaker").operation_names)


def structural(store: Store, kind: Kind) -> dict[str, Handler]:
    """Create, Describe, List, Update and Delete of a kind, as far as the model has them, without side effects."""
    made: dict[str, Callable[[Store, Kind], Handler]] = {
        f"Create{kind.name}": _create,
        f"Describe{kind.name}": _describe,
        f"List{kind.name}s": _list,
        f"Update{kind.name}": _update,
        f"Delete{kind.name}": _delete,
    }
    return {operation: make(store, kind) for operation, make in made.items() if operation in _OPERATIONS}


def tagging(store: Store) -> dict[str, Handler]:
    """AddTags, ListTags and DeleteTags, for the ARN of any record."""

    def add(params: Params, _: Call) -> Params:
        return {"Tags": _as_list(store.tag(params["ResourceArn"], _as_map(params["Tags"])))}

    def show(params: Params, call: Call) -> Params:
        return page(call.operation, params, _as_list(store.tags(params["ResourceArn"])))

    def delete(params: Params, _: Call) -> Params:
        store.untag(params["ResourceArn"], params["TagKeys"])
        return {}

    return {"AddTags": add, "ListTags": show, "DeleteTags": delete}


def _create(store: Store, kind: Kind) -> Handler:
    return lambda params, _: store.add(kind, params[kind.name_member], params)


def _describe(store: Store, kind: Kind) -> Handler:
    return lambda params, _: store.get(kind, params[kind.name_member])


def _list(store: Store, kind: Kind) -> Handler:
    return lambda params, call: listed(call.operation, params, store.all(kind), kind=kind)


def _update(store: Store, kind: Kind) -> Handler:
    return lambda params, _: store.change(kind, params[kind.name_member], **params)


def _delete(store: Store, kind: Kind) -> Handler:
    return lambda params, _: store.remove(kind, params[kind.name_member])


def _as_map(tags: list[dict[str, str]]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags}


def _as_list(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
