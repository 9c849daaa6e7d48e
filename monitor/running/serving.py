"""Which package an endpoint serves, what its baseline is, and where its requests are captured."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from monitor.files import CONSTRAINTS, PREDICTION, PROFILE, STATISTICS
from monitor.running.errors import MissingError, RunError
from monitor.running.place import Place
from monitor.running.storage import Stored, content, document, listed

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient

BACKGROUND: Final = "explainability/background.csv"
MANIFEST: Final = "manifest.json"
"""Files of a baseline beside those of Model Monitor."""


@dataclass(frozen=True, kw_only=True)
class Served:
    """A package that serves; ``captures`` is the folder of its captured requests, above the hours."""

    package: str
    """The ARN of the model package."""
    version: str
    """As people name it: ``credit-risk/3``."""
    model: str
    """What SageMaker calls the model."""
    captures: Stored
    baseline: Stored | None
    """The folder of its baseline; None for a package that was registered without one."""
    image: str = ""
    """The image that it runs in."""
    archive: str = ""
    """The URI of its model.tar.gz."""


@dataclass(frozen=True, kw_only=True)
class Reference:
    """What a package's baseline says."""

    folder: str
    columns: tuple[str, ...]
    """The columns of a request, in their order."""
    manifest: Mapping[str, Any]
    data: Mapping[str, bytes]
    """The files of data quality, name → content."""
    quality: Mapping[str, Any] | None
    bias: Mapping[str, Any] | None
    explainability: Mapping[str, Any] | None


def look(place: Place, sagemaker: SageMakerClient) -> Served | None:
    """What an endpoint serves: by its config, and the model in it. None where there is no endpoint yet.

    While a release is under way that is still the old package. Raises RunError for a model without a package.
    """
    try:
        described = sagemaker.describe_endpoint(EndpointName=place.endpoint)
    except sagemaker.exceptions.ClientError as error:
        # SageMaker says "not found" with a ValidationException: "Could not find endpoint …".
        if "Could not find endpoint" in str(error):
            return None
        raise
    if "EndpointConfigName" not in described:
        return None
    config = sagemaker.describe_endpoint_config(EndpointConfigName=described["EndpointConfigName"])
    [variant, *_] = config["ProductionVariants"]
    model = sagemaker.describe_model(ModelName=variant["ModelName"])
    containers = [model["PrimaryContainer"]] if "PrimaryContainer" in model else model.get("Containers", [])
    package = next((each["ModelPackageName"] for each in containers if "ModelPackageName" in each), None)
    if package is None:
        raise RunError(f"{place.endpoint} serves a model that is of no package: its baseline is not known.")
    captured = Stored.at(config["DataCaptureConfig"]["DestinationS3Uri"])
    registered: Any = sagemaker.describe_model_package(ModelPackageName=package)
    [container, *_] = registered.get("InferenceSpecification", {}).get("Containers") or [{}]
    return Served(
        package=package,
        version=package.partition(":model-package/")[2],
        model=variant["ModelName"],
        captures=captured.below(f"{place.endpoint}/{variant['VariantName']}"),
        baseline=_baseline(registered),
        image=container.get("Image", ""),
        archive=container.get("ModelDataUrl", ""),
    )


def _baseline(package: Any) -> Stored | None:
    """The folder above ``data-quality/constraints.json``, as the package's drift checks name it."""
    quality = package.get("DriftCheckBaselines", {}).get("ModelDataQuality", {})
    uri = quality.get("Constraints", {}).get("S3Uri") or quality.get("Statistics", {}).get("S3Uri")
    if not uri:
        return None
    named = Stored.at(uri)
    return Stored(bucket=named.bucket, key=named.key.rpartition("/")[0].rpartition("/")[0])


def reference(folder: Stored, s3: S3Client) -> Reference:
    """What a baseline folder holds. Raises MissingError when it has no file of data quality."""
    within = f"{folder.key.rstrip('/')}/"
    there = {stored.key.removeprefix(within): stored for stored in listed(s3, folder.bucket, [within])}
    data = {
        name: content(s3, there[f"data-quality/{name}"])
        for name in (STATISTICS, CONSTRAINTS, PROFILE)
        if f"data-quality/{name}" in there
    }
    if not data:
        raise MissingError(f"{folder.uri} holds no baseline; train the model again.")

    def told(name: str) -> Any:
        return document(s3, there[name]) if name in there else None

    manifest = told(MANIFEST) or {}
    return Reference(
        folder=folder.uri,
        columns=tuple(manifest.get("columns") or _columns(data)),
        manifest=manifest,
        data=data,
        quality=told(f"model-quality/{STATISTICS}"),
        bias=told("bias/analysis.json"),
        explainability=told("explainability/analysis.json"),
    )


def _columns(data: Mapping[str, bytes]) -> list[str]:
    """The columns of a baseline that came without a manifest, as AWS's analyzer writes it."""
    features = json.loads(data[STATISTICS] if STATISTICS in data else data[CONSTRAINTS])["features"]
    return [feature["name"] for feature in features if feature["name"] != PREDICTION]
