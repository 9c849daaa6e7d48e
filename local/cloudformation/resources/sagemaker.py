"""AWS::SageMaker: model package groups, pipelines, models, endpoint configurations and endpoints."""

from __future__ import annotations

import json
from typing import Any, Final

from botocore import xform_name

from local.cloudformation.errors import ResourceFailed
from local.cloudformation.names import Naming
from local.cloudformation.resources.provisioner import Provisioner, Request, Schema, handler_said, required, tags

# CloudFormation names SageMaker's resources by their logical ids, without the stack's name.
_NAMING: Final = Naming(limit=63, with_stack=False)


_MODEL: Final = frozenset(
    {
        "Containers",
        "EnableNetworkIsolation",
        "ExecutionRoleArn",
        "InferenceExecutionConfig",
        "ModelName",
        "PrimaryContainer",
        "VpcConfig",
    }
)
_ENDPOINT_CONFIG: Final = frozenset(
    {
        "AsyncInferenceConfig",
        "DataCaptureConfig",
        "EnableNetworkIsolation",
        "EndpointConfigName",
        "ExecutionRoleArn",
        "ExplainerConfig",
        "KmsKeyId",
        "MetricsConfig",
        "ProductionVariants",
        "ShadowProductionVariants",
        "VpcConfig",
    }
)
_DEPLOYMENT: Final = (
    "DeploymentConfig",
    "ExcludeRetainedVariantProperties",
    "RetainAllVariantProperties",
    "RetainDeploymentConfig",
)
_PIPELINE_OPTIONS: Final = ("ParallelismConfiguration", "PipelineDescription", "PipelineDisplayName")


class _Tagged(Provisioner):
    """A resource whose only change in place is that of its tags."""

    def update(self, request: Request) -> None:
        """Change the tags."""
        request.retag("sagemaker", tag="add_tags", untag="delete_tags", ResourceArn=self.arn(request))

    def arn(self, request: Request) -> str:
        """The ARN by which the resource is tagged."""
        return request.physical_id

    def read(self, request: Request) -> dict[str, Any]:
        """What SageMaker tells of the resource, with its tags."""
        kind = self.schema.type.rpartition("::")[2]
        found = request.call("sagemaker", xform_name(f"Describe{kind}"), **{f"{kind}Name": request.name})
        labels = request.call("sagemaker", "list_tags", ResourceArn=self.arn(request))["Tags"]
        return {**found, "Tags": tags(labels)}


class Model(_Tagged):
    """A model."""

    schema = Schema(
        type="AWS::SageMaker::Model",
        properties=_MODEL | {"Tags"},
        create_only=_MODEL,
        attributes=frozenset({"ModelArn", "ModelName"}),
        name="ModelName",
        naming=_NAMING,
        tags="list",
    )

    def create(self, request: Request) -> str:
        """Create the model."""
        made = request.call("sagemaker", "create_model", **{**request.properties, "ModelName": request.name})
        return str(made["ModelArn"])

    def delete(self, request: Request) -> None:
        """Delete the model."""
        request.call("sagemaker", "delete_model", ModelName=request.name)

    def attributes(self, request: Request) -> dict[str, Any]:
        """The model's ARN and name."""
        return {"ModelArn": request.physical_id, "ModelName": request.name}


class EndpointConfig(_Tagged):
    """An endpoint configuration."""

    schema = Schema(
        type="AWS::SageMaker::EndpointConfig",
        properties=_ENDPOINT_CONFIG | {"Tags"},
        create_only=_ENDPOINT_CONFIG,
        attributes=frozenset({"EndpointConfigArn", "EndpointConfigName"}),
        name="EndpointConfigName",
        naming=_NAMING,
        tags="list",
    )

    def create(self, request: Request) -> str:
        """Create the configuration."""
        parameters = {**request.properties, "EndpointConfigName": request.name}
        return str(request.call("sagemaker", "create_endpoint_config", **parameters)["EndpointConfigArn"])

    def delete(self, request: Request) -> None:
        """Delete the configuration."""
        request.call("sagemaker", "delete_endpoint_config", EndpointConfigName=request.name)

    def attributes(self, request: Request) -> dict[str, Any]:
        """The configuration's ARN and name."""
        return {"EndpointConfigArn": request.physical_id, "EndpointConfigName": request.name}


