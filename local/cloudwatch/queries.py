"""A list of metric queries, some of them expressions over others, ready to be read again and again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local.cloudwatch.expressions import ExpressionError, Node, Scope, Series, Value, names, parse, value_of
from local.cloudwatch.metrics import Lookup, Metric, Reading, Statistic, Window
from local.errors import AwsError, UnsupportedLocally


@dataclass(frozen=True)
class Query:
    """One member of MetricDataQueries: a statistic of a metric, or an expression."""

    id: str
    label: str
    source: Statistic | Node
    period: int | None
    returned: bool

    @classmethod
    def of(cls, members: Mapping[str, Any]) -> Query:
        """The query that a MetricDataQuery asks. Raises AwsError `ValidationError` for an expression that is none."""
        query_id, returned = members["Id"], members.get("ReturnData", True)
        if stat := members.get("MetricStat"):
            source = Statistic(Metric.of(stat["Metric"]), stat["Stat"], stat.get("Unit"))
            label = members.get("Label", stat["Metric"]["MetricName"])
            return cls(query_id, label, source, period=stat["Period"], returned=returned)
        try:
            node = parse(members["Expression"])
        except ExpressionError as error:
            raise _refusal(query_id, error) from error
        return cls(query_id, members.get("Label", query_id), node, period=members.get("Period"), returned=returned)


class Queries:
    """Queries in an order in which each stands after those that it mentions.

    Raises AwsError `ValidationError` for an unknown Id and for a circle, UnsupportedLocally for a function that this
    cloud does not have and for math over metrics of several periods.
    """

    def __init__(self, members: Iterable[Mapping[str, Any]]) -> None:
        self.asked = [Query.of(query) for query in members]
        self._metrics = [query for query in self.asked if isinstance(query.source, Statistic)]
        self._expressions = _ordered([query for query in self.asked if not isinstance(query.source, Statistic)])
        if self._expressions:
            self._check_periods()
            # With no data at all, which shows a wrong type of argument as well as data would.
            self.values(lambda _, window: [None] * window.count, Window(0, self.period, 1))

    @property
    def period(self) -> int:
        """The period of the metrics, in seconds; without metrics that of an expression, or 60."""
        metrics = [query.period for query in self._metrics if query.period]
        return metrics[0] if metrics else next((query.period for query in self.asked if query.period), 60)

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Every metric that is asked for."""
        return tuple(query.source.metric for query in self._metrics if isinstance(query.source, Statistic))

    def values(self, lookup: Lookup, window: Window) -> dict[str, Value]:
        """The value of every query by Id, all over the same window."""
        metrics: dict[str, Series] = {}
        for query in self._metrics:
            assert isinstance(query.source, Statistic)
            metrics[query.id] = Series(_points(lookup(query.source, window)), query.label)
        found: dict[str, Value] = {}
        for query in self._expressions:
            assert not isinstance(query.source, Statistic)
            try:
                found[query.id] = value_of(query.source, Scope(window, metrics, found))
            except ExpressionError as error:
                raise _refusal(query.id, error) from error
        return {**metrics, **found}

    def _check_periods(self) -> None:
        periods = {query.period for query in self._metrics}
        if len(periods) > 1:
            raise UnsupportedLocally("metric math over metrics of different periods")


def _ordered(expressions: Sequence[Query]) -> list[Query]:
    mentions = {query.id: set(names(query.source)) for query in expressions}  # type: ignore[arg-type]
    waiting, done = list(expressions), list[Query]()
    while waiting:
        ready = [query for query in waiting if not mentions[query.id] & {other.id for other in waiting}]
        if not ready:
            circle = ", ".join(query.id for query in waiting)
            raise AwsError("ValidationError", f"The expressions {circle} mention each other in a circle.")
        done += ready
        waiting = [query for query in waiting if query not in ready]
    return done


def _points(readings: Sequence[Reading | None]) -> list[float | None]:
    return [None if reading is None else reading.value for reading in readings]


def _refusal(query_id: str, error: ExpressionError) -> AwsError:
    return AwsError("ValidationError", f"Error in expression '{query_id}': {error}.")
