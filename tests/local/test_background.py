import threading
from datetime import timedelta

import pytest

from local.background import Background

TEN_SECONDS = 10.0


@pytest.fixture
def background(stepped_clock):
    """Ended after the test."""
    work = Background("test", stepped_clock, threads=2)
    yield work
    work.close()


def test_jobs_run_beside_the_caller(background):
    """On threads of the background's own."""
    names = []
    background.submit(lambda: names.append(threading.current_thread().name))
    assert background.settled(TEN_SECONDS)
    assert names == ["test-0"]


def test_no_more_jobs_run_at_once_than_there_are_threads(background):
    """The third waits until one of two has ended."""
    gate, running, most, lock = threading.Event(), set(), [], threading.Lock()

    def job():
        with lock:
            running.add(threading.current_thread().name)
            most.append(len(running))
            if len(running) == 2:
                gate.set()
        gate.wait(TEN_SECONDS)
        with lock:
            running.discard(threading.current_thread().name)

    for _ in range(6):
        background.submit(job)
    assert background.settled(TEN_SECONDS)
    assert (len(most), max(most)) == (6, 2)


def test_a_later_job_waits_for_the_clock(background, stepped_clock):
    """Until its time it keeps the background from being settled, not from resting."""
    ran = threading.Event()
    background.later(timedelta(minutes=5), ran.set)
    assert background.resting(TEN_SECONDS)
    assert not background.settled(0)
    stepped_clock.advance(timedelta(minutes=5))
    assert ran.wait(TEN_SECONDS)
    assert background.settled(TEN_SECONDS)


def test_a_failed_job_ends_no_thread(background, caplog):
    """Its error is logged and the next job runs."""
    ran = threading.Event()
    background.submit(lambda: 1 / 0)
    background.submit(ran.set)
    assert ran.wait(TEN_SECONDS)
    assert background.settled(TEN_SECONDS)
    assert "a job of test failed" in caplog.text


def test_closing_drops_what_has_not_begun(stepped_clock):
    """Jobs that wait for the clock too; the threads have ended."""
    work, ran = Background("short", stepped_clock), []
    work.submit(lambda: None)
    work.later(timedelta(minutes=1), lambda: ran.append("later"))
    work.close()
    work.submit(lambda: ran.append("after"))
    stepped_clock.advance(timedelta(minutes=2))
    assert ran == []
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("short")]
