import errno
import io
import socket
import threading
import time

import pytest

from local.serving import Server
from local.serving.reading import read_request


@pytest.fixture
def seen():
    """What reached the app: the environ and the body of each request."""
    return []


@pytest.fixture
def server(seen):
    """A server of an app that says back what it got, as long as it is asked to read it."""

    def app(environ, start_response):
        if environ["PATH_INFO"] == "/broken":
            raise RuntimeError("a defect")
        body = b"unread" if environ["PATH_INFO"] == "/lazy" else environ["wsgi.input"].read()
        seen.append((environ, body))
        start_response("200 OK", [("X-Length", str(len(body)))])
        return [b"<", body, b">"]

    server = Server(app, socket.create_server(("127.0.0.1", 0)))
    server.start()
    yield server
    server.close()


@pytest.fixture
def connection(server):
    """A connection to it."""
    with socket.create_connection(("127.0.0.1", int(server._fixed["SERVER_PORT"])), timeout=10) as made:
        yield made


def answer(connection):
    """The next answer on a connection: status line, headers, body."""
    stream = connection.makefile("rb")
    status, headers = stream.readline().decode().strip(), {}
    while line := stream.readline().decode().strip():
        name, _, value = line.partition(": ")
        headers[name] = value
    return status, headers, stream.read(int(headers.get("Content-Length", 0)))


def test_a_connection_carries_one_request_after_the_other(connection, seen):
    """Each with its own headers and body, a lone line break between them forgiven."""
    for body in (b"one", b"second"):
        connection.sendall(b"\r\nPOST /p?q=1 HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        assert answer(connection) == (
            "HTTP/1.1 200 OK",
            {"X-Length": str(len(body)), "Content-Length": str(len(body) + 2)},
            b"<" + body + b">",
        )
    environ, _ = seen[0]
    assert (environ["REQUEST_METHOD"], environ["PATH_INFO"], environ["QUERY_STRING"]) == ("POST", "/p", "q=1")
    assert (environ["HTTP_HOST"], environ["REMOTE_ADDR"]) == ("h", "127.0.0.1")


def test_a_path_is_unquoted_and_kept_as_it_was_sent(connection, seen):
    """A slash inside a label and one between labels can be told apart."""
    connection.sendall(b"GET /tags/a%2Fb%C3%BC HTTP/1.1\r\n\r\n")
    answer(connection)
    assert seen[0][0]["PATH_INFO"].encode("latin-1").decode() == "/tags/a/bü"
    assert seen[0][0]["RAW_URI"] == "/tags/a%2Fb%C3%BC"


def test_a_body_in_chunks_is_put_together(connection, seen):
    """Of clients that do not know how long it will be."""
    connection.sendall(
        b"PUT /k HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: t\r\n\r\n"
    )
    assert answer(connection)[2] == b"<abcde>"
    assert seen[0][0]["CONTENT_LENGTH"] == "5"


def test_a_client_that_waits_to_be_told_so_is_told(connection):
    """boto3 does, before it uploads an object."""
    connection.sendall(b"PUT /k HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
    assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
    connection.sendall(b"abc")
    assert answer(connection)[2] == b"<abc>"


def test_a_long_body_that_the_app_left_is_not_taken_for_a_request(connection):
    """The connection goes on with the next."""
    connection.sendall(b"POST /lazy HTTP/1.1\r\nContent-Length: 3000000\r\n\r\n" + b"x" * 3_000_000)
    assert answer(connection)[2] == b"<unread>"
    connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
    assert answer(connection)[2] == b"<>"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", "400 Bad Request"),
        (b"GET / HTTP/2.0\r\n\r\n", "400 Bad Request"),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", "400 Bad Request"),
        (b"GET / HTTP/1.1\r\nspace : 1\r\n\r\n", "400 Bad Request"),
        (b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n", "414 URI Too Long"),
        (b"GET / HTTP/1.1\r\nA: " + b"x" * 70_000 + b"\r\n\r\n", "431 Request Header Fields Too Large"),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 300 + b"\r\n", "431 Request Header Fields Too Large"),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "400 Bad Request"),
        (b"POST / HTTP/1.1\r\nContent-Length: ten\r\n\r\n", "400 Bad Request"),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "400 Bad Request"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "400 Bad Request"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n", "400 Bad Request"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n7fffffffffff\r\n", "413 Content Too Large"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", "501 Not Implemented"),
    ],
)
def test_what_is_not_http_is_told_so(connection, server, sent, status):
    """The connection is closed and the server goes on serving others."""
    connection.sendall(sent)
    assert answer(connection)[:2] == (f"HTTP/1.1 {status}", {"Connection": "close", "Content-Length": "0"})
    with socket.create_connection(("127.0.0.1", int(server._fixed["SERVER_PORT"])), timeout=10) as another:
        another.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert answer(another)[0] == "HTTP/1.1 200 OK"


