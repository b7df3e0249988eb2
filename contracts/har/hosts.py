"""Finds the platform's hosts in a recording, and explains if there are none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from mockserver.engine.model import Operation


class Asked(NamedTuple):
    """The part of a request that identifies its host: the operation, the token shown, and the token `issued`."""

    host: str
    operation: Operation | None
    shown: str | None
    issued: str | None


def platforms(asked: Sequence[Asked]) -> set[str]:
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
