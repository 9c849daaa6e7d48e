"""One pipeline in both versions of SageMaker's SDK: the definitions differ, what comes of them does not."""

import pytest

from tests.clients.programs import rows

pytestmark = pytest.mark.clients


@pytest.fixture(scope="module")
def made(terminal, notebook, tmp_path_factory):
    """For each version of the SDK the bytes of its model and of its evaluation."""
    s3, sagemaker = terminal.client("s3"), terminal.client("sagemaker")
    place = {"LocationConstraint": "eu-west-1"}
    s3.create_bucket(Bucket="sagemaker-same-rows", CreateBucketConfiguration=place)
    s3.upload_file(str(rows.write(tmp_path_factory.mktemp("rows") / "rows.csv")), "sagemaker-same-rows", "in/rows.csv")
    found = {}
    for version in ("v2", "v3"):
        seen = terminal.run(f"sagemaker-{version}", f"same_{version}", "s3://sagemaker-same-rows/in", extra=notebook)
        (train,) = (step for step in seen["steps"] if step["StepName"] == "Train")
        job = sagemaker.describe_training_job(TrainingJobName=train["Metadata"]["TrainingJob"]["Arn"].rsplit("/", 1)[1])
        bucket, _, key = job["ModelArtifacts"]["S3ModelArtifacts"].removeprefix("s3://").partition("/")
        evaluation = {"Bucket": seen["bucket"], "Key": f"same-{version}/evaluation/evaluation.json"}
        found[version] = (
            s3.get_object(Bucket=bucket, Key=key)["Body"].read(),
            s3.get_object(**evaluation)["Body"].read(),
        )
    return found


def test_both_versions_of_the_sdk_make_the_same_model(made):
    """Byte by byte, the archive too."""
    assert made["v2"][0] == made["v3"][0]


def test_both_versions_of_the_sdk_measure_the_same(made):
    """To the last digit."""
    assert made["v2"][1] == made["v3"][1]
