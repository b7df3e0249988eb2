"""Finds the platform's path in a request's path, and the platform's hosts in a recording."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from mockserver.engine.model import MESSAGES, ROUTES, SESSIONS, Operation

MESSAGING = tuple("/".join([*path.split("/")[:5], ""]) for path in (SESSIONS, MESSAGES))
"""A request below these that changes something and is not an operation is a mistake; elsewhere it is unrelated."""

_LONGEST_FIRST = sorted(ROUTES, key=len, reverse=True)


@lru_cache(maxsize=1024)
def platform_path(path: str) -> str | None:
    """Return the platform's own path at the end of `path`, or one below its messaging; None if it has neither.

    A gateway may put anything before it.
    """
    for route in _LONGEST_FIRST:
        if path == route or path.endswith(route):
            return route
    for prefix in MESSAGING:
        _, found, rest = path.partition(prefix)
        if found:
            return prefix + rest
    return None


class RouteTraits(NamedTuple):
    """The part of a request that identifies its host: the operation, the token shown, and the token `issued`."""

    host: str
    operation: Operation | None
    shown: str | None
    issued: str | None


def platforms(asked: Sequence[RouteTraits]) -> set[str]:
    """Return the hosts that create and send, and those that issue their tokens. Other hosts may have logins too."""
    apis = {one.host for one in asked if one.operation in {"create", "send"}}
    if not apis:
        return {one.host for one in asked if one.operation}
    used = {one.shown for one in asked if one.host in apis}
    logins = {one.host for one in asked if one.operation == "token"}
    known = {one.host for one in asked if one.issued is not None and one.issued in used}
    return apis | (known or logins)


def none_asked(entries: int, elsewhere: Counter[str]) -> str:
    """Say why nothing was read: the file lacks entries, or they went `elsewhere`."""
    if not entries:
        return "it has no entries"
    hosts = ", ".join(host[:100] or "no host" for host, _ in elsewhere.most_common(3))
    told = f"; its requests went to {hosts}" if hosts else ""
    return f"none of its {entries} entries asks for a token, creates a session or sends a message{told}"
