"""Rendering of an outcome as the answer: status, headers, body."""

from __future__ import annotations

from typing import Any

import msgspec

from mockserver.clock import http_date
from mockserver.engine import life
from mockserver.engine.decide import Outcome, lacking
from mockserver.engine.model import Reason
from mockserver.journal import Delivery
from mockserver.wire import altered
from mockserver.wire.call import ArrivedCall
from mockserver.wire.message import Response
from mockserver.wire.table import TABLE, TOLD_AS, AnswerRow, injected, is_oauth

CORRELATION = "ININ-Correlation-Id"
REASON = "Dayfly-Reason"

REAL_LIMIT = 300
"""Requests per minute and token that the real platform allows. Headers say so if the policy has no rate limit."""

_TYPE = ("Content-Type", "application/json")
_NO_STORE = ("Cache-Control", "no-cache, no-store, must-revalidate")
_UNCOUNTED = (
    ("inin-ratelimit-count", "0"),
    ("inin-ratelimit-allowed", str(REAL_LIMIT)),
    ("inin-ratelimit-reset", "60"),
)

_NOTHING = injected(503)

_encode = msgspec.json.Encoder().encode


def render(call: ArrivedCall, outcome: Outcome, *, opaque: bool = False) -> Response:
    """The answer to a call; `opaque` leaves out the reason."""
    row = row_of(call, outcome)
    if row.status != 200:
        return _refusal(call, outcome, row, opaque)
    effect, issued = call.effect, outcome.issued
    body = _encode(ok_body(outcome) if issued is None else token_body(outcome))
    if effect.body is None:
        headers = headers_of(outcome.seen.now, call.context_id, body)
    else:
        body = altered.unusable(body, effect.body)
        _, *others = headers_of(outcome.seen.now, call.context_id, body)
        headers = [("Content-Type", altered.media_type(effect.body)), *others]
    if issued is None:
        headers += _UNCOUNTED if outcome.token is None else _counted(outcome)
    return Response(200, headers, body, effect.after / 1000, effect.delivery, effect.split)


def row_of(call: ArrivedCall, outcome: Outcome) -> AnswerRow:
    """The row that answers the outcome: its reason's, or the injected error's. A lost request has one that never leaves.

    Only a fault is a reason without a row of its own.
    """
    status = call.effect.status
    if status is not None:
        return injected(status)
    return TABLE.get(outcome.reason, _NOTHING)


