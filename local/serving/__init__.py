"""HTTP/1.1 for a WSGI app on this machine: a thread for each connection, and no more than AWS clients use."""

from local.serving.door import Door
from local.serving.server import Server

__all__ = ["Door", "Server"]
