import gzip
import json

import pytest
from botocore.exceptions import ClientError

from local.sagemaker.containers.isolation import Namespace, isolation
from local.sagemaker.errors import JobFailed
from local.sagemaker.transform.records import assembled, payloads, plain

SHOUT = {
    "code/inference.py": """
import os

def model_fn(folder):
    return os.environ["SAGEMAKER_BATCH"]

def input_fn(body, content_type):
    if body.startswith("bad"):
        raise ValueError("a bad word")
    return body

def predict_fn(data, model):
    return data.upper()

def output_fn(prediction, accept):
    return prediction, accept
""",
    "word": "",
}
LINES = b"one\ntwo\nthree\n"


def job(**transform_input):
    """The members of a job that say how objects are cut."""
    more = {key: transform_input.pop(key) for key in ("BatchStrategy", "MaxPayloadInMB") if key in transform_input}
    return {"TransformInput": transform_input, "TransformOutput": {}, **more}


@pytest.mark.parametrize(
    ("wanted", "bodies"),
    [
        (job(), [LINES]),
        (job(SplitType="Line", BatchStrategy="SingleRecord"), [b"one\n", b"two\n", b"three\n"]),
        (job(SplitType="Line", BatchStrategy="MultiRecord"), [LINES]),
        (job(SplitType="Line"), [LINES]),
        (job(SplitType="None", BatchStrategy="SingleRecord"), [LINES]),
    ],
)
def test_an_object_is_cut_as_split_type_and_strategy_say(wanted, bodies):
    """Whole, by lines, or as many lines as fit."""
    assert list(payloads(LINES, wanted)) == bodies


def test_as_many_lines_as_fit_go_into_a_request():
    """MaxPayloadInMB bounds a batch; a line that is larger by itself fails the job, unless there is no bound."""
    line = b"x" * 600_000 + b"\n"
    assert [len(body) for body in payloads(line * 3, job(SplitType="Line", MaxPayloadInMB=1))] == [len(line)] * 3
    with pytest.raises(JobFailed, match="MaxPayloadInMB"):
        list(payloads(line * 3, job(MaxPayloadInMB=1)))
    assert list(payloads(line * 3, job(MaxPayloadInMB=0))) == [line * 3]


def test_a_compressed_object_is_sent_plain():
    """And one that is not what it says fails the job."""
    assert plain(gzip.compress(LINES), job(CompressionType="Gzip")) == LINES
    with pytest.raises(JobFailed, match="not compressed"):
        plain(LINES, job(CompressionType="Gzip"))


def test_answers_are_put_together_as_they_are_or_line_by_line():
    """AssembleWith Line ends each with a newline."""
    assert assembled([b"a", b"b\n"], job()) == b"ab\n"
    assert assembled([b"a", b"b\n"], {"TransformOutput": {"AssembleWith": "Line"}}) == b"a\nb\n"


def request(world, **more):
    """A CreateTransformJob request without its name."""
    return {
        "ModelName": "shout",
        "TransformInput": {
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{world.bucket}/in/"}},
            "ContentType": "text/csv",
            "SplitType": "Line",
        },
        "TransformOutput": {"S3OutputPath": f"s3://{world.bucket}/out", "AssembleWith": "Line", "Accept": "text/csv"},
        "TransformResources": {"InstanceCount": 1, "InstanceType": "ml.m5.large"},
        **more,
    }


