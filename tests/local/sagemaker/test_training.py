import json

import pytest

from local.sagemaker.containers.isolation import Namespace, isolation

MODEL = """
import pathlib
pathlib.Path("/opt/ml/model/weights").write_text("w")
"""


@pytest.fixture
def world(swept):
    """One for all."""
    return swept


def test_a_model_is_packed_and_uploaded_where_describe_says(world):
    """model.tar.gz under the output path and the job's name; extra output in output.tar.gz."""
    script = MODEL + 'pathlib.Path("/opt/ml/output/data/plot.txt").write_text("p")'
    job = world.run_training("job", script)
    assert job["TrainingJobStatus"] == job["SecondaryStatus"] == "Completed"
    assert job["ModelArtifacts"]["S3ModelArtifacts"] == "s3://work/models/job/output/model.tar.gz"
    assert world.unpacked("models/job/output/model.tar.gz") == {"weights": b"w"}
    assert world.unpacked("models/job/output/output.tar.gz") == {"plot.txt": b"p"}


def test_there_is_no_other_output_when_the_program_writes_none(world):
    """output.tar.gz only when it holds something."""
    world.run_training("job", MODEL)
    assert world.keys("models/job/") == ["models/job/output/model.tar.gz"]


def test_the_program_sees_channels_and_configuration(world):
    """Channels as folders; hyperparameters as a flat map of texts; one host."""
    data = world.put("data/train.csv", "1,2")
    script = """
import json, os, pathlib
config = pathlib.Path("/opt/ml/input/config")
seen = {
    "data": pathlib.Path("/opt/ml/input/data/train/train.csv").read_text(),
    "hyperparameters": json.loads((config / "hyperparameters.json").read_text()),
    "channels": json.loads((config / "inputdataconfig.json").read_text()),
    "hosts": json.loads((config / "resourceconfig.json").read_text())["hosts"],
    "job": os.environ["TRAINING_JOB_NAME"],
}
pathlib.Path("/opt/ml/model/seen.json").write_text(json.dumps(seen))
"""
    world.run_training("job", script, channels=[("train", data)], HyperParameters={"depth": "3"})
    seen = json.loads(world.unpacked("models/job/output/model.tar.gz")["seen.json"])
    assert seen["data"] == "1,2"
    assert seen["hyperparameters"] == {"depth": "3"}
    assert seen["channels"]["train"]["TrainingInputMode"] == "File"
    assert set(seen["channels"]) == {"code", "train"}
    assert seen["hosts"] == ["algo-1"]
    assert seen["job"] == "job"


def test_metrics_are_read_from_the_log(world):
    """The last match of each definition; a metric that never came is left out."""
    script = MODEL + "print('auc=0.5;'); print('auc=0.75;')"
    definitions = [{"Name": "auc", "Regex": "auc=([0-9.]+);"}, {"Name": "loss", "Regex": "loss=([0-9.]+);"}]
    job = world.run_training("job", script, algorithm={"MetricDefinitions": definitions})
    found = [(metric["MetricName"], metric["Value"]) for metric in job["FinalMetricDataList"]]
    assert found == [("auc", 0.75)]
    values = [(datum["MetricName"], datum["Value"], datum["Dimensions"]) for datum in world.metrics]
    dimensions = [{"Name": "TrainingJobName", "Value": "job"}]
    assert values == [("auc", 0.5, dimensions), ("auc", 0.75, dimensions)]
    assert {datum["Namespace"] for datum in world.metrics} == {"/aws/sagemaker/TrainingJobs"}


def test_metrics_come_while_the_program_runs(world):
    """Describe tells the last value, before there is an end."""
    script = "import time; print('auc=0.5;'); time.sleep(600)"
    definitions = [{"Name": "auc", "Regex": "auc=([0-9.]+);"}]
    request = world.training(script, algorithm={"MetricDefinitions": definitions})
    world.sm.create_training_job(TrainingJobName="job", **request)
    running = world.until(
        lambda: world.sm.describe_training_job(TrainingJobName="job"), lambda job: job.get("FinalMetricDataList")
    )
    assert (running["TrainingJobStatus"], running["FinalMetricDataList"][0]["Value"]) == ("InProgress", 0.5)


