"""Carries a decision out: writes it down, asks `apply`, puts a metric, changes the registry, or tells people."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from lambdas import checks, measuring
from lambdas.actions import Action, Append, Apply, Open, Recover, Reject, Tell, Undo, Wait
from lambdas.errors import LambdaError
from lambdas.ledger import Ledger
from lambdas.messages import message
from lambdas.place import endpoint_name
from lambdas.records import Abort, Outcome, Record, Refused, Started, Told
from lambdas.registry import last_change
from lambdas.situation import Situation

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sns import SNSClient

_DESCRIPTION_CHARACTERS: Final = 1024
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Hands:
    """What acting takes: the ledger, the clients, and where `apply` and people are."""

    stage: str
    apply_function: str
    topic: str
    ledger: Ledger
    cloudwatch: CloudWatchClient
    functions: LambdaClient
    s3: S3Client
    sagemaker: SageMakerClient
    sns: SNSClient


@dataclass(frozen=True, kw_only=True)
class Done:
    """What was done, in a few words; `ends` when there is nothing more to do now, `barred` what not to try again."""

    report: str
    ends: bool = False
    barred: frozenset[int] = frozenset()


def act(action: Action, situation: Situation, hands: Hands) -> Done:
    """Carry one decision out. Raises Conflict when somebody else wrote to the ledger first: nothing was done then."""
    match action:
        case Wait():
            return Done(report=f"waits: {action.reason}", ends=True)
        case Append():
            return _append(action.record, situation, hands)
        case Open():
            return _open(action, situation, hands)
        case Apply():
            return _apply(action, situation, hands)
        case Undo():
            return _undo(action, hands)
        case Recover():
            return _recover(action, situation, hands)
        case Reject():
            return _reject(action, hands)
        case Tell():
            return _tell(action, situation, hands)


def _append(record: Record, situation: Situation, hands: Hands) -> Done:
    journal = hands.ledger.append(situation.journal, record)
    if isinstance(record, Outcome):
        endpoint = endpoint_name(journal.model, stage=hands.stage)
        measuring.put(record, situation, endpoint=endpoint, cloudwatch=hands.cloudwatch)
    return Done(report=f"wrote {record.kind}")


def _open(action: Open, situation: Situation, hands: Hands) -> Done:
    """Open a release, or refuse it when its approval does not hold."""
    journal, release = situation.journal, action.release
    if not action.check:
        hands.ledger.append(journal, release)
        return Done(report=f"opened a release of version {release.version}")
    approval = checks.examine(
        release.package_arn,
        approved_by=release.approved_by,
        approved_at=action.approved_at,
        now=situation.now,
        policy=situation.policy,
        hands=checks.Hands(sagemaker=hands.sagemaker, s3=hands.s3),
    )
    if approval.refusal is None:
        found = replace(release, approved_by=approval.approved_by, trained_by=approval.trained_by)
        hands.ledger.append(journal, found)
        return Done(report=f"opened a release of version {release.version}")
    # Also when it was refused for the same reason before: that this approval was looked at must be known, or its
    # artefact would be read again at every event.
    refused = Refused(version=release.version, reason=approval.refusal, modified=approval.modified)
    hands.ledger.append(journal, refused)
    return Done(report=f"refused version {release.version}: {refused.reason}", barred=frozenset({release.version}))


def _apply(action: Apply, situation: Situation, hands: Hands) -> Done:
    release = action.release
    answer = _ask({"model": situation.journal.model, "release_id": release.release_id}, hands)
    if answer["outcome"] == "started":
        hands.ledger.append(situation.journal, Started(release_id=release.release_id))
    elif answer["outcome"] == "refused":
        abort = Abort(release_id=release.release_id, reason=answer["reason"], by="sluice")
        hands.ledger.append(situation.journal, abort)
    return Done(report=f"asked for {release.release_id}: {answer['outcome']}", ends=True)


def _undo(action: Undo, hands: Hands) -> Done:
    """SageMaker obeys the abort alarm, and no API: one point a minute while the deployment is under way."""
    hands.cloudwatch.put_metric_data(
        Namespace="Sluice/Release",
        MetricData=[
            {
                "MetricName": "Abort",
                "Dimensions": [{"Name": "EndpointConfigName", "Value": action.config}],
                "Value": 1,
                "Unit": "Count",
            }
        ],
    )
    return Done(report=f"asked to undo {action.config}: {action.reason}", ends=True)


def _recover(action: Recover, situation: Situation, hands: Hands) -> Done:
    record = action.record
    hands.ledger.append(situation.journal, record)
    request = {"model": situation.journal.model, "release_id": record.release_id, "recover": True}
    answer = _ask({**request, "skip": list(record.skipped)}, hands)
    return Done(report=f"asked to continue the stack's rollback: {answer['outcome']}", ends=True)


def _ask(request: Mapping[str, Any], hands: Hands) -> dict[str, Any]:
    answer = hands.functions.invoke(FunctionName=hands.apply_function, Payload=json.dumps(request))
    result: dict[str, Any] = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise LambdaError(f"{hands.apply_function} failed: {result.get('errorMessage')}")
    return result


def _reject(action: Reject, hands: Hands) -> Done:
    hands.sagemaker.update_model_package(
        ModelPackageArn=action.package.arn,
        ModelApprovalStatus="Rejected",
        ApprovalDescription=f"Vetoed in stage {hands.stage}: {action.evidence}"[:_DESCRIPTION_CHARACTERS],
    )
    return Done(report=f"rejected version {action.package.version} in the registry")


def _tell(action: Tell, situation: Situation, hands: Hands) -> Done:
    """Publish, at least once; a refusal stands on the package as well."""
    record = action.record
    said = message(record, situation, stage=hands.stage)
    hands.sns.publish(TopicArn=hands.topic, Subject=said.subject, Message=said.body)
    modified = _describe_refusal(record, situation, hands) if isinstance(record, Refused) else ""
    hands.ledger.append(situation.journal, Told(about=record.sequence, modified=modified))
    return Done(report=f"told people: {said.subject}")


def _describe_refusal(refused: Refused, situation: Situation, hands: Hands) -> str:
    """Write the reason on the package and give its LastModifiedTime after that.

    Empty where the package is another account's and may not be written, or is gone: the ledger has the reason.
    """
    arn = f"{situation.registry}:model-package/{situation.journal.model}/{refused.version}"
    text = f"Refused for stage {hands.stage}: {refused.reason}"[:_DESCRIPTION_CHARACTERS]
    try:
        if hands.sagemaker.describe_model_package(ModelPackageName=arn).get("ApprovalDescription") != text:
            hands.sagemaker.update_model_package(ModelPackageArn=arn, ApprovalDescription=text)
        package = hands.sagemaker.describe_model_package(ModelPackageName=arn)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("AccessDeniedException", "ValidationException"):
            raise
        _log.warning("could not write on the package", extra={"package": arn, "error": str(error)})
        return ""
    return last_change(package).isoformat()
