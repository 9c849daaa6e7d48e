"""The baseline of a model: what the monitors compare with, made of what a pipeline trained and tested it with."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from monitor import bias, judging, quality
from monitor.files import CONSTRAINTS, PREDICTION, STATISTICS
from monitor.policy import Policy
from monitor.profile import Profile
from monitor.quality.documents import constraints
from monitor.reading import read
from monitor.running.clients import Clients
from monitor.running.errors import MissingError
from monitor.running.serving import MANIFEST
from monitor.running.storage import Stored, document, fetch, listed, put
from monitor.running.witness import together

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_SECTIONS: Final = {
    "binary-classification": "binary_classification_metrics",
    "regression": "regression_metrics",
}
_EXPLAINABILITY: Final = "explainability"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a baseline is made of, and where it goes: S3 URIs."""

    data: str
    """The rows that the model was trained with, a CSV with a header."""
    predictions: str
    """Rows that it was tested with, a CSV with ``prediction``, ``label`` and the columns of a request."""
    contract: str
    """The model's data contract."""
    output: str
    """The folder that is filled."""
    explainability: str = ""
    """The folder with the attributions of the tested rows; empty when there is none."""
    evaluation: str = ""
    """What the pipeline itself has measured, in Model Monitor's form of model quality; empty when there is none."""


def make(wanted: Wanted, policy: Policy, clients: Clients) -> dict[str, str]:
    """Write the baseline of every monitor that the policy asks for, data quality always.

    Gives the URIs of data quality's ``statistics`` and ``constraints`` and the number of ``rows``, as texts. Raises
    MissingError for an object that is not there, and KeyError for a contract that is none.
    """
    output, contract = Stored.at(wanted.output), document(clients.s3, Stored.at(wanted.contract))
    if contract is None:
        raise MissingError(f"{wanted.contract} is not there.")
    columns = _columns(contract)
    with tempfile.TemporaryDirectory() as folder:
        clear = [name for name in columns if name not in policy.masked]  # statistics list values
        data = _profile(wanted.data, clear, clients.s3, folder=Path(folder, "data"))
        tested = _table(wanted.predictions, clients.s3, folder=Path(folder, "predictions"))
    answers = Profile.of(tested.select([PREDICTION]).to_batches())
    data.columns.update(answers.columns)
    for name, content in judging.documents(data, policy.data).items():
        put(clients.s3, output.below(f"data-quality/{name}"), content)
    evaluation = document(clients.s3, Stored.at(wanted.evaluation)) if wanted.evaluation else None
    for name, content in _judged(tested, policy, evaluation or {}).items():
        put(clients.s3, output.below(name), content)
    _copy(wanted.explainability, output.below(_EXPLAINABILITY), clients.s3)
    put(clients.s3, output.below(MANIFEST), _manifest(contract, policy, rows=data.rows))
    return {
        "statistics": output.below(f"data-quality/{STATISTICS}").uri,
        "constraints": output.below(f"data-quality/{CONSTRAINTS}").uri,
        "rows": str(data.rows),
    }


def _columns(contract: Mapping[str, Any]) -> list[str]:
    """The columns of a request: all that the contract names but the target, in its order."""
    return [field["name"] for field in contract["fields"] if field["name"] != contract["target"]]


def _manifest(contract: Mapping[str, Any], policy: Policy, *, rows: int) -> dict[str, Any]:
    positive = policy.quality.positive_label if policy.quality else None
    return {
        "columns": _columns(contract),
        "contract": [field["name"] for field in contract["fields"]],
        "target": contract["target"],
        "protected": list(contract.get("protected", [])),
        "rows": rows,
        **({"positive_label": positive} if positive is not None else {}),
    }


def _profile(uri: str, columns: Sequence[str], s3: S3Client, *, folder: Path) -> Profile:
    reading = read(_fetched(uri, s3, folder), format="csv", columns=None)
    names = set(columns)
    return Profile.of(batch.select([name for name in batch.schema.names if name in names]) for batch in reading)


def _table(uri: str, s3: S3Client, *, folder: Path) -> pa.Table:
    tables = [pa.Table.from_batches([batch]) for batch in read(_fetched(uri, s3, folder), format="csv", columns=None)]
    if not tables:
        raise MissingError(f"{uri} holds no row.")
    return together(tables)


def _fetched(uri: str, s3: S3Client, folder: Path) -> list[Path]:
    """The object of a URI, or those under it. Raises MissingError when there is none."""
    named = Stored.at(uri)
    found = [each for each in listed(s3, named.bucket, [named.key]) if _within(each.key, named.key)]
    if not found:
        raise MissingError(f"{uri} is not there.")
    return fetch(s3, found, folder)


def _within(key: str, named: str) -> bool:
    return key == named or key.startswith(f"{named.rstrip('/')}/")


def _judged(tested: pa.Table, policy: Policy, evaluation: Mapping[str, Any]) -> dict[str, Any]:
    """The files of the monitors that look at labels, with their paths.

    A stage that trains a model for others need not know how they monitor it: then what the pipeline has measured of
    the model's quality is its baseline.
    """
    if policy.quality is None:
        return _evaluated(evaluation)
    found = {f"model-quality/{name}": each for name, each in quality.baseline(tested, policy=policy.quality).items()}
    if policy.bias is not None:
        made = bias.baseline(tested, policy=policy.bias, quality=policy.quality)
        found |= {f"bias/{name}": each for name, each in made.items()}
    return found


def _evaluated(evaluation: Mapping[str, Any]) -> dict[str, Any]:
    for kind, section in _SECTIONS.items():
        if section not in evaluation:
            continue
        entries = {name: each["value"] for name, each in evaluation[section].items() if "value" in each}
        values = {name: value for name, value in entries.items() if isinstance(value, int | float)}
        return {
            f"model-quality/{STATISTICS}": evaluation,
            f"model-quality/{CONSTRAINTS}": constraints(kind, values, {}),
        }
    return {}


def _copy(uri: str, target: Stored, s3: S3Client) -> None:
    """Copy what Evaluate has left about attributions, as far as it has."""
    if not uri:
        return
    folder = Stored.at(uri)
    for stored in listed(s3, folder.bucket, [f"{folder.key.rstrip('/')}/"]):
        copy = target.below(stored.key.removeprefix(folder.key.rstrip("/") + "/"))
        s3.copy_object(Bucket=copy.bucket, Key=copy.key, CopySource={"Bucket": stored.bucket, "Key": stored.key})
