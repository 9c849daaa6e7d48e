"""One invocation from end to end: a worker is lent, the handler runs, the log is written."""

from __future__ import annotations

from local.errors import AwsError
from local.functions.book import Book
from local.functions.function import Function
from local.functions.logs import Logs, lines
from local.functions.pool import Pool
from local.functions.worker import Answer, Invocation


class Runner:
    """Runs functions on the workers of `pool`."""

    def __init__(self, book: Book, pool: Pool, logs: Logs) -> None:
        self._book, self._pool, self._logs = book, pool, logs

    def run(self, function: Function, invocation: Invocation) -> tuple[Answer, list[str]]:
        """The answer and the log, line by line. Raises AwsError `TooManyRequestsException` when throttled."""
        reserved = self._book.use(function.name, lambda entry: entry.reserved_concurrency)
        worker = self._pool.lend(function, reserved=reserved)
        try:
            answer = worker.invoke(invocation)
        finally:
            self._pool.give_back(worker)
        log = lines(function, invocation, answer)
        if self._stands(function):
            self._logs.write(function, worker.log_stream, log)
        return answer, log

    def _stands(self, function: Function) -> bool:
        """Whether a function is still there. Who deletes one deletes its log group, which must not appear again."""
        try:
            self._book.find(function.name)
        except AwsError:
            return False
        return True
