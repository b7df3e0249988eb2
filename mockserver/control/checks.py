"""Checks of callers' values. Each raises InvalidRequest, which names the field."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mockserver.engine.model import State
from mockserver.errors import InvalidRequest, shown
from mockserver.settings import SCOPE

MAX_LIMIT = 1000

LAST_PLACE = (1 << 53) - 1

_CLIENT_ID = re.compile(r"[!-9;-~]{1,128}")  # in Basic credentials a colon ends the id (RFC 7617, section 2)
_NAME = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]{0,254}")
_SECRET = re.compile(r"[!-~]{8,256}")


def scope(value: str, field: str = "scope") -> str:
    """Return a scope that follows OAuth's syntax."""
    if not SCOPE.fullmatch(value):
        raise InvalidRequest(field, f"{shown(value)} is not a scope: visible ASCII without quotation mark and backslash")
    return value


def scopes(values: Iterable[str]) -> tuple[str, ...]:
    """Return the scopes without duplicates."""
    if isinstance(values, str):
        raise InvalidRequest("scopes", "must be a list of scopes")
    return tuple(dict.fromkeys(scope(value, "scopes") for value in values))


def client_id(value: str) -> str:
    """Return an OAuth client id that HTTP Basic can carry."""
    if not _CLIENT_ID.fullmatch(value):
        raise InvalidRequest("client_id", f"{shown(value)} must be 1 to 128 characters of visible ASCII, no colon")
    return value


def client_secret(value: str) -> str:
    """Return a client secret that is long enough to be found, and so redacted, in the journal."""
    if not _SECRET.fullmatch(value):
        raise InvalidRequest("client_secret", "must be 8 to 256 characters of visible ASCII")
    return value


def name(value: str) -> str:
    """Return a name for display."""
    if not _NAME.fullmatch(value):
        raise InvalidRequest("name", "must be at most 254 characters, without control characters or marks of text direction")
    return value


def limit(value: int) -> int:
    """Return the greatest number of items to list."""
    if not 1 <= value <= MAX_LIMIT:
        raise InvalidRequest("limit", f"{value} must be from 1 to {MAX_LIMIT}")
    return value


def place(value: int, field: str) -> int:
    """Return a sequence number of the journal. Every store can count up to LAST_PLACE."""
    if not 0 <= value <= LAST_PLACE:
        raise InvalidRequest(field, f"{value} is not a journal entry's number; use 0 to {LAST_PLACE}")
    return value


def state(value: str) -> State:
    """Return the session state of this name."""
    try:
        return State(value)
    except ValueError:
        raise InvalidRequest("state", f"{shown(value)} must be one of {', '.join(State)}") from None
