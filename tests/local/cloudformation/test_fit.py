import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel

from local.cloudformation.errors import ResourceFailed
from local.cloudformation.resources.fit import fitted


def _shape(service, operation):
    model = ServiceModel(Loader().load_service_model(service, "service-2"), service)
    return model.operation_model(operation).input_shape


CONFIG = _shape("sagemaker", "CreateEndpointConfig")
GROUP = _shape("logs", "CreateLogGroup")


def _variant(**members):
    return {"EndpointConfigName": "c", "ProductionVariants": [{"VariantName": "v", **members}]}


def test_text_becomes_what_the_api_takes():
    """Numbers and booleans that a template writes as text are numbers and booleans, at any depth."""
    capture = {"EnableCapture": "true", "InitialSamplingPercentage": "50", "DestinationS3Uri": "s3://b"}
    given = {**_variant(InitialInstanceCount="2", InitialVariantWeight="0.5"), "DataCaptureConfig": capture}
    result = fitted(CONFIG, given)
    assert result["ProductionVariants"][0] == {
        "VariantName": "v",
        "InitialInstanceCount": 2,
        "InitialVariantWeight": 0.5,
    }
    assert result["DataCaptureConfig"]["EnableCapture"] is True
    assert result["DataCaptureConfig"]["InitialSamplingPercentage"] == 50


def test_numbers_become_text_where_text_is_asked_for():
    """A map of text takes numbers and booleans as CloudFormation writes them."""
    model = _shape("sagemaker", "CreateModel")
    given = {"PrimaryContainer": {"Environment": {"N": 3, "B": False}}}
    assert fitted(model, given)["PrimaryContainer"]["Environment"] == {"N": "3", "B": "false"}


def test_names_take_the_apis_case():
    """PascalCase properties fit an API whose members begin in lower case; map keys are left alone."""
    assert fitted(GROUP, {"LogGroupName": "g", "Tags": {"Key": "V"}}) == {"logGroupName": "g", "tags": {"Key": "V"}}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (_variant(Colour="red"), r"#/ProductionVariants/0: extraneous key \[Colour\] is not permitted"),
        (_variant(initialInstanceCount=1), "extraneous key"),
        (_variant(InitialInstanceCount="two"), "#/ProductionVariants/0/InitialInstanceCount: expected type: integer"),
        (_variant(InstanceType={}), "InstanceType: expected type: string, found: dict"),
        ({"ProductionVariants": {}}, "#/ProductionVariants: expected type: list, found: dict"),
        ({"DataCaptureConfig": []}, "#/DataCaptureConfig: expected type: structure, found: list"),
        ({"DataCaptureConfig": {"EnableCapture": "yes"}}, "EnableCapture: expected type: boolean"),
        ({"EnableNetworkIsolation": 1}, "expected type: boolean"),
    ],
)
def test_what_does_not_fit_is_named(given, message):
    """An unknown member or a value of another type is refused with its place."""
    with pytest.raises(ResourceFailed, match=message):
        fitted(CONFIG, given)
