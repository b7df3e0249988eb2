"""Finds the platform's path in a request's path, whatever a gateway puts before it."""

from __future__ import annotations

from functools import lru_cache

from mockserver.wire import ROUTES

MESSAGING = ("/api/v2/conversations/webchat/", "/api/v2/conversations/messaging/")
"""A request below these that changes something and is not an operation is a mistake; elsewhere it is unrelated."""

_LONGEST_FIRST = sorted(ROUTES, key=len, reverse=True)


@lru_cache(maxsize=1024)
def platform_path(path: str) -> str | None:
    """Return the platform's own path at the end of `path`, or one below its messaging; None if it has neither."""
    for route in _LONGEST_FIRST:
        if path == route or path.endswith(route):
            return route
    for prefix in MESSAGING:
        _, found, rest = path.partition(prefix)
        if found:
            return prefix + rest
    return None
