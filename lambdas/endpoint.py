"""A model's endpoint as SageMaker describes it: whether it is there, at rest, and what it serves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdas.journal import Journal
from lambdas.place import endpoint_name
from lambdas.records import Outcome

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.type_defs import DescribeEndpointOutputTypeDef


def describe(model: str, *, stage: str, sagemaker: SageMakerClient) -> DescribeEndpointOutputTypeDef | None:
    """DescribeEndpoint's answer, None when there is no endpoint."""
    try:
        return sagemaker.describe_endpoint(EndpointName=endpoint_name(model, stage=stage))
    except sagemaker.exceptions.ClientError as error:
        # SageMaker says "not found" with a ValidationException: "Could not find endpoint …".
        if "Could not find endpoint" in str(error):
            return None
        raise


def serving(journal: Journal, endpoint: DescribeEndpointOutputTypeDef | None) -> Outcome | None:
    """The outcome of the release that serves: the endpoint's config, looked up in the ledger.

    A deployment of the stack may have replaced the config a moment ago, before anybody wrote it down: as long as no
    release is under way, a config that the ledger does not know is that of the release that was deployed last.
    """
    if endpoint is None:
        return None
    known = journal.served_by(endpoint.get("EndpointConfigName"))
    return known or (None if journal.open else journal.last_deployed)
