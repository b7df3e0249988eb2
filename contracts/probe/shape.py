"""The documented shape of answers, written apart from the provider's schemas, which are judged by it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from email.utils import formatdate

from contracts.platform_requests import PlatformReply
from mockserver.engine.model import MESSAGES, SESSION_ID, SESSIONS, TOKENS
from mockserver.wire.message import Request

CORRELATION = "inin-correlation-id"

ERROR_FIELDS: Mapping[str, type] = {
    "message": str,
    "code": str,
    "status": int,
    "contextId": str,
    "details": list,
    "errors": list,
}
MORE_ERROR_FIELDS = frozenset({"messageParams", "messageWithParams", "entityId", "entityName", "limit"})
OAUTH_FIELDS: Mapping[str, type] = {"error": str, "description": str, "error_description": str}

SUCCESS_FIELDS: Mapping[str, Mapping[str, type]] = {
    TOKENS: {"access_token": str, "token_type": str, "expires_in": int, "scope": str},
    SESSIONS: {SESSION_ID: str},
    MESSAGES: {"id": str, SESSION_ID: str},
}
"""The fields of each operation's answer. More are not allowed, because clients come to rely on them."""

NEVER_EMPTY = ("access_token", SESSION_ID, "id")

NO_STORE = "no-cache, no-store, must-revalidate"
RATE = ("inin-ratelimit-count", "inin-ratelimit-allowed", "inin-ratelimit-reset")

DEAD_SESSION = "not.authorized"

ALIKE = ("content-type", "cache-control", "retry-after", "www-authenticate")
"""Headers that may not differ between refusals for dead sessions."""

_WHOLE = re.compile(r"[0-9]+")


def problem(request: Request, reply: PlatformReply, now: int | None) -> str | None:
    """Describe what is wrong with the shape of an answer; None if nothing is. `now` is the provider's clock, if it is known."""
    return next(_problems(request, reply, now), None)


def _problems(request: Request, reply: PlatformReply, now: int | None) -> Iterator[str]:
    if not reply.headers.get(CORRELATION):
        yield "it has no ININ-Correlation-Id"
    if reply.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        yield f"its Content-Type is {reply.headers.get('content-type')!r}, not application/json"
    if now is not None and reply.headers.get("date") != formatdate(now // 1000, usegmt=True):
        yield f"its Date is {reply.headers.get('date')!r}, but its clock says {formatdate(now // 1000, usegmt=True)}"
    yield from _success(request, reply) if reply.status == 200 else _error(request, reply)


# -- success ---------------------------------------------------------------------------------------------------------


def _success(request: Request, reply: PlatformReply) -> Iterator[str]:
    yield from _fields(reply, SUCCESS_FIELDS.get(request.path, {}), frozenset())
    yield from (f"its {name} is empty" for name in NEVER_EMPTY if reply.document.get(name) == "")
    if reply.headers.get("cache-control") != NO_STORE:
        yield f"its Cache-Control is {reply.headers.get('cache-control')!r}, not {NO_STORE!r}"
    if request.path != TOKENS:
        for name in RATE:
            if not _WHOLE.fullmatch(reply.headers.get(name, "")):
                yield f"its {name} is {reply.headers.get(name)!r}, not a whole number"


# -- errors ----------------------------------------------------------------------------------------------------------


def _error(request: Request, reply: PlatformReply) -> Iterator[str]:
    if request.path == TOKENS and reply.status in {400, 401}:
        yield from _fields(reply, OAUTH_FIELDS, frozenset())
    else:
        yield from _platform_error(reply)
    if reply.status == 401 and not reply.headers.get("www-authenticate"):
        yield "it is a 401 without WWW-Authenticate"
    if reply.status == 405 and not reply.headers.get("allow"):
        yield "it is a 405 without Allow"


def _platform_error(reply: PlatformReply) -> Iterator[str]:
    yield from _fields(reply, ERROR_FIELDS, MORE_ERROR_FIELDS)
    document = reply.document
    if document.get("status") != reply.status:
        yield f"its body says status {document.get('status')!r}"
    if document.get("contextId") != reply.headers.get(CORRELATION):
        yield f"its contextId {document.get('contextId')!r} is not its ININ-Correlation-Id"
    if reply.status == 403 and document.get("code") == DEAD_SESSION and document.get("details"):
        yield "it has details of a dead session"


def _fields(reply: PlatformReply, wanted: Mapping[str, type], allowed: frozenset[str]) -> Iterator[str]:
    document = reply.document
    if not document:
        yield "its body is not a JSON object"
    for name, kind in wanted.items():
        if name not in document:
            yield f"its body has no {name}"
        elif type(document[name]) is not kind:
            yield f"its {name} is {document[name]!r}, not a {kind.__name__}"
    for name in document:
        if wanted and name not in wanted and name not in allowed:
            yield f"its body has a field {name!r} that the platform does not document"


def words_of(reply: PlatformReply) -> tuple[object, ...]:
    """Return what may not differ between two refusals for dead sessions."""
    body = {name: value for name, value in reply.document.items() if name != "contextId"}
    return reply.status, body, *(reply.headers.get(name) for name in ALIKE)
