"""Whatever breaks a step: the execution fails, the reason names the remedy, nothing is registered or left running."""

import json
import re

import pytest

SLEEP = "import time; time.sleep(600)"

IN_THE_SCRIPT = {
    "script error": (
        "raise ValueError('column age is missing')",
        {},
        "AlgorithmError: exit code: 1, Traceback",
        "read the whole log, /aws/sagemaker/ProcessingJobs pipelines-",
    ),
    "object that is not there at run time": (
        "import boto3; boto3.client('s3').download_file('work', 'none.csv', '/opt/ml/none')",
        {},
        "AlgorithmError: exit code: 1",
        "check the URI; if a step before this one writes there",
    ),
    "library that is not there": (
        "import lightgbm.basic",
        {},
        "AlgorithmError: exit code: 1",
        "name the library of lightgbm in a requirements.txt",
    ),
    "kill -9": (
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        {},
        "AlgorithmError: exit code: 137",
        "choose an InstanceType with more",
    ),
    "out of memory": (
        "bytearray(6 * 2**30)",
        {"instance": {"InstanceType": "ml.t3.medium"}},
        "AlgorithmError: exit code: 1",
        "choose an InstanceType with more memory, or read the data in parts",
    ),
    "a file larger than the volume": (
        "import os; os.posix_fallocate(os.open('/opt/ml/big', os.O_CREAT | os.O_WRONLY), 0, 2**30 + 1)",
        {},
        "AlgorithmError: exit code: 1",
        "raise VolumeSizeInGB",
    ),
    "full disk": (
        "import os, time\n"
        "for n in range(3):\n"
        "    os.posix_fallocate(os.open(f'/opt/ml/big{n}', os.O_CREAT | os.O_WRONLY), 0, 400 * 2**20)\n"
        "time.sleep(600)",
        {},
        "ClientError: No space left on device: ",
        "raise VolumeSizeInGB",
    ),
    "time limit": (
        SLEEP,
        {"more": {"StoppingCondition": {"MaxRuntimeInSeconds": 1}}},
        "MaxRuntimeExceeded: the job ran longer than 1 seconds",
        "raise StoppingCondition.MaxRuntimeInSeconds",
    ),
    "a failure message that is no text": (
        "open('/opt/ml/output/failure', 'wb').write(b'{\"broken\": \\xff' + b'!' * 5000); raise SystemExit(4)",
        {},
        'AlgorithmError: exit code: 4, {"broken": \ufffd!!!',
        "",
    ),
    "an argument that the script does not take": (
        "import argparse; argparse.ArgumentParser().parse_args(['--depth', '3'])",
        {},
        "AlgorithmError: exit code: 2",
        "let it take --depth 3",
    ),
}


@pytest.mark.parametrize("fault", IN_THE_SCRIPT)
def test_a_script_that_breaks(faults, fault):
    """By itself, or against a limit of its instance."""
    script, how, said, remedy = IN_THE_SCRIPT[fault]
    request = faults.processing(script, **how.get("more", {}))
    request["ProcessingResources"]["ClusterConfig"] |= how.get("instance", {})
    reason = faults.broken("Processing", request)
    assert reason.startswith(said)
    assert remedy in reason
    assert len(reason) <= 1024


def test_an_input_that_is_not_there(faults):
    """Nothing is run without its data."""
    reason = faults.broken("Processing", faults.processing("", inputs=[("d", "s3://work/nothing/", "in")]))
    assert reason.startswith("ClientError: Data download failed: No S3 objects found under S3 URL")
    assert "check the URI" in reason


def test_an_input_that_the_role_may_not_read(faults):
    """The role is named, and what it was refused."""
    reason = faults.broken("Processing", {**faults.processing(""), "RoleArn": faults.blind})
    assert re.match(r"ClientError: Data download failed: s3://work/code/\w+/script\.py: AccessDenied: ", reason)
    assert "give the role blind the action" in reason


def test_an_output_that_the_role_may_not_write(faults):
    """Of the output there is nothing."""
    script = "open('/opt/ml/processing/out/a', 'w').write('a')"
    request = faults.processing(script, outputs=[("o", "s3://work/locked", "out")])
    reason = faults.broken("Processing", {**request, "RoleArn": faults.locked})
    assert reason.startswith("ClientError: Data upload failed: s3://work/locked/a: ")
    assert "give the role locked the action" in reason
    assert faults.keys("locked/") == []


def test_a_model_that_the_role_may_not_write(faults):
    """A training job fails for it like any other."""
    request = faults.training("open('/opt/ml/model/a', 'w').write('a')")
    request |= {"RoleArn": faults.locked, "OutputDataConfig": {"S3OutputPath": "s3://work/locked"}}
    reason = faults.broken("Training", request)
    assert reason.startswith("ClientError: Data upload failed: s3://work/locked/pipelines-")
    assert "give the role locked the action" in reason


