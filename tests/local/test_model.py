import time
from datetime import UTC, datetime

import pytest

from local.errors import AwsError
from local.model import jsonable, project, service, typed, validate


def shape(service_name, name):
    """A shape of a service's model."""
    return service(service_name).shape_for(name)


def broken(service_name, operation, params):
    """The error of parameters that break the model."""
    with pytest.raises(AwsError) as caught:
        validate(service(service_name).operation_model(operation), params)
    return caught.value


def test_timestamps_become_aware_datetimes():
    """From epoch seconds, and from text with or without a zone."""
    timestamp = shape("sagemaker", "Timestamp")
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    given = (noon.timestamp(), "2026-03-01T12:00:00Z", "2026-03-01T12:00:00")
    assert [typed(timestamp, value) for value in given] == [noon] * 3


def test_whole_numbers_of_float_members_become_floats():
    """As AWS gives them back."""
    variant = typed(shape("sagemaker", "ProductionVariant"), {"InitialVariantWeight": 1, "InitialInstanceCount": 1})
    assert {name: type(value) for name, value in variant.items()} == {
        "InitialVariantWeight": float,
        "InitialInstanceCount": int,
    }


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_json_cannot_write_are_text_on_the_wire(text):
    """As AWS's clients write them."""
    weight = shape("sagemaker", "VariantWeight")
    assert repr(typed(weight, text)) == repr(float(text))
    assert jsonable(weight, float(text)) == text


def test_blobs_become_bytes_and_back():
    """They are base64 on a JSON wire."""
    blob = shape("lambda", "Blob")
    assert (typed(blob, "aGk="), jsonable(blob, b"hi")) == (b"hi", "aGk=")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Timestamp", "yesterday"),
        ("Timestamp", True),
        ("ProductionVariantList", {}),
        ("ProductionVariant", []),
        ("EnvironmentMap", []),
        ("EndpointName", 1),
        ("TaskCount", "1"),
        ("TaskCount", True),
        ("EnableCapture", "true"),
    ],
)
def test_a_value_of_another_type_cannot_be_read(name, value):
    """It is AWS's SerializationException."""
    with pytest.raises(AwsError) as caught:
        typed(shape("sagemaker", name), value)
    assert caught.value.code == "SerializationException"


def test_a_blob_that_is_not_base64_cannot_be_read():
    """Likewise."""
    with pytest.raises(AwsError, match="base64"):
        typed(shape("lambda", "Blob"), "??")


def test_nulls_are_left_out():
    """A client that sends null means nothing."""
    assert typed(shape("sagemaker", "Tag"), {"Key": "a", "Value": None}) == {"Key": "a"}


def test_an_answer_keeps_what_its_shape_knows():
    """Other members and Nones are left out, at every depth."""
    rule = {"Name": "r", "Arn": None, "Secret": 1}
    answer = project(shape("events", "ListRulesResponse"), {"Rules": [rule], "NextToken": None})
    assert answer == {"Rules": [{"Name": "r"}]}


def test_timestamps_of_an_answer_are_epoch_seconds():
    """With milliseconds, as AWS rounds them."""
    moment = datetime(1970, 1, 1, 0, 0, 1, 234_567, tzinfo=UTC)
    assert jsonable(shape("sagemaker", "Timestamp"), moment) == 1.235


def test_every_broken_constraint_is_told_at_once():
    """In the words of AWS's front end."""
    error = broken("sagemaker", "CreateEndpoint", {"EndpointName": "not_valid"})
    assert error.code == "ValidationException"
    assert error.message == (
        "2 validation errors detected: "
        "Value null at 'endpointConfigName' failed to satisfy constraint: Member must not be null; "
        "Value 'not_valid' at 'endpointName' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}"
    )


def test_services_of_the_query_protocol_name_the_error_otherwise():
    """CloudFormation and CloudWatch say ValidationError."""
    assert broken("cloudformation", "DescribeStackEvents", {}).code == "ValidationError"


