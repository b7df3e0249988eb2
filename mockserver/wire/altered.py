"""Answers spoilt by gateways and broken services: unusable bodies, and unusual forms of Retry-After."""

from __future__ import annotations

from email.utils import formatdate
from typing import Any

import msgspec

from mockserver.engine.model import RetryAfterForm, UnusableBody
from mockserver.journal import SESSION_ID

PAGE = "/maintenance"
"""The path that redirects lead to. It is a gateway's page, not an operation of the platform."""

PAGE_BODY = b"<!doctype html><title>Maintenance</title><p>The service will be back soon.</p>"

_VALUES: dict[UnusableBody, Any] = {"null": None, "empty": "", "number": 0}


def unusable(body: bytes, kind: UnusableBody) -> bytes:
    """Return the replacement of `body`, a JSON object whose first field is the one that the client needs."""
    if kind == "cut":
        return body[: len(body) // 2]
    if kind == "html":
        return PAGE_BODY
    if kind == "blank":
        return b""
    if kind == "list":
        return b"[]"
    document = msgspec.json.decode(body)
    wanted = next(iter(document))
    fields = {SESSION_ID} if SESSION_ID in document else set()
    for name in {wanted, *fields}:
        if kind == "no_field":
            del document[name]
        else:
            document[name] = _VALUES[kind]
    return msgspec.json.encode(document)


def media_type(kind: UnusableBody) -> str:
    """Return the media type that such a body claims to have. A body that was cut still claims JSON."""
    return "text/html; charset=utf-8" if kind == "html" else "application/json"


def retry_after_text(seconds: int | None, form: RetryAfterForm, now: int) -> str | None:
    """Return the Retry-After header, None if there is none. `now` is in milliseconds.

    Fractions and dates are slightly too early.
    """
    if form == "malformed":
        return "soon"
    if form == "absent" or seconds is None:
        return None
    if form == "date":
        return formatdate(now // 1000 + seconds, usegmt=True)
    return f"{max(seconds - 0.5, 0):g}" if form == "fraction" else str(seconds)