def test_a_job_that_is_stopped_keeps_the_model_and_the_checkpoints_that_are_there(world):
    """As on AWS, where a program gets SIGTERM and time to write them; what is measured stays too."""
    script = """
import pathlib, signal, sys, time
pathlib.Path("/opt/ml/checkpoints/epoch-1").write_text("1")
def end(*_):
    pathlib.Path("/opt/ml/model/weights").write_text("half")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
print("ready=1;")
time.sleep(600)
"""
    request = world.training(
        script,
        algorithm={"MetricDefinitions": [{"Name": "ready", "Regex": "ready=(.);"}]},
        CheckpointConfig={"S3Uri": "s3://work/checkpoints"},
    )
    world.sm.create_training_job(TrainingJobName="job", **request)
    world.until(
        lambda: world.sm.describe_training_job(TrainingJobName="job"), lambda job: job.get("FinalMetricDataList")
    )
    world.sm.stop_training_job(TrainingJobName="job")
    assert world.ended_job("training", "job")["TrainingJobStatus"] == "Stopped"
    assert world.unpacked("models/job/output/model.tar.gz") == {"weights": b"half"}
    assert world.read("checkpoints/epoch-1") == b"1"


def test_a_manifest_names_the_objects_of_a_channel(world):
    """They keep their names below its prefix; nothing else comes along."""
    for name in ("a.csv", "deep/b.csv", "c.csv"):
        world.put(f"data/{name}", name)
    manifest = world.put("manifest", json.dumps([{"prefix": "s3://work/data/"}, "a.csv", "deep/b.csv"]))
    script = """
import pathlib
root = pathlib.Path("/opt/ml/input/data/train")
found = sorted(str(file.relative_to(root)) for file in root.rglob("*") if file.is_file())
pathlib.Path("/opt/ml/model/found").write_text(" ".join(found))
"""
    request = world.training(script)
    source = {"S3DataSource": {"S3DataType": "ManifestFile", "S3Uri": manifest}}
    request["InputDataConfig"].append({"ChannelName": "train", "DataSource": source, "InputMode": "FastFile"})
    world.sm.create_training_job(TrainingJobName="job", **request)
    assert world.ended_job("training", "job")["TrainingJobStatus"] == "Completed"
    assert world.unpacked("models/job/output/model.tar.gz")["found"] == b"a.csv deep/b.csv"


@pytest.mark.parametrize(
    "content", ['{"prefix": "s3://work/data/"}', "3", "[]", '["a.csv"]', '[{"prefix": "s3://x/"}, 1]']
)
def test_a_manifest_of_another_form_is_the_callers_mistake(world, content):
    """The job fails before its program runs, and says what a manifest is."""
    request = world.training("")
    source = {"S3DataSource": {"S3DataType": "ManifestFile", "S3Uri": world.put("manifest", content)}}
    request["InputDataConfig"].append({"ChannelName": "train", "DataSource": source})
    world.sm.create_training_job(TrainingJobName="job", **request)
    reason = world.ended_job("training", "job")["FailureReason"]
    assert reason.startswith("ClientError: Data download failed: a manifest is a JSON list")


def test_an_object_whose_key_climbs_is_brought_nowhere(world):
    """A key may hold `..`, and would be a path outside of the job's folder."""
    world.put("climbs/../../../../escaped", "here")
    job = world.run_training("job", "", channels=[("train", "s3://work/climbs/")])
    assert job["FailureReason"].startswith("ClientError: Data download failed: the key 'climbs/../../../../escaped'")
    assert list(world.services.workdir.rglob("escaped")) == []


def test_a_job_without_network_reaches_nobody(world):
    """EnableNetworkIsolation, where the system can do that."""
    if not isinstance(isolation(), Namespace):
        pytest.skip("this machine has no unprivileged namespaces")
    script = "import os, socket; socket.create_connection(('127.0.0.1', int(os.environ['AWS_ENDPOINT_URL'][-5:])))"
    assert world.run_training("open", script)["TrainingJobStatus"] == "Completed"
    reason = world.run_training("shut", script, EnableNetworkIsolation=True)["FailureReason"]
    assert "ConnectionRefusedError" in reason or "Network is unreachable" in reason


def test_what_the_program_says_of_its_failure_is_the_reason(world):
    """/opt/ml/output/failure comes before the log."""
    script = """
import pathlib, sys
print("noise")
pathlib.Path("/opt/ml/output/failure").write_text("learning did not converge")
sys.exit(3)
"""
    job = world.run_training("job", script)
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"] == "AlgorithmError: exit code: 3, learning did not converge"
    assert world.keys("models/") == []


