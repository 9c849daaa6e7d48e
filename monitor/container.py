"""The analyzer as the container that SageMaker's monitoring jobs start: environment in, files, message and metrics out.

Source: Model Monitor's guide, "Container Contract Inputs" and "Container Contract Outputs".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import orjson
import pyarrow as pa

from monitor import judging, quality
from monitor.files import CONSTRAINTS, LABEL, PREDICTION, PROFILE, STATISTICS
from monitor.files import constraints as constraints_file
from monitor.judgement import Judgement, Outcome
from monitor.policy import DataPolicy, Policy, QualityPolicy
from monitor.profile import Profile
from monitor.reading import Format, Reading, read

MESSAGE: Final = Path("/opt/ml/output/message")
METRICS: Final = Path("/opt/ml/output/metrics/cloudwatch")
_CAPTURES: Final = {"sagemakerCaptureJson": "capture", "sagemakerMergeJson": "merged"}
_KINDS: Final = {"Regression": "regression", "BinaryClassification": "binary-classification"}


class Refused(Exception):
    """A job that cannot be done; the text becomes its exit message."""


@dataclass(frozen=True)
class Job:
    """What the environment of a monitoring job asks for."""

    environment: Mapping[str, str]

    @property
    def source(self) -> Path:
        """The folder that the data lie in."""
        return Path(self.environment["dataset_source"])

    @property
    def output(self) -> Path:
        """The folder that is filled."""
        return Path(self.environment.get("output_path", "/opt/ml/processing/output"))

    @property
    def is_of_model_quality(self) -> bool:
        """Whether answers are held against labels, not data against a baseline."""
        return self.environment.get("analysis_type") == "MODEL_QUALITY"

    @property
    def captured(self) -> tuple[str, ...]:
        """Which parts of captured records are looked at; empty for other data."""
        return next((tuple(each.get("captureIndexNames", ())) for each in self._format().values()), ())

    def reading(self, columns: list[str] | None = None) -> Reading:
        """The data, in the window if there is one; `columns` name what has no names."""
        start, end = (self._time(name) for name in ("start_time", "end_time"))
        return read(self.source, format=self._read_as(), columns=columns, start=start, end=end)

    def files_of_baseline(self) -> dict[str, bytes]:
        """The baseline's files by their names, a profile of ours beside AWS's where there is one; empty without one."""
        found: dict[str, bytes] = {}
        for name, key in ((CONSTRAINTS, "baseline_constraints"), (STATISTICS, "baseline_statistics")):
            path = Path(self.environment[key]) if self.environment.get(key) else None
            if path is None:
                continue
            if not path.is_file():
                raise Refused(f"{key}: there is no file {path}.")
            found[name] = path.read_bytes()
            if (beside := path.with_name(PROFILE)).is_file():
                found[PROFILE] = beside.read_bytes()
        return found

    def _format(self) -> Mapping[str, Any]:
        found = json.loads(self.environment.get("dataset_format", "{}"))
        return {key: value or {} for key, value in found.items()} if isinstance(found, dict) else {}

    def _read_as(self) -> Format | None:
        """The reader's name of the format; None: it looks for itself."""
        for key, given in self._format().items():
            if key in _CAPTURES:
                return "merged" if _CAPTURES[key] == "merged" else "capture"
            if key.lower() == "csv":
                return "csv" if str(given.get("header", False)).lower() == "true" else "headerless"
            if key.lower() in ("parquet", "json"):
                return "parquet" if key.lower() == "parquet" else "json"
        return None

    def _time(self, name: str) -> datetime | None:
        text = self.environment.get(name)
        return datetime.fromisoformat(text) if text else None


def main(environment: Mapping[str, str], *, message: Path = MESSAGE, metrics: Path = METRICS) -> int:
    """Does the job of an environment. Gives the exit code: 0 also with violations, 1 when nothing could be judged."""
    job = Job(environment)
    try:
        said = _done(job, metrics)
    except (Refused, judging.BadBaseline, quality.BadQuality, json.JSONDecodeError) as failure:
        return leave_message(message, f"ClientError: {failure}", code=1)
    return leave_message(message, said, code=0)


def _done(job: Job, metrics: Path) -> str:
    for key in ("record_preprocessor_script", "post_analytics_processor_script"):
        if job.environment.get(key):
            raise Refused(f"{key} is not supported: this analyzer runs no scripts.")
    files = job.files_of_baseline()
    if not files:
        write(job.output, _suggested(job))
        return "Completed: Job completed successfully with no violations."
    judgement = _of_quality(job, files) if job.is_of_model_quality else _of_data(job, files)
    if judgement.outcome is Outcome.FAILED:
        raise Refused(judgement.reason)
    write(job.output, {name: orjson.dumps(content, option=_INDENTED) for name, content in judgement.files.items()})
    if job.environment.get("publish_cloudwatch_metrics") == "Enabled":
        put_metrics(judgement, job.environment, metrics)
    return message_of(judgement)


_INDENTED: Final = orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY


def _suggested(job: Job) -> Mapping[str, bytes]:
    """The files of a baseline job."""
    if job.is_of_model_quality:
        made = quality.baseline(_labelled(job), policy=_quality_policy(job.environment))
        return {name: orjson.dumps(content, option=_INDENTED) for name, content in made.items()}
    profile = Profile.of(job.reading())
    if not profile.rows:
        raise Refused("Job inputs had no data.")
    return judging.documents(profile)


def _of_data(job: Job, files: Mapping[str, bytes]) -> Judgement:
    """Chance is taken into account at every number of rows: no number is too small to be looked at."""
    baseline = judging.load(files)
    data = constraints_file.policy(baseline.constraints)
    current = Profile.of(_named(job, [each.name for each in baseline.constraints.features]))
    if not current.rows:
        raise Refused("Job inputs had no data.")
    return judging.judge(baseline, current, Policy(data=_with_minimum(data, 1)))


def _with_minimum(data: DataPolicy, rows: int) -> DataPolicy:
    return replace(data, minimum_rows=rows)


def _named(job: Job, features: list[str]) -> Iterator[Any]:
    """The data with the baseline's names.

    AWS's analyzer lines up a captured record by position, the answer before the request: a baseline that knows of no
    column `prediction` calls the answer what it calls its first column.
    """
    if not job.captured:
        yield from job.reading()
        return
    answered, asked = ("endpointOutput" in job.captured, "endpointInput" in job.captured)
    answer = PREDICTION if PREDICTION in features or not (answered and asked) else features[0]
    reading = job.reading([name for name in features if name != answer])
    for batch in reading:
        kept = [name for name in batch.schema.names if answered if name == PREDICTION]
        kept += [name for name in batch.schema.names if asked if name not in (PREDICTION, LABEL)]
        yield batch.select(kept).rename_columns([answer if name == PREDICTION else name for name in kept])


def _of_quality(job: Job, files: Mapping[str, bytes]) -> Judgement:
    constraints = json.loads(files[CONSTRAINTS]) if CONSTRAINTS in files else None
    statistics = json.loads(files[STATISTICS]) if STATISTICS in files else None
    policy = _quality_policy(job.environment)
    return quality.judge(_labelled(job), policy=policy, baseline=statistics, constraints=constraints)


def _quality_policy(environment: Mapping[str, str]) -> QualityPolicy:
    """Model Monitor takes the label 1 for the positive one; `positive_label` may say otherwise."""
    kind = _KINDS.get(environment.get("problem_type", ""))
    if kind is None:
        raise Refused(f"problem_type {environment.get('problem_type')!r} is none of {', '.join(_KINDS)}.")
    return QualityPolicy(
        kind="regression" if kind == "regression" else "binary-classification",
        positive_label=environment.get("positive_label", "1"),
        decision_threshold=float(environment.get("probability_threshold_attribute") or 0.5),
        minimum_labels=1,
    )


def _labelled(job: Job) -> pa.Table:
    """Answers and labels, whatever the data call them."""
    environment = job.environment
    names = {environment.get("ground_truth_attribute", LABEL): LABEL}
    answer = environment.get("probability_attribute") or environment.get("inference_attribute") or PREDICTION
    # In merged captures an attribute is a place in the answer; the reader has taken the number from there already.
    names |= {PREDICTION: PREDICTION} if job.captured else {answer: PREDICTION}
    wanted = [_selected(batch, names) for batch in job.reading()]
    found = [table for table in wanted if table is not None]
    if not found:
        raise Refused("Job inputs had no data.")
    return pa.concat_tables(found, promote_options="permissive")


def _selected(batch: Any, names: Mapping[str, str]) -> pa.Table | None:
    there = [name for name in names if name in batch.schema.names]
    if len(there) < len(names):
        return None
    return pa.Table.from_batches([batch.select(there).rename_columns([names[name] for name in there])])


def message_of(judgement: Judgement) -> str:
    """The exit message, in Model Monitor's words: how it begins decides what the execution is called."""
    if judgement.violations:
        many = len(judgement.violations)
        return f"CompletedWithViolations: Job completed successfully with {many} violations."
    if judgement.outcome is Outcome.INSUFFICIENT_DATA:
        return f"Completed: Job completed without a judgement. {judgement.reason}"
    return "Completed: Job completed successfully with no violations."


def put_metrics(judgement: Judgement, environment: Mapping[str, str], folder: Path) -> None:
    """JSON lines that the platform publishes, in a file for each job."""
    folder.mkdir(parents=True, exist_ok=True)
    given = {
        "Endpoint": environment.get("sagemaker_endpoint_name"),
        "MonitoringSchedule": environment.get("sagemaker_monitoring_schedule_name"),
    }
    dimensions = [{"Name": name, "Value": value} for name, value in given.items() if value]
    with (folder / "cloudwatch_metrics.jsonl").open("w") as file:
        for metric in judgement.metrics:
            own = [{"Name": name, "Value": value} for name, value in metric.dimensions.items()]
            line = {"MetricName": metric.name, "Timestamp": environment.get("metric_time"), "Value": metric.value}
            file.write(json.dumps({**line, "Dimensions": [*dimensions, *own]}) + "\n")


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Fills a folder, which is made where it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


def leave_message(path: Path, said: str, *, code: int) -> int:
    """The first kilobyte is what DescribeProcessingJob shows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(said[:1000], encoding="utf-8")
    return code
