import functools

import pytest

import env
from env.stage import Autoscaling
from infra import node
from tests.infra.templates import CHECKOUT, MODEL, Synthesized, of_one_model

# The CDK starts node when it is imported, as the tests of this folder do.
node.choose()


@pytest.fixture(scope="session")
def synthesized(tmp_path_factory):
    """Gives the assembly of a stage with one model; each is made once, with the CDK's own validation."""

    @functools.cache
    def synthesize(name: str) -> Synthesized:
        from infra import assembly

        stage, folder = of_one_model(name), tmp_path_factory.mktemp(name)
        assembly.synthesize(stage, pipelines=CHECKOUT / "pipelines", assembly=folder, validated=True)
        return Synthesized(stage, folder)

    return synthesize


@pytest.fixture(scope="session")
def whole(tmp_path_factory, synthesized):
    """Gives the assembly of a stage with all its models."""

    @functools.cache
    def synthesize(name: str) -> Synthesized:
        from infra import assembly

        stage = env.load(name)
        if stage == of_one_model(name):
            return synthesized(name)
        folder = tmp_path_factory.mktemp(f"whole-{name}")
        assembly.synthesize(stage, pipelines=CHECKOUT / "pipelines", assembly=folder)
        return Synthesized(stage, folder)

    return synthesize


@pytest.fixture(scope="session", params=env.names())
def every(request, synthesized):
    """The assembly of each stage in turn."""
    return synthesized(request.param)


@pytest.fixture(scope="session")
def local(synthesized):
    """The assembly of the laptop's stage."""
    return synthesized("local")


@pytest.fixture(scope="session")
def prod(synthesized):
    """The assembly of the last stage: behind a registry elsewhere, inside a network, with a canary."""
    return synthesized("prod")


@pytest.fixture(scope="session")
def scaled(tmp_path_factory):
    """The assembly of the last stage with an endpoint whose instances follow its traffic."""
    from infra import assembly

    folder, stage = tmp_path_factory.mktemp("scaled"), of_one_model("prod")
    scaling = Autoscaling(minimum=4, maximum=10, invocations_per_instance=600.0)
    parts = stage.models[MODEL]
    serving = parts.serving.model_copy(update={"autoscaling": scaling, "instance_quota": 20})
    stage = stage.model_copy(update={"models": {MODEL: parts.model_copy(update={"serving": serving})}})
    assembly.synthesize(stage, pipelines=CHECKOUT / "pipelines", assembly=folder, validated=True)
    return Synthesized(stage, folder)


@pytest.fixture(scope="session")
def scheduled(tmp_path_factory):
    """The assembly of the laptop's stage with a pipeline that runs each Monday in the morning of Zurich."""
    from infra import assembly

    folder, stage = tmp_path_factory.mktemp("scheduled"), of_one_model("local")
    monday = {"schedule": "cron(0 6 ? * MON *)", "schedule_timezone": "Europe/Zurich"}
    parts = stage.models[MODEL]
    training = parts.training.model_copy(update=monday)
    stage = stage.model_copy(update={"models": {MODEL: parts.model_copy(update={"training": training})}})
    assembly.synthesize(stage, pipelines=CHECKOUT / "pipelines", assembly=folder)
    return Synthesized(stage, folder)
