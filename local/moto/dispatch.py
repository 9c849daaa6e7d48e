"""How moto finds the service that a request is for, refusing by name what it has not; it would print and fail."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from local.errors import UnsupportedLocally
from local.moto.light import lightly
from local.moto.notices import hook

if TYPE_CHECKING:
    from flask import Flask
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication


def dispatcher() -> DomainDispatcherApplication:
    """moto's own, with words of ours. Its apps are made as their services are first asked for."""
    from moto.backends import list_of_moto_modules
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

    modules = set(list_of_moto_modules())

    class Dispatcher(DomainDispatcherApplication):
        def get_backend_for_host(self, host: str | None) -> str | None:
            if host is None or host == "moto_api" or host in modules:
                return host
            return self._of_pattern(host)

        @functools.lru_cache(maxsize=1024)  # noqa: B019 - there is one dispatcher a process
        def _of_pattern(self, host: str) -> str:
            for backend, pattern in self.backend_url_patterns:
                if pattern.match(f"http://{host}"):
                    return str(backend)
            raise UnsupportedLocally(f"the service {host.partition('.')[0]}")

    def create(service: Any) -> Flask:
        try:
            with lightly():
                made = create_backend_app(service)
        except ModuleNotFoundError as error:  # moto leaves the libraries of its rarer services to those who use them
            lacking = f"it needs the library {error.name}, which is not installed"
            raise UnsupportedLocally(f"the service {service}", reason=lacking) from error
        hook()
        return made

    return Dispatcher(create)
