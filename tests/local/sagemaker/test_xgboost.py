"""AWS's XGBoost container, which trains and serves without a script."""

import random

import pytest
from botocore.exceptions import ClientError

from env import images
from local.sagemaker import SageMaker
from tests.local.sagemaker.conftest import World

pytestmark = pytest.mark.clients  # its interpreter is made by the first job that asks for it: 100 MB

IMAGE = images.uri("xgboost:3.0-5", region="eu-west-1")
FITTING = {"num_round": "40", "max_depth": "3", "eta": "0.3", "objective": "reg:squarederror", "seed": "1"}


def rows(count, *, seed):
    """y = 3a - 2b."""
    chance = random.Random(seed)
    points = [(chance.random(), chance.random()) for _ in range(count)]
    return [(3 * a - 2 * b, a, b) for a, b in points]


def as_csv(found):
    """Label first, no header."""
    return "".join(f"{y:.6f},{a:.6f},{b:.6f}\n" for y, a, b in found)


def as_libsvm(found):
    """Label, then features by their numbers."""
    return "".join(f"{y:.6f} 0:{a:.6f} 1:{b:.6f}\n" for y, a, b in found)


@pytest.fixture
def world(small_cloud):
    """A world whose image is XGBoost's."""
    cloud = small_cloud(SageMaker)
    cloud.listen()
    made = World(cloud)
    made.image = IMAGE
    return made


def request(world, write, content_type, *, image=IMAGE, **hyperparameters):
    """A training job of the algorithm on both of its channels."""
    channels = {
        "train": world.put("data/train/rows", write(rows(300, seed=1))),
        "validation": world.put("data/validation/rows", write(rows(100, seed=2))),
    }
    return {
        "AlgorithmSpecification": {"TrainingImage": image, "TrainingInputMode": "File"},
        "RoleArn": world.role,
        "OutputDataConfig": {"S3OutputPath": "s3://work/models"},
        "ResourceConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1},
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
        "HyperParameters": {**FITTING, **hyperparameters},
        "InputDataConfig": [
            {
                "ChannelName": name,
                "ContentType": content_type,
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri}},
            }
            for name, uri in channels.items()
        ],
    }


def serve(world, url, **environment):
    """The endpoint `e` over a model."""
    container = {"Image": world.image, "ModelDataUrl": url, "Environment": environment}
    world.sm.create_model(ModelName="m", PrimaryContainer=container, ExecutionRoleArn=world.role)
    world.config("c1", "m")
    assert world.endpoint()["EndpointStatus"] == "InService"


def ask(world, body, content_type="text/csv", accept="text/csv"):
    """The body of the answer."""
    answer = world.runtime.invoke_endpoint(EndpointName="e", Body=body, ContentType=content_type, Accept=accept)
    return answer["Body"].read().decode()


def refused(world, body, content_type="text/csv", accept="text/csv"):
    """The status with which the container refuses."""
    with pytest.raises(ClientError) as caught:
        ask(world, body, content_type, accept)
    return caught.value.response["OriginalStatusCode"]


def test_it_trains_on_csv_and_serves_what_it_has_trained(world):
    """Without a script: metrics of each round, the model in its file, an endpoint by the container's rules."""
    world.sm.create_training_job(TrainingJobName="job", **request(world, as_csv, "text/csv"))
    job = world.ended_job("training", "job")
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    metrics = {metric["MetricName"]: metric["Value"] for metric in job["FinalMetricDataList"]}
    assert set(metrics) == {"train:rmse", "validation:rmse"}
    assert metrics["validation:rmse"] < 0.15
    assert list(world.unpacked("models/job/output/model.tar.gz")) == ["xgboost-model"]
    assert any(line.startswith("[39]#011train-rmse:0.0") for line in world.log("/aws/sagemaker/TrainingJobs"))

    serve(world, job["ModelArtifacts"]["S3ModelArtifacts"])
    first, second = map(float, ask(world, "0.5,0.5\n0.9,0.1\n").split())
    assert (first, second) == (pytest.approx(0.5, abs=0.3), pytest.approx(2.5, abs=0.3))
    assert float(ask(world, "0:0.5 1:0.5", "text/libsvm")) == pytest.approx(first)
    untold = world.runtime.invoke_endpoint(EndpointName="e", Body="0:0.5 1:0.5", Accept="text/csv")["Body"].read()
    assert float(untold) == pytest.approx(first)  # what says nothing of itself is libsvm
    assert ask(world, "0.5,0.5", accept="application/json").startswith('{"predictions": [{"score": ')
    assert refused(world, "0.5,0.5", "text/plain") == 415
    assert refused(world, "a,b") == 415
    assert refused(world, "0.5,0.5,0.5") == 400
    assert refused(world, "0.5,0.5", accept="image/png") == 406


