"""What moto works out anew for each request, worked out once: the methods of a class, the name of one for an action."""

from __future__ import annotations

import functools


def work_out_once() -> None:
    """Keep what depends on moto's own code and on nothing that is asked."""
    from moto.core import responses

    for name in ("method_names_from_class", "camelcase_to_underscores"):
        plain = getattr(responses, name)
        if not hasattr(plain, "cache_info"):
            setattr(responses, name, functools.lru_cache(maxsize=4096)(plain))