def test_a_job_sends_every_object_through_the_model_and_writes_what_it_answers(world):
    """Under the names of the input with `.out`; the record tells when it ran, the log stands in CloudWatch Logs."""
    world.model("shout", SHOUT)
    world.put("in/a.csv", "one\ntwo\n")
    world.put("in/deep/b.csv", "three\n")
    world.sm.create_transform_job(TransformJobName="t", **request(world, BatchStrategy="SingleRecord"))
    ended = world.ended_job("transform", "t")
    assert ended["TransformJobStatus"] == "Completed", ended.get("FailureReason")
    assert ended["CreationTime"] <= ended["TransformStartTime"] <= ended["TransformEndTime"]
    assert {key: world.read(key) for key in world.keys("out")} == {
        "out/a.csv.out": b"ONE\nTWO\n",
        "out/deep/b.csv.out": b"THREE\n",
    }
    streams = world.logs.describe_log_streams(logGroupName="/aws/sagemaker/TransformJobs")["logStreams"]
    assert [stream["logStreamName"].partition("/")[0] for stream in streams] == ["t"]
    with pytest.raises(ClientError, match="ResourceInUse"):
        world.sm.create_transform_job(TransformJobName="t", **request(world))


def test_answers_are_joined_to_the_records_they_belong_to(world):
    """The identifier is not sent, and stands beside the answer."""
    world.model("shout", SHOUT)
    world.put("in/a.csv", "1,one\n2,two\n")
    processing = {"InputFilter": "$[1:]", "JoinSource": "Input", "OutputFilter": "$[0,-1]"}
    world.sm.create_transform_job(TransformJobName="t", **request(world, DataProcessing=processing))
    ended = world.ended_job("transform", "t")
    assert ended["TransformJobStatus"] == "Completed", ended.get("FailureReason")
    assert world.read("out/a.csv.out") == b"1,ONE\n2,TWO\n"


def test_what_another_job_left_among_the_input_is_input(world):
    """An object is sent as it was, also when it has the name that the output of another one gets."""
    world.model("shout", SHOUT)
    world.put("in/a.csv", "one\n")
    world.put("in/a.csv.out", "two\n")
    world.sm.create_transform_job(TransformJobName="t", **request(world))
    ended = world.ended_job("transform", "t")
    assert ended["TransformJobStatus"] == "Completed", ended.get("FailureReason")
    assert {key: world.read(key) for key in world.keys("out")} == {
        "out/a.csv.out": b"ONE\n",
        "out/a.csv.out.out": b"TWO\n",
    }


def test_a_job_fails_as_others_do_when_its_model_is_deleted_meanwhile(world, tmp_path):
    """It ends, and says why."""
    begun, go = tmp_path / "begun", tmp_path / "go"
    waits = f"import pathlib, time\npathlib.Path({str(begun)!r}).touch()\n"
    waits += f"while not pathlib.Path({str(go)!r}).exists():\n    time.sleep(0.01)\nraise SystemExit(3)\n"
    world.model("shout", {"code/inference.py": waits})
    world.put("in/a.csv", "one\n")
    world.sm.create_transform_job(TransformJobName="t", **request(world))
    world.until(begun.exists, bool)
    world.sm.delete_model(ModelName="shout")
    go.touch()
    ended = world.ended_job("transform", "t")
    assert ended["TransformJobStatus"] == "Failed"
    assert ended["FailureReason"].startswith("AlgorithmError: the model container did not become healthy")


def test_an_answer_that_is_an_error_fails_the_job_with_what_the_model_said(world):
    """After as many tries as were asked for."""
    world.model("shout", SHOUT)
    world.put("in/a.csv", "bad\n")
    config = {"InvocationsMaxRetries": 0}
    world.sm.create_transform_job(TransformJobName="t", **request(world, ModelClientConfig=config))
    ended = world.ended_job("transform", "t")
    assert ended["TransformJobStatus"] == "Failed"
    assert ended["FailureReason"].startswith("AlgorithmError: Bad HTTP status received from algorithm: 500")
    with pytest.raises(ClientError, match="is in status Failed"):
        world.sm.stop_transform_job(TransformJobName="t")


