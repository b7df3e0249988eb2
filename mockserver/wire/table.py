"""The one table from reason to status, code and message.

Sources are the platform's public specifications, and the thread for 403.
"""

from __future__ import annotations

from http.client import responses as phrases
from typing import NamedTuple

from mockserver.engine.model import Reason
from mockserver.reasons import RECORDS


class AnswerRow(NamedTuple):
    """The answer for a reason. `{name}` in the message is a parameter; for OAuth rows `code` is the `error`."""

    status: int
    code: str = ""
    message: str = ""


TABLE: dict[Reason, AnswerRow] = {
    reason: AnswerRow(told.status, told.code, told.message) for reason, told in RECORDS.items() if told.status is not None
}

_INJECTED: dict[int, AnswerRow] = {
    400: AnswerRow(400, "bad.request", "The request could not be understood."),
    413: TABLE[Reason.TOO_LARGE]._replace(message="The request body is too large."),
    429: TABLE[Reason.RATE_LIMITED],
    500: TABLE[Reason.INTERNAL],
    502: AnswerRow(502, "bad.gateway", "The gateway received an invalid answer."),
    503: TABLE[Reason.BUSY],
}

TOLD_AS = {reason: told.told_as for reason, told in RECORDS.items() if told.told_as is not None}
"""The reasons in the header if only the journal may say more: a foreign id gets the same answer as an unknown one."""


def injected(status: int) -> AnswerRow:
    """Return the answer of an injected error with this status."""
    phrase = phrases.get(status, "error")
    return _INJECTED.get(status) or AnswerRow(status, phrase.lower().replace(" ", ".").replace("-", "."), f"{phrase}.")


def is_oauth(reason: Reason) -> bool:
    """Return whether the answer has OAuth's error shape instead of the platform's."""
    return reason.startswith("oauth.")
