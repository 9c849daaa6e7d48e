"""The function over a real tracking server and real lineage; executions are what each test says they were."""

import io
import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from werkzeug.test import Client, EnvironBuilder

from lambdas import track
from lambdas.errors import LambdaError
from lambdas.mlflow import Mlflow
from lambdas.settings import to_environ
from tests.lambdas.aws import refusal
from tests.local.conftest import ACCOUNT, REGION
from tests.local.mlflow.conftest import ARN, BUCKET, Tracking
from tests.local.sagemaker.clouds import sagemaker_cloud

START = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PREFIX = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}"
PIPELINE = f"{PREFIX}:pipeline/churn-dev"
GATE = "auc is 0.61 and must be at least 0.7"


class InProcess:
    """Sends prepared requests to an app."""

    def __init__(self, app):
        self._app = Client(app)

    def send(self, request):
        body = request.body or b""
        builder = EnvironBuilder(
            request.url, method=request.method, headers=dict(request.headers.items()), input_stream=io.BytesIO(body)
        )
        answer = self._app.open(builder.get_environ())
        return SimpleNamespace(status_code=answer.status_code, content=answer.data)


class Executions:
    """SageMaker with executions of one pipeline; all but what is asked about them goes to `real`."""

    def __init__(self, real):
        self._real, self.told, self.decision = real, {}, None

    def add(self, name, status, *steps, ended=START + timedelta(minutes=2), params=(), reason=""):
        """An execution with its steps, each a name with what SageMaker says of it."""
        arn = f"{PIPELINE}/execution/{name}"
        self.told[arn] = {
            "described": {
                "PipelineExecutionStatus": status,
                "PipelineExecutionDisplayName": name,
                "CreationTime": START,
                "LastModifiedTime": ended,
                "FailureReason": reason,
                "CreatedBy": {"IamIdentity": {"Arn": "arn:aws:iam::123456789012:user/ann"}},
            },
            "steps": [{"StepName": step, "StepStatus": "Succeeded", **said} for step, said in steps],
            "params": [{"Name": key, "Value": value} for key, value in params],
        }
        return arn

    def list_pipeline_executions(self, *, PipelineName, **_):
        if PipelineName != "churn-dev":
            raise refusal("ResourceNotFound", "Pipeline does not exist.")
        newest_first = reversed(self.told.items())
        summaries = [
            {"PipelineExecutionArn": arn, "PipelineExecutionStatus": e["described"]["PipelineExecutionStatus"]}
            for arn, e in newest_first
        ]
        return {"PipelineExecutionSummaries": summaries}

    def describe_pipeline_execution(self, *, PipelineExecutionArn):
        return self.told[PipelineExecutionArn]["described"]

    def list_pipeline_parameters_for_execution(self, *, PipelineExecutionArn, **_):
        return {"PipelineParameters": self.told[PipelineExecutionArn]["params"]}

    def describe_training_job(self, *, TrainingJobName):
        return {
            "HyperParameters": {"depth": '"3"', "sagemaker_program": "train.py"},
            "FinalMetricDataList": [{"MetricName": "validation:auc", "Value": 0.66}],
            "ModelArtifacts": {"S3ModelArtifacts": f"s3://{BUCKET}/churn/{TrainingJobName}/model.tar.gz"},
        }

    def describe_processing_job(self, *, ProcessingJobName):
        uri = f"s3://{BUCKET}/churn/{ProcessingJobName}"
        outputs = [{"OutputName": name, "S3Output": {"S3Uri": f"{uri}/{name}"}} for name in ("report", "evaluation")]
        return {"ProcessingOutputConfig": {"Outputs": outputs}}

    def describe_model_package(self, *, ModelPackageName):
        own = {"sluice:auc": "0.71", "sluice:rows": "1000", "sluice:data-uri": "s3://b/german.csv"}
        commit = {"CommitId": "0123abc-dirty"}
        decided = {"ApprovalDescription": self.decision[1]} if self.decision else {}
        by = {"IamIdentity": {"Arn": "arn:aws:iam::123456789012:user/eve"}}
        return {
            "CustomerMetadataProperties": own,
            "MetadataProperties": commit,
            "LastModifiedBy": by,
            **decided,
        }

    def list_model_packages(self, **_):
        status = self.decision[0] if self.decision else "PendingManualApproval"
        arn = f"{PREFIX}:model-package/churn/1"
        return {"ModelPackageSummaryList": [{"ModelPackageArn": arn, "ModelApprovalStatus": status}]}

    def get_paginator(self, operation):
        if operation != "list_pipeline_execution_steps":
            return self._real.get_paginator(operation)
        page = lambda **asked: [{"PipelineExecutionSteps": self.told[asked["PipelineExecutionArn"]]["steps"]}]  # noqa: E731
        return SimpleNamespace(paginate=page)

    def __getattr__(self, name):
        return getattr(self._real, name)