class Endpoint(_Tagged):
    """An endpoint. What is made of a deployment that SageMaker takes back is `Request.rollbacks`' to say."""

    schema = Schema(
        type="AWS::SageMaker::Endpoint",
        properties=frozenset({*_DEPLOYMENT, "EndpointConfigName", "EndpointName", "Tags"}),
        create_only=frozenset({"EndpointName"}),
        attributes=frozenset({"EndpointArn", "EndpointName"}),
        unread=frozenset(_DEPLOYMENT) - {"DeploymentConfig"},
        name="EndpointName",
        naming=_NAMING,
        tags="list",
    )

    def create(self, request: Request) -> str:
        """Create the endpoint."""
        parameters = request.some("DeploymentConfig", "Tags") | {"EndpointName": request.name}
        wanted = required(request, "EndpointConfigName")
        made = request.call("sagemaker", "create_endpoint", EndpointConfigName=wanted, **parameters)
        return str(made["EndpointArn"])

    def update(self, request: Request) -> None:
        """Deploy another configuration as the deployment settings say, and change the tags.

        The configuration may be served already: then SageMaker has taken the deployment back that is being undone.
        """
        super().update(request)
        wanted = required(request, "EndpointConfigName")
        if not request.changed("EndpointConfigName", *_DEPLOYMENT):
            return
        if request.changed("EndpointConfigName") and _serves(self._describe(request), wanted):
            if request.rollbacks == "stuck":
                raise ResourceFailed(handler_said(f"{request.name} is served by {wanted} already", "InvalidRequest"))
            if request.rollbacks != "noticed-again":
                return
        parameters = request.some(*_DEPLOYMENT)
        request.call("sagemaker", "update_endpoint", EndpointName=request.name, EndpointConfigName=wanted, **parameters)

    def wait(self, request: Request) -> None:
        """Wait until the endpoint is in service. Raises ResourceFailed when it will not be.

        Unless rollbacks are unnoticed, it raises that too when the endpoint goes back to its old fleet.
        """
        request.wait_until(lambda: self._settled(request))
        described, wanted = self._describe(request), request.properties["EndpointConfigName"]
        if described["EndpointStatus"] == "InService" and request.rollbacks == "unnoticed":
            return
        if not _serves(described, wanted):
            serving = f"it is {described['EndpointStatus']} with configuration {described['EndpointConfigName']}"
            why = described.get("FailureReason") or f"The endpoint did not come to serve {wanted}: {serving}"
            raise ResourceFailed(handler_said(why, "NotStabilized"))

    def delete(self, request: Request) -> None:
        """Delete the endpoint and wait until it is gone."""
        request.call("sagemaker", "delete_endpoint", EndpointName=request.name)
        request.wait_until(lambda: not request.found("sagemaker", "describe_endpoint", EndpointName=request.name))

    def attributes(self, request: Request) -> dict[str, Any]:
        """The endpoint's ARN and name."""
        return {"EndpointArn": request.physical_id, "EndpointName": request.name}

    def read(self, request: Request) -> dict[str, Any]:
        """What SageMaker tells of the endpoint: of its last deployment under the name that templates use."""
        found = super().read(request)
        last = {"DeploymentConfig": found["LastDeploymentConfig"]} if "LastDeploymentConfig" in found else {}
        return {**found, **last}

    def _describe(self, request: Request) -> dict[str, Any]:
        described: dict[str, Any] = request.call("sagemaker", "describe_endpoint", EndpointName=request.name)
        return described

    def _settled(self, request: Request) -> bool:
        return self._describe(request)["EndpointStatus"] in (
            "InService",
            "Failed",
            "UpdateRollbackFailed",
            "OutOfService",
        )


