"""What a transform job keeps of its input and its output, and how it joins them (API reference, "DataProcessing")."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from local.errors import UnsupportedLocally, ValidationError
from local.sagemaker.errors import JobFailed

_CSV: Final = "text/csv"
_JSON_LINES: Final = "application/jsonlines"
_JSON: Final = "application/json"
_STEP: Final = re.compile(
    r"""\.(?P<name>[A-Za-z_][A-Za-z0-9_-]*)
      | \[\s*(?P<quoted>'[^']*'(?:\s*,\s*'[^']*')*)\s*\]
      | \[\s*(?P<numbers>-?\d+(?:\s*,\s*-?\d+)*)\s*\]
      | \[\s*(?P<first>-?\d*)\s*:\s*(?P<last>-?\d*)\s*\]""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Joining:
    """The DataProcessing of a job whose records are CSV lines, JSON lines or one JSON document an object."""

    input_filter: str
    output_filter: str
    joins: bool
    content_type: str

    @classmethod
    def of(cls, job: Mapping[str, Any]) -> Joining | None:
        """None for a job that sends its input as it is and keeps what it is answered.

        Raises ValidationError for a path that is none, and UnsupportedLocally for other formats.
        """
        asked = job.get("DataProcessing", {})
        found = cls(
            asked.get("InputFilter", "$"),
            asked.get("OutputFilter", "$"),
            asked.get("JoinSource", "None") == "Input",
            job["TransformInput"].get("ContentType", "").partition(";")[0].strip(),
        )
        if (found.input_filter, found.output_filter, found.joins) == ("$", "$", False):
            return None
        split = job["TransformInput"].get("SplitType", "None")
        if (found.content_type, split) not in ((_CSV, "Line"), (_JSON_LINES, "Line"), (_JSON, "None")):
            raise UnsupportedLocally(
                f"DataProcessing of {found.content_type or 'no content type'} with SplitType {split}",
                reason=f"use {_CSV} or {_JSON_LINES} with Line, or {_JSON} with None",
            )
        for path in (found.input_filter, found.output_filter):
            _steps(path)
        return found

    def sent(self, content: bytes) -> bytes:
        """An object's content with the input filter applied to each record. Raises JobFailed."""
        if self.input_filter == "$":
            return content
        records = map(self._read, self._cut(content))
        return b"".join(self._written(_selected(record, self.input_filter)) + b"\n" for record in records)

    def kept(self, content: bytes, answer: bytes) -> bytes:
        """What is stored for an object: its records joined to their answers, and the output filter applied.

        Raises JobFailed when the model has not answered each record by one.
        """
        records, answers = self._cut(content), self._cut(answer)
        if len(records) != len(answers):
            raise JobFailed(
                f"ClientError: the model answered {len(records)} records with {len(answers)}: they cannot be joined"
            )
        pairs = zip(map(self._read, records), map(self._read, answers), strict=True)
        joined = (self._joined(record, found) if self.joins else found for record, found in pairs)
        return b"".join(self._written(_selected(found, self.output_filter)) + b"\n" for found in joined)

    def _joined(self, record: Any, answer: Any) -> Any:
        if self.content_type == _CSV:
            return [*record, *answer]
        if isinstance(record, dict):
            return {**record, "SageMakerOutput": answer}
        return {"SageMakerInput": record, "SageMakerOutput": answer}

    def _cut(self, content: bytes) -> list[str]:
        # Bytes are cut, as requests are: a text has other ends of lines too, which may stand inside a record.
        records = [content] if self.content_type == _JSON else [line for line in content.splitlines() if line.strip()]
        return [record.decode("utf-8", errors="replace") for record in records]

    def _read(self, text: str) -> Any:
        if self.content_type == _CSV:
            return next(csv.reader([text]))
        try:
            return json.loads(text)
        except ValueError as error:
            raise JobFailed(f"ClientError: a record is no JSON: {error}") from error

    def _written(self, value: Any) -> bytes:
        if self.content_type != _CSV:
            return json.dumps(value).encode()
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow(value if isinstance(value, list) else [value])
        return line.getvalue().encode()


def _steps(path: str) -> list[re.Match[str]]:
    """The parts of `$[1:].name['a','b']`. Raises ValidationError."""
    found, position = [], 1
    while position < len(path) and path.startswith("$"):
        step = _STEP.match(path, position)
        if step is None:
            break
        found.append(step)
        position = step.end()
    if position != len(path) or not path.startswith("$"):
        raise ValidationError(f"{path!r} is no JSONPath of a transform job: at {path[position:]!r}.")
    return found


def _selected(value: Any, path: str) -> Any:
    """What a path leaves of a record. Raises JobFailed where it leads nowhere."""
    for step in _steps(path):
        try:
            value = _one(value, step)
        except (KeyError, IndexError, TypeError) as error:
            raise JobFailed(f"ClientError: {path} leads nowhere in a record: {error}") from error
    return value


def _one(value: Any, step: re.Match[str]) -> Any:
    if step["name"] is not None:
        return value[step["name"]]
    if step["quoted"] is not None:
        names = re.findall(r"'([^']*)'", step["quoted"])
        return value[names[0]] if len(names) == 1 else {name: value[name] for name in names}
    if step["numbers"] is not None:
        numbers: Sequence[int] = [int(number) for number in step["numbers"].split(",")]
        return value[numbers[0]] if len(numbers) == 1 else [value[number] for number in numbers]
    first, last = (int(step[name]) if step[name] else None for name in ("first", "last"))
    return value[first:last]