class Town(Tracking):
    """A tracking server, and the function that writes into it."""

    def __init__(self, cloud):
        super().__init__(cloud)
        self.make()
        session = SimpleNamespace(
            get_credentials=lambda: SimpleNamespace(access_key="local", secret_key="x", token=None)
        )
        sender = InProcess(cloud.app)
        self.mlflow = Mlflow(ARN, endpoint="http://localhost", session=session, sender=sender, pause=lambda _: None)
        self.models = {}

    def wake(self, sagemaker, event=None, *, s3=None):
        """Have the function look; what it has written down."""
        clients = track.Clients(mlflow=self.mlflow, s3=s3 or self.s3, sagemaker=sagemaker)
        return track.handler(event or {}, None, clients=lambda: clients)

    def runs(self):
        """The runs of the model as MLflow shows them, with their tags as a mapping."""
        number = self.mlflow.experiment("churn")
        found = [run for run in self.mlflow.runs(number, limit=500) if run["info"]["lifecycle_stage"] == "active"]
        return [{**run, "tags": {tag["key"]: tag["value"] for tag in run["data"]["tags"]}} for run in found]

    def only(self):
        """The one run that there is."""
        [run] = self.runs()
        return run


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A cloud for all tests of the file."""
    with sagemaker_cloud(tmp_path_factory) as cloud:
        yield Town(cloud)


@pytest.fixture
def town(shared, monkeypatch):
    """The town with a model that never ran."""
    settings = track.Settings(
        stage="dev", region=REGION, server=ARN, pipelines={"churn": "churn-dev", "new": "new-dev"}
    )
    for name, value in to_environ(settings).items():
        monkeypatch.setenv(name, value)
    yield shared
    number = shared.mlflow.experiment("churn")
    shared.post("experiments/update", experiment_id=number, new_name=f"churn {number}")


@pytest.fixture
def sagemaker(town):
    """Executions that ended well, or at a gate."""
    return Executions(town.sm)


def job(kind, name):
    """What a step says of its job."""
    resource = {"Processing": "processing-job", "Training": "training-job"}[kind]
    return {"Metadata": {f"{kind}Job": {"Arn": f"{PREFIX}:{resource}/{name}"}}}


def leave(town, name):
    """What the jobs of a run leave in the bucket."""
    snapshot = {"name": "data", "uri": "s3://b/german.csv", "version_id": "v7", "sha256": "ab" * 32, "bytes": 9}
    measured = {"auc": {"value": 0.61, "standard_deviation": 0.01}, "confusion_matrix": {"0": {"0": 1}}}
    files = {
        "report/snapshot.json": json.dumps({"inputs": [{**snapshot, "rows": 1000}]}),
        "evaluation/evaluation.json": json.dumps({"binary_classification_metrics": measured}),
        "evaluation/plots/roc.svg": "<svg/>",
        "evaluation/sample.tar.gz": "rows",
    }
    for key, body in files.items():
        town.s3.put_object(Bucket=BUCKET, Key=f"churn/{name}/{key}", Body=body.encode())


def registered(town, sagemaker, name, **more):
    """An execution that registered a version."""
    leave(town, name)
    package = {"Metadata": {"RegisterModel": {"Arn": f"{PREFIX}:model-package/churn/1"}}}
    steps = (("Evaluate", job("Processing", name)), ("Train", job("Training", name)), ("Register", package))
    return sagemaker.add(name, "Succeeded", *steps, params=[("Seed", "7")], **more)


def stopped_at_the_gate(town, sagemaker, name):
    """An execution that was not good enough."""
    leave(town, name)
    failed = {"Metadata": {"Fail": {"ErrorMessage": GATE}}, "StepStatus": "Failed", "FailureReason": GATE}
    return sagemaker.add(name, "Failed", ("Evaluate", job("Processing", name)), ("TooLow", failed), reason="gate")


def artifact(town, package):
    """The artifact that SageMaker makes of a version."""
    found = town.sm.list_artifacts(SourceUri=package)["ArtifactSummaries"]
    if found:
        return found[0]["ArtifactArn"]
    return town.sm.create_artifact(Source={"SourceUri": package}, ArtifactType="Model")["ArtifactArn"]


def test_an_execution_is_one_run(town, sagemaker):
    """With parameters, metrics, data, code and the version that came of it."""
    arn = registered(town, sagemaker, "aaaa")
    assert town.wake(sagemaker) == {"churn": [arn]}
    run = town.only()
    assert (run["info"]["status"], run["info"]["run_name"]) == ("FINISHED", "aaaa")
    assert (run["info"]["start_time"], run["info"]["end_time"]) == (1795262400000, 1795262520000)
    params = {param["key"]: param["value"] for param in run["data"]["params"]}
    assert params == {"Seed": "7", "Train.depth": "3"}
    metrics = {metric["key"]: metric["value"] for metric in run["data"]["metrics"]}
    assert metrics == {"auc": 0.71, "validation_auc": 0.66}
    expected = {
        "sluice.execution": arn,
        "sluice.outcome": "registered",
        "sluice.package": f"{PREFIX}:model-package/churn/1",
        "sluice.metrics": "auc",
        "sluice.commit": "0123abc",
        "sluice.dirty": "true",
        "sluice.data-uri": "s3://b/german.csv",
        "sluice.data-version": "v7",
        "sluice.data-sha256": "ab" * 32,
        "sluice.data-rows": "1000",
        "mlflow.source.git.commit": "0123abc",
        "mlflow.user": "arn:aws:iam::123456789012:user/ann",
    }
    assert expected.items() <= run["tags"].items()
    [given] = run["inputs"]["dataset_inputs"]
    assert json.loads(given["dataset"]["source"]) == {"uri": "s3://b/german.csv", "version_id": "v7"}


def test_what_jobs_report_lies_with_the_run(town, sagemaker):
    """Plots and figures are copied, rows of data and models are pointed at."""
    registered(town, sagemaker, "bbbb")
    town.wake(sagemaker)
    key = town.only()["info"]["artifact_uri"].removeprefix(f"s3://{BUCKET}/")
    found = town.s3.list_objects_v2(Bucket=BUCKET, Prefix=key)["Contents"]
    assert [item["Key"].removeprefix(f"{key}/") for item in found] == [
        "evaluation/evaluation.json",
        "evaluation/plots/roc.svg",
        "pointers.json",
        "report/snapshot.json",
    ]
    pointers = json.loads(town.s3.get_object(Bucket=BUCKET, Key=f"{key}/pointers.json")["Body"].read())
    assert pointers["model_data"] == f"s3://{BUCKET}/churn/bbbb/model.tar.gz"


def test_nothing_is_looked_for_that_no_job_has_left(town, sagemaker):
    """A job that was stopped has no report, and none of its files is asked for."""
    asked = []
    s3 = SimpleNamespace(
        get_object=lambda **request: asked.append(request),
        get_paginator=lambda name: asked.append(name),
        put_object=town.s3.put_object,
    )
    sagemaker.add("stop", "Stopped", ("Evaluate", {**job("Processing", "stop"), "StepStatus": "Stopped"}))
    town.wake(sagemaker, s3=s3)
    assert asked == []
    assert town.only()["tags"]["sluice.outcome"] == "stopped"


def test_looking_again_changes_nothing(town, sagemaker):
    """An event may come twice, and the hour looks at what events have told."""
    registered(town, sagemaker, "cccc")
    stopped_at_the_gate(town, sagemaker, "dddd")
    town.wake(sagemaker)
    before = town.runs()
    assert town.wake(sagemaker, {"detail": {"pipelineArn": PIPELINE}}) == {}
    assert town.runs() == before


def test_a_run_that_failed_at_a_gate_says_which(town, sagemaker):
    """Its metrics are those that were measured, and its data are known though nothing was registered."""
    stopped_at_the_gate(town, sagemaker, "eeee")
    town.wake(sagemaker)
    run = town.only()
    assert (run["info"]["status"], run["tags"]["sluice.outcome"]) == ("FAILED", "gate-failed")
    assert run["tags"]["sluice.gate"] == run["tags"]["mlflow.note.content"] == GATE
    assert [metric["value"] for metric in run["data"]["metrics"]] == [0.61]
    assert run["tags"]["sluice.data-version"] == "v7"
    assert "sluice.package" not in run["tags"]


def test_an_execution_that_is_under_way_waits(town, sagemaker):
    """A run is written when it has ended, however it did."""
    sagemaker.add("ffff", "Executing")
    assert town.wake(sagemaker) == {}
    sagemaker.add("ffff", "Stopped")
    town.wake(sagemaker)
    assert (town.only()["info"]["status"], town.only()["tags"]["sluice.outcome"]) == ("KILLED", "stopped")


def test_a_retried_execution_stays_one_run(town, sagemaker):
    """What had failed and then went well says so, under the same id."""
    stopped_at_the_gate(town, sagemaker, "gggg")
    town.wake(sagemaker)
    first = town.only()["info"]["run_id"]
    registered(town, sagemaker, "gggg", ended=START + timedelta(minutes=9))
    assert list(town.wake(sagemaker)) == ["churn"]
    run = town.only()
    assert (run["info"]["run_id"], run["info"]["status"]) == (first, "FINISHED")
    assert run["tags"]["sluice.outcome"] == "registered"


@pytest.mark.parametrize("status", ["Succeeded", "Failed"])
def test_a_retry_with_another_value_of_a_parameter_is_written(town, sagemaker, status):
    """MLflow takes a parameter once; a hyperparameter that a step works out may differ after a retry."""
    sagemaker.add("pppp", "Failed", params=[("Seed", "1")])
    town.wake(sagemaker)
    arn = sagemaker.add("pppp", status, ended=START + timedelta(minutes=9), params=[("Seed", "2"), ("New", "3")])
    assert town.wake(sagemaker) == {"churn": [arn]}
    assert town.wake(sagemaker) == {}
    params = {param["key"]: param["value"] for param in town.only()["data"]["params"]}
    assert params == {"Seed": "1", "New": "3"}


def test_secrets_are_not_written(town, sagemaker):
    """A parameter that bears a secret's name is there, its value is not."""
    sagemaker.add("qqqq", "Succeeded", params=[("DbPassword", "hunter2"), ("HF_TOKEN", "k"), ("PAD_TOKEN", "<p>")])
    town.wake(sagemaker)
    params = {param["key"]: param["value"] for param in town.only()["data"]["params"]}
    assert params == {"DbPassword": "(hidden)", "HF_TOKEN": "(hidden)", "PAD_TOKEN": "<p>"}


