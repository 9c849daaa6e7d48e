"""What the local cloud does and what it refuses, written from the running code: `python -m local.coverage`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from local.cloud import LocalCloud
from local.cloudformation.resources import CATALOGUE
from local.front import Family
from local.sagemaker.pipelines.parsing import SUPPORTED
from local.sagemaker.plain.absent import Absent
from local.sagemaker.plain.refused import Refused
from local.sagemaker.structural import Kept

PAGE = Path(__file__).parent / "COVERAGE.md"
_REGION = "eu-west-1"

_LEFT_TO_MOTO = "S3, IAM, STS, KMS, SNS, SQS, SSM, DynamoDB, ECR, Logs, Secrets Manager"

SORTS: Final[Mapping[str, str]] = {
    "behaves": "what AWS documents of it happens, with its errors",
    "stored": "records are kept, shown, listed, changed and deleted whole; nothing else happens",
    "nothing there": "told as AWS tells it of what does not exist, because what would make it is refused",
    "left to moto": "answered by moto as it is, once the caller's rights are judged",
    "refused": "answered with `UnsupportedLocally` and its name, never waved through",
}
"""What may come of an operation."""

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
        "A stack's role does all that its operations do; without one, whoever started the operation does.",
    ),
    "sagemaker": (
        "What is stored is there at once: where AWS shows Creating or Pending first, a resource here has its settled",
        "status from the beginning. Lists filter, sort and page by every member that the model gives them. What would",
        "have to run something that does not run here is refused at its Create; the other operations on it say,",
        "rightly, that there is nothing: not found, and empty lists.",
        "",
        "- Transform jobs put a model server behind every object of a prefix; data processing, capture, manifests and",
        "  several instances are refused by name.",
        "- Of training jobs, what debugger, profiler, spot capacity, warm pools, retries and MLflow are asked for is",
        "  kept and shown; nothing comes of it.",
        "- Monitoring schedules run by their hours on the cloud's clock, and NOW at once, over what an endpoint has",
        "  captured: a processing job, and for late labels one before that merges them by inference id. Sluice's own",
        "  analyzer plays those of Model Monitor and Clarify: verdicts are its, in AWS's files, exit messages and",
        "  metrics. A turn is punctual (AWS is up to twenty minutes late). Labels count until the turn; of",
        "  more than six hours whole days come in. Preprocessing scripts, several values of a facet, batch",
        "  transforms and partial dependence plots are refused. AWS documents neither the alert's name nor what a",
        "  schedule is that is deleted while its last execution runs: here `default`, and Pending.",
        "- Lineage is written by itself of training, processing and transform jobs, versioned packages and",
        "  deployments.",
        "- Offline stores of feature groups are Parquet files under AWS's folders; no Glue table is made of them.",
        "- Tuning jobs search by grid, at random and, through Optuna, by Bayesian optimization; Hyperband, Autotune",
        "  and CompleteOnConvergence are refused by name. AWS documents neither its scale Auto nor its optimizer.",
        "- Steps of pipelines are retried by their policies; faults and throttling of calls also without one, as on",
        "  AWS, five times here. A failure that a step waits for (DependsOn with a Trigger) lets an execution go on.",
        "- QualityCheck and ClarifyCheck steps follow baselines and flags; Sluice's analyzer plays the images.",
    ),
    "sagemaker-mlflow": (
        "MLflow's REST API, answered from this cloud's state. Its model is in `local/mlflow/api`.",
        "Experiments, runs, metrics with their histories, data sets, logged models and lists of artifacts behave;",
        "searches have MLflow's filters and orders. Signed requests name their server",
        "in a header; clients that do not sign find it at `<cloud>/_mlflow/<server>`, as the account's administrator.",
        "A browser there gets MLflow's own pages, served by MLflow from an environment that the first visit makes.",
    ),
    "sagemaker-runtime": (
        "Asynchronous answers go to S3 and to topics; how many are sought at once is this machine's choice.",
    ),
    "events": (
        "Rules of the default bus, by pattern, rate and six fields of cron. A rate counts from when its rule was put",
        "or enabled.",
    ),
    "lambda": (
        "Functions in Python, each in a process of its own under its role, with layers, aliases and URLs. "
        "The account has the layer `sluice-analysis:1` from the start: links to the kit's numpy, orjson, pyarrow.",
        "",
        "- Handlers that the AWS CDK ships run as stand-ins, written in Python: emptying buckets and repositories,",
        "  bucket deployments, AwsCustomResource, log retention, the provider framework. They are known by their",
        "  packages, which hold the files of the CDK's build and none else. Any other JavaScript is refused by name.",
    ),
    "scheduler": (
        "Schedules by rate, cron and at, in their time zones; targets are functions, queues and topics, called with",
        "the credentials of the schedule's role, which must trust the service and have the right.",
        "Universal targets, other templated ones and keys of one's own are refused by name.",
    ),
    "iam": (
        "Every request with keys that IAM or STS issued here is judged by all policies that have a say: of the role,",
        "user and groups, boundary, session, and the resource's own (buckets, keys, queues, topics, functions, tables,",
        "secrets, repositories, model package groups, the trust of roles), with all elements, operators and variables",
        "of the language. Which actions, resources and condition keys a request has follows the Service Authorization",
        "Reference for the services in this table and S3, SSM, SQS, SNS, DynamoDB, KMS, Logs, ECR, Secrets Manager,",
        "Step Functions, IAM and STS; of other services' requests, the action and the ARN that they name. Passing a",
        "role, giving tags, and the keys of what is encrypted take their rights too.",
        "",
        "- Any other key is the account's administrator, whom only a resource's policy can shut out.",
        "- Refused by name: PolicyArns and Tags of AssumeRole, GetSessionToken of users, boundaries of users.",
        "- Not here: policies of organisations and VPC endpoints, session tags.",
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


def sorts(family: Family) -> dict[str, list[str]]:
    """The operations of a family by what comes of them: the keys are those of SORTS, in their order."""
    found: dict[str, list[str]] = {sort: [] for sort in SORTS}
    for operation in sorted(family.model.operation_names):
        found[_sort(family, operation)].append(operation)
    return found


def _sort(family: Family, operation: str) -> str:
    handler = family.handlers.get(operation)
    if handler is None and family.shared:
        return "left to moto"
    if handler is None or isinstance(handler, Refused):
        return "refused"
    if isinstance(handler, Absent):
        return "nothing there"
    return "stored" if isinstance(handler, Kept) else "behaves"


def _head(families: list[Family]) -> Iterator[str]:
    yield "# What the local cloud does"
    yield ""
    yield "Written by `python -m local.coverage` from the code that answers; a test holds it to that."
    yield ""
    yield "A request to a service in the table is validated against botocore's model of it, and then"
    yield ""
    yield from (f"- **{sort}**: {meaning}" for sort, meaning in SORTS.items())
    yield ""
    yield "Every other service is moto's:"
    yield f"{_LEFT_TO_MOTO} are those that Sluice uses."
    yield ""
    yield f"| service | operations it has | {' | '.join(SORTS)} |"
    yield f"|---|---|{'---|' * len(SORTS)}"
    for family in families:
        counts = [str(len(operations)) for operations in sorts(family).values()]
        yield f"| {family.name} | {len(family.model.operation_names)} | {' | '.join(counts)} |"


def _operations(families: list[Family]) -> Iterator[str]:
    for family in families:
        yield f"\n## {family.name}"
        if family.name in _NOTES:
            yield ""
            yield from _NOTES[family.name]
        for sort, operations in sorts(family).items():
            if operations:
                yield f"\n**{sort}** ({len(operations)})\n"
            if sort != "left to moto":
                yield from _list(family, operations)


def _list(family: Family, operations: list[str]) -> Iterator[str]:
    reasons = {name: _reason(family, name) for name in operations}
    plain = [name for name, reason in reasons.items() if not reason]
    if plain:
        yield ", ".join(plain)
    if len(plain) < len(operations):
        yield "| operation | because |"
        yield "|---|---|"
        yield from (f"| {name} | {reason} |" for name, reason in reasons.items() if reason)


def _reason(family: Family, operation: str) -> str:
    handler = family.handlers.get(operation)
    return handler.reason if isinstance(handler, Refused) else ""


def _resource_types() -> Iterator[str]:
    yield "\n## Resource types of a stack\n"
    yield "A property of these types that is not known here is refused by name too.\n"
    yield ", ".join(f"`{name}`" for name in sorted(CATALOGUE))


def _step_types() -> Iterator[str]:
    yield "\n## Step types of a pipeline\n"
    yield ", ".join(sorted(SUPPORTED))


if __name__ == "__main__":
    main()
