"""What MLflow's REST API says no with (MLflow REST API; the codes are those of its databricks.proto).

AwsError
├── missing()   RESOURCE_DOES_NOT_EXIST, 404
├── taken()     RESOURCE_ALREADY_EXISTS, 400
└── invalid()   INVALID_PARAMETER_VALUE, 400
"""

from __future__ import annotations

from local.errors import AwsError


def missing(message: str) -> AwsError:
    """The error for what is not there."""
    return AwsError("RESOURCE_DOES_NOT_EXIST", message, status=404)


def taken(message: str) -> AwsError:
    """The error for a name that is in use."""
    return AwsError("RESOURCE_ALREADY_EXISTS", message)


def invalid(message: str) -> AwsError:
    """The error for what a request may not say."""
    return AwsError("INVALID_PARAMETER_VALUE", message)
