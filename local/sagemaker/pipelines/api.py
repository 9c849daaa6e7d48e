"""The operations on pipelines; those on versions, executions and callbacks have modules of their own."""

from __future__ import annotations

import threading
from typing import Any

from local.errors import AwsError, ValidationError
from local.front import Handler
from local.sagemaker.context import Context
from local.sagemaker.errors import S3Error
from local.sagemaker.kinds import PIPELINE
from local.sagemaker.listing import listed
from local.sagemaker.pipelines.callbacks import Callbacks
from local.sagemaker.pipelines.executions import RUNNING, Executions
from local.sagemaker.pipelines.parsing import parse
from local.sagemaker.pipelines.versions import Versions
from local.sagemaker.resources import Record
from local.wire import Call

Params = dict[str, Any]

_OF_VERSIONS = ("PipelineVersionAliases", "PipelineVersionDisplayName", "PipelineVersionDescription")


class Pipelines:
    """Pipelines over the store."""

    def __init__(self, context: Context) -> None:
        self._store, self._machine = context.store, context.machine
        self._identities, self._files = context.identities, context.files
        self._versions, self._callbacks = Versions(context.store), Callbacks(context.store)
        self._executions = Executions(context, self._versions)
        self._tokens = context.services.state.table("sagemaker.pipeline-tokens")
        self._lock = threading.Lock()

    def handlers(self) -> dict[str, Handler]:
        """Every operation of this family that this cloud knows."""
        return {
            "CreatePipeline": self.create,
            "UpdatePipeline": self.update,
            "DescribePipeline": self.describe,
            "DeletePipeline": self.delete,
            "ListPipelines": self.list_pipelines,
            **self._versions.handlers(),
            **self._callbacks.handlers(),
            **self._executions.handlers(),
        }

    def create(self, params: Params, call: Call) -> Params:
        """Keep a pipeline whose definition is sound. The same ClientRequestToken twice makes one."""
        name, token = params["PipelineName"], f"{params['PipelineName']} {params['ClientRequestToken']}"
        text = self._definition_text(params, call)
        parse(text)
        self._machine.require_role(params["RoleArn"])
        user = self._identities.user_context(call)
        members = {**_own(params), "PipelineDefinition": text, "PipelineStatus": "Active", "CreatedBy": user}
        with self._lock:
            if token in self._tokens:
                return self._store.get(PIPELINE, self._tokens[token])
            with self._store.together():
                record = self._store.add(PIPELINE, name, {**members, "LastModifiedBy": user})
                self._add_version(record["PipelineArn"], text, params)
                self._tokens[token] = record["PipelineArn"]
        return record

    def update(self, params: Params, call: Call) -> Params:
        """Replace what is given; another definition is a new version. Raises ValidationError for a broken one."""
        before = self._store.get(PIPELINE, params["PipelineName"])
        members = {key: value for key, value in _own(params).items() if key != "PipelineName"}
        text = self._definition_text(params, call, required=False) or before["PipelineDefinition"]
        parse(text)
        members["PipelineDefinition"] = text
        if "RoleArn" in params:
            self._machine.require_role(params["RoleArn"])
        user = self._identities.user_context(call)
        arn, changed = before["PipelineArn"], text != before["PipelineDefinition"]
        if "PipelineVersionAliases" in params and not changed:
            raise ValidationError("PipelineVersionAliases can be given only with another pipeline definition.")
        with self._lock, self._store.together():
            if changed:
                self._versions.add(arn, text, params.get("PipelineVersionAliases", []))
            record = self._store.change(PIPELINE, arn, **members, LastModifiedBy=user)
            return {**record, "PipelineVersionId": self._versions.of(arn)[-1]["PipelineVersionId"]}

    def describe(self, params: Params, _: Call) -> Params:
        """A pipeline with the definition of its last version, or of the one that is asked for."""
        pipeline = self._store.get(PIPELINE, params["PipelineName"])
        version = self._versions.wanted(pipeline, params)
        shown = {name: version[name] for name in ("PipelineDefinition", *_OF_VERSIONS) if version.get(name)}
        return {**pipeline, **shown}

    def delete(self, params: Params, _: Call) -> Params:
        """Forget a pipeline and its executions. Raises ConflictException while one runs."""

        def idle(record: Record) -> None:
            if any(e["PipelineExecutionStatus"] in RUNNING for e in self._executions.of(record["PipelineArn"])):
                raise AwsError("ConflictException", f"Pipeline {record['PipelineArn']} has running executions.")

        with self._lock, self._store.together():
            record = self._store.remove(PIPELINE, params["PipelineName"], check=idle)
            arn = record["PipelineArn"]
            self._executions.forget(arn)
            self._versions.forget(arn)
            for token in [token for token, made in self._tokens.items() if made == arn]:
                del self._tokens[token]
        return record

    def list_pipelines(self, params: Params, call: Call) -> Params:
        """Pipelines by prefix and time."""
        prefix = params.get("PipelineNamePrefix", "")
        found = [r for r in self._store.all(PIPELINE) if r["PipelineName"].startswith(prefix)]
        rows = [{**record, "LastExecutionTime": record.get("LastRunTime")} for record in found]
        return listed(call.operation, params, rows, kind=PIPELINE)

    def resume(self) -> None:
        """Go on with the executions that the process before was running."""
        self._executions.resume()

    def close(self) -> None:
        """Start no further steps."""
        self._executions.close()

    def _definition_text(self, params: Params, call: Call, *, required: bool = True) -> str:
        inline, location = params.get("PipelineDefinition"), params.get("PipelineDefinitionS3Location")
        if (inline and location) or (required and not inline and not location):
            raise ValidationError("Give either PipelineDefinition or PipelineDefinitionS3Location.")
        if not location:
            return inline or ""
        try:
            files = self._files.calling(call.access_key_id)
            return files.read(f"s3://{location['Bucket']}/{location['ObjectKey']}").decode()
        except S3Error as error:
            raise ValidationError(f"The pipeline definition cannot be read: {error}") from error

    def _add_version(self, arn: str, text: str, params: Params) -> None:
        try:
            self._versions.add(arn, text, params.get("PipelineVersionAliases", []))
        except AwsError:
            self._store.remove(PIPELINE, arn)
            raise


def _own(params: Params) -> Params:
    return {key: value for key, value in params.items() if key not in _OF_VERSIONS}
