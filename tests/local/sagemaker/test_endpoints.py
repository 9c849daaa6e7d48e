from datetime import timedelta
from threading import Thread

import pytest

PERCENT_50 = {"Type": "CAPACITY_PERCENT", "Value": 50}
ALL_AT_ONCE = {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}


ECHO = """
def input_fn(body, content_type): return body
def predict_fn(data, model): return f"{model} {data}"
def output_fn(prediction, accept): return prediction, accept
"""


def blue_green(routing, **more):
    """A deployment configuration."""
    return {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": routing, **more}}


@pytest.fixture
def hosted(world):
    """An endpoint of the model `m`, and a configuration of a second model that says "goodbye"."""
    world.endpoint()
    model = {"code/inference.py": "def model_fn(folder): return 'goodbye'\n" + ECHO, "unused": ""}
    world.model("m2", model)
    world.config("c2", "m2")
    return world


def test_an_endpoint_is_created_then_in_service(world):
    """Creating at once, InService when its server is healthy; variants as wanted; events in upper case."""
    world.model("m")
    world.config("c1", "m")
    world.sm.create_endpoint(EndpointName="e", EndpointConfigName="c1")
    assert world.sm.describe_endpoint(EndpointName="e")["EndpointStatus"] in ("Creating", "InService")

    endpoint = world.settled_endpoint()

    assert endpoint["EndpointStatus"] == "InService"
    assert endpoint["EndpointConfigName"] == "c1"
    assert endpoint["ProductionVariants"] == [
        {
            "VariantName": "AllTraffic",
            "CurrentWeight": 1.0,
            "DesiredWeight": 1.0,
            "CurrentInstanceCount": 1,
            "DesiredInstanceCount": 1,
        }
    ]
    told = world.told("SageMaker Endpoint State Change")
    assert [event["EndpointStatus"] for event in told] == ["CREATING", "IN_SERVICE"]
    assert told[1]["EndpointConfigName"] == "c1"
    assert told[1]["Tags"] == {}


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("raise ImportError('no module named joy')", "ImportError: no module named joy"),
        ("def model_fn(folder): return open(folder + '/nothing')", "FileNotFoundError"),
        ("", "Please provide a model_fn implementation"),
    ],
)
def test_a_server_that_does_not_become_healthy_fails_the_endpoint_with_its_log(world, code, said):
    """The reason is AWS's sentence and the end of the log; the log is in CloudWatch Logs; deleting is possible."""
    world.model("m", {"code/inference.py": code})
    world.config("c1", "m")
    endpoint = world.endpoint()
    assert endpoint["EndpointStatus"] == "Failed"
    assert "for production variant AllTraffic did not pass the ping health check" in endpoint["FailureReason"]
    assert said in endpoint["FailureReason"]
    assert any(said in line for line in world.log("/aws/sagemaker/Endpoints/e"))
    refused = world.refused(world.sm.update_endpoint, EndpointName="e", EndpointConfigName="c1")
    assert "it can only be deleted" in refused[1]
    world.sm.delete_endpoint(EndpointName="e")
    world.until(lambda: world.sm.list_endpoints()["Endpoints"], lambda endpoints: not endpoints)


def test_model_data_that_is_no_archive_fails_the_endpoint(world):
    """A damaged model.tar.gz is said to be one."""
    url = world.put("broken/model.tar.gz", b"not a tar")
    container = {"Image": world.image, "ModelDataUrl": url}
    world.sm.create_model(ModelName="m", PrimaryContainer=container, ExecutionRoleArn=world.role)
    world.config("c1", "m")
    assert "not a readable tar.gz archive" in world.endpoint()["FailureReason"]


