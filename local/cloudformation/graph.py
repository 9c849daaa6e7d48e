"""Who needs whom: the references in a template, the order they ask for, and work done in that order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any, NamedTuple

from local.cloudformation.errors import InvalidRequest, ResourceFailed
from local.cloudformation.intrinsics import PLACEHOLDER, function_name, sub_arguments, target

Graph = Mapping[str, Collection[str]]
"""Logical ids, each with those that it needs."""

_WORKERS = 8


class Reference(NamedTuple):
    """A name that a value refers to; `attribute` is None for `Ref`, and empty when a function computes it."""

    name: str
    attribute: str | None


def references(value: Any, conditions: Mapping[str, bool] | None = None) -> Iterator[Reference]:
    """The names that a value refers to. With `conditions`, only the taken branch of each Fn::If is looked at."""
    name = function_name(value)
    if name is not None:
        yield from _function_references(name, value[name], conditions)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from references(item, conditions)
    elif isinstance(value, list):
        for item in value:
            yield from references(item, conditions)


def check_cycles(graph: Graph) -> None:
    """Raise InvalidRequest naming the resources that wait for each other."""
    left = {name: set(needs) for name, needs in graph.items()}
    while ready := [name for name, needs in left.items() if not needs & left.keys()]:
        for name in ready:
            del left[name]
    if left:
        raise InvalidRequest(f"Circular dependency between resources: [{', '.join(sorted(left))}]")


def ordered(graph: Graph) -> list[str]:
    """The names so that each comes after those it needs; otherwise in the graph's own order."""
    done: dict[str, None] = {}

    def visit(name: str) -> None:
        if name in done:
            return
        for need in graph[name]:
            if need in graph:
                visit(need)
        done[name] = None

    for name in graph:
        visit(name)
    return list(done)


def reverse(graph: Graph) -> dict[str, set[str]]:
    """The graph with each name needing those that needed it: the order of deletion."""
    return {name: {other for other, needs in graph.items() if name in needs} for name in graph}


def run(
    graph: Graph, work: Callable[[str], None], *, keep_going: bool = False, failed: Callable[[], None] = lambda: None
) -> dict[str, ResourceFailed]:
    """Do `work` for every name once those it needs are done, independent names at the same time; give the failures.

    After a failure, `failed` is called and nothing new is begun; with `keep_going`, what does not need the failed
    ones still is.
    """
    waiting = {name: {need for need in needs if need in graph} for name, needs in graph.items()}
    running: dict[Future[None], str] = {}
    failures: dict[str, ResourceFailed] = {}
    with ThreadPoolExecutor(_WORKERS, thread_name_prefix="stack") as pool:
        while waiting or running:
            if keep_going or not failures:
                ready = [name for name, needs in waiting.items() if not needs]
                running |= {pool.submit(work, name): name for name in ready}
                waiting = {name: needs for name, needs in waiting.items() if needs}
            if not running:
                break
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                name, error = running.pop(future), future.exception()
                if error is None:
                    waiting = {other: needs - {name} for other, needs in waiting.items()}
                elif isinstance(error, ResourceFailed):
                    failures[name] = error
                    failed()
                else:
                    raise error
    return failures


def _function_references(name: str, argument: Any, conditions: Mapping[str, bool] | None) -> Iterator[Reference]:
    if name == "Ref":
        yield Reference(str(argument), None)
    elif name == "Fn::GetAtt":
        logical_id, attribute = target(argument)
        yield Reference(logical_id, attribute if isinstance(attribute, str) else "")
        yield from references(attribute, conditions)
    elif name == "Fn::Sub":
        yield from _sub_references(argument, conditions)
    elif name == "Fn::If" and conditions is not None and isinstance(argument, list) and len(argument) == 3:
        yield from references(argument[1] if conditions.get(str(argument[0])) else argument[2], conditions)
    else:
        yield from references(argument, conditions)


def _sub_references(argument: Any, conditions: Mapping[str, bool] | None) -> Iterator[Reference]:
    text, variables = sub_arguments(argument)
    yield from references(variables, conditions)
    for found in PLACEHOLDER.finditer(text):
        name, dot, attribute = found["name"].strip().partition(".")
        if not name.startswith("!") and found["name"].strip() not in variables:
            yield Reference(name, attribute if dot else None)
