"""Checks of what callers hand in, each with an error that names the field."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mockserver.engine.model import State
from mockserver.errors import InvalidRequest, shown
from mockserver.settings import SCOPE

MAX_LIMIT = 1000

LAST_PLACE = (1 << 53) - 1

_CLIENT_ID = re.compile(r"[!-9;-~]{1,128}")  # Basic ends it at a colon (RFC 7617, 2)
_NAME = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]{0,254}")
_SECRET = re.compile(r"[!-~]{8,256}")


def scope(value: str, field: str = "scope") -> str:
    """A scope as OAuth writes it."""
    if not SCOPE.fullmatch(value):
        raise InvalidRequest(field, f"{shown(value)} is not a scope: visible ASCII without quotation mark and backslash")
    return value


def scopes(values: Iterable[str], field: str = "scopes") -> tuple[str, ...]:
    """Scopes, each once."""
    if isinstance(values, str):
        raise InvalidRequest(field, "must be a list of scopes")
    return tuple(dict.fromkeys(scope(value, field) for value in values))


def client_id(value: str) -> str:
    """An OAuth client id that Basic can carry."""
    if not _CLIENT_ID.fullmatch(value):
        raise InvalidRequest("client_id", f"{shown(value)} must be 1 to 128 characters of visible ASCII, no colon")
    return value


def client_secret(value: str) -> str:
    """A client secret long enough for the journal to tell it from other text, and so to hide it."""
    if not _SECRET.fullmatch(value):
        raise InvalidRequest("client_secret", "must be 8 to 256 characters of visible ASCII")
    return value


def name(value: str) -> str:
    """A name for people."""
    if not _NAME.fullmatch(value):
        raise InvalidRequest("name", "must be at most 254 characters, none of which controls a terminal or the direction")
    return value


def limit(value: int) -> int:
    """How many to list at most."""
    if not 1 <= value <= MAX_LIMIT:
        raise InvalidRequest("limit", f"{value} must be from 1 to {MAX_LIMIT}")
    return value


def place(value: int, field: str) -> int:
    """A place in the journal, which every store can count up to."""
    if not 0 <= value <= LAST_PLACE:
        raise InvalidRequest(field, f"{value} is no place in a journal: from 0 to {LAST_PLACE}")
    return value


def state(value: str) -> State:
    """A session's state by name."""
    try:
        return State(value)
    except ValueError:
        raise InvalidRequest("state", f"{shown(value)} must be one of {', '.join(State)}") from None