def test_an_update_switches_to_the_new_configuration_when_it_serves(hosted):
    """Updating with the old name and what is pending; then the new name, and the new model answers."""
    assert hosted.invoke("you") == "hello you"
    deployment = {**blue_green(ALL_AT_ONCE), "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "a"}]}}
    hosted.sm.update_endpoint(EndpointName="e", EndpointConfigName="c2", DeploymentConfig=deployment)

    pending = hosted.told("SageMaker Endpoint Deployment State Change")[0]
    endpoint = hosted.settled_endpoint()

    assert pending["EndpointStatus"] == "UPDATING"
    assert pending["EndpointConfigName"] == "c1"
    assert pending["PendingDeploymentSummary"]["EndpointConfigName"] == "c2"
    (variant,) = pending["PendingDeploymentSummary"]["ProductionVariants"]
    assert variant["VariantStatus"][0]["StatusMessage"] == "Launching 1 instance(s)."
    assert (endpoint["EndpointStatus"], endpoint["EndpointConfigName"]) == ("InService", "c2")
    assert "PendingDeploymentSummary" not in endpoint
    assert endpoint["LastDeploymentConfig"] == deployment
    assert hosted.invoke("you") == "goodbye you"


def test_an_update_whose_model_does_not_start_leaves_the_old_one_serving(hosted):
    """InService, the old configuration, the reason."""
    hosted.model("broken", {"code/inference.py": "raise RuntimeError('boom')"})
    hosted.config("c3", "broken")
    hosted.sm.update_endpoint(EndpointName="e", EndpointConfigName="c3")
    endpoint = hosted.settled_endpoint()
    assert (endpoint["EndpointStatus"], endpoint["EndpointConfigName"]) == ("InService", "c1")
    assert "RuntimeError: boom" in endpoint["FailureReason"]
    assert "PendingDeploymentSummary" not in endpoint
    assert hosted.invoke("you") == "hello you"
    hosted.sm.update_endpoint(EndpointName="e", EndpointConfigName="c2")
    assert "FailureReason" not in hosted.settled_endpoint()


def test_both_fleets_stay_for_the_termination_wait(make_world, stepped_clock):
    """Traffic has moved, the update is not over: it bakes on the cloud's clock."""
    world = make_world(clock=stepped_clock)
    world.endpoint()
    world.model("m2", {"code/inference.py": "def model_fn(folder): return 'goodbye'\n" + ECHO})
    world.config("c2", "m2")
    deployment = blue_green(ALL_AT_ONCE, TerminationWaitInSeconds=300)
    world.sm.update_endpoint(EndpointName="e", EndpointConfigName="c2", DeploymentConfig=deployment)
    baking = world.stage("Baking")
    assert baking["StatusMessage"] == (
        "Baking for 300 seconds (TerminationWaitInSeconds) with traffic enabled on full capacity of 1 instance(s)."
    )
    assert world.invoke("you") == "goodbye you"
    stepped_clock.advance(timedelta(seconds=299))
    endpoint = world.sm.describe_endpoint(EndpointName="e")
    assert (endpoint["EndpointStatus"], endpoint["EndpointConfigName"]) == ("Updating", "c1")
    stepped_clock.advance(timedelta(seconds=1))
    assert world.settled_endpoint()["EndpointConfigName"] == "c2"


def test_requests_under_way_are_answered_by_the_fleet_that_leaves(world):
    """An update loses no request, however slow."""
    slow = """
import time
def model_fn(folder): return "slow"
def input_fn(body, content_type): return body
def predict_fn(data, model):
    time.sleep(1)
    return f"{model} {data}"
def output_fn(prediction, accept): return prediction, accept
"""
    world.model("slow", {"code/inference.py": slow})
    world.model("m")
    world.config("c1", "slow")
    world.config("c2", "m")
    world.endpoint()
    answers = []
    caller = Thread(target=lambda: answers.append(world.invoke("you")))
    caller.start()
    world.sm.update_endpoint(EndpointName="e", EndpointConfigName="c2")
    world.settled_endpoint()
    caller.join(30)
    assert answers == ["slow you"]


def test_what_aws_refuses_is_refused_in_its_words(hosted):
    """Unknown configuration, other variants, both policies, eleven alarms, a second change at once."""
    update = hosted.sm.update_endpoint
    refused = hosted.refused(update, EndpointName="e", EndpointConfigName="c9")
    assert refused[1].startswith('Could not find endpoint configuration "arn:aws:sagemaker:')
    hosted.config("other", "m", variants=["Blue"])
    assert "AllTraffic" in hosted.refused(update, EndpointName="e", EndpointConfigName="other")[1]
    rolling = {"RollingUpdatePolicy": {"MaximumBatchSize": PERCENT_50, "WaitIntervalInSeconds": 0}}
    both = {**blue_green(ALL_AT_ONCE), **rolling}
    refused = hosted.refused(update, EndpointName="e", EndpointConfigName="c2", DeploymentConfig=both)
    assert refused[0] == "ValidationException"
    many = {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": f"a{number}"} for number in range(11)]}}
    refused = hosted.refused(update, EndpointName="e", EndpointConfigName="c2", DeploymentConfig=many)
    assert "Member must have length less than or equal to 10" in refused[1]
    deployment = blue_green(ALL_AT_ONCE, TerminationWaitInSeconds=60)
    update(EndpointName="e", EndpointConfigName="c2", DeploymentConfig=deployment)
    for call in (update, hosted.sm.delete_endpoint):
        more = {"EndpointConfigName": "c2"} if call is update else {}
        message = hosted.refused(call, EndpointName="e", **more)[1]
        assert message == 'Cannot update in-progress endpoint "arn:aws:sagemaker:eu-west-1:123456789012:endpoint/e".'


def test_variant_properties_are_kept_when_that_is_asked(hosted):
    """RetainAllVariantProperties: counts and weights of the running endpoint stand above the configuration's."""
    entry = {"VariantName": "AllTraffic", "ModelName": "m", "InitialInstanceCount": 2, "InstanceType": "ml.m5.large"}
    hosted.sm.create_endpoint_config(EndpointConfigName="two", ProductionVariants=[entry])
    hosted.sm.update_endpoint(EndpointName="e", EndpointConfigName="two", RetainAllVariantProperties=True)
    assert hosted.settled_endpoint()["ProductionVariants"][0]["DesiredInstanceCount"] == 1
    hosted.sm.update_endpoint(EndpointName="e", EndpointConfigName="two")
    assert hosted.settled_endpoint()["ProductionVariants"][0]["DesiredInstanceCount"] == 2


def test_a_deleted_endpoint_is_gone_with_its_server(hosted):
    """Deleting, then not found; invoking says so."""
    hosted.sm.delete_endpoint(EndpointName="e")
    hosted.until(lambda: hosted.sm.list_endpoints()["Endpoints"], lambda endpoints: not endpoints)
    refused = hosted.refused(hosted.sm.describe_endpoint, EndpointName="e")
    assert refused[1] == 'Could not find endpoint "arn:aws:sagemaker:eu-west-1:123456789012:endpoint/e".'
    assert "not found" in hosted.refused(hosted.runtime.invoke_endpoint, EndpointName="e", Body=b"")[1]


def test_a_name_is_taken_once(hosted):
    """AWS's words for endpoint, configuration and model."""
    create = hosted.sm.create_endpoint
    refused = hosted.refused(create, EndpointName="e", EndpointConfigName="c1")
    assert refused[1].startswith('Cannot create already existing endpoint "arn:')


def test_only_an_approved_version_becomes_a_model(world):
    """The package is named by its status; its own environment yields to the model's."""
    world.sm.create_model_package_group(ModelPackageGroupName="g")
    arn = world.package("g")
    containers = [{"ModelPackageName": arn}]
    create = world.sm.create_model
    refused = world.refused(create, ModelName="m", Containers=containers, ExecutionRoleArn=world.role)
    assert "is PendingManualApproval: a versioned package must be Approved" in refused[1]
    world.sm.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")
    create(ModelName="m", Containers=containers, ExecutionRoleArn=world.role)
    assert world.endpoint()["EndpointStatus"] == "InService"
    assert world.invoke("you") == "hello you"


def test_models_and_configurations_are_checked(world):
    """Model data in S3, one kind of container, known models, unique variants."""
    create, config = world.sm.create_model, world.sm.create_endpoint_config
    gone = {"Image": world.image, "ModelDataUrl": "s3://work/none.tar.gz"}
    refused = world.refused(create, ModelName="m", PrimaryContainer=gone, ExecutionRoleArn=world.role)
    assert refused[1] == "Could not find model data at s3://work/none.tar.gz."
    assert "Exactly one" in world.refused(create, ModelName="m")[1]
    assert "Exactly one" in world.refused(create, ModelName="m", Containers=[])[1]
    variant = {"VariantName": "A", "ModelName": "m", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}
    refused = world.refused(config, EndpointConfigName="c", ProductionVariants=[variant])
    assert refused[1].startswith('Could not find model "arn:')
    world.model("m")
    refused = world.refused(config, EndpointConfigName="c", ProductionVariants=[variant, variant])
    assert "unique" in refused[1]


def test_what_cannot_be_served_here_is_refused_by_name(world):
    """Serverless variants, images without a counterpart; no endpoint is made."""
    world.model("m")
    serverless = {"ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 1}}
    variant = {"VariantName": "A", "ModelName": "m", **serverless}
    world.sm.create_endpoint_config(EndpointConfigName="serverless", ProductionVariants=[variant])
    create = world.sm.create_endpoint
    refused = world.refused(create, EndpointName="e", EndpointConfigName="serverless")
    assert refused == ("UnsupportedLocally", "The local cloud does not support ServerlessConfig of variant A.")
    world.sm.create_model(ModelName="other", PrimaryContainer={"Image": "strange:1"}, ExecutionRoleArn=world.role)
    world.config("other", "other")
    assert "image strange:1" in world.refused(create, EndpointName="e", EndpointConfigName="other")[1]
    source = {"S3DataSource": {"S3Uri": "s3://work/m/", "S3DataType": "S3Prefix", "CompressionType": "None"}}
    container = {"Image": world.image, "ModelDataSource": source}
    world.sm.create_model(ModelName="unpacked", PrimaryContainer=container, ExecutionRoleArn=world.role)
    world.config("unpacked", "unpacked")
    refused = world.refused(create, EndpointName="e", EndpointConfigName="unpacked")
    assert "ModelDataSource of a container (model unpacked)" in refused[1]
    # Kept, as for inference components, and looked into by nobody: there is no role to do so in.
    unowned = {"Image": world.image, "ModelDataUrl": "s3://work/none.tar.gz"}
    world.sm.create_model(ModelName="unowned", PrimaryContainer=unowned)
    world.config("unowned", "unowned")
    refused = world.refused(create, EndpointName="e", EndpointConfigName="unowned")
    assert "serving a model without ExecutionRoleArn (model unowned)" in refused[1]
    assert world.sm.list_endpoints()["Endpoints"] == []
