"""The paths on which a stage's roles are used: what people do, what releases do, what goes wrong.

The demo is the first of them. The others follow on the same stage, in the order of `ALL`.
"""

from __future__ import annotations

import csv
import json
import os
import shlex
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from pathlib import Path
from typing import Any

from cli.__main__ import sluice
from cli.assembly import Asset, SynthesizedStack
from cli.connection import Connection, connect
from cli.demo.loop import MODEL, follow_release, tell
from cli.demo.story import Story
from cli.demo.traffic import Traffic
from cli.deploy import bring_up, synthesized
from cli.functions import ask
from cli.push import give
from cli.status import follow
from env import naming
from env.naming import Person
from lambdas.track import EXECUTION, RECORDED
from local.cloud import LocalCloud

PATIENCE_SECONDS = 120.0
_PAUSE_SECONDS = 0.1
_RUN_SECONDS = 300
_PER_SECOND = 40.0
_JUDGED = 250
"""People who are served, enough to be judged by."""
_MODELS_KEPT = 2
"""What serves, and what the stack speaks of."""


@dataclass
class Town:
    """A stage on a local cloud, its administrator, and the people who work on it."""

    cloud: LocalCloud
    admin: Connection
    people: dict[str, Connection] = field(default_factory=dict)
    story: Story = field(default_factory=Story)

    def person(self, name: Any) -> Connection:
        """The stage in the rights of one of its people."""
        if name not in self.people:
            self.people[name] = self.admin.acting_as(name)
        return self.people[name]

    def type(self, person: Any, line: str) -> None:
        """Type a command of `sluice` in somebody's rights. Raises what the command raises."""
        with _credentials(self.person(person)):
            sluice.main(shlex.split(line), standalone_mode=False)

    def rest(self) -> None:
        """Wait until no release is under way."""
        follow(self.person("operator"), MODEL, until=lambda state: state.at_rest, pause_seconds=_PAUSE_SECONDS)


def the_demo(town: Town) -> None:
    """Deployed, trained, approved, released, by canary too; a mistake is stopped, a version taken back."""
    tell(town.story)
    assert town.story.held


def looking(town: Town) -> None:
    """Everybody sees what serves and what it rests on, and reads the evidence."""
    bucket = naming.artifact_bucket(town.admin.stage)
    for person in ("scientist", "approver", "operator"):
        for line in ("models {}", "show {}/1", "status {}", "history {}"):
            town.type(person, line.format(MODEL))
        _look_at_dashboards(town.person(person).client("cloudwatch"), naming.dashboard(town.admin.stage, MODEL))
    for line in ("runs {}", "logs {}"):
        town.type("scientist", line.format(MODEL))
    approver = town.person("approver").client("s3")
    keys = [item["Key"] for item in approver.list_objects_v2(Bucket=bucket, Prefix=f"{MODEL}/")["Contents"]]
    evaluation = next(key for key in keys if key.endswith("/evaluation.json"))
    assert approver.get_object(Bucket=bucket, Key=evaluation)["Body"].read()


def _look_at_dashboards(cloudwatch: Any, name: str) -> None:
    """As CloudWatch's console does: what there is, what is in one, which metrics its graphs may search for."""
    assert name in {entry["DashboardName"] for entry in cloudwatch.list_dashboards()["DashboardEntries"]}
    assert json.loads(cloudwatch.get_dashboard(DashboardName=name)["DashboardBody"])["widgets"]
    assert cloudwatch.list_metrics(Namespace="Sluice/Release")["Metrics"]


def on_call(town: Town) -> None:
    """Who is on call reads what CloudFormation and the functions say, as the runbooks tell."""
    operator, stack = town.person("operator"), naming.stack(town.admin.stage, "serving", MODEL)
    cloudformation, logs = operator.client("cloudformation"), operator.client("logs")
    cloudformation.describe_stack_events(StackName=stack)
    cloudformation.describe_stack_resources(StackName=stack)
    group = f"/aws/lambda/{naming.function(town.admin.stage, 'release')}"
    [stream, *_] = {e["logStreamName"] for e in logs.filter_log_events(logGroupName=group)["events"]}
    logs.get_log_events(logGroupName=group, logStreamName=stream)


