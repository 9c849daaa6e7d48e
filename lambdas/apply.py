"""The only function that may update a serving stack: it checks what it is asked and passes on three parameters."""

from __future__ import annotations

import functools
import json
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lambdas.errors import RequestError
from lambdas.settings import from_environ

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import ParameterTypeDef
    from mypy_boto3_sagemaker import SageMakerClient

_log = logging.getLogger(__name__)
_log.setLevel(logging.INFO)

_STACK_POLICY: Final = {
    # A forgotten parameter must fail an update instead of deleting what serves.
    "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "Update:*", "Resource": "*"},
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["Update:Delete", "Update:Replace"],
            "Resource": "*",
            "Condition": {"StringEquals": {"ResourceType": ["AWS::SageMaker::Endpoint"]}},
        },
    ]
}

_ALREADY: Final = {
    "No updates are to be performed": "unchanged",
    # Two deliveries of one event may get here together: CloudFormation lets one in.
    "can not be updated": "busy",
    "TokenAlreadyExistsException": "busy",
}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The function's environment: the stage whose stacks it updates, where they are, and the ledger's table."""

    stage: str
    account: str
    region: str
    ledger: str


@dataclass(frozen=True, kw_only=True)
class Clients:
    """The AWS clients this function uses."""

    cloudformation: CloudFormationClient
    sagemaker: SageMakerClient


@functools.cache
def live() -> Clients:
    """Clients of the account the function runs in."""
    import boto3

    return Clients(cloudformation=boto3.client("cloudformation"), sagemaker=boto3.client("sagemaker"))


def handler(event: dict[str, Any], context: object, *, clients: Callable[[], Clients] = live) -> dict[str, str]:
    """Update one serving stack to one approved package. `event` has `model`, `package_arn` and `release_id`.

    Gives `outcome`: `started`, `unchanged` when the stack has these parameters already, or `busy` when it is being
    updated: the event that ends that update asks again.
    Raises RequestError when the package is not an approved one of the model's own group.
    """
    settings = from_environ(Settings, os.environ)
    _check(event, clients().sagemaker)
    outcome = _update(event, settings, clients().cloudformation)
    _log.info("applied", extra={**event, "outcome": outcome})
    return {"outcome": outcome}


def _check(request: dict[str, Any], sagemaker: SageMakerClient) -> None:
    package = sagemaker.describe_model_package(ModelPackageName=request["package_arn"])
    if package["ModelPackageGroupName"] != request["model"]:
        raise RequestError(f"{request['package_arn']} is not a package of {request['model']}")
    if package.get("ModelApprovalStatus") != "Approved":
        raise RequestError(f"{request['package_arn']} is {package.get('ModelApprovalStatus')}, not Approved")


def _update(request: dict[str, Any], settings: Settings, cloudformation: CloudFormationClient) -> str:
    model, stage = request["model"], settings.stage
    stack = f"sluice-{stage}-serving-{model}"
    given = {
        "ModelPackageArn": request["package_arn"],
        "ReleaseId": request["release_id"],
        "Rollout": "guarded",
    }
    known = cloudformation.describe_stacks(StackName=stack)["Stacks"][0].get("Parameters", [])
    parameters: list[ParameterTypeDef] = [{"ParameterKey": k, "ParameterValue": v} for k, v in given.items()]
    kept = [parameter["ParameterKey"] for parameter in known if parameter["ParameterKey"] not in given]
    parameters += [{"ParameterKey": key, "UsePreviousValue": True} for key in kept]
    try:
        cloudformation.update_stack(
            StackName=stack,
            UsePreviousTemplate=True,
            Parameters=parameters,
            RoleARN=f"arn:aws:iam::{settings.account}:role/sluice-{stage}-deploy-{model}",
            StackPolicyBody=json.dumps(_STACK_POLICY),
            ClientRequestToken=request["release_id"],
        )
    except cloudformation.exceptions.ClientError as error:
        for phrase, outcome in _ALREADY.items():
            if phrase in str(error):
                return outcome
        raise
    return "started"