def test_a_defect_of_the_app_is_an_answer_too(connection, caplog):
    """Of 500; the log has the trace, the connection goes on."""
    connection.sendall(b"GET /broken HTTP/1.1\r\n\r\n")
    assert answer(connection)[0] == "HTTP/1.1 500 Internal Server Error"
    assert "a defect" in caplog.text
    connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
    assert answer(connection)[0] == "HTTP/1.1 200 OK"


@pytest.mark.parametrize("request_line", [b"GET / HTTP/1.0\r\n\r\n", b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n"])
def test_a_client_that_wants_one_answer_gets_one(connection, request_line):
    """The server closes after it."""
    connection.sendall(request_line)
    assert answer(connection)[1]["Connection"] == "close"
    assert connection.recv(1) == b""


def test_an_answer_to_head_has_the_length_and_not_the_body():
    """As S3's HeadObject tells an object's."""

    def app(environ, start_response):
        start_response("200 OK", [("Content-Length", "1234")])
        return []

    server = Server(app, socket.create_server(("127.0.0.1", 0)))
    server.start()
    with socket.create_connection(("127.0.0.1", int(server._fixed["SERVER_PORT"])), timeout=10) as connection:
        connection.sendall(b"HEAD /k HTTP/1.1\r\nConnection: close\r\n\r\n")
        said = connection.makefile("rb").read()
    server.close()
    assert said == b"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\nConnection: close\r\n\r\n"


def test_metadata_keeps_its_underscores_and_nothing_else_does():
    """WSGI cannot tell them from dashes: any other such header could pass for the one with a dash."""
    sent = b"PUT /k HTTP/1.1\r\nx-amz-meta-my_key: v\r\nAuthoriz_ation: x\r\nA: 1\r\nA: 2\r\n\r\n"
    environ = read_request(io.BytesIO(sent), lambda: None)
    assert environ["HTTP_X_AMZ_META_MY_KEY"] == "v"
    assert environ["moto.preserved_header_names"] == {"HTTP_X_AMZ_META_MY_KEY": "x-amz-meta-my_key"}
    assert (environ["HTTP_A"], "HTTP_AUTHORIZ_ATION" in environ) == ("1,2", False)


def test_closing_ends_connections_that_idle():
    """No thread is left, and nobody is let in any more."""
    before = set(threading.enumerate())
    listening = socket.create_server(("127.0.0.1", 0))
    address = listening.getsockname()

    def app(environ, start_response):
        start_response("200 OK", [])
        return []

    server = Server(app, listening)
    server.start()
    with socket.create_connection(address, timeout=10) as idle:
        idle.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert answer(idle)[0] == "HTTP/1.1 200 OK"
        server.close()
        assert idle.recv(1) == b""
    assert set(threading.enumerate()) == before
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(address, timeout=10)


class Scarce(socket.socket):
    """A listening socket of a process that has no descriptor left when the first client comes."""

    lacking = True

    def accept(self):
        if self.lacking:
            self.lacking = False
            raise OSError(errno.EMFILE, "Too many open files")
        return super().accept()


def test_a_lack_of_descriptors_passes(caplog):
    """The client waits until one is free again; the log says why."""
    listening = Scarce()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    server = Server(lambda environ, start_response: start_response("200 OK", []) and [b"here"], listening)
    server.start()
    with socket.create_connection(listening.getsockname(), timeout=10) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert answer(connection)[2] == b"here"
    server.close()
    assert "Too many open files" in caplog.text


def test_closing_waits_once_for_all_that_hang(monkeypatch):
    """Not for one after the other."""
    monkeypatch.setattr("local.serving.server._JOIN_SECONDS", 0.3)
    going_on, asked = threading.Event(), threading.Semaphore(0)

    def app(environ, start_response):
        asked.release()
        going_on.wait(30)
        start_response("200 OK", [])
        return []

    listening = socket.create_server(("127.0.0.1", 0))
    server = Server(app, listening)
    server.start()
    hanging = [socket.create_connection(listening.getsockname(), timeout=10) for _ in range(8)]
    for connection in hanging:
        connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
    for _ in hanging:
        assert asked.acquire(timeout=10)
    began = time.monotonic()
    server.close()
    assert time.monotonic() - began < 1.5
    going_on.set()
    for connection in hanging:
        connection.close()
