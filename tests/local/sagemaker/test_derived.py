import pytest

from local.sagemaker.derived import derived, kinds, names
from local.sagemaker.kinds import MODEL


def test_every_kind_that_the_model_creates_and_describes_is_known():
    """A new version of botocore brings its kinds by itself."""
    assert set(names()) <= set(kinds())
    assert len(names()) > 60


def test_a_written_kind_takes_the_place_of_the_derived_one():
    """Words and codes that the field knows win over the model's."""
    assert kinds()["Model"] is MODEL


@pytest.mark.parametrize(
    ("name", "arn_type", "path"),
    [
        ("Trial", "experiment-trial", ("TrialName",)),
        ("EdgeDeploymentPlan", "edge-deployment", ("EdgeDeploymentPlanName",)),
        ("AppImageConfig", "app-image-config", ("AppImageConfigName",)),
        (
            "NotebookInstanceLifecycleConfig",
            "notebook-instance-lifecycle-config",
            ("NotebookInstanceLifecycleConfigName",),
        ),
        ("UserProfile", "user-profile", ("DomainId", "UserProfileName")),
        ("Domain", "domain", ("DomainId",)),
        ("Workteam", "workteam/private-crowd", ("WorkteamName",)),
    ],
)
def test_an_arn_is_built_as_aws_documents_it(name, arn_type, path):
    """Service Authorization Reference: the type and what follows it."""
    kind = derived(name)
    assert (kind.arn_type, kind.path) == (arn_type, path)


@pytest.mark.parametrize(
    ("name", "missing", "exists"),
    [
        ("Hub", "ResourceNotFound", "ResourceInUse"),
        ("ModelCard", "ResourceNotFound", "ConflictException"),
        ("InferenceRouter", "ResourceNotFound", "ResourceAlreadyExists"),
        ("CodeRepository", "ValidationException", "ValidationException"),
    ],
)
def test_codes_are_those_that_the_operations_declare(name, missing, exists):
    """ValidationException where the model declares none."""
    kind = derived(name)
    assert (kind.missing_code, kind.exists_code) == (missing, exists)


@pytest.mark.parametrize(("name", "status"), [("Hub", "InService"), ("FlowDefinition", "Active"), ("TransformJob", "")])
def test_no_kind_that_would_have_to_run_settles_by_itself(name, status):
    """What is kept is ready at once; what has to run is never said to have."""
    assert derived(name).settled == status
