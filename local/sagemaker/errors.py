"""What can go wrong in the local SageMaker, besides what AWS puts on the wire.

LocalError (local.errors)
├── AwsError
│   └── ModelError     the model's own answer to an invocation is an error
├── ArchiveError       an archive cannot be read
├── S3Error            an object that was asked for is not there, or an address is not one of S3
├── JobFailed          a job ended badly: the text is its FailureReason
│   └── JobStopped     … because somebody stopped it
├── StepFailed         a step of a pipeline ended badly: the text is its FailureReason
│   └── StepStopped    … because somebody stopped its job
├── Unhealthy          a model server did not become healthy: the text says why
│   └── Unusable       … because its model data cannot be fetched or unpacked
└── Retired            a model server takes no more requests: another one does
"""

from __future__ import annotations

from botocore.exceptions import ClientError

from local.errors import AwsError, LocalError
from local.sagemaker.remedies import explained


class ModelError(AwsError):
    """A container's answer that is not 2xx: HTTP 424 (Amazon SageMaker Runtime, InvokeEndpoint, "Errors")."""

    def __init__(self, message: str, *, original_status: int, original_message: str, log_stream_arn: str) -> None:
        super().__init__("ModelError", message, status=424)
        self.details = {
            "OriginalStatusCode": original_status,
            "OriginalMessage": original_message,
            "LogStreamArn": log_stream_arn,
        }


class ArchiveError(LocalError):
    """An archive cannot be read, or reaches out of its folder."""


class S3Error(LocalError):
    """An object that was asked for is not there, or an address is not one of S3."""


class JobFailed(LocalError):
    """A job ended badly; `log` says where to read on, when the text tells no more than the end of a log."""

    def __init__(self, message: str, *, log: str = "") -> None:
        super().__init__(message)
        self.log = log


class JobStopped(JobFailed):
    """A job was stopped before its end."""


class StepFailed(LocalError):
    """A step of a pipeline ended badly."""

    @classmethod
    def by(cls, error: ClientError) -> StepFailed:
        """Because a call that the step makes was refused."""
        said, called = error.response["Error"], f"Failed to invoke {error.operation_name}"
        reason = f"ClientError: {called}. Error Details: {said['Code']}: {said['Message']}"
        return cls(explained(reason, role="of the pipeline"))


class StepStopped(StepFailed):
    """A step's job was stopped, and not its execution."""


class Unhealthy(LocalError):
    """A model server ended, or did not answer its health check in time."""


class Unusable(Unhealthy):
    """The data of a model cannot be fetched or unpacked."""


class Retired(LocalError):
    """A model server takes no more requests."""
