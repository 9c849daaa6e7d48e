"""What the local cloud does and what it refuses, written from the running code: `python -m local.coverage`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from local.cloud import LocalCloud
from local.cloudformation.resources import CATALOGUE
from local.front import Family
from local.sagemaker.pipelines.parsing import SUPPORTED

PAGE = Path(__file__).parent / "COVERAGE.md"
_REGION = "eu-west-1"

_LEFT_TO_MOTO = "S3, IAM, STS, KMS, SNS, SQS, SSM, DynamoDB, ECR, Logs, Secrets Manager"


def page(families: list[Family]) -> str:
    """The page, as Markdown."""
    return "\n".join([*_head(families), *_operations(families), *_resource_types(), *_step_types(), ""])


def families() -> list[Family]:
    """The families of a local cloud, as it answers for them."""
    with LocalCloud(region=_REGION) as cloud:
        return cloud.families


def main() -> None:
    """Write the page anew."""
    PAGE.write_text(page(families()), encoding="utf-8")


def _head(families: list[Family]) -> Iterator[str]:
    yield "# What the local cloud does"
    yield ""
    yield "Written by `python -m local.coverage` from the code that answers; a test holds it to that."
    yield ""
    yield "A request to a service in the table is validated against botocore's model of it. An operation that is not"
    yield "named is refused with `UnsupportedLocally` and its name, never waved through. Every other service is moto's:"
    yield f"{_LEFT_TO_MOTO} are those that Sluice uses."
    yield ""
    yield "| service | operations it has | answered here | refused by name |"
    yield "|---|---|---|---|"
    for family in families:
        total, answered = len(family.model.operation_names), len(family.handlers)
        yield f"| {family.name} | {total} | {answered} | {total - answered} |"


def _operations(families: list[Family]) -> Iterator[str]:
    for family in families:
        yield f"\n## {family.name}\n"
        yield ", ".join(sorted(family.handlers))


def _resource_types() -> Iterator[str]:
    yield "\n## Resource types of a stack\n"
    yield "A property of these types that is not known here is refused by name too.\n"
    yield ", ".join(f"`{name}`" for name in sorted(CATALOGUE))


def _step_types() -> Iterator[str]:
    yield "\n## Step types of a pipeline\n"
    yield ", ".join(sorted(SUPPORTED))


if __name__ == "__main__":
    main()
