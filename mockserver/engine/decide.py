"""The guards in their order, and the decision: pure functions from what was asked and what was seen to what becomes of it.

The first guard that refuses wins, and a refusal changes no session. Each guard is one function of the same shape, so that the
order is a tuple one can read, `explain` can walk, and a mutant can leave one out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from msgspec import Struct

from mockserver.engine import access, lifecycle
from mockserver.engine.model import OAuthClient, Operation, Organization, Policy, Reason, Session, Token


class Ask(Struct, frozen=True, kw_only=True, gc=False):
    """A request of one of the platform's operations, as far as it could be read without knowing the policy.

    `credential` is why no bearer token could be read, `media` and `body` why the body could not; `size` in bytes,
    `text_length` in code points, `guest` is name and email.
    """

    operation: Operation
    organization: str | None = None
    client_id: str = ""
    bearer: str = ""
    credential: Reason | None = None
    media: Reason | None = None
    body: Reason | None = None
    size: int = 0
    session_id: str = ""
    text_length: int = 0
    guest: tuple[str, str] = ("", "")


class Seen(Struct, frozen=True, gc=False):
    """What the store held when the request was looked at."""

    organization: Organization
    client: OAuthClient | None = None
    token: Token | None = None
    session: Session | None = None
    live_sessions: int = 0


class Decision(NamedTuple):
    """What becomes of a request: why, and the records to write (None: unchanged)."""

    reason: Reason
    session: Session | None = None
    token: Token | None = None


Guard = Callable[[Ask, Seen, int], Reason | None]


def required_scopes(policy: Policy, operation: Operation) -> tuple[str, ...]:
    """The scopes the policy asks for an operation; the token operation needs none."""
    if operation == "send":
        return policy.send_scopes
    return policy.create_scopes if operation == "create" else ()


def authentication(ask: Ask, seen: Seen, now: int) -> Reason | None:
    """Guard 1 → 401."""
    if ask.credential is not None:
        return ask.credential
    if seen.organization.rejects_tokens:
        return Reason.AUTH_REJECTED
    if seen.client is None:
        return Reason.AUTH_UNKNOWN
    return access.check_token(seen.token, now, seen.organization.policy)


def scope(ask: Ask, seen: Seen, now: int) -> Reason | None:
    """Guard 2 → 403, with a code of its own."""
    return None if lacking(ask, seen) is None else Reason.SCOPE_MISSING


def media_type(ask: Ask, seen: Seen, now: int) -> Reason | None:
    """Guard 3a → 415."""
    return ask.media


def size(ask: Ask, seen: Seen, now: int) -> Reason | None:
    """Guard 3b → 413."""
    return Reason.TOO_LARGE if ask.size > seen.organization.policy.max_body else None


def body(ask: Ask, seen: Seen, now: int) -> Reason | None:
    """Guard 3c → 400."""
    if ask.body is not None:
        return ask.body
    return Reason.INVALID if ask.text_length > seen.organization.policy.max_text else None


def rate(ask: Ask, seen: Seen, now: int) -> Reason | None:
    """Guard 4 → 429."""
    limit = seen.organization.policy.rate_limit_per_minute
    if limit is None or seen.token is None:
        return None
    return Reason.RATE_LIMITED if access.usage(seen.token, now).made >= limit else None


def session(ask: Ask, seen: Seen, now: int) -> Reason | None:
    """Guard 5 → 403; nothing to guard where a session is created."""
    return lifecycle.refuse(seen.session, ask.client_id, now) if ask.operation == "send" else None


GUARDS: tuple[Guard, ...] = (authentication, scope, media_type, size, body, rate, session)


def lacking(ask: Ask, seen: Seen) -> str | None:
    """The scope that is missing for this request, by name."""
    if seen.client is None or seen.token is None:
        return None
    return access.missing_scope(seen.client, seen.token, required_scopes(seen.organization.policy, ask.operation))


def refusal(ask: Ask, seen: Seen, now: int, guards: tuple[Guard, ...] = GUARDS) -> Reason | None:
    """The reason of the first guard that refuses, None where all let it pass."""
    for guard in guards:
        reason = guard(ask, seen, now)
        if reason is not None:
            return reason
    return None


def form_refusal(ask: Ask, seen: Seen, now: int) -> Reason | None:
    """Why a token request's form is refused, before its credentials are looked at."""
    return refusal(ask, seen, now, (media_type, size, body))


PAST_RATE = frozenset({None, *(cause.refusal for cause in lifecycle.CAUSES), Reason.SESSION_UNKNOWN, Reason.SESSION_FOREIGN})
"""What a request can meet once it has passed the rate limit, and so counts against it."""


def decide(ask: Ask, seen: Seen, now: int, new_session_id: str = "", max_live_sessions: int | None = None) -> Decision:
    """Decides a create or a send at `now` (milliseconds). A create that is let pass gets the id `new_session_id`.

    Beyond `max_live_sessions` a create is refused though no guard says so: capacity is the mock's own, not the platform's.
    """
    policy = seen.organization.policy
    reason = refusal(ask, seen, now)
    token = access.used(seen.token, now, policy) if seen.token is not None and reason in PAST_RATE else None
    if reason is not None:
        return Decision(reason, None, token)
    if ask.operation == "send":
        assert seen.session is not None  # the session guard lets no other pass
        return Decision(Reason.MESSAGE_ACCEPTED, lifecycle.accept(seen.session, now, policy), token)
    if max_live_sessions is not None and seen.live_sessions >= max_live_sessions:
        return Decision(Reason.CAPACITY, None, token)
    opened = lifecycle.open_session(new_session_id, ask.client_id, ask.guest, now, policy)
    return Decision(Reason.SESSION_CREATED, opened, token)
