"""The platform's paths, and the few readings of an answer that most clients here share."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

TOKEN = "/oauth/token"
SESSIONS = "/api/v2/conversations/webchat/sessions"
MESSAGES = "/api/v2/conversations/messaging/external/guests/sendmessage"
GRANT = "grant_type=client_credentials"
SCOPE_MISSING = "app.not.authorized.for.scope"
LONGEST_WAIT = 120
"""Seconds. If the platform asks for more, the message fails."""


class NotSent(Exception):
    """The message was not delivered, or its outcome is unknown."""


def field(body: bytes | str, name: str) -> Any:
    """Return a field of a JSON object; None if there is no such object or field."""
    try:
        return json.loads(body).get(name)
    except (ValueError, AttributeError):
        return None


def text_field(body: bytes | str, name: str) -> str | None:
    """Return a field if it is a string with something in it."""
    value = field(body, name)
    return value if isinstance(value, str) and value else None


def asked_wait(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that Retry-After asks for; None if it is absent or malformed.

    A date is compared with the answer's own Date, so the client's clock does not matter.
    """
    value = headers.get("Retry-After") or headers.get("retry-after") or ""
    if re.fullmatch(r"\d+(\.\d+)?", value):
        return float(value)
    try:
        until = parsedate_to_datetime(value)
        sent = parsedate_to_datetime(headers.get("Date") or headers.get("date") or "")
        return max(1.0, (until - sent).total_seconds() + 1)
    except (TypeError, ValueError):
        return None


def back_off(failures: int) -> float:
    """Return seconds: doubled with each failure, with jitter, from 0.5 to 30."""
    return min(2**failures, 60) * random.uniform(0.25, 0.5)


def pause(headers: Mapping[str, str], failures: int) -> float:
    """Return how long to wait before the next try. Raise NotSent if that is too long."""
    asked = asked_wait(headers)
    if asked is not None and asked > LONGEST_WAIT:
        raise NotSent(f"the platform asks for a pause of {asked:.0f} s")
    return max(asked or 0, back_off(failures)) if asked is not None else back_off(failures)
