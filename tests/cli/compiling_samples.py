"""Small definitions to compile, as the SDK would emit them, without the SDK."""

import copy

from cli.compiling import stand_ins

BUCKET = stand_ins.BUCKET
IMAGE = "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"


def processing(name, *, outputs=("train",), code=f"s3://{BUCKET}/m/code/1/step.py", **extra):
    """A processing step with one input, its code."""
    s3_output = {
        "LocalPath": "/opt/ml/processing/out",
        "S3UploadMode": "EndOfJob",
        "S3Uri": f"s3://{BUCKET}/{stand_ins.MODEL}/out",
    }
    s3_input = {"LocalPath": "/opt/ml/processing/input/code", "S3DataType": "S3Prefix", "S3Uri": code}
    return {
        "Name": name,
        "Type": "Processing",
        "Arguments": {
            "AppSpecification": {"ImageUri": IMAGE, "ContainerEntrypoint": ["python3", "step.py"]},
            "ProcessingInputs": [{"InputName": "code", "S3Input": s3_input}],
            "ProcessingOutputConfig": {
                "Outputs": [{"OutputName": output, "S3Output": copy.deepcopy(s3_output)} for output in outputs]
            },
            "ProcessingResources": {
                "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 30}
            },
            "RoleArn": stand_ins.ROLE,
        },
        **extra,
    }


def gate(name, *, then=(), otherwise=(), left=0.8):
    """A condition step with steps in its branches."""
    condition = {"Type": "GreaterThanOrEqualTo", "LeftValue": left, "RightValue": {"Get": "Parameters.MinAuc"}}
    return {
        "Name": name,
        "Type": "Condition",
        "Arguments": {"Conditions": [condition], "IfSteps": list(then), "ElseSteps": list(otherwise)},
    }


def fail(name, message="no"):
    """A fail step."""
    return {"Name": name, "Type": "Fail", "Arguments": {"ErrorMessage": message}}


def definition(*steps):
    """A pipeline of these steps with one parameter."""
    return {
        "Version": "2020-12-01",
        "Metadata": {},
        "Parameters": [{"Name": "MinAuc", "Type": "Float", "DefaultValue": 0.7}],
        "Steps": list(steps),
    }
