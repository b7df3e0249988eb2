"""How times, durations, and other people's strings are written in the console."""

from __future__ import annotations

import json
import re
from typing import Any

from markupsafe import Markup, escape
from msgspec import UNSET

from mockserver.clock import iso
from mockserver.explain.words import span as span_of
from mockserver.journal import Answer, Arrival, Credential

LONGEST = 20_000
"""Characters of a body that a page shows."""

_UNSEEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
"""Control characters, line ends of other kinds, marks that turn the direction, half surrogates; joiners of emoji stay."""


def shown(text: object) -> str:
    """Text in which nothing hides: what cannot be seen, or would turn what follows, is written as an escape."""
    return _UNSEEN.sub(lambda match: ascii(match[0])[1:-1], str(text))


def coded(text: str) -> Markup:
    """Prose in which `words like these` are set as code."""
    parts = [Markup("<code>{}</code>").format(part) if odd % 2 else escape(part) for odd, part in enumerate(text.split("`"))]
    return Markup("").join(parts)


def cut(text: str, length: int = LONGEST) -> tuple[str, int]:
    """The beginning of a text, and how many characters that leaves out."""
    return text[:length], max(0, len(text) - length)


def pretty(document: Any) -> str:
    """A JSON document over several lines, every character itself."""
    return json.dumps(document, indent=2, ensure_ascii=False)


def body(entry: Arrival | Answer) -> str | None:
    """The body of a request or an answer, as far as the journal has it; None where there was none."""
    if entry.body is not UNSET:
        return pretty(entry.body)
    return entry.text if isinstance(entry, Arrival) else None


def moment(seconds: float) -> str:
    """An instant as ISO 8601, for machines."""
    return iso(round(seconds * 1000))


def hour(seconds: float) -> str:
    """An instant's time of day: ``14:17:40.250``."""
    return moment(seconds)[11:-1]


def day(seconds: float) -> str:
    """An instant's date: ``2026-11-22``."""
    return moment(seconds)[:10]


def span(seconds: float) -> str:
    """A duration for people."""
    return span_of(seconds * 1000)


def proof(credential: Credential) -> str:
    """What a request showed to prove itself, without the secret."""
    words = {
        "none": "none",
        "empty": "Bearer, and nothing behind it",
        "malformed": "a header that cannot be read",
        "literal": f"Bearer {shown(credential.literal or '')}",
        "bearer": f"Bearer {credential.token}",
        "basic": f"Basic, client id {shown(credential.client_id or '')}",
    }
    return words[credential.form]


DONE = {
    "created": "The organisation was created.",
    "deleted": "The organisation was deleted, and all it had.",
    "reset": "The organisation is back at its beginning.",
    "freeze": "The clock stands still.",
    "resume": "The clock runs.",
    "advance": "The clock was advanced.",
    "set": "The clock was set.",
    "fault": "The fault waits for the requests it is meant for.",
    "clear": "No faults are left.",
    "expire": "The session's time to live was cut short.",
    "revoke": "The session was revoked.",
    "end": "Every active session was ended.",
    "token-expire": "Expired: the next call with it is answered 401.",
    "token-revoke": "Revoked: the next call with it is answered 401.",
    "reject": "Every bearer token is rejected from now on.",
    "accept": "Tokens are accepted again.",
    "take": "The scope was taken; live tokens lack it at once.",
    "give": "The scope was given; live tokens have it at once.",
    "signed-out": "You are signed out.",
}
"""What a page says after a form did its work."""
