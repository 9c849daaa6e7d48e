"""A version's metrics beside those of the version that serves, for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError
from rich.table import Table

from cli import metrics
from cli.connection import Connection
from cli.printing import number
from cli.serving import live_package


def beside_serving(connection: Connection, model: str, *, version: str, values: Mapping[str, float]) -> Table:
    """A row for each metric of `version` (``model/3``); another version that serves has columns of its own."""
    package, name = serving(connection, model)
    other = name if name != version else None
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for column in ("", version, *([f"{other} (serves)", ""] if other else [])):
        # Words go to the next line where the screen is narrow; no figure is cut.
        table.add_column(column, justify="right" if column else "left", overflow="fold")
    for metric in metrics.compare(values, metrics.of(package) if other else {}):
        row = [f"  {metric.name}", _shown(metric.value)]
        table.add_row(*row, *([_shown(metric.other), metrics.told(metric)] if other else []))
    return table


def serving(connection: Connection, model: str) -> tuple[Mapping[str, Any], str | None]:
    """The package that serves a model, described, and its name; nothing when none does or the caller may not know."""
    try:
        arn = live_package(connection, model)
        if arn is None:
            return {}, None
        package = connection.client("sagemaker").describe_model_package(ModelPackageName=arn)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("AccessDeniedException", "ValidationException"):
            return {}, None
        raise
    return package, "/".join(arn.split("/")[-2:])


def _shown(value: float | None) -> str:
    return "–" if value is None else number(value)
