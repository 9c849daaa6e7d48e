"""What the content of a model card may be (Developer Guide, "Model card JSON schema"), as data and a check of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from local.errors import ValidationError


@dataclass(frozen=True)
class Text:
    """A string, of a few values where these are given."""

    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Number:
    """A number."""


@dataclass(frozen=True)
class Anything:
    """Whatever JSON has."""


@dataclass(frozen=True)
class Many:
    """A list of at most so many items."""

    item: Any
    most: int | None = None


@dataclass(frozen=True)
class Table:
    """An object of any keys."""

    value: Any


_TEXT: Final = Text()
_METRIC: Final = {
    "name": _TEXT,
    "notes": _TEXT,
    "type": Text(("number", "string", "boolean", "linear_graph", "bar_chart", "matrix")),
    "value": Anything(),
    "x_axis_name": Anything(),
    "y_axis_name": Anything(),
}
_NAMED_VALUE: Final = {"name": _TEXT, "value": _TEXT}
_JOB: Final = {
    "training_arn": _TEXT,
    "training_datasets": Many(_TEXT, 15),
    "training_environment": {"container_image": Many(_TEXT, 15)},
    "training_metrics": Many({"name": _TEXT, "value": Number(), "notes": _TEXT}, 50),
    "user_provided_training_metrics": Many({"name": _TEXT, "value": Number(), "notes": _TEXT}, 50),
    "hyper_parameters": Many(_NAMED_VALUE, 100),
    "user_provided_hyper_parameters": Many(_NAMED_VALUE, 100),
}
_OBJECTIVE: Final = {
    "function": {"function": Text(("Maximize", "Minimize")), "facet": _TEXT, "condition": _TEXT},
    "notes": _TEXT,
}
_PACKAGE: Final = {
    "model_package_description": _TEXT,
    "model_package_arn": _TEXT,
    "created_by": {"user_profile_name": _TEXT},
    "model_package_status": Text(("Pending", "InProgress", "Completed", "Failed", "Deleting")),
    "model_approval_status": Text(("Approved", "Rejected", "PendingManualApproval")),
    "approval_description": _TEXT,
    "model_package_group_name": _TEXT,
    "model_package_name": _TEXT,
    "model_package_version": Number(),
    "domain": _TEXT,
    "task": _TEXT,
    "source_algorithms": Many({"algorithm_name": _TEXT, "model_data_url": _TEXT}),
    "inference_specification": {
        "containers": Many({"model_data_url": _TEXT, "image": _TEXT, "nearest_model_name": _TEXT})
    },
}
SCHEMA: Final[Mapping[str, Any]] = {
    "model_overview": {
        "model_description": _TEXT,
        "model_creator": _TEXT,
        "model_artifact": Many(_TEXT, 15),
        "algorithm_type": _TEXT,
        "problem_type": _TEXT,
        "model_owner": _TEXT,
        "model_id": _TEXT,
        "model_name": _TEXT,
        "model_version": Anything(),
        "inference_environment": {"container_image": Many(_TEXT, 15)},
    },
    "model_package_details": _PACKAGE,
    "intended_uses": {
        "purpose_of_model": _TEXT,
        "intended_uses": _TEXT,
        "factors_affecting_model_efficiency": _TEXT,
        "risk_rating": Text(("High", "Medium", "Low", "Unknown")),
        "explanations_for_risk_rating": _TEXT,
    },
    "business_details": {"business_problem": _TEXT, "business_stakeholders": _TEXT, "line_of_business": _TEXT},
    "training_details": {
        "objective_function": _OBJECTIVE,
        "training_observations": _TEXT,
        "training_job_details": _JOB,
    },
    "evaluation_details": Many(
        {
            "name": _TEXT,
            "evaluation_observation": _TEXT,
            "evaluation_job_arn": _TEXT,
            "datasets": Many(_TEXT, 10),
            "metadata": Table(_TEXT),
            "metric_groups": Many({"name": _TEXT, "metric_data": Many(_METRIC)}),
        }
    ),
    "additional_information": {
        "ethical_considerations": _TEXT,
        "caveats_and_recommendations": _TEXT,
        "custom_details": Table(_TEXT),
    },
}


def check(content: str) -> None:
    """Refuse content that is not JSON or has what no card may have. Raises ValidationError."""
    try:
        document = json.loads(content)
    except ValueError as error:
        raise ValidationError(f"Model card content is not valid JSON: {error}") from error
    wrong = list(_broken(SCHEMA, document, at="content"))
    if wrong:
        raise ValidationError(f"Model card content does not match the model card schema: {'; '.join(wrong)}")


def _broken(schema: Any, value: Any, *, at: str) -> Iterator[str]:
    if isinstance(schema, Mapping):
        yield from _broken_object(schema, value, at=at)
    elif isinstance(schema, Many):
        if not isinstance(value, list):
            yield f"{at} must be a list"
            return
        if schema.most is not None and len(value) > schema.most:
            yield f"{at} has more than {schema.most} items"
        for number, item in enumerate(value):
            yield from _broken(schema.item, item, at=f"{at}[{number}]")
    elif isinstance(schema, Table):
        if not isinstance(value, dict):
            yield f"{at} must be an object"
            return
        for key, item in value.items():
            yield from _broken(schema.value, item, at=f"{at}.{key}")
    else:
        yield from _broken_scalar(schema, value, at=at)


def _broken_object(schema: Mapping[str, Any], value: Any, *, at: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{at} must be an object"
        return
    for key, item in value.items():
        if key not in schema:
            yield f"{at} may not have {key!r}"
        else:
            yield from _broken(schema[key], item, at=f"{at}.{key}")


def _broken_scalar(schema: Any, value: Any, *, at: str) -> Iterator[str]:
    if isinstance(schema, Text):
        if not isinstance(value, str):
            yield f"{at} must be a string"
        elif schema.values and value not in schema.values:
            yield f"{at} must be one of {', '.join(schema.values)}"
    elif isinstance(schema, Number) and (isinstance(value, bool) or not isinstance(value, int | float)):
        yield f"{at} must be a number"
