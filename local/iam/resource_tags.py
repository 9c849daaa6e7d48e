"""The tags of resources, as conditions on `aws:ResourceTag` ask for them."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from local.services import Services

_BY_ARN: Final = {"cloudwatch": "ResourceARN", "events": "ResourceARN", "logs": "resourceArn", "sns": "ResourceArn"}
"""Services whose ListTagsForResource takes an ARN, and in which member."""


class ResourceTags:
    """Asks each service in its own way. Slow, and seldom asked: only where a policy does."""

    def __init__(self, services: Services) -> None:
        self._client, self._state = services.client, services.state

    def of(self, arn: str) -> dict[str, str]:
        """The tags of a resource; none for what does not exist or bears none."""
        fields = arn.split(":", 5)
        if len(fields) < 6:
            return {}
        with contextlib.suppress(ClientError, LookupError):
            return self._of(arn, service=fields[2], name=fields[5])
        return {}

    def of_object(self, params: Mapping[str, Any]) -> dict[str, str]:
        """The tags of the object that a request of S3 is about."""
        version = {"VersionId": params["VersionId"]} if params.get("VersionId") else {}
        with contextlib.suppress(ClientError, LookupError):
            found = self._client("s3").get_object_tagging(Bucket=params["Bucket"], Key=params["Key"], **version)
            return _pairs(found["TagSet"])
        return {}

    def _of(self, arn: str, *, service: str, name: str) -> dict[str, str]:
        client = self._client
        match service:
            case "sagemaker":
                return dict(self._state.table("sagemaker.tags").get(arn, {}))
            case "s3":
                return _pairs(client("s3").get_bucket_tagging(Bucket=name.partition("/")[0])["TagSet"])
            case "lambda":
                entry = self._state.table("functions.entries").get(name.split(":")[1])
                return dict(entry.tags) if entry is not None else {}
            case "kms":
                return _pairs(client("kms").list_resource_tags(KeyId=arn)["Tags"], key="TagKey", value="TagValue")
            case "dynamodb":
                return _pairs(client("dynamodb").list_tags_of_resource(ResourceArn=arn)["Tags"])
            case "cloudformation":
                return _pairs(client("cloudformation").describe_stacks(StackName=arn)["Stacks"][0].get("Tags", []))
            case "secretsmanager":
                return _pairs(client("secretsmanager").describe_secret(SecretId=arn).get("Tags", []))
        return self._of_others(arn, service=service, name=name)

    def _of_others(self, arn: str, *, service: str, name: str) -> dict[str, str]:
        client = self._client
        if service == "iam" and name.startswith("role/"):
            return _pairs(client("iam").list_role_tags(RoleName=name.rpartition("/")[2])["Tags"])
        if service == "sqs":
            url = client("sqs").get_queue_url(QueueName=name)["QueueUrl"]
            return dict(client("sqs").list_queue_tags(QueueUrl=url).get("Tags", {}))
        if service == "ssm":
            named = f"/{name.partition('parameter/')[2]}"
            given = client("ssm").list_tags_for_resource(ResourceType="Parameter", ResourceId=named)
            return _pairs(given["TagList"])
        if service in _BY_ARN:
            given = client(service).list_tags_for_resource(**{_BY_ARN[service]: arn.partition(":log-stream:")[0]})
            tags = given.get("Tags", given.get("tags", []))
            return dict(tags) if isinstance(tags, dict) else _pairs(tags)
        return {}


def _pairs(tags: Any, *, key: str = "Key", value: str = "Value") -> dict[str, str]:
    return {str(tag[key]): str(tag[value]) for tag in tags}
