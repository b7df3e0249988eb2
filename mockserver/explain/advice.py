"""Advice for each reason: what to change in the client."""

from __future__ import annotations

import re

from mockserver.engine.model import Reason
from mockserver.reasons import RECORDS

_UNSEEN = (
    "The platform acted, but the client cannot know. Sending the message again might deliver it twice, so "
    "decide which is acceptable, twice or not at all, and make the retries of libraries follow that too."
)

ADVICE: dict[Reason, tuple[str, ...]] = {reason: told.advice for reason, told in RECORDS.items()}

PLACEHOLDER = re.compile(r"\{\{.*\}\}|\$\{.*\}|<.*>|\[.*\]|undefined|null|none|nan", re.IGNORECASE)
"""Matches session ids that a template or a conversion left behind."""

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def advice_for(reason: Reason | None, session_id: str | None, unseen: bool = False) -> tuple[str, ...]:
    """Return what to change, the most specific first. `unseen`: the platform acted, but the client cannot know."""
    if reason is None:
        return ("Explain it again when it has been answered.",)
    if unseen:
        return (_UNSEEN, *ADVICE[reason])
    hint = _hint(session_id) if reason is Reason.SESSION_UNKNOWN and session_id is not None else None
    return (hint, *ADVICE[reason]) if hint else ADVICE[reason]


def looks_issued(session_id: str) -> bool:
    """Return whether an id has the format of the platform's ids."""
    return _ID.fullmatch(session_id) is not None


def _hint(session_id: str) -> str | None:
    if PLACEHOLDER.fullmatch(session_id.strip()):
        return "The id is a placeholder without a value: fill it in before sending."
    if not looks_issued(session_id):
        return "The id does not look like the platform's ids, which are UUIDs: it was made up, truncated or changed on its way."
    return None
