"""The answers to refused requests. They are rows of a declaration, which is compiled for the first refusal."""

from __future__ import annotations

from functools import cache, lru_cache
from http.client import responses as phrases
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from mockserver.engine.model import Reason
from mockserver.platform.library import DEFAULT, find
from mockserver.reasons import RECORDS

if TYPE_CHECKING:
    from mockserver.platform.model import Answer, Values

TOLD_AS = {reason: told.told_as for reason, told in RECORDS.items() if told.told_as is not None}
"""The reasons in the header if only the journal may say more: a foreign id gets the same answer as an unknown one."""

REFUSALS = frozenset(reason for reason, told in RECORDS.items() if told.answer is not None)
"""The reasons that have an answer of their own: all but those that accept, and that of a fault."""

_INJECTED = {
    400: ("bad.request", "The request could not be understood."),
    413: ("request.entity.too.large", "The request body is too large."),
}
"""Codes and messages of injected errors that are not the status's phrase, and have no row in the declaration."""


@lru_cache(maxsize=64)
def _rows(rate: int | None) -> dict[str, Answer]:
    """Return the rows of the declaration with a rate limit, which an answer tells."""
    from mockserver.platform.compiled import refusals

    return refusals(find(DEFAULT), {} if rate is None else {"token.rate": rate})


@lru_cache(maxsize=1024)
def answer_of(reason: Reason, rate: int | None = None) -> Answer:
    """Return the answer to a request that is refused for one of REFUSALS, under a rate limit."""
    answer = _rows(rate if reason is Reason.RATE_LIMITED else None)[RECORDS[reason].answer or ""]
    return replace(answer, body=_unreadable) if reason is Reason.OAUTH_INVALID_REQUEST else answer


@cache
def injected(status: int, reason: Reason = Reason.FAULT) -> Answer:
    """Return the answer of an injected error with this status, in place of that for a reason."""
    row, phrase = _rows(None).get(str(status)), phrases.get(status, "error")
    if row is not None:
        return row
    code, message = _INJECTED.get(status) or (phrase.lower().replace(" ", ".").replace("-", "."), f"{phrase}.")

    def body(values: Values) -> bytes:
        told = {"message": message, "code": code, "status": status, "contextId": values.context_id}
        return msgspec.json.encode({**told, "details": [], "errors": []})

    asks = Reason.AUTH_MISSING if reason is Reason.AUTH_MISSING else Reason.AUTH_UNKNOWN
    like = {401: Reason.OAUTH_WRONG_SECRET if is_oauth(reason) else asks, 405: Reason.ROUTE_METHOD}
    return replace(answer_of(like.get(status, Reason.BUSY)), status=status, code=code, message=message, body=body)


def _unreadable(values: Values) -> bytes:
    """Return the body that tells what is wrong with a form. The declaration knows only that it has no grant_type."""
    told = {"error": "invalid_request", "description": values.detail, "error_description": values.detail}
    return msgspec.json.encode(told)


def is_oauth(reason: Reason) -> bool:
    """Return whether the answer has OAuth's error shape instead of the platform's."""
    return reason.startswith("oauth.")
