"""What must survive: the key of a stage and its buckets."""

from __future__ import annotations

from aws_cdk import CfnOutput, Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from env import naming
from env.stage import Place, Stage
from infra import ledger
from infra.stack import StageStack

_REPORT_DAYS = 365
"""How long the reports of monitors are kept, which hold no request."""


class Storage(StageStack):
    """The key, and the buckets of artifacts, of captured requests, and of the access logs of both.

    Key and buckets outlive the stack: CloudFormation never deletes data.
    """

    def __init__(self, scope: Construct, *, stage: Stage) -> None:
        super().__init__(scope, stage=stage, capability="storage")
        self._stage = stage
        self.key = self._key()
        self.logs = self._logs()
        self.artifacts = self._bucket("Artifacts", naming.artifact_bucket(stage), rules=[_rest(days=None)])
        rules = [*_captured(stage), _rest(days=_REPORT_DAYS)]
        self.capture = self._bucket("Capture", naming.capture_bucket(stage), rules=rules)
        for place in _elsewhere(stage):
            self._lend(place)
        for place in ledger.followers_elsewhere(stage):
            self._open_ledger(place)
        CfnOutput(self, "ArtifactBucket", value=self.artifacts.bucket_name)
        CfnOutput(self, "CaptureBucket", value=self.capture.bucket_name)
        CfnOutput(self, "KeyArn", value=self.key.key_arn)

    def _key(self) -> kms.Key:
        key = kms.Key(
            self,
            "Key",
            description=f"Data of Sluice's stage {self._stage.name}",
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.RETAIN,
        )
        kms.CfnAlias(self, "Alias", alias_name=naming.key_alias(self._stage), target_key_id=key.key_arn)
        # Alarms tell people through a topic of the release stack, which is encrypted with this key.
        key.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=["*"],
                conditions={"StringEquals": {"aws:SourceAccount": self._stage.account}},
            )
        )
        return key

    def _logs(self) -> s3.Bucket:
        logs = s3.Bucket(
            self,
            "Logs",
            bucket_name=naming.log_bucket(self._stage),
            # Amazon S3 delivers access logs only to buckets that it encrypts with keys of its own.
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            versioned=True,
            lifecycle_rules=[
                s3.LifecycleRule(expiration=Duration.days(365), noncurrent_version_expiration=Duration.days(30))
            ],
            removal_policy=RemovalPolicy.RETAIN,
        )
        sources = [naming.artifact_bucket(self._stage), naming.capture_bucket(self._stage)]
        logs.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("logging.s3.amazonaws.com")],
                actions=["s3:PutObject"],
                resources=[logs.arn_for_objects("*")],
                conditions={
                    "ArnLike": {"aws:SourceArn": [f"arn:aws:s3:::{source}" for source in sources]},
                    "StringEquals": {"aws:SourceAccount": self._stage.account},
                },
            )
        )
        return logs

    def _bucket(self, construct_id: str, name: str, *, rules: list[s3.LifecycleRule]) -> s3.Bucket:
        """A bucket of data, whose objects expire by some rules."""
        bucket = s3.Bucket(
            self,
            construct_id,
            bucket_name=name,
            encryption=s3.BucketEncryption.KMS,
            encryption_key=self.key,
            bucket_key_enabled=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            versioned=True,
            lifecycle_rules=rules,
            removal_policy=RemovalPolicy.RETAIN,
        )
        self._log_access(bucket, prefix=f"{construct_id.lower()}/")
        return bucket

    def _log_access(self, bucket: s3.Bucket, *, prefix: str) -> None:
        """Log who reads and writes a bucket.

        S3 takes a target only when it may write there, so the target's policy comes first; the CDK's own way to say
        this lets that policy refer to the bucket, which would close a circle.
        """
        resource = bucket.node.default_child
        assert isinstance(resource, s3.CfnBucket)
        resource.logging_configuration = s3.CfnBucket.LoggingConfigurationProperty(
            destination_bucket_name=self.logs.bucket_name, log_file_prefix=prefix
        )
        if self.logs.policy is not None:
            bucket.node.add_dependency(self.logs.policy)

    def _lend(self, place: Place) -> None:
        """Let another stage's account read what was trained here: models, and what judges, probes, monitors."""
        reader = iam.AccountPrincipal(place.account)
        roles = [
            naming.serving_role(place, "*"),
            naming.function_role(place, "release"),
            naming.function_role(place, "watch"),
            naming.function_role(place, "monitor"),
            naming.monitor_job_role(place),
            naming.person_role(place, "approver"),
        ]
        lent = {"ArnLike": {"aws:PrincipalArn": [naming.role_arn(place, role) for role in roles]}}
        self.artifacts.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[reader],
                actions=["s3:GetObject"],
                resources=[self.artifacts.arn_for_objects(f"{model}/*") for model in self._stage.models],
                conditions=lent,
            )
        )
        # What of a baseline is there a monitor learns by listing it.
        monitors = [naming.function_role(place, "monitor"), naming.monitor_job_role(place)]
        self.artifacts.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[reader],
                actions=["s3:ListBucket"],
                resources=[self.artifacts.bucket_arn],
                conditions={
                    "ArnLike": {"aws:PrincipalArn": [naming.role_arn(place, role) for role in monitors]},
                    "StringLike": {"s3:prefix": [f"{model}/*" for model in self._stage.models]},
                },
            )
        )
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[reader],
                actions=["kms:Decrypt"],
                resources=["*"],
                conditions=lent,
            )
        )

    def _open_ledger(self, place: Place) -> None:
        """Let the approvals of a stage that follows in another account read this stage's ledger."""
        via = f"dynamodb.{self._stage.region}.amazonaws.com"
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.AccountPrincipal(place.account)],
                actions=["kms:Decrypt"],
                resources=["*"],
                conditions={
                    "ArnEquals": {"aws:PrincipalArn": ledger.reader(place)},
                    "StringEquals": {"kms:ViaService": via},
                },
            )
        )


def _captured(stage: Stage) -> list[s3.LifecycleRule]:
    """What was captured of a model, and its labels, are gone when the days are over that the stage keeps them.

    A deletion in a versioned bucket leaves the object as an older version: that one goes the day after.
    """
    return [
        s3.LifecycleRule(
            prefix=f"{folder}{model}/",
            expiration=Duration.days(parts.serving.capture.retention_days),
            noncurrent_version_expiration=Duration.days(1),
        )
        for model, parts in stage.models.items()
        for folder in ("", "labels/")
    ]


def _rest(*, days: int | None) -> s3.LifecycleRule:
    """What holds of every object of a bucket: uploads are ended, older versions go, all goes after so many days."""
    return s3.LifecycleRule(
        abort_incomplete_multipart_upload_after=Duration.days(7),
        expiration=Duration.days(days) if days else None,
        noncurrent_version_expiration=Duration.days(30),
    )


def _elsewhere(stage: Stage) -> list[Place]:
    """The stages in other accounts that serve what this one trains."""
    if not stage.registry:
        return []
    return [place for place in stage.others if place.account != stage.account]