def experiments(town: Town) -> None:
    """A scientist brings data, gives up an upload, stops an execution in either kind of job, retries, reads on."""
    scientist = town.person("scientist")
    bucket, pipeline = naming.artifact_bucket(town.admin.stage), naming.pipeline(town.admin.stage, MODEL)
    _give_up_an_upload(scientist.client("s3"), bucket)
    sagemaker, logs = scientist.client("sagemaker"), scientist.client("logs")
    sagemaker.list_pipeline_executions(PipelineName=pipeline)
    for kind, group in (("Processing", "ProcessingJobs"), ("Training", "TrainingJobs")):
        arn = sagemaker.start_pipeline_execution(PipelineName=pipeline)["PipelineExecutionArn"]
        job = _job(sagemaker, arn, kind)
        sagemaker.stop_pipeline_execution(PipelineExecutionArn=arn)
        _until(lambda arn=arn: _status(sagemaker, arn) == "Stopped")
        getattr(sagemaker, f"describe_{kind.lower()}_job")(**{f"{kind}JobName": job})
        stream = next(iter(logs.filter_log_events(logGroupName=f"/aws/sagemaker/{group}")["events"]))["logStreamName"]
        logs.get_log_events(logGroupName=f"/aws/sagemaker/{group}", logStreamName=stream)
    sagemaker.describe_pipeline_definition_for_execution(PipelineExecutionArn=arn)
    sagemaker.list_pipeline_parameters_for_execution(PipelineExecutionArn=arn)
    sagemaker.retry_pipeline_execution(PipelineExecutionArn=arn)
    _until(lambda: _status(sagemaker, arn) == "Succeeded")