class ModelPackageGroup(_Tagged):
    """A model package group with its resource policy. Deleting one that has packages fails, as on AWS."""

    schema = Schema(
        type="AWS::SageMaker::ModelPackageGroup",
        properties=frozenset(
            {"ModelPackageGroupDescription", "ModelPackageGroupName", "ModelPackageGroupPolicy", "Tags"}
        ),
        create_only=frozenset({"ModelPackageGroupDescription", "ModelPackageGroupName"}),
        attributes=frozenset({"ModelPackageGroupArn", "CreationTime", "ModelPackageGroupStatus"}),
        name="ModelPackageGroupName",
        naming=_NAMING,
        tags="list",
    )

    def create(self, request: Request) -> str:
        """Create the group."""
        name = required(request, "ModelPackageGroupName")
        optional = request.some("ModelPackageGroupDescription", "Tags")
        made = request.call("sagemaker", "create_model_package_group", ModelPackageGroupName=name, **optional)
        return str(made["ModelPackageGroupArn"])

    def complete(self, request: Request) -> None:
        """Put the resource policy."""
        self._permit(request)

    def update(self, request: Request) -> None:
        """Change the tags and the resource policy."""
        super().update(request)
        self._permit(request)

    def delete(self, request: Request) -> None:
        """Delete the group, which must have no packages."""
        request.call("sagemaker", "delete_model_package_group", ModelPackageGroupName=request.name)

    def attributes(self, request: Request) -> dict[str, Any]:
        """The group's ARN, creation time and status."""
        group = request.call("sagemaker", "describe_model_package_group", ModelPackageGroupName=request.name)
        return {
            "ModelPackageGroupArn": request.physical_id,
            "CreationTime": group["CreationTime"].isoformat(),
            "ModelPackageGroupStatus": group["ModelPackageGroupStatus"],
        }

    def read(self, request: Request) -> dict[str, Any]:
        """The group with its policy."""
        group = {"ModelPackageGroupName": request.name}
        policy = request.told("sagemaker", "get_model_package_group_policy", **group).get("ResourcePolicy")
        return {**super().read(request), **({"ModelPackageGroupPolicy": policy} if policy else {})}

    def _permit(self, request: Request) -> None:
        policy, group = request.properties.get("ModelPackageGroupPolicy"), {"ModelPackageGroupName": request.name}
        if not request.changed("ModelPackageGroupPolicy"):
            return
        if policy is None:
            request.drop("sagemaker", "delete_model_package_group_policy", **group)
            return
        text = policy if isinstance(policy, str) else json.dumps(policy)
        request.call("sagemaker", "put_model_package_group_policy", **group, ResourcePolicy=text)


class Pipeline(_Tagged):
    """A pipeline. A definition in S3 is read when the stack is created or its place changes, and sent inline."""

    schema = Schema(
        type="AWS::SageMaker::Pipeline",
        properties=frozenset({*_PIPELINE_OPTIONS, "PipelineDefinition", "PipelineName", "RoleArn", "Tags"}),
        create_only=frozenset({"PipelineName"}),
        name="PipelineName",
        naming=_NAMING,
        tags="list",
    )

    def create(self, request: Request) -> str:
        """Create the pipeline."""
        parameters = self._parameters(request) | request.some("Tags")
        request.call("sagemaker", "create_pipeline", **parameters)
        return str(request.properties["PipelineName"])

    def update(self, request: Request) -> None:
        """Change definition, role, descriptions, parallelism and tags."""
        super().update(request)
        if request.changed("PipelineDefinition", "RoleArn", *_PIPELINE_OPTIONS):
            request.call("sagemaker", "update_pipeline", **self._parameters(request))

    def delete(self, request: Request) -> None:
        """Delete the pipeline, which must not be running."""
        request.call("sagemaker", "delete_pipeline", PipelineName=request.name)

    def arn(self, request: Request) -> str:
        """The pipeline's ARN."""
        return request.arn("sagemaker", f"pipeline/{request.name}")

    def read(self, request: Request) -> dict[str, Any]:
        """The pipeline, with its definition as its declaration gives it: written out, or by its place in S3."""
        found, given = super().read(request), request.properties["PipelineDefinition"]
        if "PipelineDefinitionBody" in given:
            return {**found, "PipelineDefinition": {"PipelineDefinitionBody": found["PipelineDefinition"]}}
        same = json.loads(found["PipelineDefinition"]) == json.loads(_definition(request))
        return {**found, "PipelineDefinition": given if same else found["PipelineDefinition"]}

    def _parameters(self, request: Request) -> dict[str, Any]:
        return {
            "PipelineName": required(request, "PipelineName"),
            "PipelineDefinition": _definition(request),
            "RoleArn": required(request, "RoleArn"),
            **request.some(*_PIPELINE_OPTIONS),
        }


def _serves(endpoint: dict[str, Any], configuration: str) -> bool:
    # SageMaker's names are one whatever their case, and its ARNs are in lower case.
    same = str(endpoint["EndpointConfigName"]).lower() == configuration.lower()
    return same and endpoint["EndpointStatus"] == "InService"


def _definition(request: Request) -> str:
    definition = required(request, "PipelineDefinition")
    if "PipelineDefinitionBody" in definition:
        return str(definition["PipelineDefinitionBody"])
    place = definition.get("PipelineDefinitionS3Location")
    if place is None:
        raise ResourceFailed("PipelineDefinition needs PipelineDefinitionBody or PipelineDefinitionS3Location.")
    version = {"VersionId": place["Version"]} if "Version" in place else {}
    found = request.call("s3", "get_object", Bucket=place["Bucket"], Key=place["Key"], **version)
    return bytes(found["Body"].read()).decode()


TYPES = (Endpoint(), EndpointConfig(), Model(), ModelPackageGroup(), Pipeline())
