"""Where a request went, whatever a gateway puts before the platform's paths."""

from __future__ import annotations

from functools import lru_cache

from mockserver.wire import ROUTES

MESSAGING = ("/api/v2/conversations/webchat/", "/api/v2/conversations/messaging/")
"""Below these a request that changes something and is no operation is a slip; elsewhere it is other business."""

_LONGEST_FIRST = sorted(ROUTES, key=len, reverse=True)


@lru_cache(maxsize=1024)
def platform_path(path: str) -> str | None:
    """The platform's own path at the end of `path`, or one below its messaging; None where it is none of its business."""
    for route in _LONGEST_FIRST:
        if path == route or path.endswith(route):
            return route
    for prefix in MESSAGING:
        _, found, rest = path.partition(prefix)
        if found:
            return prefix + rest
    return None