def tracking(town: Town) -> None:
    """Runs are written down; one that was made twice goes, one that was not written whole is written again."""
    stage, sagemaker = town.admin.stage, town.admin.client("sagemaker")
    listed = sagemaker.list_pipeline_executions(PipelineName=naming.pipeline(stage, MODEL))
    arns = {summary["PipelineExecutionArn"] for summary in listed["PipelineExecutionSummaries"]}
    _until(lambda: {run["arn"] for run in _tracked(town) if run["recorded"]} == arns)
    run = _tracked(town)[0]
    _mlflow(town, "runs/create", experiment_id=run["experiment"], tags=[{"key": EXECUTION, "value": run["arn"]}])
    _mlflow(town, "runs/set-tag", run_id=run["id"], key=RECORDED, value="not whole")
    function = naming.function(stage, "track")
    town.admin.client("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=b"{}")
    whole = sorted((arn, True) for arn in arns)
    unwritten = (None, "not whole")
    _until(lambda: sorted((each["arn"], each["recorded"] not in unwritten) for each in _tracked(town)) == whole)
    for person in ("scientist", "approver"):
        town.type(person, f"experiments {MODEL}")
        client = town.person(person).client("sagemaker")
        client.create_presigned_mlflow_tracking_server_url(TrackingServerName=naming.tracking_server(stage))
    _mlflow(town, f"artifacts/list?run_id={run['id']}")


def monitoring(town: Town) -> None:
    """People are served, what became of them is told; a run judges it, a job does, and data to train with are made."""
    chosen = _applicants()[:_JUDGED]
    with ThreadPoolExecutor() as pool:
        lines = list(pool.map(lambda numbered: _served(town, *numbered), enumerate(chosen)))
    _tell(town, "scientist", lines[:1])
    _tell(town, "operator", lines[1:])
    request, operator = {"action": "run", "model": MODEL}, town.person("operator")
    with _policy(town, window_minutes=1440):
        assert ask(operator, "monitor", request, patience_seconds=_RUN_SECONDS)["rows"] >= _JUDGED
        for person in ("approver", "scientist"):
            town.type(person, f"monitor {MODEL}")
        gathering = {"action": "training-data", "model": MODEL, "hours": 24}
        made = ask(town.admin, "monitor", gathering, patience_seconds=_RUN_SECONDS)
        assert made["rows"] >= _JUDGED, made
        with _policy(town, window_minutes=1440, job_above_mb=0):
            job = ask(operator, "monitor", request, patience_seconds=_RUN_SECONDS)["job"]
        sagemaker = operator.client("sagemaker")
        _until(lambda: sagemaker.describe_processing_job(ProcessingJobName=job)["ProcessingJobStatus"] == "Completed")


def _tell(town: Town, person: Person, lines: Sequence[str]) -> None:
    """Push labels as a person."""
    with tempfile.TemporaryDirectory() as folder:
        labels = Path(folder, "labels.csv")
        labels.write_text("".join(["inference_id,label\n", *lines]))
        town.type(person, f"labels push {MODEL} {labels}")


@contextmanager
def _policy(town: Town, **changes: Any) -> Iterator[None]:
    """The model's policy with changes, for a while."""
    name, ssm = naming.monitor_parameter(town.admin.stage, MODEL), town.admin.client("ssm")
    before = ssm.get_parameter(Name=name)["Parameter"]["Value"]
    ssm.put_parameter(Name=name, Value=json.dumps({**json.loads(before), **changes}), Overwrite=True)
    try:
        yield
    finally:
        ssm.put_parameter(Name=name, Value=before, Overwrite=True)


def _applicants() -> list[dict[str, str]]:
    with (Path(__file__).parents[2] / "pipelines" / "credit_risk" / "data" / "german.csv").open() as lines:
        return list(csv.DictReader(lines))


def _served(town: Town, number: int, row: Mapping[str, str]) -> str:
    """Score an applicant; gives the line that tells what became of the loan."""
    body = ",".join(value for name, value in row.items() if name != "risk")
    name = f"path-{number}"
    town.person("operator").client("sagemaker-runtime").invoke_endpoint(
        EndpointName=naming.endpoint(town.admin.stage, MODEL), Body=body, ContentType="text/csv", InferenceId=name
    )
    return f"{name},{row['risk']}\n"


def pushing(town: Town) -> None:
    """A scientist pushes an edit whose definition is a file, then the lock; a deployment finds nothing left to do."""
    stage, scientist = town.admin.stage, town.person("scientist")
    with synthesized(stage.name) as found, tempfile.TemporaryDirectory() as folder:
        [training] = [stack for stack in found if stack.name == naming.stack(stage, "training", MODEL)]
        give(scientist, _edited(training, stage, Path(folder)), MODEL)
        town.type("scientist", f"status {MODEL}")
        town.type("scientist", f"push {MODEL}")
    assert bring_up(town.admin) == []


def _edited(training: SynthesizedStack, stage: Any, folder: Path) -> SynthesizedStack:
    """A training stack whose pipeline does nothing, written where large definitions are."""
    template = json.loads(training.template)
    properties = template["Resources"]["Pipeline"]["Properties"]
    steps = [{"Name": "Stop", "Type": "Fail", "Arguments": {"ErrorMessage": "an edit of a scientist"}}]
    definition = {"Version": "2020-12-01", "Parameters": [], "Steps": steps}
    file = folder / "definition.json"
    file.write_text(json.dumps(definition), encoding="utf-8")
    bucket = naming.artifact_bucket(stage)
    asset = Asset(path=file, zipped=False, bucket=bucket, key="assets/0123456789abcdef/definition.json", role=None)
    properties["PipelineDefinition"] = {"PipelineDefinitionS3Location": {"Bucket": bucket, "Key": asset.key}}
    return replace(training, template=json.dumps(template), assets=(*training.assets, asset))


def a_canary_that_nothing_tests(town: Town) -> None:
    """A version without samples, and nobody asks: the stage itself takes it back, by the metric that aborts."""
    sagemaker = town.admin.client("sagemaker")
    group = f"arn:aws:sagemaker:{town.admin.stage.region}:{town.admin.stage.account}:model-package/{MODEL}"
    package = sagemaker.describe_model_package(ModelPackageName=f"{group}/1")
    kept = ("InferenceSpecification", "CustomerMetadataProperties", "ModelMetrics", "MetadataProperties")
    made = sagemaker.create_model_package(
        ModelPackageGroupName=MODEL,
        ModelApprovalStatus="PendingManualApproval",
        **{key: package[key] for key in kept},
    )
    version = int(made["ModelPackageArn"].rsplit("/", 1)[1])
    town.type("approver", f"approve {MODEL}/{version} --reason 'nobody will ask it'")
    assert follow_release(town.person("operator"), version)["outcome"] != "deployed"
    town.type("approver", f"reject {MODEL}/{version} --reason 'nobody has asked it'")
    town.rest()


def an_approval_through_the_function(town: Town) -> None:
    """An approver asks the function that approves for a stage, as all stages but the first need it."""
    sagemaker = town.admin.client("sagemaker")
    listed = sagemaker.list_model_packages(ModelPackageGroupName=MODEL, ModelApprovalStatus="Approved")
    served = {int(package["ModelPackageArn"].rsplit("/", 1)[1]) for package in listed["ModelPackageSummaryList"]}
    waiting = sagemaker.list_model_packages(ModelPackageGroupName=MODEL, ModelApprovalStatus="PendingManualApproval")
    version = int(waiting["ModelPackageSummaryList"][0]["ModelPackageArn"].rsplit("/", 1)[1])
    assert version not in served
    town.type("approver", f"approve {MODEL}/{version} --reason 'it waits'")
    event = {"model": MODEL, "version": version, "reason": "for this stage", "by": town.person("approver").caller()}
    answer = (
        town.person("approver")
        .client("lambda")
        .invoke(FunctionName=naming.function(town.admin.stage, "approve"), Payload=json.dumps(event).encode())
    )
    assert "AccessDenied" not in answer["Payload"].read().decode()
    rows = [tuple(value for name, value in row.items() if name != "risk") for row in _applicants()]
    # People ask meanwhile: a canary that is left to probes may be too slow for a bake of four seconds.
    with Traffic(town.admin, MODEL, rows=rows, per_second=_PER_SECOND, name="asking"):
        assert follow_release(town.person("operator"), version)["outcome"] == "deployed"
    town.rest()


def sweeping(town: Town) -> None:
    """What releases have left behind goes, once nothing is kept for the sake of its age."""
    functions, name = town.admin.client("lambda"), naming.function(town.admin.stage, "sweep")
    before = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    kept = {model: {"days": 0, "releases": 1} for model in json.loads(before["MODELS"])}
    now = {**before, "MODELS": json.dumps(kept)}
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": now})
    town.type("operator", f"gc {MODEL}")
    names = {item["ModelName"] for item in town.admin.client("sagemaker").list_models()["Models"]}
    assert len(names) <= _MODELS_KEPT, names


def failing(town: Town) -> None:
    """Events that no function can digest end in the queue of dead letters."""
    stage, functions = town.admin.stage, town.admin.client("lambda")
    names = {naming.function(stage, verb) for verb in (*naming.VERBS, "track", "monitor", "retrain")}
    for name in names:
        functions.update_function_configuration(FunctionName=name, Handler="lambdas.none.such")
        functions.invoke(FunctionName=name, InvocationType="Event", Payload=b"{}")
    buried: set[str] = set()

    def all_buried() -> bool:
        buried.update(letter["requestContext"]["functionArn"].split(":")[6] for letter in _letters(town))
        return buried >= names

    _until(all_buried)


def missing_the_clock(town: Town) -> None:
    """A schedule whose function is gone leaves a dead letter: its own input, with no word of a function."""
    for verb in ("watch", "monitor"):
        town.admin.client("lambda").delete_function(FunctionName=naming.function(town.admin.stage, verb))
    inputs: list[dict[str, Any]] = []

    def both_buried() -> bool:
        inputs.extend(letter for letter in _letters(town) if "requestContext" not in letter)
        return {letter.get("action") for letter in inputs} >= {None, "run"}

    _until(both_buried)


ALL: Mapping[str, Callable[[Town], None]] = {
    "demo": the_demo,
    "looking": looking,
    "on call": on_call,
    "experiments": experiments,
    "tracking": tracking,
    "monitoring": monitoring,
    "pushing": pushing,
    "untested canary": a_canary_that_nothing_tests,
    "approval by function": an_approval_through_the_function,
    "sweeping": sweeping,
    "failing functions": failing,
    "missing function": missing_the_clock,
}
"""The paths by name. CloudFormation notices what SageMaker takes back, and cannot roll back by itself."""


def town_of(cloud: LocalCloud) -> Town:
    """The town of the stage `local`, not deployed yet."""
    return Town(cloud, connect("local"))


@contextmanager
def _credentials(connection: Connection) -> Iterator[None]:
    given = connection.session.get_credentials()
    assert given is not None
    new = {
        "AWS_ACCESS_KEY_ID": given.access_key,
        "AWS_SECRET_ACCESS_KEY": given.secret_key,
        "AWS_SESSION_TOKEN": given.token or "",
    }
    before = {name: os.environ.get(name) for name in new}
    os.environ.update(new)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _give_up_an_upload(s3: Any, bucket: str) -> None:
    place = {"Bucket": bucket, "Key": f"{MODEL}/data/half.csv"}
    upload = s3.create_multipart_upload(**place)["UploadId"]
    s3.upload_part(**place, UploadId=upload, PartNumber=1, Body=b"half")
    s3.abort_multipart_upload(**place, UploadId=upload)


def _job(sagemaker: Any, arn: str, kind: str) -> str:
    """The name of the first job of a kind that an execution has begun."""
    found: list[str] = []

    def begun() -> bool:
        steps = sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=arn)["PipelineExecutionSteps"]
        jobs = [s["Metadata"][f"{kind}Job"]["Arn"] for s in steps if f"{kind}Job" in s.get("Metadata", {})]
        found.extend(job.rsplit("/", 1)[1] for job in jobs)
        return bool(found)

    _until(begun)
    return found[0]


