"""Closes the network of this process."""

from __future__ import annotations

import socket
from typing import Any, NoReturn


class NetworkUseError(Exception):
    """Code that defines a pipeline reached for the network; the text says for what."""


def close() -> None:
    """Refuse every name look-up and every connection from now on, with NetworkUseError."""

    def look_up(host: Any, *_: Any, **__: Any) -> NoReturn:
        raise NetworkUseError(f"the host {host}")

    def connect(_: socket.socket, address: Any) -> NoReturn:
        raise NetworkUseError(f"the address {address}")

    for name in ("getaddrinfo", "gethostbyname", "create_connection"):
        setattr(socket, name, look_up)
    for name in ("connect", "connect_ex"):
        setattr(socket.socket, name, connect)
