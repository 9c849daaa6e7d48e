"""What SageMaker's SDK v2 keeps track of: features, experiments, lineage and model cards."""

import pytest

pytestmark = pytest.mark.clients


@pytest.fixture(scope="module")
def seen(terminal, notebook):
    """What the program saw."""
    return terminal.run("sagemaker-v2", "sagemaker_v2_tracking", extra=notebook)


def test_a_table_is_ingested_online_and_in_s3(seen):
    """The latest record is read back; files lie in the folders of their hours."""
    assert seen["features"]["record"] == {"id": "b", "at": "2026-01-01T00:00:00Z", "age": "2", "share": "1.5"}
    assert set(seen["features"]["hours"]) == {"/year=2026/month=01/day=01/hour=00"}


def test_a_run_is_logged_and_analysed(seen):
    """Parameters, metrics by step and artifacts come back in the SDK's table."""
    assert seen["experiment"]["name"] == "first"
    shown = seen["experiment"]["shown"]
    assert (shown["rate"], shown["kind"], shown["data - Value"]) == (0.1, "linear", "s3://somewhere/data")
    assert [float(shown[f"loss - {figure}"]) for figure in ("Min", "Last", "Count")] == [1.0, 1.0, 2.0]


def test_a_job_knows_what_it_was_made_of(seen):
    """Data and image in, a model out; what people associate is found by a query."""
    drawn = [tuple(row) for row in seen["lineage"]["drawn"]]
    assert drawn == [
        ("Input", "DataSet", "ContributedTo"),
        ("Input", "Image", "ContributedTo"),
        ("Output", "Model", "Produced"),
    ]
    assert seen["lineage"]["found"]


def test_a_card_has_versions(seen):
    """Another content is another version, another status is none."""
    assert seen["card"] == {"versions": [2, 1], "loaded": ["second", "Approved"]}
