import pytest

from local.sagemaker.logs import Log


class Written:
    """Clients that keep what is put."""

    def __init__(self):
        self.messages = []

    def client(self, name):
        return self

    def create_log_stream(self, **_):
        """There is one from now on."""

    def put_log_events(self, *, logEvents, **_):
        self.messages += [event["message"] for event in logEvents]


@pytest.fixture
def written():
    """What CloudWatch Logs got."""
    return Written()


@pytest.fixture
def heard():
    """What a listener heard."""
    return []


@pytest.fixture
def log(tmp_path, written, heard):
    """A log of a program."""
    return Log(lambda: written, group="g", stream="s", file=tmp_path / "log.txt", heard=heard.extend)


def grow(log, text):
    """Write as a program does."""
    with log.file.open("a") as file:
        file.write(text)


def test_whole_lines_go_out_as_they_come_and_the_last_one_at_the_end(log, written, heard):
    """Who listens hears the same."""
    grow(log, "one\ntw")
    log.ship()
    assert written.messages == ["one"]
    grow(log, "o\nthree")
    log.ship(ended=True)
    assert written.messages == heard == ["one", "two", "three"]


def test_a_program_that_writes_faster_than_can_be_kept_is_told_so(log, written):
    """What is left out is counted; what comes later goes out again."""
    grow(log, "a line of thirty-two characters\n" * 200_000)
    log.ship()
    assert written.messages[-1] == "2400000 bytes are left out here: the program writes more than can be kept."
    grow(log, "later\n")
    log.ship()
    assert written.messages[-1] == "later"


def test_a_log_without_end_fills_neither_the_disk_nor_the_service(log, written, heard):
    """The file begins anew, the stream ends with a sentence; the end can still be told, and is still listened to."""
    for number in range(12):
        grow(log, ("a line of a kilobyte" * 50 + "\n") * 3200 + f"round {number}\n")
        log.ship()
        assert log.file.stat().st_size < 36_000_000
    assert written.messages[-1].startswith("The log is longer than 16000000 bytes")
    assert sum(map(len, written.messages)) < 17_000_000
    assert log.tail(lines=1, characters=100) == heard[-1] == "round 11"


def test_the_end_of_a_log_is_the_programs_own(log):
    """What the platform says stands in the log, and is no part of why a program failed."""
    log.say("local versions differ")
    grow(log, "ValueError: no\n")
    assert log.tail(lines=5, characters=100) == "ValueError: no"
