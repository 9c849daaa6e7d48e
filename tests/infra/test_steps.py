import pytest

from env.stage import Network, Training
from infra import steps

LARGE = Training(instance_type="ml.m5.large")
NETWORK = Network(subnets=("subnet-1",), security_groups=("sg-1",))
PLACED = {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]}
SMALL = {"InstanceType": "ml.t3.medium", "InstanceCount": 1}


def step(kind, **arguments):
    """A step of a kind."""
    return {"Name": "S", "Type": kind, "Arguments": arguments}


@pytest.mark.parametrize("kind", ["Processing", "QualityCheck", "ClarifyCheck"])
def test_processing_jobs_are_placed(kind):
    """Checks are processing jobs too."""
    made = step(kind, ProcessingResources={"ClusterConfig": dict(SMALL)})
    steps.place(made, LARGE, NETWORK)
    assert made["Arguments"]["ProcessingResources"]["ClusterConfig"]["InstanceType"] == "ml.m5.large"
    assert made["Arguments"]["NetworkConfig"]["VpcConfig"] == PLACED


def test_what_a_job_says_of_its_network_stays():
    """Isolation and encryption between containers are the author's."""
    made = step("Processing", NetworkConfig={"EnableNetworkIsolation": True})
    steps.place(made, LARGE, NETWORK)
    assert made["Arguments"]["NetworkConfig"] == {"EnableNetworkIsolation": True, "VpcConfig": PLACED}


def test_training_jobs_are_placed_with_all_their_groups():
    """A cluster of several kinds of instances gets the stage's for each."""
    made = step("Training", ResourceConfig={"InstanceGroups": [dict(SMALL), dict(SMALL)]})
    steps.place(made, LARGE, NETWORK)
    groups = made["Arguments"]["ResourceConfig"]["InstanceGroups"]
    assert [group["InstanceType"] for group in groups] == ["ml.m5.large"] * 2
    assert made["Arguments"]["VpcConfig"] == PLACED


def test_trials_of_a_tuning_job_are_placed():
    """Each definition of a tuning job, the only one or one of several."""
    one, other = {"ResourceConfig": dict(SMALL)}, {"HyperParameterTuningResourceConfig": dict(SMALL)}
    made = step("Tuning", TrainingJobDefinition=one, TrainingJobDefinitions=[other])
    steps.place(made, LARGE, NETWORK)
    assert one == {"ResourceConfig": {**SMALL, "InstanceType": "ml.m5.large"}, "VpcConfig": PLACED}
    assert other["HyperParameterTuningResourceConfig"]["InstanceType"] == "ml.m5.large"
    assert other["VpcConfig"] == PLACED


def test_a_transform_runs_in_the_network_of_its_model():
    """The one has instances, the other a network."""
    transform, model = step("Transform", TransformResources=dict(SMALL)), step("Model", PrimaryContainer={})
    for each in (transform, model):
        steps.place(each, LARGE, NETWORK)
    assert transform["Arguments"] == {"TransformResources": {**SMALL, "InstanceType": "ml.m5.large"}}
    assert model["Arguments"] == {"PrimaryContainer": {}, "VpcConfig": PLACED}


@pytest.mark.parametrize("kind", ["Condition", "Fail", "Lambda", "Callback", "RegisterModel"])
def test_steps_without_jobs_are_left_alone(kind):
    """Nothing is added to them."""
    made = step(kind)
    steps.place(made, LARGE, NETWORK)
    assert made == step(kind)


def test_an_instance_type_from_a_parameter_is_found():
    """So that the parameter's default can be the stage's."""
    made = step("Transform", TransformResources={"InstanceType": {"Get": "Parameters.Kind"}})
    steps.place(made, LARGE, None)
    assert steps.clusters(made) == [{"InstanceType": {"Get": "Parameters.Kind"}}]