def test_large_files_are_pointed_at(town, sagemaker):
    """S3 copies five gigabytes at once at most, and a function has minutes: what is large stays where it is."""
    registered(town, sagemaker, "rrrr")

    class Vast:
        """S3 whose plots are vast."""

        def get_paginator(self, operation):
            pages = town.s3.get_paginator(operation)
            return SimpleNamespace(paginate=lambda **asked: map(self._grown, pages.paginate(**asked)))

        def _grown(self, page):
            sizes = {True: 6 * 10**9, False: 1}
            grown = [{**one, "Size": sizes[one["Key"].endswith(".svg")]} for one in page.get("Contents", [])]
            return {**page, "Contents": grown}

        def __getattr__(self, name):
            return getattr(town.s3, name)

    town.wake(sagemaker, s3=Vast())
    key = town.only()["info"]["artifact_uri"].removeprefix(f"s3://{BUCKET}/")
    found = town.s3.list_objects_v2(Bucket=BUCKET, Prefix=key)["Contents"]
    assert [item["Key"].removeprefix(f"{key}/") for item in found] == [
        "evaluation/evaluation.json",
        "pointers.json",
        "report/snapshot.json",
    ]


def test_of_two_runs_of_one_execution_one_goes(town, sagemaker):
    """Two functions at the same time may each make one; whoever looks next leaves one."""
    arn = registered(town, sagemaker, "hhhh")
    number = town.mlflow.experiment("churn")
    for _ in range(2):
        town.mlflow.create(number, name="twin", start=1, tags={track.EXECUTION: arn})
    town.wake(sagemaker)
    assert town.only()["tags"]["sluice.outcome"] == "registered"


