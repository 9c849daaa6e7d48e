"""Resources that exist in their stack alone: handles of wait conditions, and the CDK's record of its constructs."""

from __future__ import annotations

from local.cloudformation.resources.provisioner import Provisioner, Request, Schema


class WaitConditionHandle(Provisioner):
    """A handle, of which only its URL exists: nobody here waits for signals."""

    schema = Schema(type="AWS::CloudFormation::WaitConditionHandle", properties=frozenset())

    def create(self, request: Request) -> str:
        """Make up the URL that signals would go to."""
        host = f"cloudformation-waitcondition-{request.services.region}.s3.amazonaws.com"
        return f"https://{host}/{request.name}"

    def delete(self, request: Request) -> None:
        """Nothing of it is anywhere."""


class Metadata(Provisioner):
    """The list of constructs that the CDK puts into a template."""

    schema = Schema(type="AWS::CDK::Metadata", properties=frozenset({"Analytics", "Modules"}))

    def create(self, request: Request) -> str:
        """Give the record a name."""
        return request.name

    def delete(self, request: Request) -> None:
        """Nothing of it is anywhere."""


TYPES = (Metadata(), WaitConditionHandle())
