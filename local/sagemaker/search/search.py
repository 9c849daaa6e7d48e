"""Search and GetSearchSuggestions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from botocore.model import StructureShape

from local import paging
from local.errors import UnsupportedLocally, ValidationError
from local.front import Handler
from local.model import project, service
from local.sagemaker.derived import kinds
from local.sagemaker.features.kinds import FEATURE
from local.sagemaker.kinds import ENDPOINT, ENDPOINT_CONFIG, MODEL, PIPELINE_EXECUTION, Kind
from local.sagemaker.pipelines.versions import VERSION
from local.sagemaker.resources import Record, Store
from local.sagemaker.search.conditions import condition
from local.sagemaker.search.properties import names, property_of
from local.sagemaker.views import shown
from local.wire import Call

Params = dict[str, Any]
Metrics = Callable[[str], list[Params]]
"""Gives the summaries of the metrics of a trial component, by its ARN."""

_SHOWN_AS: Final = {"ExperimentTrial": "Trial", "ExperimentTrialComponent": "TrialComponent"}
_UNMODELLED: Final = ("Image", "ImageVersion")
_SUGGESTED: Final = 100
_PAGE: Final = 10


class Search:
    """Searches what the store holds, in the shapes of SearchRecord."""

    def __init__(self, store: Store, *, metrics: Metrics) -> None:
        self._store, self._metrics = store, metrics
        self._kinds: dict[str, Kind] = {
            **kinds(),
            "PipelineExecution": PIPELINE_EXECUTION,
            "PipelineVersion": VERSION,
            "FeatureMetadata": FEATURE,
        }

    def handlers(self) -> dict[str, Handler]:
        """Both operations."""
        return {"Search": self.search, "GetSearchSuggestions": self.suggest}

    def search(self, params: Params, _: Call) -> Params:
        """The resources that satisfy an expression, sorted, in pages."""
        member, shape = _shape(params["Resource"])
        if params.get("CrossAccountFilterOption") == "CrossAccount":
            return {"Results": [], "TotalHits": {"Value": 0, "Relation": "EqualTo"}}
        conditions = [condition(params["SearchExpression"], shape)] if "SearchExpression" in params else []
        for visible in params.get("VisibilityConditions", []):
            seen = {"Name": visible.get("Key", ""), "Value": visible.get("Value", "")}
            conditions.append(condition({"Filters": [seen]}, shape))
        records = [project(shape, record) for record in self._records(params["Resource"], shape)]
        found = [record for record in records if all(holds(record) for holds in conditions)]
        rows, following = paging.page(
            _ordered(found, params, shape),
            size=params.get("MaxResults", _PAGE),
            token=params.get("NextToken"),
            code="ValidationException",
        )
        hits = {"Value": len(found), "Relation": "EqualTo"}
        return {"Results": [{member: row} for row in rows], "NextToken": following, "TotalHits": hits}

    def suggest(self, params: Params, _: Call) -> Params:
        """The names of a resource's properties that begin with a hint."""
        shape = _shape(params["Resource"])[1]
        hint = params.get("SuggestionQuery", {}).get("PropertyNameQuery", {}).get("PropertyNameHint", "")
        found = [name for name in names(shape) if name.startswith(hint)]
        return {"PropertyNameSuggestions": [{"PropertyName": name} for name in found[:_SUGGESTED]]}

    def _records(self, resource: str, shape: StructureShape) -> list[Record]:
        kind = self._kinds[_SHOWN_AS.get(resource, resource)]
        records = [shown(shape, self._tagged(record, kind), kind) for record in self._store.all(kind)]
        if resource == "ExperimentTrialComponent":
            return [{**record, "Metrics": self._metrics(record[kind.arn_member])} for record in records]
        if kind is FEATURE:
            return [{**record, "Parameters": _as_pairs(record.get("Notes", {}))} for record in records]
        return self._dashboard(records) if kind is MODEL else records

    def _tagged(self, record: Record, kind: Kind) -> Record:
        tags = self._store.tags_if_any(record[kind.arn_member])
        return {**record, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

    def _dashboard(self, models: list[Record]) -> list[Record]:
        """Models as the Model Dashboard shows them: with the endpoints that serve them."""
        serving: dict[str, list[Record]] = {}
        configs = {config["EndpointConfigName"]: config for config in self._store.all(ENDPOINT_CONFIG)}
        for endpoint in self._store.all(ENDPOINT):
            variants = configs.get(endpoint["EndpointConfigName"], {}).get("ProductionVariants", [])
            for name in {variant.get("ModelName") for variant in variants}:
                serving.setdefault(name, []).append(endpoint)
        return [{"Model": model, "Endpoints": serving.get(model["ModelName"], [])} for model in models]


def _shape(resource: str) -> tuple[str, StructureShape]:
    if resource in _UNMODELLED:
        raise UnsupportedLocally(f"Search for {resource}", reason="SearchRecord has no member for it")
    member = _SHOWN_AS.get(resource, resource)
    record = service("sagemaker").shape_for("SearchRecord")
    assert isinstance(record, StructureShape)
    shape = record.members[member]
    assert isinstance(shape, StructureShape)
    return member, shape


def _ordered(records: list[Record], params: Params, shape: StructureShape) -> list[Record]:
    by = params.get("SortBy")
    found = property_of(by or _default_sort(shape), shape)
    if found.type_name in ("structure", "list", "map"):
        raise ValidationError(f"Results cannot be sorted by {found.name}")

    def key(record: Record) -> tuple[bool, Any]:
        values = found.values(record)
        return (True, values[0]) if values else (False, None)

    try:
        ascending = sorted(records, key=key)
    except TypeError:  # a parameter that is a number here and text there
        ascending = sorted(records, key=lambda record: str(key(record)))
    return ascending if params.get("SortOrder") == "Ascending" else ascending[::-1]


def _default_sort(shape: StructureShape) -> str:
    known = [name for name in ("LastModifiedTime", "CreationTime") if name in shape.members]
    return known[0] if known else "Model.CreationTime"


def _as_pairs(notes: Mapping[str, str]) -> list[Params]:
    return [{"Key": key, "Value": value} for key, value in notes.items()]
