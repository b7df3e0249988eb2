"""Times, durations and untrusted strings, as the console writes them."""

from __future__ import annotations

import json
import re
from typing import Any

from markupsafe import Markup, escape
from msgspec import UNSET

from mockserver.clock import iso
from mockserver.explain.words import span as span_of
from mockserver.journal import Answer, Arrival, ShownCredential

LONGEST = 20_000
"""The most characters of a body on a page."""

_UNSEEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
"""Control characters, other line ends, marks of text direction, lone surrogates. Joiners, which emoji need, are not in it."""


def shown(text: object) -> str:
    """Return text without hidden parts: characters that are invisible or change the direction are escaped."""
    return _UNSEEN.sub(lambda match: ascii(match[0])[1:-1], str(text))


def coded(text: str) -> Markup:
    """Return prose with `words like these` as code."""
    parts = [Markup("<code>{}</code>").format(part) if odd % 2 else escape(part) for odd, part in enumerate(text.split("`"))]
    return Markup("").join(parts)


def cut(text: str, length: int = LONGEST) -> tuple[str, int]:
    """Return the beginning of a text, and the number of characters omitted."""
    return text[:length], max(0, len(text) - length)


def pretty(document: Any) -> str:
    """Return a JSON document over several lines, without escaping characters."""
    return json.dumps(document, indent=2, ensure_ascii=False)


def body(entry: Arrival | Answer) -> str | None:
    """Return the body of a request or an answer, as far as it is journalled, None if there was none."""
    if entry.body is not UNSET:
        return pretty(entry.body)
    return entry.text if isinstance(entry, Arrival) else None


def moment(seconds: float) -> str:
    """Return a time as ISO 8601, for machines."""
    return iso(round(seconds * 1000))


def hour(seconds: float) -> str:
    """Return the time of day: ``14:17:40.250``."""
    return moment(seconds)[11:-1]


def day(seconds: float) -> str:
    """Return the date: ``2026-11-22``."""
    return moment(seconds)[:10]


def span(seconds: float) -> str:
    """Return a duration for people."""
    return span_of(seconds * 1000)


def proof(credential: ShownCredential) -> str:
    """Return a request's credential in words, without the secret."""
    words = {
        "none": "none",
        "empty": "Bearer without a token",
        "malformed": "an unreadable header",
        "literal": f"Bearer {shown(credential.literal or '')}",
        "bearer": f"Bearer {credential.token}",
        "basic": f"Basic, client id {shown(credential.client_id or '')}",
    }
    return words[credential.form]


DONE = {
    "created": "The organisation was created.",
    "deleted": "The organisation was deleted with all its data.",
    "reset": "The organisation was reset.",
    "freeze": "The clock is frozen.",
    "resume": "The clock is running.",
    "advance": "The clock was advanced.",
    "set": "The clock was set.",
    "fault": "The fault was added; it hits the next requests that match.",
    "clear": "All faults were cleared.",
    "expire": "The session's time to live was cut short.",
    "revoke": "The session was revoked.",
    "ended": "They ended, if they lived.",
    "registered": "One was registered.",
    "end": "All active sessions were revoked.",
    "token-expire": "Expired: the next call with it is answered with 401.",
    "token-revoke": "Revoked: the next call with it is answered with 401.",
    "reject": "Every bearer token is rejected from now on.",
    "accept": "Tokens are accepted again.",
    "take": "The scope was removed, also from live tokens.",
    "give": "The scope was given, also to live tokens.",
    "signed-out": "You are signed out.",
}
"""The message of a page after a form succeeded."""