def headers_of(at: int, context_id: str, body: bytes) -> list[tuple[str, str]]:
    """The headers of every answer; `at` in milliseconds is its date."""
    return [_TYPE, ("Content-Length", str(len(body))), http_date(at // 1000), (CORRELATION, context_id), _NO_STORE]


def ok_body(outcome: Outcome) -> dict[str, str]:
    """The body of an accepted create or send, and nothing more than the platform tells."""
    assert outcome.session is not None  # it has written one
    if outcome.message_id:
        return {"id": outcome.message_id, "webChatSessionId": outcome.session.id}
    return {"webChatSessionId": outcome.session.id}


def token_body(outcome: Outcome) -> dict[str, Any]:
    """The body of an issued token (RFC 6749, 5.1)."""
    assert outcome.issued is not None
    token, client = outcome.issued, outcome.seen.client
    scopes = life.inherited(token, client).scopes or ()
    lifetime = (token.expires_at - token.issued_at) // 1000
    return {"access_token": token.id, "token_type": "bearer", "expires_in": lifetime, "scope": " ".join(scopes)}


def _counted(outcome: Outcome) -> list[tuple[str, str]]:
    limit, token = outcome.seen.organization.policy.rate_limit_per_minute, outcome.token
    if limit is None or token is None:
        return list(_UNCOUNTED)
    usage = life.usage(token, outcome.seen.now)
    return [
        ("inin-ratelimit-count", str(usage.made)),
        ("inin-ratelimit-allowed", str(limit)),
        ("inin-ratelimit-reset", str(_seconds(usage.reset))),
    ]


def _seconds(milliseconds: int) -> int:
    """Return whole seconds, rounded up."""
    return -(-milliseconds // 1000)


# -- refusals --------------------------------------------------------------------------------------------------------


def _refusal(call: ArrivedCall, outcome: Outcome, row: AnswerRow, opaque: bool) -> Response:
    effect = call.effect
    after = retry_after(call, outcome, row)
    body = b"" if effect.emptied else _encode(error_body(call, outcome, row, after))
    headers = headers_of(outcome.seen.now, call.context_id, body)
    written = retry_after_text(call, outcome, after)
    if written is not None:
        headers.append(("Retry-After", written))
    if 300 <= row.status < 400:
        headers.append(("Location", altered.PAGE))
    if row.status == 401:
        headers.append(("WWW-Authenticate", _challenge(outcome.reason)))
    if row.status == 405:
        headers.append(("Allow", call.allow))
    if not opaque:
        headers.append((REASON, TOLD_AS.get(outcome.reason, outcome.reason).value))
    delivery: Delivery = "complete" if effect.only_ok else effect.delivery
    return Response(row.status, headers, body, effect.after / 1000, delivery, effect.split)


def retry_after(call: ArrivedCall, outcome: Outcome, row: AnswerRow) -> int | None:
    """Return the wait for Retry-After in whole seconds, None if the answer asks for none."""
    effect, seen = call.effect, outcome.seen
    if effect.retry_after_form in {"malformed", "absent"}:
        return None
    if effect.status is not None:
        return 1 if effect.retry_after is None and row.status == 429 else effect.retry_after
    if outcome.reason is Reason.BUSY:
        return 1
    if outcome.reason is Reason.RATE_LIMITED and seen.token is not None:
        return max(1, _seconds(life.usage(seen.token, seen.now).reset))
    return None


def retry_after_text(call: ArrivedCall, outcome: Outcome, after: int | None) -> str | None:
    """Return the Retry-After header for `after`, in the form that the answer's fault gives it."""
    return altered.retry_after_text(after, call.effect.retry_after_form, outcome.seen.now)


def error_body(call: ArrivedCall, outcome: Outcome, row: AnswerRow, after: int | None) -> dict[str, Any]:
    """Return an error body in the platform's shape, or in OAuth's for errors of the token endpoint."""
    named = {name: value for name, value in _parameters(call, outcome, after).items() if "{" + name + "}" in row.message}
    message = row.message.format(**named)
    if is_oauth(outcome.reason) and call.effect.status is None:
        return {"error": row.code, "description": message, "error_description": message}
    body: dict[str, Any] = {"message": message, "code": row.code, "status": row.status, "contextId": call.context_id}
    if named and "detail" not in named:
        body |= {"messageWithParams": row.message, "messageParams": named}
    body |= {"details": _details(row, message), "errors": []}
    limit = outcome.seen.organization.policy.rate_limit_per_minute
    if outcome.reason is Reason.RATE_LIMITED and limit is not None:
        body["limit"] = {"key": "token.rate.per.minute", "namespace": "platform.api", "value": limit}
    return body


def _parameters(call: ArrivedCall, outcome: Outcome, after: int | None) -> dict[str, str]:
    """Return the parameters of messages."""
    policy = outcome.seen.organization.policy
    return {
        "scope": lacking(call.ask, outcome.seen) or "",
        "media": call.media,
        "limit": str(policy.max_body),
        "detail": call.detail or f"text: is longer than {policy.max_text} characters",
        "retry_after": str(after or 1),
        "client_id": call.ask.client_id[:128],
        "allow": call.allow,
    }


def _details(row: AnswerRow, message: str) -> list[dict[str, str]]:
    """Return the field that is wrong. Empty for all other errors, and so for a dead session."""
    field, colon, _ = message.partition(": ")
    if row.code != "constraint.validation" or not colon:
        return []
    return [{"errorCode": row.code, "fieldName": field}]


def _challenge(reason: Reason) -> str:
    if is_oauth(reason):
        return 'Basic realm="dayfly"'
    return 'Bearer realm="dayfly"' if reason is Reason.AUTH_MISSING else 'Bearer realm="dayfly", error="invalid_token"'
