"""boto3 with SageMaker: every waiter that a registry and an endpoint need, and paginators over small pages."""

import json
import sys
from pathlib import Path

import boto3
from botocore.exceptions import ClientError, WaiterError

NAME = "boto3"
SOON = {"Delay": 1, "MaxAttempts": 60}

sagemaker = boto3.client("sagemaker")
image, role = sys.argv[2:]


def pages(operation, key, **arguments):
    """The sizes of the pages, of two each, and what was on them."""
    found = sagemaker.get_paginator(operation).paginate(**arguments, PaginationConfig={"PageSize": 2})
    read = [page[key] for page in found]
    return [len(page) for page in read], [item for page in read for item in page]


def groups():
    """Five groups, paged and sorted."""
    for number in range(5):
        sagemaker.create_model_package_group(ModelPackageGroupName=f"{NAME}-{number}")
    arguments = {"NameContains": f"{NAME}-", "SortBy": "Name", "SortOrder": "Descending"}
    sizes, found = pages("list_model_package_groups", "ModelPackageGroupSummaryList", **arguments)
    return {"sizes": sizes, "names": [group["ModelPackageGroupName"] for group in found]}


def waiters():
    """What waiters say of an endpoint that is not there, and of a job that fails."""
    said = {}
    sagemaker.get_waiter("endpoint_deleted").wait(EndpointName="nobody", WaiterConfig=SOON)
    said["deleted"] = "at once"
    try:
        sagemaker.get_waiter("endpoint_in_service").wait(EndpointName="nobody", WaiterConfig=SOON)
    except WaiterError as error:
        said["in service"] = error.last_response["Error"]["Code"]
    sagemaker.create_processing_job(
        ProcessingJobName=f"{NAME}-fails",
        RoleArn=role,
        AppSpecification={"ImageUri": image, "ContainerEntrypoint": ["python3", "-c", "raise SystemExit(3)"]},
        ProcessingResources={
            "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 10}
        },
    )
    try:
        sagemaker.get_waiter("processing_job_completed_or_stopped").wait(
            ProcessingJobName=f"{NAME}-fails", WaiterConfig=SOON
        )
    except WaiterError as error:
        said["job"] = error.last_response["ProcessingJobStatus"]
    return said


def errors():
    """Error codes of what clients catch."""
    said = {}
    for name, call in {
        "missing": lambda: sagemaker.describe_endpoint(EndpointName="nobody"),
        "invalid": lambda: sagemaker.create_model_package_group(ModelPackageGroupName="no spaces"),
        "twice": lambda: sagemaker.create_model_package_group(ModelPackageGroupName=f"{NAME}-0"),
    }.items():
        try:
            call()
        except ClientError as error:
            said[name] = error.response["Error"]["Code"]
    return said


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps({"groups": groups(), "waiters": waiters(), "errors": errors()}))
