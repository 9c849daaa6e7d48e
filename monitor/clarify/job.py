"""One job of Clarify: where its configuration and data are, what it is asked for, and what it leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import orjson
import pyarrow as pa

from monitor import bias as bias_metrics
from monitor import container
from monitor.clarify import bias, shap
from monitor.clarify.config import BadConfig, Config
from monitor.clarify.predictor import BadAnswerError, Predictor, live
from monitor.files import LABEL, PREDICTION
from monitor.judgement import Judgement, Outcome
from monitor.policy import ExplainabilityPolicy
from monitor.reading import read

_CONFIG: Final = "/opt/ml/processing/input/config/analysis_config.json"
DATA: Final = Path("/opt/ml/processing/input/data")
_OUTPUT: Final = "/opt/ml/processing/output"
_INDENTED: Final = orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY


@dataclass(frozen=True)
class Job:
    """What the environment of a job says; a processing job's says nothing, and its folders are fixed."""

    environment: Mapping[str, str]
    data: Path

    @property
    def monitors(self) -> bool:
        """Whether it looks at captured requests."""
        return "dataset_source" in self.environment

    @property
    def output(self) -> Path:
        """The folder that is filled."""
        return Path(self.environment.get("output_path", _OUTPUT))

    @property
    def threshold(self) -> float | None:
        """That of the probability that the answer is; None where it is a label."""
        if not self.environment.get("probability_attribute"):
            return None
        return float(self.environment.get("probability_threshold_attribute") or 0.5)

    def config(self) -> Config:
        """What is asked for. Raises BadConfig."""
        path = Path(self.environment.get("analysis_config", _CONFIG))
        if not path.is_file():
            raise BadConfig(f"There is no configuration {path}.")
        return Config.of(orjson.loads(path.read_bytes()))

    def baseline(self) -> Mapping[str, Any] | None:
        """The analysis that this one is held to; None for a first one. Raises BadConfig where the file is missing."""
        place = self.environment.get("baseline_constraints")
        if not place:
            return None
        if not Path(place).is_file():
            raise BadConfig(f"There is no baseline {place}.")
        found: Mapping[str, Any] = orjson.loads(Path(place).read_bytes())
        return found

    def table(self, config: Config) -> pa.Table:
        """The data, labels called ``label`` and answers ``prediction``. Raises BadConfig where there are none."""
        if self.monitors:
            start, end = (self._time(name) for name in ("start_time", "end_time"))
            reading = read(self.environment["dataset_source"], columns=config.features or None, start=start, end=end)
        else:
            reading = read(self.data, columns=config.headers or None)
        batches = [pa.Table.from_batches([batch]) for batch in reading]
        if not batches:
            raise BadConfig("Job inputs had no data.")
        table = pa.concat_tables(batches, promote_options="permissive")
        names = {config.label: LABEL, config.predicted: PREDICTION}
        return table.rename_columns([names.get(name, name) if name else name for name in table.column_names])

    def _time(self, name: str) -> datetime | None:
        text = self.environment.get(name)
        return datetime.fromisoformat(text) if text else None


_BIAS: Final = {"pre_training_bias", "post_training_bias"}


def main(
    environment: Mapping[str, str],
    *,
    predictor: Callable[[Mapping[str, Any]], Predictor] = live,
    data: Path = DATA,
    message: Path = container.MESSAGE,
    metrics: Path = container.METRICS,
) -> int:
    """Does the job of an environment. Gives the exit code: 0 also with violations, 1 when nothing could be analysed."""
    job = Job(environment, data)
    try:
        judgement = _judged(job, predictor)
    except (BadConfig, bias_metrics.BadBias, BadAnswerError, orjson.JSONDecodeError) as failure:
        return container.leave_message(message, f"ClientError: {failure}", code=1)
    if judgement.outcome is Outcome.FAILED:
        return container.leave_message(message, f"ClientError: {judgement.reason}", code=1)
    container.write(
        job.output, {name: orjson.dumps(content, option=_INDENTED) for name, content in judgement.files.items()}
    )
    if environment.get("publish_cloudwatch_metrics") == "Enabled":
        container.put_metrics(judgement, environment, metrics)
    return container.leave_message(message, container.message_of(judgement), code=0)


def _judged(job: Job, predictor: Callable[[Mapping[str, Any]], Predictor]) -> Judgement:
    config, held = job.config(), job.baseline()
    table = job.table(config)
    if config.methods == {"shap"}:
        if not config.predictor:
            raise BadConfig("The configuration names no predictor to explain the answers of.")
        with predictor(config.predictor) as model:
            return shap.analyse(table, config, model.score, policy=ExplainabilityPolicy(), baseline=held)
    if config.methods and not config.methods <= _BIAS:
        raise BadConfig(f"The methods {', '.join(sorted(config.methods))} cannot be had together here, or at all.")
    threshold = job.threshold
    if PREDICTION not in table.column_names and config.predictor and "post_training_bias" in config.methods:
        with predictor(config.predictor) as model:
            table = _answered(table, model)
        threshold = config.threshold
    return bias.analyse(table, config, threshold=threshold, baseline=held)


def _answered(table: pa.Table, model: Predictor) -> pa.Table:
    names = [name for name in table.column_names if name != LABEL]
    rows = list(zip(*(table[name].to_pylist() for name in names), strict=True))
    return table.append_column(PREDICTION, pa.array(model.score(rows)))
