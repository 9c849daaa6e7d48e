"""Versions of pipelines: each definition that a pipeline has had, by number and by alias."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from local.errors import AwsError, ValidationError
from local.front import Handler
from local.sagemaker.kinds import PIPELINE, Kind
from local.sagemaker.listing import listed
from local.sagemaker.resources import Record, Store
from local.wire import Call

Params = dict[str, Any]

VERSION: Final = Kind(
    "PipelineVersion",
    "pipeline",
    missing="Pipeline version '{name}' does not exist.",
    exists="Pipeline version '{arn}' already exists.",
    missing_code="ResourceNotFound",
    name_member="PipelineVersionKey",
    arn_member="PipelineVersionArn",
)
_ALIASES: Final = 10


class Versions:
    """The versions of all pipelines."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def handlers(self) -> dict[str, Handler]:
        """Every operation of this family that this cloud knows."""
        return {"ListPipelineVersions": self.list_versions, "UpdatePipelineVersion": self.update}

    def add(self, pipeline_arn: str, definition: str, aliases: Sequence[str]) -> Record:
        """Keep the next version of a pipeline. Raises ValidationError for an alias that cannot be."""
        known = self.of(pipeline_arn)
        self._check(aliases, known)
        number = max((version["PipelineVersionId"] for version in known), default=0) + 1
        members = {
            "PipelineArn": pipeline_arn,
            "PipelineVersionId": number,
            "PipelineDefinition": definition,
            "PipelineVersionAliases": list(aliases),
        }
        return self._store.add(VERSION, f"{pipeline_arn} {number}", members, arn=_arn(pipeline_arn, number))

    def wanted(self, pipeline: Record, params: Params) -> Record:
        """The version that a request names by number or alias, else the last one. Raises ResourceNotFound."""
        if "PipelineVersionId" in params and "PipelineVersionAlias" in params:
            raise ValidationError("PipelineVersionId and PipelineVersionAlias cannot be specified together.")
        arn, alias = pipeline["PipelineArn"], params.get("PipelineVersionAlias")
        # A process that is killed between the two may leave a pipeline without its first version.
        known = self.of(arn) or [self.add(arn, pipeline["PipelineDefinition"], [])]
        number = params.get("PipelineVersionId", known[-1]["PipelineVersionId"])
        for version in known:
            if alias in version["PipelineVersionAliases"] or (alias is None and version["PipelineVersionId"] == number):
                return version
        raise VERSION.not_found(name=f"{pipeline['PipelineArn']} {alias or number}", arn="")

    def of(self, pipeline_arn: str) -> list[Record]:
        """The versions of a pipeline, the oldest first."""
        return [version for version in self._store.all(VERSION) if version["PipelineArn"] == pipeline_arn]

    def forget(self, pipeline_arn: str) -> None:
        """Drop the versions of a pipeline."""
        for version in self.of(pipeline_arn):
            self._store.remove(VERSION, version["PipelineVersionArn"])

    def ran(self, pipeline_arn: str, number: int, execution_arn: str) -> None:
        """Note the last execution of a version."""
        self._store.change(VERSION, _arn(pipeline_arn, number), LastExecutionPipelineExecutionArn=execution_arn)

    def list_versions(self, params: Params, call: Call) -> Params:
        """The versions of a pipeline by time."""
        pipeline = self._store.get(PIPELINE, params["PipelineName"])
        return listed(call.operation, params, self.of(pipeline["PipelineArn"]), kind=VERSION)

    def update(self, params: Params, _: Call) -> Params:
        """Name and describe a version, and move its aliases."""
        self._store.get(PIPELINE, params["PipelineArn"])
        arn = _arn(params["PipelineArn"], params["PipelineVersionId"])
        operations = params.get("PipelineVersionAliasOperations", {})
        added, gone = operations.get("Add", []), operations.get("Remove", [])

        def change(record: Record) -> Mapping[str, Any]:
            others = [version for version in self.of(params["PipelineArn"]) if version["PipelineVersionArn"] != arn]
            kept = [alias for alias in record["PipelineVersionAliases"] if alias not in gone]
            aliases = [*kept, *(alias for alias in added if alias not in kept)]
            self._check(aliases, others)
            named = ("PipelineVersionDisplayName", "PipelineVersionDescription")
            return {**{name: params[name] for name in named if name in params}, "PipelineVersionAliases": aliases}

        try:
            return self._store.edit(VERSION, arn, change)
        except AwsError as error:
            if error.code != VERSION.missing_code:
                raise
            name = f"{params['PipelineArn']} {params['PipelineVersionId']}"
            raise VERSION.not_found(name=name, arn="") from error

    def _check(self, aliases: Sequence[str], others: Sequence[Record]) -> None:
        taken = {alias for version in others for alias in version["PipelineVersionAliases"]}
        for alias in aliases:
            if alias.isdigit():
                raise ValidationError(f"The alias {alias} consists of numbers only.")
            if alias in taken:
                raise ValidationError(f"The alias {alias} belongs to another version of the pipeline: remove it there.")
        if len(aliases) > _ALIASES:
            raise ValidationError(f"A pipeline version has at most {_ALIASES} aliases.")


def _arn(pipeline_arn: str, number: int) -> str:
    return f"{pipeline_arn}/version/{number}"
