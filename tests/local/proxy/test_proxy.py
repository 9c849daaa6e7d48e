import http.client
import socket
import ssl
import threading
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from local.proxy import Authority, Proxy

HOST = "sts.eu-west-1.amazonaws.com"


class Quiet(WSGIRequestHandler):
    """Serves without a line per request."""

    def log_message(self, *_) -> None:
        """Say nothing."""


def echo(environ, start_response):
    """Answers with the host that was named and the body that was sent."""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Host", environ["HTTP_HOST"])])
    return [body]


@pytest.fixture(scope="module")
def cloud():
    """The port of a server that stands for the local cloud."""
    server = make_server("127.0.0.1", 0, echo, handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def authority(tmp_path):
    """An authority of its own."""
    return Authority.at(tmp_path)


@pytest.fixture
def proxy(authority, cloud):
    """A proxy in front of that server."""
    with Proxy(authority, to=cloud) as proxy:
        yield proxy


def connection(proxy, authority, host):
    """A client that trusts the authority and reaches the host through the proxy."""
    trusting = ssl.create_default_context(cafile=authority.bundle)
    port = proxy.port
    client = http.client.HTTPSConnection("localhost", port, context=trusting, timeout=20)
    client.set_tunnel(host, 443)
    return client


def test_a_client_that_names_an_aws_host_reaches_the_local_cloud(proxy, authority):
    """The certificate holds for the host, whose name stays in the request; megabytes come back as they went."""
    client = connection(proxy, authority, HOST)
    body = bytes(range(256)) * 8192
    client.request("POST", "/", body)
    answer = client.getresponse()
    assert (answer.status, answer.headers["X-Host"], answer.read() == body) == (200, HOST, True)
    client.close()


def test_who_does_not_trust_the_authority_is_not_deceived(proxy):
    """Without AWS_CA_BUNDLE a client refuses the certificate before it has sent anything."""
    client = http.client.HTTPSConnection("localhost", proxy.port, timeout=20)
    client.set_tunnel(HOST, 443)
    with pytest.raises(ssl.SSLCertVerificationError):
        client.request("GET", "/")


@pytest.fixture(autouse=True)
def no_way_of_its_own(monkeypatch):
    """This process has no proxy, unless a test gives it one."""
    for name in ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


def through(proxy, cloud):
    """What comes back of a body that goes through a proxy to a host that is not AWS's."""
    client = http.client.HTTPConnection("localhost", proxy.port, timeout=20)
    client.set_tunnel("127.0.0.1", cloud)
    client.request("POST", "/", b"plain")
    said = client.getresponse().read()
    client.close()
    return said


def test_other_hosts_are_passed_on_unread(proxy, cloud):
    """What goes elsewhere arrives there, byte for byte."""
    assert through(proxy, cloud) == b"plain"


def test_other_hosts_are_reached_by_the_way_that_this_machine_has(authority, monkeypatch):
    """Behind a company's proxy, to which it shows its credentials, the local cloud's is one more on the way."""
    heard = []

    def company():
        client, _ = listening.accept()
        with client:
            heard.append(client.recv(1000))
            client.sendall(b"HTTP/1.1 200 Connection Established\r\n\r\n")
            heard.append(client.recv(1000))
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nfar")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=company)
        thread.start()
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:s%40cret@localhost:{listening.getsockname()[1]}")
        with Proxy(authority, to=1) as nearer:
            assert through(nearer, 9) == b"far"
        thread.join()
    asked, passed_on = heard
    assert asked.startswith(b"CONNECT 127.0.0.1:9 ")
    assert b"Proxy-Authorization: Basic dXNlcjpzQGNyZXQ=" in asked  # user:s@cret
    assert passed_on.startswith(b"POST / HTTP/1.1")


def test_a_terminal_whose_variables_name_this_very_proxy_leads_out_all_the_same(proxy, cloud, monkeypatch):
    """The local cloud may be started again where its variables have been pasted."""
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    assert through(proxy, cloud) == b"plain"


def test_a_host_that_cannot_be_reached_is_a_bad_gateway(proxy):
    """The proxy says so, and goes on."""
    closed = socket.socket()
    closed.bind(("127.0.0.1", 0))
    client = http.client.HTTPConnection("localhost", proxy.port, timeout=20)
    client.set_tunnel("127.0.0.1", closed.getsockname()[1])
    with pytest.raises(OSError, match="502"):
        client.request("GET", "/")
    closed.close()


def test_anything_but_connect_is_refused(proxy):
    """It is no proxy for plain HTTP: AWS_ENDPOINT_URL is."""
    client = http.client.HTTPConnection("localhost", proxy.port, timeout=20)
    client.request("GET", "/")
    answer = client.getresponse()
    assert (answer.status, answer.headers["Allow"]) == (405, "CONNECT")
    client.close()


def test_an_authority_outlives_its_process(tmp_path):
    """The bundle that a terminal's variables name stays the same, and only its owner may read the key."""
    first = Authority.at(tmp_path).bundle.read_bytes()
    assert Authority.at(tmp_path).bundle.read_bytes() == first
    assert b"PRIVATE" not in first
    assert (tmp_path / "ca-with-key.pem").stat().st_mode & 0o077 == 0


def test_a_port_that_is_taken_is_left_to_its_owner(authority, cloud, proxy):
    """Another proxy listens elsewhere, and says where."""
    taken = proxy.port
    with Proxy(authority, to=cloud, port=taken) as other:
        assert other.url != proxy.url