def _tracked(town: Town) -> list[dict[str, Any]]:
    """The runs of the model in MLflow, by their tags."""
    found = _mlflow(town, f"experiments/get-by-name?experiment_name={MODEL}").get("experiment")
    if found is None:
        return []
    runs = _mlflow(town, "runs/search", experiment_ids=[found["experiment_id"]]).get("runs", [])
    tags = {run["info"]["run_id"]: {tag["key"]: tag["value"] for tag in run["data"]["tags"]} for run in runs}
    return [
        {"id": run_id, "arn": own[EXECUTION], "recorded": own.get(RECORDED), "experiment": found["experiment_id"]}
        for run_id, own in tags.items()
    ]


def _mlflow(town: Town, path: str, **body: Any) -> dict[str, Any]:
    """What MLflow's API answers its administrator; nothing where it says that something is not there."""
    url = f"{os.environ['AWS_ENDPOINT_URL']}/_mlflow/{naming.tracking_server(town.admin.stage)}/api/2.0/mlflow/{path}"
    request = urllib.request.Request(url, headers={"Content-Type": "application/json"})
    if body:
        request.data = json.dumps(body).encode()
    try:
        with urllib.request.urlopen(request) as answer:
            found: dict[str, Any] = json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            if error.code != HTTPStatus.NOT_FOUND:
                raise
        return {}
    return found


def _status(sagemaker: Any, arn: str) -> str:
    described = sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)
    return str(described["PipelineExecutionStatus"])


def _letters(town: Town) -> list[dict[str, Any]]:
    """The bodies of the dead letters that have come since they were last read."""
    sqs = town.admin.client("sqs")
    url = sqs.get_queue_url(QueueName=naming.dead_letter_queue(town.admin.stage))["QueueUrl"]
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    for message in messages:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return [json.loads(message["Body"]) for message in messages]


def _until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(_PAUSE_SECONDS)
