"""The operations on pipelines and their executions."""

from __future__ import annotations

import threading
from typing import Any

from local.errors import AwsError, UnsupportedLocally, ValidationError
from local.front import Handler
from local.sagemaker.context import Context
from local.sagemaker.errors import S3Error
from local.sagemaker.kinds import PIPELINE, PIPELINE_EXECUTION
from local.sagemaker.listing import listed, page
from local.sagemaker.pipelines.execution import Execution, new_execution_id
from local.sagemaker.pipelines.images import images
from local.sagemaker.pipelines.parameters import as_text, bind
from local.sagemaker.pipelines.parsing import parse
from local.sagemaker.resources import Record
from local.wire import Call

Params = dict[str, Any]

_RUNNING = ("Executing", "Stopping")
_NOT_YET = ("SelectiveExecutionConfig", "PipelineVersionId", "PipelineVersionAlias", "MlflowExperimentName")


class Pipelines:
    """Pipelines and executions over the store; executions run on threads of `workers`."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._services, self._store, self._machine = context.services, context.store, context.machine
        self._workers, self._identities, self._files = context.workers, context.identities, context.files
        self._executions: dict[str, Execution] = {}
        self._tokens: dict[tuple[str, str], str] = {}
        self._lock = threading.Lock()

    def handlers(self) -> dict[str, Handler]:
        """Every operation of this family that this cloud knows."""
        return {
            "CreatePipeline": self.create,
            "UpdatePipeline": self.update,
            "DescribePipeline": self.describe,
            "DeletePipeline": self.delete,
            "ListPipelines": self.list_pipelines,
            "StartPipelineExecution": self.start,
            "StopPipelineExecution": self.stop,
            "DescribePipelineExecution": self.describe_execution,
            "DescribePipelineDefinitionForExecution": self.describe_execution,
            "ListPipelineExecutions": self.list_executions,
            "ListPipelineExecutionSteps": self.list_steps,
            "ListPipelineParametersForExecution": self.list_parameters,
        }

    def create(self, params: Params, call: Call) -> Params:
        """Keep a pipeline whose definition is sound. The same ClientRequestToken twice makes one."""
        name, token = params["PipelineName"], params["ClientRequestToken"]
        text = self._definition_text(params, call)
        parse(text)
        self._machine.require_role(params["RoleArn"])
        members = {**params, "PipelineDefinition": text, "PipelineStatus": "Active"}
        user = self._identities.user_context(call)
        with self._lock:
            if (name, token) in self._tokens:
                return self._store.get(PIPELINE, self._tokens[name, token])
            record = self._store.add(PIPELINE, name, {**members, "CreatedBy": user, "LastModifiedBy": user})
            self._tokens[name, token] = record["PipelineArn"]
        return record

    def update(self, params: Params, call: Call) -> Params:
        """Replace what is given. Raises ValidationError for a definition that is not sound."""
        self._store.get(PIPELINE, params["PipelineName"])
        members = {key: value for key, value in params.items() if key != "PipelineName"}
        text = self._definition_text(params, call, required=False)
        if text:
            parse(text)
            members["PipelineDefinition"] = text
        members["LastModifiedBy"] = self._identities.user_context(call)
        return self._store.change(PIPELINE, params["PipelineName"], **members)

    def describe(self, params: Params, _: Call) -> Params:
        """A pipeline with its definition."""
        _refuse(params)
        return self._store.get(PIPELINE, params["PipelineName"])

    def delete(self, params: Params, _: Call) -> Params:
        """Forget a pipeline; its executions stay. Raises ConflictException while one runs."""

        def idle(record: Record) -> None:
            if any(e["PipelineExecutionStatus"] in _RUNNING for e in self._executions_of(record["PipelineArn"])):
                raise AwsError("ConflictException", f"Pipeline {record['PipelineArn']} has running executions.")

        record = self._store.remove(PIPELINE, params["PipelineName"], check=idle)
        with self._lock:
            arn = record["PipelineArn"]
            self._tokens = {key: value for key, value in self._tokens.items() if value != arn}
        return record

    def list_pipelines(self, params: Params, call: Call) -> Params:
        """Pipelines by prefix and time."""
        prefix = params.get("PipelineNamePrefix", "")
        found = [r for r in self._store.all(PIPELINE) if r["PipelineName"].startswith(prefix)]
        rows = [{**record, "LastExecutionTime": record.get("LastRunTime")} for record in found]
        return listed(call.operation, params, rows, kind=PIPELINE)

    def start(self, params: Params, call: Call) -> Params:
        """Start an execution. Parameters and images are checked before anything runs or is stored."""
        _refuse(params)
        pipeline = self._store.get(PIPELINE, params["PipelineName"])
        definition = parse(pipeline["PipelineDefinition"])
        given = {parameter["Name"]: parameter["Value"] for parameter in params.get("PipelineParameters", [])}
        values = bind(definition.parameters, given)
        for image in images(definition, values):
            self._machine.require(image)
        token = (pipeline["PipelineArn"], params["ClientRequestToken"])
        user = self._identities.user_context(call)
        with self._lock:
            if token in self._tokens:
                return {"PipelineExecutionArn": self._tokens[token]}
            record = self._record(pipeline, params, values, user)
            arn = self._tokens[token] = record["PipelineExecutionArn"]
            execution = Execution(self._context, arn, definition=definition, parameters=values)
            self._executions[arn] = execution
        self._workers.start(arn, execution.run)
        return record

    def stop(self, params: Params, _: Call) -> Params:
        """Stop an execution: its running jobs are asked to end, nothing more starts."""
        arn = params["PipelineExecutionArn"]
        self._store.get(PIPELINE_EXECUTION, arn)
        self._executions[arn].stop()
        return {"PipelineExecutionArn": arn}

    def describe_execution(self, params: Params, _: Call) -> Params:
        """An execution, and the definition it runs."""
        return self._store.get(PIPELINE_EXECUTION, params["PipelineExecutionArn"])

    def list_executions(self, params: Params, call: Call) -> Params:
        """Executions of a pipeline by time."""
        pipeline = self._store.get(PIPELINE, params["PipelineName"])
        rows = [
            {**r, "StartTime": r["CreationTime"], "PipelineExecutionFailureReason": r.get("FailureReason")}
            for r in self._executions_of(pipeline["PipelineArn"])
        ]
        return listed(call.operation, params, rows, kind=PIPELINE_EXECUTION)

    def list_steps(self, params: Params, call: Call) -> Params:
        """The steps that have started, the last one first unless Ascending is asked for."""
        steps = self._store.get(PIPELINE_EXECUTION, params["PipelineExecutionArn"])["Steps"]
        oldest_first = params.get("SortOrder") == "Ascending"
        return page(call.operation, params, steps if oldest_first else steps[::-1])

    def list_parameters(self, params: Params, call: Call) -> Params:
        """Every parameter with the value it has in an execution."""
        values = self._store.get(PIPELINE_EXECUTION, params["PipelineExecutionArn"])["Parameters"]
        return page(call.operation, params, [{"Name": k, "Value": as_text(v)} for k, v in values.items()])

    def close(self) -> None:
        """Start no further steps."""
        with self._lock:
            executions = list(self._executions.values())
        for execution in executions:
            execution.abandon()

    def _executions_of(self, pipeline_arn: str) -> list[Record]:
        return [record for record in self._store.all(PIPELINE_EXECUTION) if record["PipelineArn"] == pipeline_arn]

    def _record(self, pipeline: Record, params: Params, values: Params, user: Params) -> Record:
        execution_id = new_execution_id()
        arn = f"{pipeline['PipelineArn']}/execution/{execution_id}"
        ran = {"LastRunTime": self._services.clock.now(), "LastModifiedTime": pipeline["LastModifiedTime"]}
        self._store.change(PIPELINE, pipeline["PipelineArn"], **ran)
        parallelism = params.get("ParallelismConfiguration") or pipeline.get("ParallelismConfiguration")
        members = {
            **params,
            "PipelineArn": pipeline["PipelineArn"],
            "PipelineName": pipeline["PipelineName"],
            "PipelineDefinition": pipeline["PipelineDefinition"],
            "PipelineExecutionDisplayName": params.get("PipelineExecutionDisplayName", f"execution-{execution_id}"),
            "PipelineExecutionStatus": "Executing",
            "RoleArn": params.get("RoleArn", pipeline["RoleArn"]),
            **({"ParallelismConfiguration": parallelism} if parallelism else {}),
            "Parameters": values,
            "Steps": [],
            "CreatedBy": user,
            "LastModifiedBy": user,
        }
        return self._store.add(PIPELINE_EXECUTION, execution_id, members, arn=arn)

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


def _refuse(params: Params) -> None:
    for member in _NOT_YET:
        if member in params:
            raise UnsupportedLocally(f"{member} of pipeline executions")
