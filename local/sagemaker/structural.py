"""Operations that only keep and show records, made from the service model for any kind of resource."""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.model import Shape, StructureShape

from local.errors import AwsError
from local.front import Handler
from local.model import service
from local.sagemaker.creation import made
from local.sagemaker.derived import kinds
from local.sagemaker.facts import PARENTS
from local.sagemaker.kinds import Kind
from local.sagemaker.listing import listed, page
from local.sagemaker.resources import Record, Store, by_key
from local.sagemaker.views import shown, value_at
from local.wire import Call

Params = dict[str, Any]
Who = Callable[[Call], Params]
"""Says who calls, as SageMaker's UserContext."""

_ID_SIGNS: Final = string.ascii_lowercase + string.digits
_ID_LENGTH: Final = 12
_IN_USE: Final = ("ResourceInUse", "ConflictException")


@dataclass(frozen=True)
class Kept:
    """A handler by which nothing happens but that records are kept and shown."""

    does: Handler

    def __call__(self, params: Params, call: Call) -> Any:
        """Answer one request."""
        return self.does(params, call)


def structural(store: Store, kind: Kind, *, who: Who | None = None) -> dict[str, Handler]:
    """Create, Describe, List, Update and Delete of a kind, as far as the model has them, without side effects.

    `who` fills CreatedBy and LastModifiedBy of the kinds that show them.
    """
    plain = Plain(store, kind, who)
    doing: dict[str, Handler] = {
        f"Create{kind.name}": plain.create,
        f"Describe{kind.name}": plain.describe,
        list_operation(kind): plain.page,
        f"Update{kind.name}": plain.update,
        f"Delete{kind.name}": plain.delete,
    }
    known = service("sagemaker").operation_names
    return {operation: Kept(does) for operation, does in doing.items() if operation in known}


def list_operation(kind: Kind) -> str:
    """The name that the operation has, or would have, which lists a kind."""
    return f"List{kind.name[:-1]}ies" if kind.name.endswith("y") else f"List{kind.name}s"


class Plain:
    """The five operations of one kind."""

    def __init__(self, store: Store, kind: Kind, who: Who | None) -> None:
        self._store, self._kind, self._who = store, kind, who
        self._parents = {path: kinds()[parent] for path, parent in PARENTS.get(kind.name, {}).items()}
        self._children = [
            (kinds()[child], path)
            for child, parents in PARENTS.items()
            for path, parent in parents.items()
            if parent == kind.name
        ]

    def create(self, params: Params, call: Call) -> Params:
        """Keep a new resource. Raises its "already exists", and "not found" of what it hangs on."""
        kind, by = self._kind, self._signature(call)
        name = kind.made_id + _new_id() if kind.made_id else self._name(params)
        signed = {"CreatedBy": by, "LastModifiedBy": by} if by else {}
        with self._store.together():  # what it hangs on cannot go meanwhile
            record = self._store.add(kind, name, {**self._hung(params), **made(kind, params), **signed})
        return shown(call.operation.output_shape, record, kind)

    def describe(self, params: Params, call: Call) -> Params:
        """Show a resource."""
        record = self._store.get(self._kind, self._name(params))
        if "Tags" in _described(self._kind):  # what was given at the creation may have changed since
            record["Tags"] = _as_list(self._store.tags(record[self._kind.arn_member]))
        return shown(call.operation.output_shape, record, self._kind)

    def page(self, params: Params, call: Call) -> Params:
        """A page of the resources that pass the request's filters."""
        return listed(call.operation, params, self._store.all(self._kind), kind=self._kind)

    def update(self, params: Params, call: Call) -> Params:
        """Merge what is given into a resource: structures by member, lists and maps as a whole."""
        shape = call.operation.input_shape
        assert isinstance(shape, StructureShape), f"{call.operation.name} names what it updates"
        given = {key: value for key, value in params.items() if key not in (*self._kind.path, self._kind.arn_member)}
        by = self._signature(call)

        def merge(record: Record) -> Mapping[str, Any]:
            merged = _merged(shape, record, given)
            changed = {member: merged[member] for member in merged if merged[member] is not record.get(member)}
            return {**changed, **({"LastModifiedBy": by} if by else {})}

        record = self._store.edit(self._kind, self._name(params), merge)
        return shown(call.operation.output_shape, record, self._kind)

    def delete(self, params: Params, call: Call) -> Params:
        """Forget a resource. Raises ResourceInUse, or what the model declares for it, while others hang on it."""

        def unused(record: Record) -> None:
            for child, path in self._children:
                for other in self._store.all(child):
                    if value_at(other, path) in (record[self._kind.arn_member], record.get(self._kind.path[-1])):
                        raise self._in_use(record, other[child.arn_member], call)

        record = self._store.remove(self._kind, self._name(params), check=unused)
        return {**shown(call.operation.output_shape, record, self._kind), "Success": True}

    def _hung(self, params: Params) -> Params:
        """The ARNs of what a new resource hangs on. Raises their "not found"."""
        named = ((parent, value_at(params, path)) for path, parent in self._parents.items())
        return {
            parent.arn_member: self._store.get(parent, value)[parent.arn_member]
            for parent, value in named
            if value is not None
        }

    def _name(self, params: Params) -> str:
        """What the store finds the resource by: its ARN, or the values of the kind's path."""
        if not all(member in params for member in self._kind.path):
            return str(params[self._kind.arn_member])
        return "/".join(str(params[member]) for member in self._kind.path)

    def _signature(self, call: Call) -> Params | None:
        return self._who(call) if self._who is not None and "CreatedBy" in _described(self._kind) else None

    def _in_use(self, record: Record, user: str, call: Call) -> AwsError:
        declared = [error.name for error in call.operation.error_shapes]
        code = next((code for code in _IN_USE if code in declared), "ValidationException")
        return AwsError(code, f"{record[self._kind.arn_member]} is in use by {user}.")


def tagging(store: Store) -> dict[str, Handler]:
    """AddTags, ListTags and DeleteTags, for the ARN of any record."""

    def add(params: Params, _: Call) -> Params:
        return {"Tags": _as_list(store.tag(params["ResourceArn"], by_key(params["Tags"])))}

    def show(params: Params, call: Call) -> Params:
        return page(call.operation, params, _as_list(store.tags(params["ResourceArn"])))

    def delete(params: Params, _: Call) -> Params:
        store.untag(params["ResourceArn"], params["TagKeys"])
        return {}

    return {"AddTags": Kept(add), "ListTags": Kept(show), "DeleteTags": Kept(delete)}


def _described(kind: Kind) -> Mapping[str, Shape]:
    model, name = service("sagemaker"), f"Describe{kind.name}"
    output = model.operation_model(name).output_shape if name in model.operation_names else None
    return output.members if output is not None else {}


def _new_id() -> str:
    return "".join(secrets.choice(_ID_SIGNS) for _ in range(_ID_LENGTH))


def _merged(shape: StructureShape, before: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(before)
    for member, value in given.items():
        # UpdateDomain calls DomainSettingsForUpdate what CreateDomain and DescribeDomain call DomainSettings.
        kept, part = member.removesuffix("ForUpdate"), shape.members[member]
        if isinstance(part, StructureShape) and member not in shape.required_members:
            merged[kept] = _merged(part, before.get(kept, {}), value)
        else:
            merged[kept] = value
    return merged


def _as_list(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
