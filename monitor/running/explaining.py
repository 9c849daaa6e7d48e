"""Explains what a window was answered: a job in the model's own image does, and a later run judges what it has left.

No other place has the libraries that a model needs, and no run waits for a job: so explainability is told of the
newest window that has been explained, mostly the one before.
"""

from __future__ import annotations

import csv
import io
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from monitor import attribution
from monitor.judgement import Judgement, Monitor, Outcome
from monitor.policy import Policy
from monitor.reading import read
from monitor.running.clients import Clients
from monitor.running.job import LONGEST_NAME, Jobs
from monitor.running.place import Place
from monitor.running.serving import BACKGROUND, Reference, Served, reference
from monitor.running.storage import Stored, fetch, found, put
from monitor.running.window import Window
from monitor.running.witness import together

_log = logging.getLogger(__name__)

PATIENCE: Final = timedelta(hours=1)
"""A job that has left nothing by then has failed."""
REMEMBERED: Final = 5
"""So many of the last windows are known to be under way."""
MOST_BYTES: Final = 64_000_000
"""Of captured requests the rows that are explained are drawn from."""
INSTANCE_TYPE: Final = "ml.m5.large"
_INPUT: Final = "/opt/ml/processing/input"
_OUTPUT: Final = "/opt/ml/processing/output"
COMMAND: Final = (
    "/bin/sh",
    "-c",
    'd=$(mktemp -d) && tar -xzf "$1/model.tar.gz" -C "$d" && '
    'exec python3 "$d/code/pipelines/serving/attribution.py" --model "$@"',
    "explain",
    f"{_INPUT}/model",
    *("--rows", f"{_INPUT}/rows/rows.csv"),
    *("--background", f"{_INPUT}/background/background.csv"),
    *("--output", _OUTPUT),
)
"""The program stands in the archive of the model. SageMaker takes 256 characters a word at most."""
_LONGEST_SECONDS: Final = 3600
_VOLUME_GB: Final = 30
_SEED: Final = 20


@dataclass(frozen=True, kw_only=True)
class Explained:
    """A window whose answers a job explains, or has explained; moments in ISO 8601."""

    run: str
    package: str
    start: str
    end: str
    rows: int = 0
    fault: str = ""
    """Why there is no such job; empty where there is."""


