"""Resource policies of endpoints."""

from __future__ import annotations

import json
from typing import Any

from local.errors import AwsError, ValidationError
from local.front import Handler
from local.sagemaker.kinds import ENDPOINT
from local.sagemaker.resources import Record, Store
from local.sagemaker.structural import Kept
from local.wire import Call

Params = dict[str, Any]


def policies(store: Store) -> dict[str, Handler]:
    """PutEndpointPolicy, GetEndpointPolicy and DeleteEndpointPolicy."""

    def endpoint(params: Params, *, with_policy: bool = True) -> Record:
        try:
            record = store.get(ENDPOINT, params["EndpointName"])
        except AwsError as error:  # these operations declare an error that DescribeEndpoint does not
            raise AwsError("ResourceNotFound", error.message) from error
        if with_policy and "ResourcePolicy" not in record:
            raise AwsError("ResourceNotFound", f"Cannot find resource policy for: {record['EndpointArn']}")
        return record

    def change(record: Record, policy: str | None) -> Record:
        # The endpoint itself has not been modified.
        time = record["LastModifiedTime"]
        return store.change(ENDPOINT, record["EndpointName"], ResourcePolicy=policy, LastModifiedTime=time)

    def put(params: Params, _: Call) -> Params:
        try:
            json.loads(params["ResourcePolicy"])
        except ValueError as error:
            raise ValidationError(f"The resource policy is not valid JSON: {error}") from error
        return change(endpoint(params, with_policy=False), params["ResourcePolicy"])

    def show(params: Params, _: Call) -> Params:
        return endpoint(params)

    def delete(params: Params, _: Call) -> Params:
        change(endpoint(params), None)
        return {}

    return {"PutEndpointPolicy": Kept(put), "GetEndpointPolicy": Kept(show), "DeleteEndpointPolicy": Kept(delete)}