@pytest.mark.parametrize(
    ("operation", "params", "told"),
    [
        ("DeleteRule", {"Name": ""}, "Member must have length greater than or equal to 1"),
        ("DeleteRule", {"Name": "a" * 65}, "Member must have length less than or equal to 64"),
        ("PutRule", {"Name": "a", "State": "ON"}, "Member must satisfy enum value set: [ENABLED, DISABLED"),
        ("PutEvents", {"Entries": []}, "Value '[0 items]' at 'entries' failed"),
        ("PutTargets", {"Rule": "r", "Targets": [{"Id": "1"}]}, "Value null at 'targets.1.member.arn'"),
        ("ListRules", {"Limit": 101}, "Member must have value less than or equal to 100"),
    ],
)
def test_limits_of_the_model_are_kept(operation, params, told):
    """Lengths, ranges, enums, and required members at any depth."""
    assert told in broken("events", operation, params).message


def test_keys_and_values_of_maps_are_checked():
    """Each at a place of its own."""
    error = broken("lambda", "ListTags", {"Resource": "arn:aws:lambda:eu-west-1:123456789012:function:"})
    assert "at 'resource'" in error.message
    params = {"FunctionName": "ff", "Environment": {"Variables": {"1A": "x"}}}
    assert "'environment.variables.1A.key'" in broken("lambda", "UpdateFunctionConfiguration", params).message


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("EndpointName", {}, "Start of structure or map found where not expected."),
        ("EndpointName", [], "Start of list found where not expected."),
        ("EndpointName", 1.5, "NUMBER_VALUE can not be converted to a String"),
        ("TaskCount", "1", "STRING_VALUE can not be converted to an Integer"),
        ("TaskCount", True, "TRUE_VALUE can not be converted to an Integer"),
        ("TaskCount", 1.5, "NUMBER_VALUE can not be converted to an Integer"),
        ("TaskCount", 2**31, "NUMBER_VALUE can not be converted to an Integer"),
        ("Timestamp", 1e300, "is not a timestamp"),
        ("Timestamp", float("inf"), "is not a timestamp"),
        ("OptimizationConfig", {}, "exactly one of its members must be set"),
    ],
)
def test_what_cannot_be_read_is_told_by_its_type(name, value, told):
    """Whatever the value is, the answer is a SerializationException and not a failure of ours."""
    with pytest.raises(AwsError) as caught:
        typed(shape("sagemaker", name), value)
    assert caught.value.code == "SerializationException"
    assert told in caught.value.message


def test_a_whole_number_is_one_however_it_is_written():
    """1.0 is an integer."""
    assert repr(typed(shape("sagemaker", "TaskCount"), 1.0)) == "1"


def test_nulls_in_lists_and_maps_break_a_constraint():
    """A null member means nothing, a null item is an error: nothing that is sent is lost without a word."""
    create = service("sagemaker").operation_model("CreateModel")
    sent = {"ModelName": "m", "Containers": [None], "PrimaryContainer": {"Environment": {"A": None}}}
    told = broken("sagemaker", "CreateModel", typed(create.input_shape, sent)).message
    assert "Value null at 'containers.1.member' failed" in told
    assert "Value null at 'primaryContainer.environment.A.value' failed" in told


def test_a_blob_of_other_letters_cannot_be_read():
    """Base64 is ASCII."""
    with pytest.raises(AwsError, match="base64"):
        typed(shape("lambda", "Blob"), "é")


def test_a_value_made_to_keep_a_pattern_busy_is_refused_in_time():
    """Nested repetition over a long value that nearly fits: nobody else waits for it."""
    began = time.process_time()
    url = "https://" + "a" * 1000 + "\x07"
    settings = {"JupyterServerAppSettings": {"CodeRepositories": [{"RepositoryUrl": url}]}}
    asked = {"DomainName": "d", "AuthMode": "IAM", "DefaultUserSettings": settings}
    assert "satisfy regular expression pattern: https://" in broken("sagemaker", "CreateDomain", asked).message
    assert time.process_time() - began < 5
