"""What SageMaker's SDK v2 keeps track of: features, experiments, lineage and model cards."""

import json
import sys
import tempfile
import time
from pathlib import Path

import pandas
import sagemaker
from sagemaker import get_execution_role
from sagemaker.analytics import ExperimentAnalytics
from sagemaker.experiments.run import Run, load_run
from sagemaker.feature_store.feature_group import FeatureGroup
from sagemaker.lineage.artifact import Artifact
from sagemaker.lineage.association import Association
from sagemaker.lineage.query import LineageQuery, LineageQueryDirectionEnum
from sagemaker.lineage.visualizer import LineageTableVisualizer
from sagemaker.model_card import IntendedUses, ModelCard, ModelCardStatusEnum, ModelOverview, RiskRatingEnum
from sagemaker.sklearn import SKLearn

import rows  # isort: skip

NAME = "sdk-v2-tracking"
CODE = Path(__file__).with_name("code")

session = sagemaker.Session()
role = get_execution_role()


def keep_features():
    """A feature group of a table: ingested, read back online, and in S3 a little later."""
    table = pandas.DataFrame({"id": ["a", "b"], "at": ["2026-01-01T00:00:00Z"] * 2, "age": [1, 2], "share": [0.5, 1.5]})
    table[["id", "at"]] = table[["id", "at"]].astype("string")
    group = FeatureGroup(name=NAME, sagemaker_session=session)
    group.load_feature_definitions(table)
    group.create(
        s3_uri=f"s3://{session.default_bucket()}/features",
        record_identifier_name="id",
        event_time_feature_name="at",
        role_arn=role,
        enable_online_store=True,
    )
    group.ingest(table, max_workers=1, wait=True)
    stored = group.describe()["OfflineStoreConfig"]["S3StorageConfig"]["ResolvedOutputS3Uri"]
    files = []
    while not files:
        time.sleep(0.2)
        files = sagemaker.s3.S3Downloader.list(stored, sagemaker_session=session)
    record = {value["FeatureName"]: value["ValueAsString"] for value in group.get_record("b")}
    group.delete()
    return {"record": record, "hours": [file.removeprefix(stored).rpartition("/")[0] for file in files]}


def run_an_experiment():
    """A run with parameters, a metric by step and an artifact; then the table of the experiment."""
    with Run(experiment_name=NAME, run_name="first", sagemaker_session=session) as run:
        run.log_parameters({"rate": 0.1, "kind": "linear"})
        for step, value in enumerate((4.0, 1.0)):
            run.log_metric("loss", value, step=step)
        run.log_artifact("data", "s3://somewhere/data")
    with load_run(experiment_name=NAME, run_name="first", sagemaker_session=session) as run:
        name = run.run_name
    table = ExperimentAnalytics(experiment_name=NAME, sagemaker_session=session).dataframe()
    shown = table.set_index("TrialComponentName").loc[f"{NAME}-first"]
    wanted = ["rate", "kind", "loss - Min", "loss - Last", "loss - Count", "data - Value"]
    return {"name": name, "shown": {column: shown[column] for column in wanted}}


def trace(data):
    """The lineage of a training job, as the SDK draws it, and of artifacts of one's own."""
    trained = SKLearn(
        entry_point="train.py",
        source_dir=str(CODE),
        framework_version="1.4-2",
        role=role,
        instance_type="ml.m5.xlarge",
        hyperparameters={"alpha": 0.001},
        sagemaker_session=session,
    )
    trained.fit({"train": data}, logs="None", experiment_config={"ExperimentName": NAME})
    drawn = LineageTableVisualizer(session).show(training_job_name=trained.latest_training_job.name)
    whole = Artifact.create(source_uri="s3://own/data", artifact_type="DataSet", sagemaker_session=session)
    part = Artifact.create(source_uri="s3://own/part", artifact_type="DataSet", sagemaker_session=session)
    Association.create(
        source_arn=whole.artifact_arn,
        destination_arn=part.artifact_arn,
        association_type="DerivedFrom",
        sagemaker_session=session,
    )
    found = LineageQuery(session).query(
        start_arns=[part.artifact_arn], direction=LineageQueryDirectionEnum.ASCENDANTS, include_edges=False
    )
    part.delete(disassociate=True)
    whole.delete()
    ends = {(row["Direction"], row["Type"], row["Association Type"]) for _, row in drawn.iterrows()}
    ancestors = [vertex.arn == whole.artifact_arn for vertex in found.vertices]
    return {"drawn": sorted(ends), "found": any(ancestors)}


def write_a_card():
    """A card in two versions, approved."""
    card = ModelCard(
        name=NAME,
        status=ModelCardStatusEnum.DRAFT,
        model_overview=ModelOverview(model_name="m", model_description="first"),
        intended_uses=IntendedUses(purpose_of_model="to test", risk_rating=RiskRatingEnum.LOW),
        sagemaker_session=session,
    )
    card.create()
    card.model_overview.model_description = "second"
    card.update()
    card.status = ModelCardStatusEnum.APPROVED
    card.update()
    versions = [version["ModelCardVersion"] for version in card.get_version_history()]
    loaded = ModelCard.load(NAME, sagemaker_session=session)
    card.delete()
    return {"versions": versions, "loaded": [loaded.model_overview.model_description, loaded.status.value]}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        data = session.upload_data(str(rows.write(Path(scratch) / "train.csv")), key_prefix=f"{NAME}/input")
    seen = {"features": keep_features(), "experiment": run_an_experiment()}
    seen |= {"lineage": trace(data), "card": write_a_card()}
    Path(sys.argv[1]).write_text(json.dumps(seen, default=str))
