"""The operations on executions of pipelines."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, Final

from local.errors import AwsError, UnsupportedLocally, ValidationError
from local.front import Handler
from local.sagemaker.context import Context
from local.sagemaker.derived import kinds
from local.sagemaker.kinds import PIPELINE, PIPELINE_EXECUTION
from local.sagemaker.listing import listed, page
from local.sagemaker.pipelines.changes import REPEATED, failed_before
from local.sagemaker.pipelines.definition import Definition, Step
from local.sagemaker.pipelines.drift import KINDS as CHECKS
from local.sagemaker.pipelines.execution import Execution, new_execution_id
from local.sagemaker.pipelines.experiments import configured, overall
from local.sagemaker.pipelines.images import images
from local.sagemaker.pipelines.parameters import as_text, bind
from local.sagemaker.pipelines.parsing import parse
from local.sagemaker.pipelines.resolve import Resolver
from local.sagemaker.pipelines.selection import chosen, select
from local.sagemaker.pipelines.versions import Versions
from local.sagemaker.resources import Record
from local.wire import Call

Params = dict[str, Any]

RUNNING: Final = ("Executing", "Stopping")
_RETRIED: Final = ("Failed", "Stopped")


class Executions:
    """Executions over the store; they run on threads of `workers`."""

    def __init__(self, context: Context, versions: Versions) -> None:
        self._context, self._versions = context, versions
        self._services, self._store, self._machine = context.services, context.store, context.machine
        self._workers, self._identities = context.workers, context.identities
        self._running: dict[str, Execution] = {}
        self._tokens = context.services.state.table("sagemaker.execution-tokens")
        self._lock = threading.Lock()

    def handlers(self) -> dict[str, Handler]:
        """Every operation of this family that this cloud knows."""
        return {
            "StartPipelineExecution": self.start,
            "RetryPipelineExecution": self.retry,
            "StopPipelineExecution": self.stop,
            "UpdatePipelineExecution": self.update,
            "DescribePipelineExecution": self.describe,
            "DescribePipelineDefinitionForExecution": self.describe,
            "ListPipelineExecutions": self.list_executions,
            "ListPipelineExecutionSteps": self.list_steps,
            "ListPipelineParametersForExecution": self.list_parameters,
        }

    def start(self, params: Params, call: Call) -> Params:
        """Start an execution. Parameters and images are checked before anything runs or is stored."""
        pipeline = self._store.get(PIPELINE, params["PipelineName"])
        if "RoleArn" in params:
            raise ValidationError(
                "RoleArn cannot be given: executions of a pipeline of your own use the pipeline's role."
            )
        version = self._versions.wanted(pipeline, params)
        definition = parse(version["PipelineDefinition"])
        given = {parameter["Name"]: parameter["Value"] for parameter in params.get("PipelineParameters", [])}
        values = bind(definition.parameters, given)
        selected = self._selected(definition, pipeline, params)
        for step, image in images(definition, values):
            if step.name in chosen(definition.steps, {**params, "Steps": []}):
                self._require_image(step, image)
        token, user = f"{pipeline['PipelineArn']} {params['ClientRequestToken']}", self._identities.user_context(call)
        with self._lock:
            if token in self._tokens:
                return {"PipelineExecutionArn": self._tokens[token]}
            # All or nothing: an execution that is kept is one that runs.
            with self._store.together():
                arn = self._record(pipeline, version, params, {**selected, "Parameters": values, "CreatedBy": user})
                self._tokens[token] = arn
                record = self._store.get(PIPELINE_EXECUTION, arn)
                resolver = overall(definition, record, parameters=values, files=self._context.files)
                record = self._store.change(PIPELINE_EXECUTION, arn, **self._configured(definition, params, resolver))
            self._begin(record)
        return record

    def retry(self, params: Params, _: Call) -> Params:
        """Run an execution that failed or was stopped again from where it stood: what succeeded is not repeated."""
        arn = params["PipelineExecutionArn"]
        token = f"{arn} {params['ClientRequestToken']}"

        def again(record: Record) -> Mapping[str, Any]:
            status = record["PipelineExecutionStatus"]
            if status not in _RETRIED:
                raise AwsError("ConflictException", f"Pipeline execution {arn} is {status} and cannot be retried.")
            more = {name: params[name] for name in ("ParallelismConfiguration",) if name in params}
            taken = {entry["StepName"] for entry in record["Steps"] if "SelectiveExecutionResult" in entry}
            more[REPEATED] = [name for name in failed_before(record) if name not in taken]
            return {"PipelineExecutionStatus": "Executing", "FailureReason": None, **more}

        with self._lock:
            if token in self._tokens:
                return {"PipelineExecutionArn": arn}
            with self._store.together():
                record = self._store.edit(PIPELINE_EXECUTION, arn, again)
                self._tokens[token] = arn
            self._begin(record)
        return record

    def stop(self, params: Params, _: Call) -> Params:
        """Stop an execution: its running jobs are asked to end, nothing more starts."""
        arn = params["PipelineExecutionArn"]
        self._store.get(PIPELINE_EXECUTION, arn)
        with self._lock:
            execution = self._running.get(arn)
        if execution is None:
            raise AwsError("ConflictException", f"Pipeline execution {arn} has ended and cannot be stopped.")
        execution.stop()
        return {"PipelineExecutionArn": arn}

    def update(self, params: Params, call: Call) -> Params:
        """Change name, description and parallelism of an execution."""
        members = {key: value for key, value in params.items() if key != "PipelineExecutionArn"}
        user = self._identities.user_context(call)
        arn = params["PipelineExecutionArn"]
        record = self._store.change(PIPELINE_EXECUTION, arn, **members, LastModifiedBy=user)
        with self._lock:
            execution = self._running.get(arn)
        if execution is not None and "ParallelismConfiguration" in params:
            execution.widen(params["ParallelismConfiguration"]["MaxParallelExecutionSteps"])
        return record

    def describe(self, params: Params, _: Call) -> Params:
        """An execution, and the definition it runs."""
        return self._store.get(PIPELINE_EXECUTION, params["PipelineExecutionArn"])

    def list_executions(self, params: Params, call: Call) -> Params:
        """Executions of a pipeline, or of the version with an alias, by time."""
        pipeline, found = self._store.get(PIPELINE, params["PipelineName"]), []
        for record in self.of(pipeline["PipelineArn"]):
            reason = {"PipelineExecutionFailureReason": record.get("FailureReason")}
            found.append({**record, "StartTime": record["CreationTime"], **reason})
        if "PipelineVersionAlias" in params:
            number = self._versions.wanted(pipeline, params)["PipelineVersionId"]
            found = [record for record in found if record.get("PipelineVersionId") == number]
        return listed(call.operation, params, found, kind=PIPELINE_EXECUTION)

    def list_steps(self, params: Params, call: Call) -> Params:
        """The steps that have started, the last one first unless Ascending is asked for."""
        if "PipelineExecutionArn" not in params:  # which the model does not demand
            raise ValidationError("PipelineExecutionArn must be provided.")
        steps = self._store.get(PIPELINE_EXECUTION, params["PipelineExecutionArn"])["Steps"]
        oldest_first = params.get("SortOrder") == "Ascending"
        return page(call.operation, params, steps if oldest_first else steps[::-1])

    def list_parameters(self, params: Params, call: Call) -> Params:
        """Every parameter with the value it has in an execution."""
        values = self._store.get(PIPELINE_EXECUTION, params["PipelineExecutionArn"])["Parameters"]
        return page(call.operation, params, [{"Name": k, "Value": as_text(v)} for k, v in values.items()])

    def of(self, pipeline_arn: str) -> list[Record]:
        """The executions of a pipeline, the oldest first."""
        return [record for record in self._store.all(PIPELINE_EXECUTION) if record["PipelineArn"] == pipeline_arn]

    def forget(self, pipeline_arn: str) -> None:
        """Drop the executions of a pipeline that is deleted (API Reference, "DeletePipeline": all its instances)."""
        gone = {record["PipelineExecutionArn"] for record in self.of(pipeline_arn)}
        for arn in gone:
            self._store.remove(PIPELINE_EXECUTION, arn)
        for token in [token for token, made in self._tokens.items() if made in gone]:
            del self._tokens[token]

    def resume(self) -> None:
        """Go on with what the process before was running: finished steps keep their results, others run again."""
        for record in self._store.all(PIPELINE_EXECUTION):
            if record["PipelineExecutionStatus"] in RUNNING:
                with self._lock:
                    self._begin(record)

    def close(self) -> None:
        """Start no further steps."""
        with self._lock:
            executions = list(self._running.values())
        for execution in executions:
            execution.abandon()

    def _selected(self, definition: Definition, pipeline: Record, params: Params) -> Record:
        """What a selective execution begins with; nothing for another. Raises AwsError."""
        config = params.get("SelectiveExecutionConfig")
        if config is None:
            return {}
        return select(definition, config, self._source(pipeline, config), now=self._services.clock.now())

    def _configured(self, definition: Definition, params: Params, resolver: Resolver) -> Params:
        """The experiment and the MLflow server of an execution, where its pipeline names them. Raises AwsError."""
        mlflow = configured("MlflowConfig", definition.mlflow, resolver)
        if "MlflowExperimentName" in params and not mlflow:
            raise ValidationError("MlflowExperimentName needs a pipeline whose definition has an MlflowConfig.")
        if mlflow:
            self._store.get(kinds()["MlflowTrackingServer"], mlflow.get("MlflowResourceArn", "none"))
            mlflow |= {name: params[name] for name in ("MlflowExperimentName",) if name in params}
        experiment = configured("PipelineExperimentConfig", definition.experiment, resolver)
        return {"PipelineExperimentConfig": experiment or None, "MlflowConfig": mlflow or None}

    def _require_image(self, step: Step, image: str) -> None:
        try:
            self._machine.require(image)
        except UnsupportedLocally as error:
            if step.kind not in CHECKS:
                raise
            raise UnsupportedLocally(
                f"the analysis of {step.kind} step {step.name}", reason=f"its image {image} has no local counterpart"
            ) from error

    def _source(self, pipeline: Record, config: Mapping[str, Any]) -> Record | None:
        """The execution that a selective one takes results from. Raises ValidationError for another pipeline's."""
        arn = config.get("SourcePipelineExecutionArn")
        if arn is None:
            return None
        found = self._store.get(PIPELINE_EXECUTION, arn)
        if found["PipelineArn"] != pipeline["PipelineArn"]:
            name = pipeline["PipelineName"]
            raise ValidationError(
                f"Invalid SourcePipelineExecutionArn: {arn}. It is not an execution of pipeline {name}."
            )
        return found

    def _begin(self, record: Record) -> None:
        arn = record["PipelineExecutionArn"]
        definition = parse(record["PipelineDefinition"])
        self._running[arn] = Execution(self._context, arn, definition=definition, parameters=record["Parameters"])
        self._workers.start(arn, lambda: self._run(arn))

    def _run(self, arn: str) -> None:
        with self._lock:
            execution = self._running[arn]
        execution.run()
        with self._lock:
            if self._running[arn] is execution:
                del self._running[arn]

    def _record(self, pipeline: Record, version: Record, params: Params, members: Params) -> str:
        execution_id = new_execution_id()
        pipeline_arn, number = pipeline["PipelineArn"], version["PipelineVersionId"]
        arn = f"{pipeline_arn}/execution/{execution_id}"
        ran = {"LastRunTime": self._services.clock.now(), "LastModifiedTime": pipeline["LastModifiedTime"]}
        self._store.change(PIPELINE, pipeline_arn, **ran)
        self._versions.ran(pipeline_arn, number, arn)
        parallelism = params.get("ParallelismConfiguration") or pipeline.get("ParallelismConfiguration")
        members = {
            **params,
            "PipelineArn": pipeline_arn,
            "PipelineName": pipeline["PipelineName"],
            "PipelineDefinition": version["PipelineDefinition"],
            "PipelineVersionId": number,
            "PipelineVersionAliases": version["PipelineVersionAliases"],
            "PipelineExecutionDisplayName": params.get("PipelineExecutionDisplayName", f"execution-{execution_id}"),
            "PipelineExecutionStatus": "Executing",
            "RoleArn": pipeline["RoleArn"],
            **({"ParallelismConfiguration": parallelism} if parallelism else {}),
            "Steps": [],
            "LastModifiedBy": members["CreatedBy"],
            **members,
        }
        self._store.add(PIPELINE_EXECUTION, execution_id, members, arn=arn)
        return arn