def test_it_trains_on_libsvm_in_every_version(world):
    """An older version is played by the one that is here, which the log says; metrics as they are asked for."""
    older = IMAGE.replace("3.0-5", "1.7-1")
    wanted = request(world, as_libsvm, "libsvm", image=older, eval_metric="mae,rmse", silent="0")
    world.sm.create_training_job(TrainingJobName="job", **wanted)
    job = world.ended_job("training", "job")
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert {metric["MetricName"] for metric in job["FinalMetricDataList"]} == {
        f"{data}:{metric}" for data in ("train", "validation") for metric in ("mae", "rmse")
    }
    assert "xgboost-cpu 3.0.5 for 1.7.4" in world.log("/aws/sagemaker/TrainingJobs")[0]
    world.image = older
    serve(world, job["ModelArtifacts"]["S3ModelArtifacts"])
    assert float(ask(world, "0.5,0.5")) == pytest.approx(0.5, abs=0.3)


def test_images_before_1_3_leave_a_pickle(world):
    """The examples of their time read the model with Python's pickle; what serves it does as well."""
    older = IMAGE.replace("3.0-5", "1.0-1-cpu-py3")
    world.sm.create_training_job(TrainingJobName="job", **request(world, as_csv, "text/csv", image=older))
    job = world.ended_job("training", "job")
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert world.unpacked("models/job/output/model.tar.gz")["xgboost-model"].startswith(b"\x80")
    serve(world, job["ModelArtifacts"]["S3ModelArtifacts"])
    assert float(ask(world, "0.5,0.5")) == pytest.approx(0.5, abs=0.3)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"depth": "3"}, "ClientError: Extraneous hyperparameters found: depth"),
        ({"num_round": "many"}, "ClientError: Hyperparameter num_round: could not parse value 'many'"),
        ({"objective": "binary:logistic"}, "ClientError: "),
    ],
)
def test_what_the_algorithm_does_not_take_is_the_callers_mistake(world, change, told):
    """As the container words it."""
    world.sm.create_training_job(TrainingJobName="job", **request(world, as_csv, "csv", **change))
    job = world.ended_job("training", "job")
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith(told)


def test_a_header_is_no_row(world):
    """A CSV's first line is data like the others."""
    wanted = request(world, lambda found: "y,a,b\n" + as_csv(found), "text/csv")
    world.sm.create_training_job(TrainingJobName="job", **wanted)
    reason = world.ended_job("training", "job")["FailureReason"]
    assert reason.startswith("ClientError: rows is no CSV of numbers without a header")


@pytest.mark.parametrize(
    ("write", "content_type", "more", "told"),
    [
        (as_csv, "text/csv", "1,2\n", "The files of channel train have different numbers of columns."),
        (as_libsvm, "libsvm", "1 -3:2.0\n", "a line is no libsvm (label index:value ...): "),
    ],
)
def test_files_that_do_not_fit_are_the_callers_mistake(world, write, content_type, more, told):
    """Also where each by itself could be read; an empty one, as writers in parallel leave them, fits all."""
    wanted = request(world, write, content_type)
    world.put("data/train/rows-empty", "")
    world.put("data/train/rows-more", more)
    world.sm.create_training_job(TrainingJobName="job", **wanted)
    assert world.ended_job("training", "job")["FailureReason"].startswith(f"ClientError: {told}")


def test_a_script_serves_with_the_containers_own_functions(world):
    """Script mode: the model is the script's, rows come as XGBoost takes them, one prediction a line."""
    script = """
import os, pathlib, numpy, xgboost
def model_fn(folder):
    booster = xgboost.Booster()
    booster.load_model(os.path.join(folder, "mine.json"))
    return booster
if __name__ == "__main__":
    rows = numpy.loadtxt(os.path.join(os.environ["SM_CHANNEL_TRAIN"], "rows"), delimiter=",")
    fitted = xgboost.train({"max_depth": int(os.environ["SM_HP_MAX_DEPTH"])}, xgboost.DMatrix(rows[:, 1:], rows[:, 0]))
    fitted.save_model(os.path.join(os.environ["SM_MODEL_DIR"], "mine.json"))
    code = pathlib.Path(os.environ["SM_MODEL_DIR"], "code")
    code.mkdir()
    (code / "inference.py").write_text(pathlib.Path(__file__).read_text())
"""
    source = world.archive("source/sourcedir.tar.gz", {"train.py": script})
    wanted = request(world, as_csv, "text/csv")
    wanted["HyperParameters"] = {
        "sagemaker_program": "train.py",
        "sagemaker_submit_directory": source,
        "max_depth": "3",
    }
    world.sm.create_training_job(TrainingJobName="job", **wanted)
    job = world.ended_job("training", "job")
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    serve(world, job["ModelArtifacts"]["S3ModelArtifacts"], SAGEMAKER_PROGRAM="inference.py")
    assert len(ask(world, "0.5,0.5\n0.9,0.1").split()) == 2
