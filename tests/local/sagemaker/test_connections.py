import socket

from local.sagemaker.hosting.connections import Connections


def test_a_container_that_accepts_and_never_answers_times_out_in_awss_words():
    """No status; the same for a request on a connection that has answered nothing yet."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        connections = Connections(listener.getsockname()[1], patience_seconds=0.05)
        answers = [connections.post(b"x", {}) for _ in range(2)]
    assert [answer.status for answer in answers] == [0, 0]
    assert all(b"timed out while waiting for a response from container primary" in answer.body for answer in answers)