def test_a_job_that_is_stopped_ends_as_stopped(world):
    """Even while the model thinks, and without a try that would be made again."""
    thinks = SHOUT["code/inference.py"].replace("return data.upper()", "import time; time.sleep(600)")
    world.model("shout", {"code/inference.py": thinks, "word": ""})
    world.put("in/a.csv", "one\n")
    config = {"InvocationsMaxRetries": 0}
    world.sm.create_transform_job(TransformJobName="t", **request(world, ModelClientConfig=config))
    world.until(lambda: world.sm.describe_transform_job(TransformJobName="t"), lambda job: "TransformStartTime" in job)
    world.sm.stop_transform_job(TransformJobName="t")
    ended = world.until(
        lambda: world.sm.describe_transform_job(TransformJobName="t"),
        lambda job: job["TransformJobStatus"] not in ("InProgress", "Stopping"),
    )
    assert (ended["TransformJobStatus"], ended.get("FailureReason")) == ("Stopped", None)
    assert world.keys("out") == []


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"ModelName": "none"}, "Could not find model"),
        ({"DataProcessing": {"InputFilter": "1:"}}, "'1:' is no JSONPath"),
        (
            {"DataProcessing": {"JoinSource": "Input"}, "DataCaptureConfig": {"DestinationS3Uri": "s3://work/c"}},
            "DataCaptureConfig of a transform job",
        ),
        ({"TransformResources": {"InstanceCount": 2, "InstanceType": "ml.m5.large"}}, "several instances"),
    ],
)
def test_what_would_be_passed_over_is_refused(world, more, told):
    """Before there is a job."""
    world.model("shout", SHOUT)
    with pytest.raises(ClientError, match=told):
        world.sm.create_transform_job(TransformJobName="t", **request(world, **more))
    assert world.sm.list_transform_jobs()["TransformJobSummaries"] == []


def test_a_pipeline_runs_a_transform_step(world):
    """Its job belongs to the step, whose properties later steps can use."""
    world.model("shout", SHOUT)
    world.put("in/a.csv", "one\n")
    step = {"Name": "shout", "Type": "Transform", "Arguments": request(world)}
    ended = world.run_pipeline({"Version": "2020-12-01", "Steps": [json.loads(json.dumps(step))]})
    assert ended["PipelineExecutionStatus"] == "Succeeded", ended.get("FailureReason")
    assert world.read("out/a.csv.out") == b"ONE\n"
    arn = ended["PipelineExecutionArn"]
    (told,) = world.sm.list_pipeline_execution_steps(PipelineExecutionArn=arn)["PipelineExecutionSteps"]
    assert ":transform-job/" in told["Metadata"]["TransformJob"]["Arn"]


def test_a_model_without_network_reaches_nobody(world):
    """EnableNetworkIsolation, where the system can do that: only who sends the rows reaches the model."""
    if not isinstance(isolation(), Namespace):
        pytest.skip("this machine has no unprivileged namespaces")
    tries = """
import os, socket
def model_fn(folder):
    try:
        socket.create_connection(("127.0.0.1", int(os.environ["AWS_ENDPOINT_URL"][-5:]))).close()
    except OSError as error:
        return type(error).__name__
    return "reached"
def transform_fn(model, body, content_type, accept):
    return model, accept
"""
    world.put("in/a.csv", "one")
    container = {"Image": world.image, "ModelDataUrl": world.archive("m/model.tar.gz", {"code/inference.py": tries})}
    for name, isolated in (("open", False), ("shut", True)):
        world.sm.create_model(
            ModelName=name, PrimaryContainer=container, ExecutionRoleArn=world.role, EnableNetworkIsolation=isolated
        )
        target = {"S3OutputPath": f"s3://{world.bucket}/{name}", "AssembleWith": "Line"}
        wanted = request(world, ModelName=name, TransformOutput=target)
        world.sm.create_transform_job(TransformJobName=name, **wanted)
    for name, told in (("open", b"reached"), ("shut", b"Error")):
        ended = world.ended_job("transform", name)
        assert ended["TransformJobStatus"] == "Completed", ended.get("FailureReason")
        assert told in world.read(f"{name}/a.csv.out")
