"""Where a request went, whatever a gateway puts before the platform's paths."""

from __future__ import annotations

from functools import lru_cache

from contracts.har.requests import MESSAGING
from mockserver.wire import ROUTES

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
