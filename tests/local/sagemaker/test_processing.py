import json

import pytest

COPY = """
import pathlib, sys
source, target = pathlib.Path("/opt/ml/processing/input"), pathlib.Path("/opt/ml/processing/out")
for file in sorted(path for path in source.rglob("*") if path.is_file()):
    (target / file.name).write_text(file.read_text() + " ".join(sys.argv[1:]))
    print("copied", file.relative_to(source))
"""


@pytest.fixture
def world(swept):
    """One for all."""
    return swept


def test_a_job_reads_its_inputs_and_its_outputs_are_uploaded(world):
    """Objects under the prefix come in with their relative names; what the program writes goes out."""
    world.put("data/a.csv", "1")
    world.put("data/deep/b.csv", "2")
    job = world.run_processing(
        "job",
        COPY,
        inputs=[("data", "s3://work/data/", "input")],
        outputs=[("copy", "s3://work/result", "out")],
        arguments=["and", "more"],
    )
    assert job["ProcessingJobStatus"] == "Completed"
    assert world.keys("result") == ["result/a.csv", "result/b.csv"]
    assert world.read("result/a.csv") == b"1and more"
    assert job["ProcessingStartTime"] <= job["ProcessingEndTime"]


def test_what_the_program_prints_is_in_the_log_group_of_its_kind(world):
    """With a line that says how the local libraries differ from the image's."""
    world.put("data/a.csv", "1")
    world.run_processing("job", COPY, inputs=[("d", "s3://work/data/", "input")], outputs=[("o", "s3://work/r", "out")])
    differs, printed = world.log("/aws/sagemaker/ProcessingJobs")
    assert "differ from image plain" in differs
    assert printed == "copied a.csv"


def test_a_prefix_is_not_a_folder(world):
    """S3Prefix takes every key that begins so; names keep what follows the last slash."""
    world.put("data/part-1.csv", "1")
    world.put("data/part-2/x.csv", "2")
    world.run_processing(
        "job", COPY, inputs=[("d", "s3://work/data/part", "input")], outputs=[("o", "s3://work/r", "out")]
    )
    assert world.log("/aws/sagemaker/ProcessingJobs")[1:] == ["copied part-1.csv", "copied part-2/x.csv"]


def test_the_program_sees_the_files_and_variables_of_the_contract(world):
    """Configuration under /opt/ml/config, names in the environment, its own environment besides."""
    script = """
import json, os, pathlib
config = pathlib.Path("/opt/ml/config")
seen = {
    "job": json.loads((config / "processingjobconfig.json").read_text())["ProcessingJobName"],
    "host": json.loads((config / "resourceconfig.json").read_text())["current_host"],
    **{name: os.environ[name] for name in ("PROCESSING_JOB_NAME", "PROCESSING_JOB_ARN", "COLOUR", "AWS_REGION")},
}
pathlib.Path("/opt/ml/processing/out/seen.json").write_text(json.dumps(seen))
"""
    outputs = [("o", "s3://work/r", "out")]
    job = world.run_processing("job", script, outputs=outputs, Environment={"COLOUR": "blue"})
    assert json.loads(world.read("r/seen.json")) == {
        "job": "job",
        "host": "algo-1",
        "PROCESSING_JOB_NAME": "job",
        "PROCESSING_JOB_ARN": job["ProcessingJobArn"],
        "COLOUR": "blue",
        "AWS_REGION": "eu-west-1",
    }


def test_aws_clients_inside_reach_the_cloud_as_the_jobs_role(world):
    """boto3 works by environment variables alone."""
    script = """
import boto3
print(boto3.client("sts").get_caller_identity()["Arn"])
"""
    assert world.run_processing("job", script)["ProcessingJobStatus"] == "Completed"
    assert world.log("/aws/sagemaker/ProcessingJobs")[-1] == ("arn:aws:sts::123456789012:assumed-role/runner/SageMaker")


def test_a_program_that_raises_fails_the_job_with_its_exit_code_and_the_end_of_its_log(world):
    """The reason is what a person needs; outputs are not uploaded."""
    script = """
print("so far so good")
open("/opt/ml/processing/out/half.txt", "w").close()
raise ValueError("column age is missing")
"""
    job = world.run_processing("job", script, outputs=[("o", "s3://work/r", "out")])
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("AlgorithmError: exit code: 1, ")
    said, _, remedy = job["FailureReason"].partition("\nWhat to do: ")
    assert said.endswith("ValueError: column age is missing")
    assert remedy.startswith("read the whole log, /aws/sagemaker/ProcessingJobs job/algo-1-")
    assert world.keys("r") == []


def test_the_message_of_a_program_is_the_exit_message(world):
    """/opt/ml/output/message, its first kilobyte."""
    script = 'open("/opt/ml/output/message", "w").write("CompletedWithViolations: 3" + "!" * 2000)'
    message = world.run_processing("job", script)["ExitMessage"]
    assert message.startswith("CompletedWithViolations: 3!!!")
    assert len(message) == 1024