def test_an_output_bucket_that_is_not_there(faults):
    """It is told as what it is."""
    script = "open('/opt/ml/processing/out/a', 'w').write('a')"
    reason = faults.broken("Processing", faults.processing(script, outputs=[("o", "s3://nobody/x", "out")]))
    assert reason.startswith("ClientError: Data upload failed: ")
    assert "nobody does not exist" in reason
    assert "check the URI" in reason


def test_an_entry_point_that_is_not_there(faults):
    """A script of another name than the input's, and a program that the image does not have."""
    request = faults.processing("pass")
    script = {**request["AppSpecification"], "ContainerEntrypoint": ["python3", "/opt/ml/processing/code/other.py"]}
    reason = faults.broken("Processing", {**request, "AppSpecification": script})
    assert "holds /opt/ml/processing/code/other.py" in reason
    program = {**request["AppSpecification"], "ContainerEntrypoint": ["spark-submit"]}
    reason = faults.broken("Processing", {**request, "AppSpecification": program})
    assert reason.startswith("AlgorithmError: exit code: 127")
    assert "check ContainerEntrypoint" in reason


def script_mode(faults, source, *, program="train.py", **hyperparameters):
    """A training request as the estimators of the SDK make it."""
    request = faults.training("")
    request["AlgorithmSpecification"] = {"TrainingImage": faults.image, "TrainingInputMode": "File"}
    own = {"sagemaker_program": json.dumps(program), "sagemaker_submit_directory": json.dumps(source)}
    return {**request, "HyperParameters": {**own, **hyperparameters}}


def test_submitted_code_without_its_entry_point(faults):
    """What is there is told."""
    source = faults.archive("source/one.tar.gz", {"fit.py": "pass"})
    reason = faults.broken("Training", script_mode(faults, source))
    assert reason.startswith("ClientError: the entry point train.py is not in the submitted code, which holds fit.py")


def test_submitted_code_that_is_no_archive(faults):
    """Half an upload, say."""
    reason = faults.broken("Training", script_mode(faults, faults.put("source/two.tar.gz", b"\x1f\x8b half")))
    assert reason.startswith("ClientError: the submitted code cannot be fetched: sourcedir.tar.gz is not a readable")
    assert "make it again as tar -czf" in reason


def test_requirements_that_cannot_be_installed(faults):
    """The script is not run; the installer's words are told."""
    files = {"train.py": "print('ran')", "requirements.txt": "--no-index\nno-such-thing==1\n"}
    reason = faults.broken("Training", script_mode(faults, faults.archive("source/three.tar.gz", files)))
    assert reason.startswith("AlgorithmError: exit code: 1, ERROR:")
    assert "no-such-thing" in reason
    assert "correct the requirements.txt" in reason
    assert "ran" not in reason.split()


def transform(faults, name, url):
    """A transform request over a model of its own."""
    container = {"Image": faults.image, "ModelDataUrl": url}
    faults.sm.create_model(ModelName=name, PrimaryContainer=container, ExecutionRoleArn=faults.role)
    data = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": faults.put("rows/a.csv", "1\n")}}
    return {
        "ModelName": name,
        "TransformInput": {"DataSource": data},
        "TransformOutput": {"S3OutputPath": "s3://work/scores"},
        "TransformResources": {"InstanceCount": 1, "InstanceType": "ml.m5.large"},
    }


def test_a_model_that_is_no_archive(faults):
    """A transform over it fails before a server is tried."""
    reason = faults.broken("Transform", transform(faults, "corrupt", faults.put("m/model.tar.gz", "not one")))
    assert reason.startswith("ClientError: ")
    assert "is not a readable tar.gz archive" in reason
    assert "make it again as tar -czf" in reason


def test_a_model_whose_requirements_cannot_be_installed(faults):
    """It is not served without them."""
    files = {"code/inference.py": "print('served')", "code/requirements.txt": "--no-index\nno-such-thing==1\n"}
    reason = faults.broken("Transform", transform(faults, "lacking", faults.archive("l/model.tar.gz", files)))
    assert reason.startswith("AlgorithmError: the model container did not become healthy")
    assert "no-such-thing" in reason
    assert "correct the requirements.txt" in reason


REPORT = [{"PropertyFileName": "Report", "OutputName": "report", "FilePath": "report.json"}]
AUC = {"Std:JsonGet": {"PropertyFile": {"Get": "Steps.Broken.PropertyFiles.Report"}, "Path": "auc"}}
GATE = {
    "Name": "Gate",
    "Type": "Condition",
    "Arguments": {"Conditions": [{"Type": "GreaterThan", "LeftValue": AUC, "RightValue": 0.5}], "IfSteps": []},
}


