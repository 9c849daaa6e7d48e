import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from local.errors import AwsError
from local.functions.function import Code, Function
from local.functions.pool import Pool
from local.functions.worker import Invocation

from .conftest import ROLE, TEN_SECONDS

INVOCATION = Invocation("1", "arn", "{}")
WHO = "import os\ndef handler(event, context): return os.getpid()"


def function_of(folder, source=WHO, *, name="fn"):
    """A function as the pool knows it."""
    folder.mkdir(exist_ok=True)
    (folder / "app.py").write_text(source)
    configuration = {
        "Handler": "app.handler",
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": "/g"},
        "MemorySize": 128,
        "Role": ROLE,
        "Runtime": "python3.12",
        "Timeout": 30,
    }
    arn = f"arn:aws:lambda:eu-west-1:123456789012:function:{name}"
    return Function(name, arn, configuration, Code("", 0, folder / "a.zip", folder))


@pytest.fixture
def function(tmp_path):
    """One that tells its process id."""
    return function_of(tmp_path / "code")


@pytest.fixture
def pools(cloud):
    """Makes pools, and ends them."""
    made = []

    def make(**more):
        made.append(Pool(cloud.services, **more))
        return made[-1]

    yield make
    for pool in made:
        pool.close()


def serve(pool, function, **more):
    """The process that serves one invocation."""
    worker = pool.lend(function, **more)
    try:
        return int(worker.invoke(INVOCATION).payload)
    finally:
        pool.give_back(worker)


def alive(pid):
    """Whether a child of this process still runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_worker_that_was_given_back_is_lent_again(pools, function):
    """One that is busy is not: another is started."""
    pool = pools()
    first = serve(pool, function)
    busy = pool.lend(function)
    other = serve(pool, function)
    assert (int(busy.invoke(INVOCATION).payload), other != first) == (first, True)
    pool.give_back(busy)


def test_a_worker_of_an_older_function_is_not_lent(pools, function, tmp_path):
    """It is ended."""
    pool = pools()
    old = serve(pool, function)
    new = serve(pool, function_of(tmp_path / "code"))
    assert (old != new, alive(old)) == (True, False)


def test_who_comes_when_all_workers_are_busy_waits(pools, function):
    """At most eight run at once, and everybody is served."""
    pool, lock, busy, most = pools(), threading.Lock(), [0], []

    def use(_):
        worker = pool.lend(function)
        with lock:
            busy[0] += 1
            most.append(busy[0])
        answer = worker.invoke(INVOCATION).payload
        with lock:
            busy[0] -= 1
        pool.give_back(worker)
        return int(answer)

    with ThreadPoolExecutor(32) as threads:
        processes = set(threads.map(use, range(32)))
    assert max(most) <= 4
    assert len(processes) <= 4


def test_reserved_concurrency_is_a_limit_without_a_queue(pools, function):
    """Who comes over it is told so at once."""
    pool = pools()
    worker = pool.lend(function, reserved=1)
    with pytest.raises(AwsError) as caught:
        pool.lend(function, reserved=1)
    assert (caught.value.code, caught.value.status) == ("TooManyRequestsException", 429)
    pool.give_back(worker)
    assert serve(pool, function, reserved=1)


def test_an_idle_worker_is_ended_after_a_while(pools, function):
    """The thread that watches them does it; here the while is short."""
    pool = pools(idle_seconds=0.05)
    worker = pool.lend(function)
    worker.invoke(INVOCATION)
    pool.give_back(worker)
    assert worker._child.wait(TEN_SECONDS) != 0


def test_a_worker_that_cannot_start_leaves_no_claim(pools, function, tmp_path):
    """The next one may try."""
    pool, gone = pools(), function_of(tmp_path / "gone")
    (tmp_path / "gone" / "app.py").unlink()
    (tmp_path / "gone").rmdir()
    for _ in range(10):
        with pytest.raises(FileNotFoundError):
            pool.lend(gone)
    assert serve(pool, function)


def test_retiring_ends_the_idle_workers_of_one_function(pools, function, tmp_path):
    """Those of others stay."""
    pool, other = pools(), function_of(tmp_path / "other", name="other")
    mine, others = serve(pool, function), serve(pool, other)
    pool.retire("fn")
    assert (alive(mine), serve(pool, other)) == (False, others)


def test_closing_ends_busy_workers_and_those_who_wait(pools, tmp_path):
    """An invocation under way ends with an error; no thread and no process stays."""
    pool = pools()
    slow = function_of(tmp_path / "slow", "import time\ndef handler(event, context): time.sleep(600)")
    begun, answers = threading.Event(), []

    def use():
        worker = pool.lend(slow)
        begun.set()
        answers.append(worker.invoke(INVOCATION))
        pool.give_back(worker)

    thread = threading.Thread(target=use)
    thread.start()
    assert begun.wait(TEN_SECONDS)
    pool.close()
    thread.join(TEN_SECONDS)
    assert answers[0].failed
    assert "lambda-reaper" not in [thread.name for thread in threading.enumerate()]
    with pytest.raises(AwsError, match="stopping"):
        pool.lend(slow)
