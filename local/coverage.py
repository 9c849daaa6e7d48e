"""What the local cloud does and what it refuses, written from the running code: `python -m local.coverage`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from local.cloud import LocalCloud
from local.cloudformation.resources import CATALOGUE
from local.front import Family
from local.sagemaker.pipelines.parsing import SUPPORTED

PAGE = Path(__file__).parent / "COVERAGE.md"
_REGION = "eu-west-1"

_LEFT_TO_MOTO = "S3, IAM, STS, KMS, SNS, SQS, SSM, DynamoDB, ECR, Logs, Secrets Manager"

_NOTES: Mapping[str, tuple[str, ...]] = {
    "cloudformation": (
        "AWS does not say what its handler of endpoints makes of a deployment that SageMaker takes back.",
        "`sluice up --rollbacks` chooses what is played:",
        "",
        "- `unnoticed` (default): the update is complete, and the endpoint serves its old configuration",
        "- `noticed`: the endpoint's update fails and the stack is rolled back; the endpoint has been already",
        "- `noticed-again`: as before, and the rollback deploys the old configuration once more",
        "- `stuck`: SageMaker refuses that; `ContinueUpdateRollback` that skips the endpoint goes on",
        "",
        "A role of a stack is kept and shown; what it may do is not judged.",
    ),
    "events": (
        "Rules of the default bus, by pattern, rate and six fields of cron. A rate counts from when its rule was put",
        "or enabled.",
    ),
    "scheduler": (
        "Schedules by rate, cron and at, in their time zones; targets are functions, queues and topics, called with",
        "the credentials of the schedule's role. The role must trust the service; what it may do is not judged.",
        "Universal targets, other templated ones and keys of one's own are refused by name.",
    ),
    "application-autoscaling": (
        "Variants of endpoints that follow `SageMakerVariantInvocationsPerInstance`. Each minute of the clock the sums",
        "of the last minutes are compared with the target: three over it scale out, fifteen under nine tenths of it",
        "scale in, minutes without data do neither. Limits, cooldowns and suspension hold; an endpoint that is being",
        "updated is left alone. No CloudWatch alarms are made for it, a scaling out that is still cooling down is not",
        "enlarged, and other services, metrics and kinds of policies are refused by name.",
    ),
}
"""What a service's list of operations does not say, by its name."""


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
        if family.name in _NOTES:
            yield ""
            yield from _NOTES[family.name]


def _resource_types() -> Iterator[str]:
    yield "\n## Resource types of a stack\n"
    yield "A property of these types that is not known here is refused by name too.\n"
    yield ", ".join(f"`{name}`" for name in sorted(CATALOGUE))


def _step_types() -> Iterator[str]:
    yield "\n## Step types of a pipeline\n"
    yield ", ".join(sorted(SUPPORTED))


if __name__ == "__main__":
    main()