@pytest.mark.parametrize(
    ("content", "said"),
    [("{broken", "is not valid JSON"), ("", "does not exist"), ('{"f1": 1}', "has nothing at 'auc'")],
)
def test_a_property_file_that_does_not_say_what_the_gate_asks(faults, content, said):
    """Malformed, not written at all, or without the value: the gate fails and does not hold by accident."""
    write = f"open('/opt/ml/processing/out/report.json', 'w').write({content!r})" if content else ""
    uri = f"s3://work/reports/{said.split()[0]}"
    request = faults.processing(write, outputs=[("report", uri, "out")])
    reason = faults.broken("Processing", request, GATE, PropertyFiles=REPORT)
    assert reason.startswith("ClientError: ")
    assert said in reason
    assert "report.json" in reason


def test_daemons_of_a_step_end_with_it(faults):
    """The step has succeeded; what it left in a session of its own has not outlived it."""
    daemon = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], "
    job = faults.run_processing("daemons", f"{daemon}start_new_session=True)")
    assert job["ProcessingJobStatus"] == "Completed"
    assert faults.left_behind() == []


def test_a_step_that_is_stopped(faults):
    """The execution is stopped, and so is its job; nothing of the pipeline goes on."""
    step = {"Name": "Broken", "Type": "Processing", "Arguments": faults.processing(SLEEP)}
    text = json.dumps(faults._definition(step))
    faults.sm.create_pipeline(PipelineName="stopped", PipelineDefinition=text, RoleArn=faults.role)
    arn = faults.sm.start_pipeline_execution(PipelineName="stopped")["PipelineExecutionArn"]
    faults.until(lambda: faults.left_behind(), lambda running: running)
    faults.sm.stop_pipeline_execution(PipelineExecutionArn=arn, ClientRequestToken="t" * 32)
    execution = faults.ended_execution(arn)
    assert execution["PipelineExecutionStatus"] == "Stopped"
    assert {name: step["StepStatus"] for name, step in faults.steps(execution).items()} == {"Broken": "Stopped"}
    assert faults.left_behind() == []


@pytest.mark.clients
def test_a_log_without_end(faults):
    """It fills neither the disk nor CloudWatch Logs, and the job ends at its limit of time."""
    script = "while True: print('again and again ' * 60)"
    limit = {"MaxRuntimeInSeconds": 2}
    faults.sm.create_processing_job(ProcessingJobName="endless", **faults.processing(script, StoppingCondition=limit))
    job = faults.ended_job("processing", "endless")
    assert (job["ProcessingJobStatus"], job["FailureReason"][:19]) == ("Stopped", "MaxRuntimeExceeded:")
    logs = faults.services.client("logs")
    streams = {"logGroupName": "/aws/sagemaker/ProcessingJobs", "logStreamNamePrefix": "endless/"}
    (stream,) = logs.describe_log_streams(**streams)["logStreams"]
    name = {"logGroupName": "/aws/sagemaker/ProcessingJobs", "logStreamName": stream["logStreamName"]}
    last = logs.get_log_events(**name, startFromHead=False, limit=1)["events"][-1]["message"]
    assert "bytes are left out here" in last or last.startswith("The log is longer than 16000000 bytes")


@pytest.mark.clients
def test_a_step_that_will_not_stop(faults):
    """It ignores SIGTERM, as does its child: after the grace both are killed."""
    stubborn = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEP}"
    script = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {stubborn!r}]); {stubborn}"
    faults.sm.create_processing_job(ProcessingJobName="stubborn", **faults.processing(script))
    faults.until(lambda: faults.left_behind(), lambda running: len(running) > 1)
    faults.sm.stop_processing_job(ProcessingJobName="stubborn")
    assert faults.ended_job("processing", "stubborn")["ProcessingJobStatus"] == "Stopped"
    assert faults.left_behind() == []


DRIVEN = """
#!/bin/bash
set -x
python3 - <<'END'
import subprocess, sys, traceback
SCRIPT = 'print("reading"); raise ValueError("column age is missing")'
def execute_commands():
    subprocess.run([sys.executable, "-c", SCRIPT], check=True, stderr=subprocess.STDOUT)
try:
    execute_commands()
except subprocess.CalledProcessError as error:
    print(f"Command failed with exit code {error.returncode}. Traceback: {traceback.format_exc()}")
    open("/opt/ml/output/failure", "w").write(traceback.format_exc())
    sys.exit(1)
END
exit 1
"""


def test_a_script_under_the_sdks_driver_is_told_by_its_own_words(faults):
    """The driver's failure message says only that a command failed; the log knows why."""
    request = faults.training(DRIVEN.lstrip())
    request["AlgorithmSpecification"]["ContainerEntrypoint"] = ["/bin/bash", "/opt/ml/input/data/code/script.py"]
    reason = faults.broken("Training", request)
    assert "reading" in reason
    assert "ValueError: column age is missing" in reason
    assert "CalledProcessError" not in reason