def test_a_run_that_somebody_deleted_stays_deleted(town, sagemaker):
    """Its execution is not written down again."""
    registered(town, sagemaker, "mmmm")
    town.wake(sagemaker)
    town.mlflow.delete(town.only()["info"]["run_id"])
    assert town.wake(sagemaker) == {}
    assert town.runs() == []


def test_runs_of_people_hide_none_of_ours(town, sagemaker):
    """An experiment may hold more runs that people logged than one look shows."""
    arn = registered(town, sagemaker, "nnnn")
    town.wake(sagemaker)
    number, later = town.mlflow.experiment("churn"), int((START + timedelta(days=1)).timestamp() * 1000)
    for _ in range(2 * track._RECENT):
        town.mlflow.create(number, name="a try", start=later, tags={})
    assert town.wake(sagemaker) == {}
    assert [run["tags"][track.EXECUTION] for run in town.runs() if track.EXECUTION in run["tags"]] == [arn]


def test_one_execution_that_cannot_be_written_holds_up_no_other(town, sagemaker):
    """The failure is told, and the next look makes it good."""
    bad = registered(town, sagemaker, "iiii")
    registered(town, sagemaker, "jjjj")

    class Moody:
        def copy_object(self, *, CopySource, **_):
            if "iiii" in CopySource["Key"]:
                raise refusal("SlowDown", "Please reduce your request rate.")

        def __getattr__(self, name):
            return getattr(town.s3, name)

    with pytest.raises(LambdaError, match=f"{bad}: .*reduce your request rate"):
        town.wake(sagemaker, s3=Moody())
    recorded = {run["info"]["run_name"]: track.RECORDED in run["tags"] for run in town.runs()}
    assert recorded == {"iiii": False, "jjjj": True}
    assert town.wake(sagemaker) == {"churn": [bad]}