def test_an_input_that_is_not_in_s3_fails_the_job(world):
    """No objects, or no bucket: the reason names the URI."""
    job = world.run_processing("job", "", inputs=[("d", "s3://work/nothing/", "input")])
    assert "No S3 objects found" in job["FailureReason"]
    assert "s3://work/nothing/" in job["FailureReason"]
    job = world.run_processing("other", "", inputs=[("d", "s3://nobucket/x", "input")])
    assert "nobucket" in job["FailureReason"]


def test_a_job_longer_than_its_limit_is_stopped(world):
    """MaxRuntimeInSeconds ends the program."""
    limit = {"MaxRuntimeInSeconds": 1}
    job = world.run_processing("job", "import time; time.sleep(600)", StoppingCondition=limit)
    assert job["ProcessingJobStatus"] == "Stopped"
    assert job["FailureReason"].startswith("MaxRuntimeExceeded: the job ran longer than 1 seconds.")
    assert "raise StoppingCondition.MaxRuntimeInSeconds" in job["FailureReason"]


def test_a_running_job_can_be_stopped_once_it_has_ended_not(world):
    """Stopping, then Stopped; a second stop is refused with the status."""
    request = world.processing("import time; time.sleep(600)")
    world.sm.create_processing_job(ProcessingJobName="job", **request)
    world.sm.stop_processing_job(ProcessingJobName="job")
    assert world.ended_job("processing", "job")["ProcessingJobStatus"] == "Stopped"
    refused = world.refused(world.sm.stop_processing_job, ProcessingJobName="job")
    assert refused[0] == "ValidationException"
    assert "status Stopped" in refused[1]


def test_a_job_name_is_used_once(world):
    """ResourceInUse, also after the job has ended."""
    world.run_processing("job", "")
    refused = world.refused(world.sm.create_processing_job, ProcessingJobName="job", **world.processing(""))
    assert refused[0] == "ResourceInUse"


def test_inputs_have_names_and_places_of_their_own(world):
    """Two of one name, and one that goes nowhere, are refused before anything runs."""
    create, request = world.sm.create_processing_job, world.processing("")
    (code,) = request["ProcessingInputs"]
    refused = world.refused(create, ProcessingJobName="job", **{**request, "ProcessingInputs": [code, code]})
    assert refused == ("ValidationException", "The name of each processing input must be unique: code.")
    nowhere = {**code, "S3Input": {key: value for key, value in code["S3Input"].items() if key != "LocalPath"}}
    refused = world.refused(create, ProcessingJobName="job", **{**request, "ProcessingInputs": [nowhere]})
    assert refused == ("ValidationException", "LocalPath is required for processing input code.")


def test_what_cannot_run_here_is_refused_before_a_record_exists(world):
    """An image without a counterpart, a role of another account, an image's own entry point."""
    create = world.sm.create_processing_job
    request = world.processing("")
    image = {**request["AppSpecification"], "ImageUri": "other:1"}
    refused = world.refused(create, ProcessingJobName="job", **{**request, "AppSpecification": image})
    assert refused == ("UnsupportedLocally", "The local cloud does not support image other:1.")
    role = "arn:aws:iam::111122223333:role/r"
    refused = world.refused(create, ProcessingJobName="job", **{**request, "RoleArn": role})
    assert refused == ("ValidationException", "Cross-account pass role is not allowed.")
    own = [{**entry, "AppManaged": True} for entry in request["ProcessingInputs"]]
    refused = world.refused(create, ProcessingJobName="job", **{**request, "ProcessingInputs": own})
    assert "AppManaged of processing input code" in refused[1]
    bare = {"ImageUri": world.image}
    refused = world.refused(create, ProcessingJobName="job", **{**request, "AppSpecification": bare})
    assert refused[0] == "UnsupportedLocally"
    assert world.sm.list_processing_jobs()["ProcessingJobSummaries"] == []


def test_a_local_path_outside_of_processing_fails_the_job(world):
    """Nothing is written elsewhere."""
    request = world.processing("")
    request["ProcessingInputs"][0]["S3Input"]["LocalPath"] = "/opt/ml/processing/../../../etc"
    world.sm.create_processing_job(ProcessingJobName="job", **request)
    assert "does not begin with /opt/ml/processing/" in world.ended_job("processing", "job")["FailureReason"]


def test_a_program_that_deletes_its_log_leaves_nothing_behind(world):
    """Its folder goes as others do."""
    world.run_processing("job", "import os; os.remove(os.environ['HOME'] + '/../log.txt')")
    assert list((world.services.workdir / "sagemaker" / "processing-job").iterdir()) == []
