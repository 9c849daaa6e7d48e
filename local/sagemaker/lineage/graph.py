"""QueryLineage: what an entity came from and what came of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from local import paging
from local.errors import ValidationError
from local.front import Handler
from local.sagemaker.kinds import Kind
from local.sagemaker.lineage.associations import Associations, entity_type
from local.sagemaker.lineage.kinds import entity_kind
from local.sagemaker.resources import Record
from local.wire import Call

Params = dict[str, Any]
Edges = Mapping[str, Sequence[Record]]

_DEPTH = 10
_PAGE = 50


class Graph:
    """The entities and their associations as one directed graph."""

    def __init__(self, associations: Associations) -> None:
        self._associations = associations

    def handlers(self) -> dict[str, Handler]:
        """Every operation of this family that this cloud knows."""
        return {"QueryLineage": self.query}

    def query(self, params: Params, _: Call) -> Params:
        """The entities around the start that pass the filters; with edges also those on the way to them."""
        starts = params.get("StartArns", [])
        if not starts:
            raise ValidationError("At least one of StartArns must be provided.")
        for arn in starts:
            self._associations.entity(arn)
        depth = params.get("MaxDepth", _DEPTH)
        walked = [self._walk(starts, way, depth) for way in _ways(params.get("Direction", "Both"))]
        reached = list(dict.fromkeys(arn for steps in walked for arn in (*starts, *(arn for arn, _ in steps))))
        matched = {arn for arn in reached if self._passes(arn, params.get("Filters", {}))}
        edges: list[Record] = []
        if params.get("IncludeEdges", True):
            edges = [edge for steps in walked for edge in _leading_to(matched, steps)]
            matched |= {arn for edge in edges for arn in (edge["SourceArn"], edge["DestinationArn"])}
        return self._answer(params, [arn for arn in reached if arn in matched], edges)

    def _walk(self, starts: Sequence[str], way: tuple[str, str], depth: int) -> list[tuple[str, Record]]:
        """Each entity that is reached with the association it was reached by, nearest first."""
        near, far = way
        edges: dict[str, list[Record]] = defaultdict(list)
        for association in self._associations.all():
            edges[association[near]].append(association)
        steps, seen, border = [], set(starts), list(starts)
        for _ in range(depth):
            found = [(edge[far], edge) for arn in border for edge in edges[arn]]
            steps += found
            border = list(dict.fromkeys(arn for arn, _ in found if arn not in seen))
            seen.update(border)
        return steps

    def _passes(self, arn: str, filters: Params) -> bool:
        kind, entity = _kind(arn), self._associations.entity(arn)
        if kind.name not in filters.get("LineageTypes", [kind.name]):
            return False
        if "Types" in filters and _vertex_type(kind, entity) not in filters["Types"]:
            return False
        properties = entity.get("Properties", {})
        if any(properties.get(name) != value for name, value in filters.get("Properties", {}).items()):
            return False
        return all(
            _in_time(entity, member, moment)
            for member, moment in filters.items()
            if "Before" in member or "After" in member
        )

    def _answer(self, params: Params, arns: list[str], edges: list[Record]) -> Params:
        size, token = params.get("MaxResults", _PAGE), params.get("NextToken")
        shown, following = paging.page(arns, size=size, token=token, code="ValidationException")
        unique = {(edge["SourceArn"], edge["DestinationArn"]): edge for edge in edges}
        return {
            "Vertices": [self._vertex(arn) for arn in shown],
            "Edges": [edge for ends, edge in unique.items() if set(ends) & set(shown)],
            "NextToken": following,
        }

    def _vertex(self, arn: str) -> Params:
        kind = _kind(arn)
        return {"Arn": arn, "Type": _vertex_type(kind, self._associations.entity(arn)), "LineageType": kind.name}


def _ways(direction: str) -> list[tuple[str, str]]:
    back, forth = ("DestinationArn", "SourceArn"), ("SourceArn", "DestinationArn")
    return {"Ascendants": [back], "Descendants": [forth]}.get(direction, [back, forth])


def _leading_to(wanted: set[str], steps: Sequence[tuple[str, Record]]) -> Iterator[Record]:
    """The edges on a way from a start to one of `wanted`."""
    needed = set(wanted)
    for arn, edge in reversed(steps):
        if arn in needed:
            needed |= {edge["SourceArn"], edge["DestinationArn"]}
            yield edge


def _vertex_type(kind: Kind, entity: Record) -> str:
    # Queries call the component of a job by the job's kind alone (SageMaker Python SDK, lineage query).
    return entity_type(kind, entity).removeprefix("SageMaker")


def _kind(arn: str) -> Kind:
    kind = entity_kind(arn)
    assert kind is not None, "the graph consists of entities"
    return kind


def _in_time(entity: Record, member: str, moment: Any) -> bool:
    stamp = entity["CreationTime" if member.startswith("Created") else "LastModifiedTime"]
    return bool(stamp >= moment if member.endswith("After") else stamp < moment)
