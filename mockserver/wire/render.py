"""From an outcome to the answer on the wire: status, headers, body."""

from __future__ import annotations

from typing import Any

import msgspec

from mockserver.clock import http_date
from mockserver.engine import access
from mockserver.engine.model import Policy, Reason
from mockserver.faults.effect import Effect
from mockserver.service import Outcome
from mockserver.wire.message import Response
from mockserver.wire.table import TABLE, TOLD_AS, Row, injected, is_oauth

CORRELATION = "ININ-Correlation-Id"
REASON = "Dayfly-Reason"
_NO_STORE = "no-cache, no-store, must-revalidate"
_JSON = "application/json"

REAL_LIMIT = 300
"""Requests a minute per token that the real platform allows; told in headers where the policy counts none."""

_encode = msgspec.json.Encoder().encode


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What rendering knows beside the outcome: the contextId, what was asked for in words, and whether reasons stay hidden."""

    context_id: str
    detail: str = ""
    client_id: str = ""
    media: str = _JSON
    allow: str = "POST"
    opaque: bool = False


def row_of(outcome: Outcome, effect: Effect) -> Row:
    """The row that answers the outcome: its reason's, or the injected error's."""
    if effect.status is not None:
        return injected(effect.status)
    return TABLE[outcome.reason]


def retry_after(outcome: Outcome, effect: Effect, row: Row) -> int | None:
    """The Retry-After in whole seconds, at least one; None where the answer has none."""
    if effect.status is not None:
        return effect.retry_after if effect.retry_after is not None or row.status != 429 else 1
    if outcome.reason is Reason.RATE_LIMITED and outcome.seen.token is not None:
        return max(1, -(-access.usage(outcome.seen.token, outcome.at).reset // 1000))
    return None


def render(outcome: Outcome, effect: Effect, context: Context) -> Response:
    """The answer to an outcome under a fault's effect."""
    row = row_of(outcome, effect)
    if row.status == 200:
        return _ok(outcome, effect, context)
    after = retry_after(outcome, effect, row)
    body = b"" if effect.emptied else _encode(error_body(row, outcome, context, after))
    headers = _headers(outcome.at, context, body)
    headers.extend(_extra_headers(row, outcome, context, after))
    return Response(row.status, headers, body, effect.after / 1000, _delivery(effect, ok=False))


def _ok(outcome: Outcome, effect: Effect, context: Context) -> Response:
    body = _encode(ok_body(outcome))
    headers = _headers(outcome.at, context, body)
    if outcome.issued is None:
        headers.extend(_rate_headers(outcome))
    return Response(200, headers, body, effect.after / 1000, _delivery(effect, ok=True))


def plain(body: bytes, at: int, context: Context) -> Response:
    """A 200 with a body that comes from no outcome, dated `at` (milliseconds)."""
    return Response(200, _headers(at, context, body), body)


def _delivery(effect: Effect, *, ok: bool) -> Any:
    return "complete" if effect.only_ok and not ok else effect.delivery


def ok_body(outcome: Outcome) -> dict[str, Any]:
    """The body of a 200, and nothing more than the platform tells."""
    if outcome.issued is not None:
        return token_body(outcome)
    assert outcome.session is not None  # a 200 to a create or a send has written one
    if outcome.message_id:
        return {"id": outcome.message_id, "webChatSessionId": outcome.session.id}
    return {"webChatSessionId": outcome.session.id}


def token_body(outcome: Outcome) -> dict[str, Any]:
    """The body of an issued token (RFC 6749, 5.1)."""
    assert outcome.issued is not None
    token, client = outcome.issued.token, outcome.seen.client
    scopes = token.scopes if token.scopes is not None else (client.scopes if client is not None else ())
    lifetime = (token.expires_at - token.issued) // 1000
    return {"access_token": token.value, "token_type": "bearer", "expires_in": lifetime, "scope": " ".join(scopes)}


def parameters(outcome: Outcome, context: Context, after: int | None) -> dict[str, str]:
    """What may stand in a message."""
    return {
        "scope": outcome.lacking or "",
        "media": context.media,
        "limit": str(outcome.seen.organization.policy.max_body),
        "detail": context.detail or f"text: is longer than {outcome.seen.organization.policy.max_text} characters",
        "retry_after": str(after or 1),
        "client_id": context.client_id[:128],
        "allow": context.allow,
    }


def error_body(row: Row, outcome: Outcome, context: Context, after: int | None) -> dict[str, Any]:
    """The platform's error shape, or OAuth's for the token endpoint's own errors."""
    values = parameters(outcome, context, after)
    named = {name: value for name, value in values.items() if "{" + name + "}" in row.message}
    message = row.message.format(**named)
    if in_oauth_shape(row, outcome):
        return {"error": row.code, "description": message, "error_description": message}
    body: dict[str, Any] = {"message": message, "code": row.code, "status": row.status, "contextId": context.context_id}
    if named and "detail" not in named:
        body["messageWithParams"], body["messageParams"] = row.message, named
    if row.code == "constraint.validation":
        field = message.partition(":")[0] if ": " in message else ""
        body["details"] = [{"errorCode": row.code, "fieldName": field}] if field else []
    else:
        body["details"] = []
    body["errors"] = []
    if outcome.reason is Reason.RATE_LIMITED:
        limit = outcome.seen.organization.policy.rate_limit_per_minute or REAL_LIMIT
        body["limit"] = {"key": "token.rate.per.minute", "namespace": "platform.api", "value": limit}
    return body


def in_oauth_shape(row: Row, outcome: Outcome) -> bool:
    """Whether the row is one of OAuth's, and not an injected error in its place."""
    return is_oauth(outcome.reason) and TABLE[outcome.reason] is row


def _headers(at: int, context: Context, body: bytes) -> list[tuple[str, str]]:
    return [
        ("Content-Type", _JSON),
        ("Content-Length", str(len(body))),
        ("Date", http_date(at)),
        (CORRELATION, context.context_id),
        ("Cache-Control", _NO_STORE),
    ]


def _rate_headers(outcome: Outcome) -> list[tuple[str, str]]:
    policy: Policy = outcome.seen.organization.policy
    token = outcome.token
    if policy.rate_limit_per_minute is None or token is None:
        return _UNCOUNTED
    usage = access.usage(token, outcome.at)
    return [
        ("inin-ratelimit-count", str(usage.made)),
        ("inin-ratelimit-allowed", str(policy.rate_limit_per_minute)),
        ("inin-ratelimit-reset", str(-(-usage.reset // 1000))),
    ]


_UNCOUNTED = [
    ("inin-ratelimit-count", "0"),
    ("inin-ratelimit-allowed", str(REAL_LIMIT)),
    ("inin-ratelimit-reset", "60"),
]


def _extra_headers(row: Row, outcome: Outcome, context: Context, after: int | None) -> list[tuple[str, str]]:
    headers: list[tuple[str, str]] = []
    if after is not None:
        headers.append(("Retry-After", str(after)))
    if row.status == 401:
        headers.append(("WWW-Authenticate", _challenge(outcome.reason)))
    if row.status == 405:
        headers.append(("Allow", context.allow))
    if not context.opaque:
        headers.append((REASON, str(TOLD_AS.get(outcome.reason, outcome.reason))))
    return headers


def _challenge(reason: Reason) -> str:
    if is_oauth(reason):
        return 'Basic realm="dayfly"'
    return 'Bearer realm="dayfly"' if reason is Reason.AUTH_MISSING else 'Bearer realm="dayfly", error="invalid_token"'
