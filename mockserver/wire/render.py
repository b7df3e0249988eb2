"""Rendering of an outcome as the answer: status, headers, body."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from mockserver.clock import http_date
from mockserver.engine import life
from mockserver.engine.decide import Outcome, lacking
from mockserver.engine.model import Reason
from mockserver.journal import SESSION_ID, Delivery
from mockserver.platform.message import HttpMessage
from mockserver.wire import altered
from mockserver.wire.call import ArrivedCall
from mockserver.wire.message import Response
from mockserver.wire.table import REFUSALS, TOLD_AS, answer_of, injected

if TYPE_CHECKING:
    from mockserver.platform.model import Answer

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

_UNREAD = HttpMessage()
"""Takes the place of the request, of which refusals tell nothing by its places."""

_encode = msgspec.json.Encoder().encode


def render(call: ArrivedCall, outcome: Outcome, *, opaque: bool = False) -> Response:
    """The answer to a call; `opaque` leaves out the reason."""
    row = row_of(call, outcome)
    if row is not None:
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


def row_of(call: ArrivedCall, outcome: Outcome) -> Answer | None:
    """The refusal that answers the outcome: its reason's, or the injected error's; None if it is accepted.

    A lost request has one that never leaves.
    """
    status, reason = call.effect.status, outcome.reason
    if status is not None:
        return injected(status, reason)
    if reason in REFUSALS:
        return answer_of(reason, outcome.seen.organization.policy.rate_limit_per_minute)
    return injected(503) if reason is Reason.FAULT else None


def headers_of(at: int, context_id: str, body: bytes) -> list[tuple[str, str]]:
    """The headers of every answer; `at` in milliseconds is its date."""
    return [_TYPE, ("Content-Length", str(len(body))), http_date(at // 1000), (CORRELATION, context_id), _NO_STORE]


def ok_body(outcome: Outcome) -> dict[str, str]:
    """The body of an accepted create or send, and nothing more than the platform tells."""
    assert outcome.session is not None  # it has written one
    if outcome.message_id:
        return {"id": outcome.message_id, SESSION_ID: outcome.session.id}
    return {SESSION_ID: outcome.session.id}


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


def _refusal(call: ArrivedCall, outcome: Outcome, row: Answer, opaque: bool) -> Response:
    from mockserver.platform.model import Values

    effect, now = call.effect, outcome.seen.now
    after = retry_after(call, outcome, row)
    detail = _told(call, outcome, after)
    field = detail.partition(": ")[0]
    values = Values(_UNREAD, call.context_id, now, {"client": call.ask.client_id[:128]}, {}, str, detail=detail, field=field)
    body = b"" if effect.emptied else row.body(values)
    headers = [_TYPE, ("Content-Length", str(len(body))), http_date(now // 1000), *row.written(values)]
    written = retry_after_text(call, outcome, after)
    if written is not None:
        headers.append(("Retry-After", written))
    if 300 <= row.status < 400:
        headers.append(("Location", altered.PAGE))
    if not opaque:
        headers.append((REASON, TOLD_AS.get(outcome.reason, outcome.reason).value))
    delivery: Delivery = "complete" if effect.only_ok else effect.delivery
    return Response(row.status, headers, body, effect.after / 1000, delivery, effect.split)


def _told(call: ArrivedCall, outcome: Outcome, after: int | None) -> str:
    """Return what an answer tells besides its reason or its injected status."""
    if call.effect.status is not None:
        return call.allow if call.effect.status == 405 else str(after or 1)
    return _DETAILS.get(outcome.reason, _detail)(call, outcome)


def _detail(call: ArrivedCall, outcome: Outcome) -> str:
    return call.detail or f"text: is longer than {outcome.seen.organization.policy.max_text} characters"


_DETAILS: Mapping[Reason, Callable[[ArrivedCall, Outcome], str]] = {
    Reason.SCOPE_MISSING: lambda call, outcome: lacking(call.ask, outcome.seen) or "",
    Reason.MEDIA_TYPE: lambda call, _: call.media,
    Reason.TOO_LARGE: lambda _, outcome: str(outcome.seen.organization.policy.max_body),
    Reason.RATE_LIMITED: lambda _, outcome: str(_until_next_minute(outcome)),
    Reason.ROUTE_METHOD: lambda call, _: call.allow,
}
"""What answers tell besides the reason."""


def retry_after(call: ArrivedCall, outcome: Outcome, row: Answer | None) -> int | None:
    """Return the wait for Retry-After in whole seconds, None if the answer asks for none."""
    effect, status = call.effect, None if row is None else row.status
    if effect.retry_after_form in {"malformed", "absent"}:
        return None
    if effect.status is not None:
        return 1 if effect.retry_after is None and status == 429 else effect.retry_after
    if outcome.reason is Reason.BUSY:
        return 1
    return _until_next_minute(outcome) if outcome.reason is Reason.RATE_LIMITED else None


def _until_next_minute(outcome: Outcome) -> int:
    """Return the seconds until the token's next minute."""
    token = outcome.seen.token
    return 1 if token is None else max(1, _seconds(life.usage(token, outcome.seen.now).reset))


def retry_after_text(call: ArrivedCall, outcome: Outcome, after: int | None) -> str | None:
    """Return the Retry-After header for `after`, in the form that the answer's fault gives it."""
    return altered.retry_after_text(after, call.effect.retry_after_form, outcome.seen.now)