@dataclass(frozen=True, kw_only=True)
class Explaining:
    """The explanations of the version that serves a model."""

    place: Place
    policy: Policy
    served: Served
    clients: Clients

    def start(self, window: Window, captured: Sequence[Stored], *, run: str, jobs: Jobs, folder: Path) -> None:
        """Start the job that explains answers of a window, unless nobody asked; what hinders it is kept for `judge`."""
        known = self._started()
        if not captured or any(each.run == run for each in known):
            return
        entry = Explained(run=run, package=self.served.package, start=_written(window.start), end=_written(window.end))
        try:
            entry = replace(entry, rows=self._begin(window, captured, run=run, jobs=jobs, folder=folder))
        except Exception as error:  # noqa: BLE001 - the other monitors must be heard, and this one says what was wrong
            _log.exception("no job explains %s", run)
            entry = replace(entry, fault=f"{type(error).__name__}: {error}")
        put(self.clients.s3, self._at("started.json"), [asdict(each) for each in [*known, entry][-REMEMBERED:]])

    def judge(self, known: Reference, *, now: datetime) -> Judgement:
        """The judgement on the newest window that has been explained; ``now`` is the end of the window of the run."""
        assert self.policy.explainability is not None
        hidden = sorted(set(self.policy.masked) & set(known.columns))
        if hidden:
            return _undecided(Outcome.FAILED, f"What the model was told of {', '.join(hidden)} is masked.")
        for entry in reversed(self._started()):
            if entry.package != self.served.package:
                continue
            if entry.fault:
                return _undecided(Outcome.FAILED, f"The answers until {entry.end} are not explained. {entry.fault}")
            analysis = found(self.clients.s3, self._at(f"{entry.run}/output/analysis.json"))
            if analysis is not None:
                return self._judged(analysis, known, entry)
            if now - datetime.fromisoformat(entry.end) > PATIENCE:
                said = "the job that was to explain them has left nothing; its log says why"
                return _undecided(Outcome.FAILED, f"Answers until {entry.end}: {said}.")
        return _undecided(Outcome.INSUFFICIENT_DATA, "No answers of this version have been explained yet.")

    def _judged(self, analysis: Mapping[str, Any], known: Reference, entry: Explained) -> Judgement:
        assert self.policy.explainability is not None
        told = attribution.judge(
            analysis, baseline=known.explainability, policy=self.policy.explainability, rows=entry.rows
        )
        return replace(told, reason=f"{told.reason} Of the answers until {entry.end}.")

    def _begin(self, window: Window, captured: Sequence[Stored], *, run: str, jobs: Jobs, folder: Path) -> int:
        assert self.policy.explainability is not None
        if self.served.baseline is None:
            raise ValueError("the version was registered without a baseline")
        known = reference(self.served.baseline, self.clients.s3)
        paths = fetch(self.clients.s3, few(captured), folder)
        batches = read(paths, format="capture", columns=list(known.columns), start=window.start, end=window.end)
        rows = sample((batch.select(known.columns) for batch in batches), most=self.policy.explainability.rows)
        if not rows.num_rows:
            return 0
        put(self.clients.s3, self._at(f"{run}/rows.csv"), _csv(rows), media_type="text/csv")
        self._job(Stored.at(known.folder).below(BACKGROUND), run=run, jobs=jobs)
        return int(rows.num_rows)

    def _job(self, background: Stored, *, run: str, jobs: Jobs) -> None:
        sagemaker = self.clients.sagemaker
        name = f"{self.place.jobs}-explains-{run.rpartition('-')[2]}"[:LONGEST_NAME]
        inputs = {"model": self.served.archive, "rows": self._at(f"{run}/rows.csv").uri, "background": background.uri}
        output = self._at(f"{run}/output").uri
        try:
            sagemaker.create_processing_job(
                ProcessingJobName=name,
                RoleArn=jobs.role,
                AppSpecification={
                    "ImageUri": self.served.image,
                    "ContainerEntrypoint": list(COMMAND),
                },
                ProcessingInputs=[_input(each, uri) for each, uri in inputs.items()],
                ProcessingOutputConfig={"Outputs": [_output(output)], "KmsKeyId": jobs.key},
                ProcessingResources={
                    "ClusterConfig": {
                        "InstanceCount": 1,
                        "InstanceType": INSTANCE_TYPE,
                        "VolumeSizeInGB": _VOLUME_GB,
                        "VolumeKmsKeyId": jobs.key,
                    }
                },
                StoppingCondition={"MaxRuntimeInSeconds": _LONGEST_SECONDS},
                Tags=[
                    {"Key": "sluice:model", "Value": self.place.model},
                    {"Key": "sluice:stage", "Value": self.place.stage},
                ],
                NetworkConfig=jobs.closed_network,
            )
        except sagemaker.exceptions.ResourceInUse:
            _log.info("%s runs already", name)

    def _started(self) -> list[Explained]:
        """The last windows whose explanation was begun, the newest last."""
        return [Explained(**each) for each in found(self.clients.s3, self._at("started.json")) or []]

    def _at(self, name: str) -> Stored:
        return Stored(bucket=self.place.capture_bucket, key=f"reports/{self.place.model}/explained/{name}")


def few(captured: Sequence[Stored]) -> list[Stored]:
    """Files of a window, evenly taken, that are not too large together; one at least."""
    size = sum(stored.size_bytes for stored in captured)
    step = max(1, -(-size // MOST_BYTES))
    return list(captured[::step])


def sample(batches: Iterable[pa.RecordBatch], *, most: int) -> pa.Table:
    """So many rows at random, each as likely as any other; the same from run to run."""
    random = np.random.default_rng(_SEED)
    kept, drawn = pa.table({}), np.empty(0)
    for batch in batches:
        table = pa.Table.from_batches([batch])
        kept = together([kept, table]) if len(drawn) else table
        drawn = np.concatenate([drawn, random.random(batch.num_rows)])
        chosen = np.sort(np.argsort(drawn, kind="stable")[:most])
        kept, drawn = kept.take(pa.array(chosen)), drawn[chosen]
    return kept


def _csv(rows: pa.Table) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(rows.column_names)
    writer.writerows(zip(*(column.to_pylist() for column in rows.columns), strict=True))
    return text.getvalue()


def _input(name: str, uri: str) -> Any:
    return {
        "InputName": name,
        "S3Input": {
            "S3Uri": uri,
            "LocalPath": f"{_INPUT}/{name}",
            "S3DataType": "S3Prefix",
            "S3InputMode": "File",
            "S3DataDistributionType": "FullyReplicated",
        },
    }


def _output(uri: str) -> Any:
    stored = {"S3Uri": uri, "LocalPath": _OUTPUT, "S3UploadMode": "EndOfJob"}
    return {"OutputName": "explained", "S3Output": stored}


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _undecided(outcome: Outcome, reason: str) -> Judgement:
    return Judgement(monitor=Monitor.EXPLAINABILITY, outcome=outcome, reason=reason, rows=0)
