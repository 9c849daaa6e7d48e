"""Who signed a request: the key, the region and the service, wherever a client puts them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from werkzeug.wrappers import Request

_SCOPE = re.compile(r"Credential=(?P<key>[^/,\s]+)/\d{8}/(?P<region>[^/]+)/(?P<service>[^/,\s]+)/aws4_request")
_VERSION_2 = re.compile(r"AWS (?P<key>[^:/\s]+):\S+")

SERVICES: Final[Mapping[str, tuple[str, ...]]] = {
    "apigateway": ("apigateway", "apigatewayv2"),
    "bedrock": ("bedrock", "bedrock-agent", "bedrock-agent-runtime", "bedrock-runtime"),
    "dynamodb": ("dynamodb", "dynamodbstreams"),
    "elasticfilesystem": ("efs",),
    "elasticloadbalancing": ("elbv2", "elb"),
    "elasticmapreduce": ("emr",),
    "es": ("opensearch", "es"),
    "forecast": ("forecast", "forecastquery"),
    "iotdata": ("iot-data",),
    "kinesisanalytics": ("kinesisanalyticsv2", "kinesisanalytics"),
    "monitoring": ("cloudwatch",),
    "personalize": ("personalize", "personalize-events", "personalize-runtime"),
    "rds": ("rds", "docdb", "neptune"),
    "sagemaker": (
        "sagemaker",
        "sagemaker-runtime",
        "sagemaker-metrics",
        "sagemaker-featurestore-runtime",
        "sagemaker-a2i-runtime",
        "sagemaker-edge",
    ),
    "ses": ("sesv2", "ses"),
    "sso": ("sso-admin",),
    "states": ("stepfunctions",),
    "tagging": ("resourcegroupstaggingapi",),
    "timestream": ("timestream-write", "timestream-query"),
}
"""botocore's names of the services that sign with another name than their own, or share theirs with others."""


@dataclass(frozen=True)
class Scope:
    """The credential scope of a signed request (Signature Version 4)."""

    access_key_id: str
    region: str
    signing_name: str

    @classmethod
    def of(cls, request: Request) -> Scope | None:
        """The scope in the Authorization header, or in a presigned URL; None when the request is not signed.

        Version 2, which only S3 still takes and boto3's presigned URLs still use, names neither region nor service.
        A form that a web page sends to S3 has the scope among its fields.
        """
        header = request.headers.get("Authorization", "")
        if found := _SCOPE.search(header or f"Credential={request.args.get('X-Amz-Credential', '')}"):
            return cls(found["key"], found["region"], found["service"])
        if found := _VERSION_2.fullmatch(header):
            return cls(found["key"], "", "s3")
        if key := request.args.get("AWSAccessKeyId") if "Signature" in request.args else None:
            return cls(key, "", "s3")
        return None if header or request.mimetype != "multipart/form-data" else cls._of_form(request)

    @property
    def header(self) -> str:
        """An Authorization header that says this and nothing else."""
        if not self.region:
            return f"AWS {self.access_key_id}:unchecked"
        scope = f"{self.access_key_id}/20260101/{self.region}/{self.signing_name}/aws4_request"
        return f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=unchecked"

    @classmethod
    def _of_form(cls, request: Request) -> Scope | None:
        fields = {name.lower(): value for name, value in request.form.items()}
        found = _SCOPE.search(f"Credential={fields.get('x-amz-credential', '')}")
        return cls(found["key"], found["region"], found["service"]) if found else None