def test_a_program_killed_by_a_signal_ends_as_a_container_would(world):
    """128 plus the signal's number."""
    job = world.run_training("job", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    assert job["FailureReason"].startswith("AlgorithmError: exit code: 137")


def test_the_time_limit_has_a_status_of_its_own(world):
    """MaxRuntimeExceeded is the secondary status of a stopped job."""
    job = world.run_training("job", "import time; time.sleep(600)", StoppingCondition={"MaxRuntimeInSeconds": 1})
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")


def test_the_secondary_status_tells_the_way(world):
    """Each transition is kept."""
    job = world.run_training("job", MODEL)
    way = [transition["Status"] for transition in job["SecondaryStatusTransitions"]]
    assert way == ["Starting", "Downloading", "Training", "Uploading", "Completed"]


def test_script_mode_runs_the_submitted_code_with_hyperparameters_as_arguments(world):
    """What the training toolkit of AWS's framework images does."""
    source = world.archive(
        "src/sourcedir.tar.gz",
        {
            "train.py": "import json, os, pathlib, sys\n"
            "seen = [sys.argv[1:], os.environ['SM_HP_DEPTH'], os.environ['SM_CHANNEL_CODE'], os.getcwd()]\n"
            "seen += [os.environ['SM_HP_DEEP'], json.loads(os.environ['SM_TRAINING_ENV'])['hyperparameters']]\n"
            "pathlib.Path(os.environ['SM_MODEL_DIR'], 'seen.json').write_text(json.dumps(seen))\n"
        },
    )
    request = world.training("")
    del request["AlgorithmSpecification"]["ContainerEntrypoint"]
    hyperparameters = {
        "sagemaker_program": json.dumps("train.py"),
        "sagemaker_submit_directory": json.dumps(source),
        "depth": "3",
        "kind": json.dumps("deep"),
        "deep": "true",
    }
    world.sm.create_training_job(TrainingJobName="job", **request, HyperParameters=hyperparameters)
    assert world.ended_job("training", "job")["TrainingJobStatus"] == "Completed"
    assert json.loads(world.unpacked("models/job/output/model.tar.gz")["seen.json"]) == [
        ["--deep", "True", "--depth", "3", "--kind", "deep"],
        "3",
        "/opt/ml/input/data/code",
        "/opt/ml/code",
        "true",
        {"deep": True, "depth": 3, "kind": "deep"},
    ]


def test_a_script_without_a_place_fails_the_job(world):
    """Its program is named, and where to fetch it is not."""
    request = world.training("")
    request["AlgorithmSpecification"] = {"TrainingImage": world.image, "TrainingInputMode": "File"}
    world.sm.create_training_job(TrainingJobName="job", **request, HyperParameters={"sagemaker_program": "train.py"})
    assert "sagemaker_submit_directory" in world.ended_job("training", "job")["FailureReason"]


def test_what_cannot_run_here_is_refused_by_name(world):
    """Pipes, several hosts, algorithms by name."""
    create = world.sm.create_training_job
    request = world.training("")
    hosts = {**request["ResourceConfig"], "InstanceCount": 2}
    refused = world.refused(create, TrainingJobName="job", **{**request, "ResourceConfig": hosts})
    assert refused == ("UnsupportedLocally", "The local cloud does not support training on several instances.")
    channels = [{**request["InputDataConfig"][0], "InputMode": "Pipe"}]
    refused = world.refused(create, TrainingJobName="job", **{**request, "InputDataConfig": channels})
    assert "input mode Pipe of channel code" in refused[1]
    algorithm = {"AlgorithmName": "arn:aws:sagemaker:eu-west-1:123456789012:algorithm/a", "TrainingInputMode": "File"}
    refused = world.refused(create, TrainingJobName="job", **{**request, "AlgorithmSpecification": algorithm})
    assert "TrainingImage" in refused[1]


def test_a_job_that_is_not_there_is_missed_in_aws_words(world):
    """The text that clients match on."""
    refused = world.refused(world.sm.describe_training_job, TrainingJobName="job")
    assert refused == ("ValidationException", "Requested resource not found.")
