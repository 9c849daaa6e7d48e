import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.cloudformation.errors import InvalidRequest, ResourceFailed
from local.cloudformation.graph import Reference, check_cycles, ordered, references, reverse, run


@st.composite
def graphs(draw):
    """A graph without cycles, its names in no particular order."""
    names = draw(st.permutations([chr(97 + number) for number in range(draw(st.integers(0, 12)))]))
    earlier = {name: names[:place] for place, name in enumerate(names)}
    needs = {n: set(draw(st.lists(st.sampled_from(e)))) if e else set() for n, e in earlier.items()}
    return {name: needs[name] for name in sorted(names)}


@given(graphs())
def test_order_puts_needs_first(graph):
    """Every name comes once, after those it needs; and in the reversed graph before them."""
    check_cycles(graph)
    order = ordered(graph)
    assert sorted(order) == sorted(graph)
    assert all(order.index(need) < order.index(name) for name, needs in graph.items() for need in needs)
    backwards = ordered(reverse(graph))
    assert all(backwards.index(name) < backwards.index(need) for name, needs in graph.items() for need in needs)


@given(graphs())
def test_work_is_done_in_order(graph):
    """Each piece of work begins after those it needs have ended, and all are done once."""
    lock, done = threading.Lock(), []

    def work(name):
        with lock:
            assert graph[name] <= set(done)
            done.append(name)

    assert run(graph, work) == {}
    assert sorted(done) == sorted(graph)


@given(graphs(), st.data())
def test_a_cycle_is_named(graph, data):
    """A need that leads back is found, whatever else is in the graph."""
    if not graph:
        return
    name = data.draw(st.sampled_from(sorted(graph)))
    graph[name] = graph[name] | {"back"}
    graph["back"] = {name}
    with pytest.raises(InvalidRequest, match=r"Circular dependency between resources: \[.*back.*\]"):
        check_cycles(graph)


def _run(graph, *, fails, **options):
    done = []

    def work(name):
        if name in fails:
            raise ResourceFailed(f"{name} failed")
        done.append(name)

    failures = run(graph, work, **options)
    return set(done), set(failures)


CHAIN = {"a": set(), "b": {"a"}, "c": {"b"}}


def test_nothing_is_begun_after_a_failure():
    """What needs the failed is not begun, and the caller hears of the failure at once."""
    heard = []
    assert _run(CHAIN, fails={"b"}, failed=lambda: heard.append(1)) == ({"a"}, {"b"})
    assert heard == [1]


def test_others_go_on_when_asked_to():
    """With keep_going only what needs the failed is left."""
    graph = {**CHAIN, "x": set(), "y": {"x"}}
    assert _run(graph, fails={"a"}, keep_going=True) == ({"x", "y"}, {"a"})


def test_independent_work_runs_at_the_same_time():
    """Two that do not need each other meet."""
    meeting = threading.Barrier(2, timeout=30)
    assert run({"a": set(), "b": set()}, lambda name: meeting.wait() and None) == {}


def test_a_defect_is_not_taken_for_a_failed_resource():
    """An error that is no ResourceFailed reaches the caller."""

    def work(name):
        raise KeyError(name)

    with pytest.raises(KeyError):
        run({"a": set()}, work)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"Ref": "A"}, [("A", None)]),
        ({"Fn::GetAtt": ["A", "Arn"]}, [("A", "Arn")]),
        ({"Fn::GetAtt": ["A", {"Ref": "P"}]}, [("A", ""), ("P", None)]),
        ({"Fn::Sub": "${A} ${B.C.D} ${!E}"}, [("A", None), ("B", "C.D")]),
        ({"Fn::Sub": ["${A} ${B}", {"A": {"Ref": "C"}}]}, [("C", None), ("B", None)]),
        ({"k": [{"Fn::Join": ["", [{"Ref": "A"}]]}]}, [("A", None)]),
        ({"Fn::If": ["On", {"Ref": "A"}, {"Ref": "B"}]}, [("A", None)]),
        ({"Fn::If": ["Off", {"Ref": "A"}, {"Ref": "B"}]}, [("B", None)]),
        ("Ref", []),
    ],
)
def test_references_are_found(value, found):
    """Names are found in every function, and only in the taken branch of a condition."""
    assert list(references(value, {"On": True, "Off": False})) == [Reference(*pair) for pair in found]


def test_both_branches_count_without_conditions():
    """When conditions are not known, both branches refer."""
    both = references({"Fn::If": ["On", {"Ref": "A"}, {"Ref": "B"}]})
    assert [reference.name for reference in both] == ["A", "B"]
