"""Which hosts of a recording are the platform's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mockserver.engine.model import Operation


class Asked(NamedTuple):
    """What a request tells of its host: the operation it was asked for, the token shown to it and the one it `issued`."""

    host: str
    operation: Operation | None
    shown: str | None
    issued: str | None


def platforms(asked: Sequence[Asked]) -> set[str]:
    """Hosts that create and send, and those whose tokens are used there: others have logins too."""
    apis = {one.host for one in asked if one.operation in {"create", "send"}}
    if not apis:
        return {one.host for one in asked if one.operation}
    used = {one.shown for one in asked if one.host in apis}
    logins = {one.host for one in asked if one.operation == "token"}
    known = {one.host for one in asked if one.issued is not None and one.issued in used}
    return apis | (known or logins)