@pytest.mark.parametrize(
    ("file", "left"),
    [
        ("report/snapshot.json", {"inputs": [{"name": "data"}]}),
        ("report/snapshot.json", {"inputs": ["s3://b/german.csv"]}),
        ("report/snapshot.json", {"inputs": {"data": "s3://b/german.csv"}}),
        ("report/snapshot.json", {"inputs": [{"uri": "s3://b/german.csv", "rows": "many"}]}),
        ("evaluation/evaluation.json", {"binary_classification_metrics": [0.6]}),
    ],
)
def test_files_of_another_form_hold_up_nothing(town, sagemaker, file, left):
    """Steps may leave files of these names that mean something else; the run is written without them."""
    arn = stopped_at_the_gate(town, sagemaker, "oooo")
    town.s3.put_object(Bucket=BUCKET, Key=f"churn/oooo/{file}", Body=json.dumps(left).encode())
    assert town.wake(sagemaker) == {"churn": [arn]}
    assert track.RECORDED in town.only()["tags"]


def test_an_event_of_one_pipeline_is_about_its_model(town, sagemaker):
    """Names are lower-cased in ARNs; what names none of the stage's pipelines is about all."""
    pipelines = {"churn": "Churn-Dev", "new": "new-dev"}
    assert list(track._asked({"detail": {"pipelineArn": PIPELINE}}, pipelines)) == ["churn"]
    assert list(track._asked({"time": "now"}, pipelines)) == ["churn", "new"]


def test_a_decision_stands_with_the_run_and_in_the_lineage(town, sagemaker):
    """Who let a version in, and why; a later no takes the place of the yes."""
    registered(town, sagemaker, "llll")
    package = f"{PREFIX}:model-package/churn/1"
    arn = artifact(town, package)
    town.wake(sagemaker)
    assert "sluice.approval" not in town.only()["tags"]
    for status, reason in (("Approved", "better"), ("Rejected", "worse after all")):
        sagemaker.decision = (status, reason)
        event = {"detail": {"ModelPackageGroupName": "churn"}}
        assert town.wake(sagemaker, event) == {"churn": [package]}
        assert town.wake(sagemaker, event) == {}
        told = {key: value for key, value in town.only()["tags"].items() if key.startswith("sluice.approval")}
        assert told == {
            "sluice.approval": status,
            "sluice.approval-by": "arn:aws:iam::123456789012:user/eve",
            "sluice.approval-reason": reason,
        }
    found = town.sm.query_lineage(
        StartArns=[arn], Direction="Ascendants", Filters={"Types": ["Approval"]}, IncludeEdges=False
    )
    [vertex] = found["Vertices"]
    decided = town.sm.describe_action(ActionName=vertex["Arn"].rpartition("/")[2])["Properties"]
    assert (decided["status"], decided["by"]) == ("Rejected", "arn:aws:iam::123456789012:user/eve")


def test_lineage_leads_from_a_version_to_data_and_code(town, sagemaker):
    """A query upwards from the package finds the execution, the version of each file, and the commit."""
    arn = registered(town, sagemaker, "kkkk")
    package = f"{PREFIX}:model-package/churn/1"
    made = artifact(town, package)
    town.wake(sagemaker)
    found = town.sm.query_lineage(StartArns=[made], Direction="Ascendants", IncludeEdges=True)
    kinds = {vertex["Type"]: vertex["Arn"] for vertex in found["Vertices"]}
    action = town.sm.describe_action(ActionName=kinds["PipelineExecution"].rpartition("/")[2])
    assert (action["Source"]["SourceUri"], action["Status"]) == (arn, "Completed")
    assert action["Properties"]["outcome"] == "registered"
    data = town.sm.describe_artifact(ArtifactArn=kinds["DataSet"])
    assert data["Source"]["SourceUri"] == "s3://b/german.csv?versionId=v7"
    assert data["Properties"]["sha256"] == "ab" * 32
    code = town.sm.describe_artifact(ArtifactArn=kinds["Code"])["Properties"]
    assert code == {"commit": "0123abc", "dirty": "true"}
