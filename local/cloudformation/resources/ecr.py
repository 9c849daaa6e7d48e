"""AWS::ECR: repositories."""

from __future__ import annotations

from typing import Any, Final

from local.cloudformation.names import Naming
from local.cloudformation.resources.provisioner import Provisioner, Request, Schema, tags, text, truth

_CREATION: Final = ("EncryptionConfiguration", "ImageScanningConfiguration", "ImageTagMutability", "Tags")
_POLICIES: Final = ("LifecyclePolicy", "RepositoryPolicyText")


class Repository(Provisioner):
    """A repository of images."""

    schema = Schema(
        type="AWS::ECR::Repository",
        properties=frozenset({*_CREATION, *_POLICIES, "EmptyOnDelete", "RepositoryName"}),
        create_only=frozenset({"EncryptionConfiguration", "RepositoryName"}),
        attributes=frozenset({"Arn", "RepositoryUri"}),
        unread=frozenset({"EmptyOnDelete"}),
        name="RepositoryName",
        naming=Naming(limit=256, lower=True),
        tags="list",
    )

    def create(self, request: Request) -> str:
        """Create the repository."""
        request.call("ecr", "create_repository", RepositoryName=request.name, **request.some(*_CREATION))
        return request.name

    def complete(self, request: Request) -> None:
        """Put the policies."""
        self._rule(request)

    def update(self, request: Request) -> None:
        """Change mutability, scanning, policies and tags, each when it differs."""
        place = {"RepositoryName": request.name}
        if request.changed("ImageTagMutability"):
            mutability = request.properties.get("ImageTagMutability", "MUTABLE")
            request.call("ecr", "put_image_tag_mutability", **place, ImageTagMutability=mutability)
        if request.changed("ImageScanningConfiguration"):
            scanning = request.properties.get("ImageScanningConfiguration", {"ScanOnPush": False})
            request.call("ecr", "put_image_scanning_configuration", **place, ImageScanningConfiguration=scanning)
        request.retag("ecr", ResourceArn=request.arn("ecr", f"repository/{request.name}"))
        self._rule(request)

    def delete(self, request: Request) -> None:
        """Delete the repository, which must be empty unless EmptyOnDelete says otherwise."""
        force = truth(request.properties.get("EmptyOnDelete"))
        request.call("ecr", "delete_repository", RepositoryName=request.physical_id, Force=force)

    def attributes(self, request: Request) -> dict[str, Any]:
        """The repository's ARN and URI."""
        found = request.call("ecr", "describe_repositories", RepositoryNames=[request.physical_id])["repositories"][0]
        return {"Arn": found["repositoryArn"], "RepositoryUri": found["repositoryUri"]}

    def read(self, request: Request) -> dict[str, Any]:
        """The repository with its tags and policies."""
        place = {"RepositoryName": request.name}
        found = request.call("ecr", "describe_repositories", RepositoryNames=[request.name])["repositories"][0]
        labels = request.call("ecr", "list_tags_for_resource", ResourceArn=found["repositoryArn"])["tags"]
        policy = request.told("ecr", "get_repository_policy", **place).get("policyText")
        lifecycle = request.told("ecr", "get_lifecycle_policy", **place).get("lifecyclePolicyText")
        return {
            **{name[0].upper() + name[1:]: value for name, value in found.items()},
            "Tags": tags(labels),
            **({"RepositoryPolicyText": policy} if policy else {}),
            **({"LifecyclePolicy": {"LifecyclePolicyText": lifecycle}} if lifecycle else {}),
        }

    def _rule(self, request: Request) -> None:
        place = {"RepositoryName": request.name}
        if request.changed("RepositoryPolicyText"):
            policy = request.properties.get("RepositoryPolicyText")
            if policy is None:
                request.drop("ecr", "delete_repository_policy", **place)
            else:
                request.call("ecr", "set_repository_policy", **place, PolicyText=text(policy))
        if request.changed("LifecyclePolicy"):
            lifecycle = request.properties.get("LifecyclePolicy")
            if lifecycle is None:
                request.drop("ecr", "delete_lifecycle_policy", **place)
            else:
                rules = lifecycle["LifecyclePolicyText"]
                request.call("ecr", "put_lifecycle_policy", **place, LifecyclePolicyText=rules)


TYPES = (Repository(),)
