"""The guards in their order, and the decision: pure functions of a request and a snapshot of the store.

The first guard that refuses decides. A refusal changes no session.
"""

from __future__ import annotations

from msgspec import Struct

from mockserver.engine import access, lifecycle
from mockserver.engine.model import FaultPlan, OAuthClient, Operation, Organization, Policy, Reason, Session, Token


class Ask(Struct, frozen=True, gc=False):
    """A request of one of the platform's operations, read as far as possible without the policy.

    `organization`, `client_id` and `bearer` come from the token or the form. `credential` is why the bearer token could not be
    read, `media` and `body` why the body could not. `size` is in bytes, `text_length` in code points; `guest` is name and
    email.
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
    """A snapshot of the store for one request, and the organisation's time then (milliseconds)."""

    organization: Organization
    now: int
    client: OAuthClient | None = None
    token: Token | None = None
    session: Session | None = None
    live_sessions: int = 0
    faults: FaultPlan | None = None


class Outcome(Struct, frozen=True, gc=False):
    """The decision on a request: the reason, the snapshot, and the records to write (None: nothing).

    `session` and `token` are the new records, `message_id` is the accepted message's id, `issued` a new token. The store counts
    the use of a token, and others may use it meanwhile: `token` has at least that many requests. `acted` is false if a fault
    kept the platform from deciding.
    """

    reason: Reason
    seen: Seen
    session: Session | None = None
    token: Token | None = None
    message_id: str = ""
    issued: Token | None = None
    acted: bool = True


def required_scopes(policy: Policy, operation: Operation) -> tuple[str, ...]:
    """Return the scopes the policy requires for an operation. The token operation requires none."""
    if operation == "send":
        return policy.send_scopes
    return policy.create_scopes if operation == "create" else ()


def lacking(ask: Ask, seen: Seen) -> str | None:
    """Return the scope that this request lacks, None if it has all."""
    if seen.client is None or seen.token is None:
        return None
    return access.missing_scope(seen.client, seen.token, required_scopes(seen.organization.policy, ask.operation))


GUARDS = ("authentication", "scope", "media type", "size", "body", "rate limit", "session")
"""The names of the guards, in the order in which `refusal` calls them."""


def refusal(ask: Ask, seen: Seen) -> Reason | None:
    """Return the reason of the first guard that refuses a create or a send, None if all accept."""
    policy = seen.organization.policy
    reason = authentication(ask, seen, policy)  # → 401
    if reason is not None:
        return reason
    if lacking(ask, seen) is not None:  # → 403, with a code of its own
        return Reason.SCOPE_MISSING
    reason = malformed(ask, policy)  # media type → 415, size → 413, body → 400
    if reason is not None:
        return reason
    limit = policy.rate_limit_per_minute  # → 429
    if limit is not None and seen.token is not None and access.usage(seen.token, seen.now).made >= limit:
        return Reason.RATE_LIMITED
    if ask.operation == "send":  # → 403
        return lifecycle.refuse(seen.session, ask.client_id, seen.now)
    return None


def authentication(ask: Ask, seen: Seen, policy: Policy) -> Reason | None:
    """Return why the request is not authenticated, None if it is."""
    if ask.credential is not None:
        return ask.credential
    if seen.organization.rejects_tokens:
        return Reason.AUTH_REJECTED
    if seen.client is None:
        return Reason.AUTH_UNKNOWN
    return access.check_token(seen.token, seen.now, policy, seen.client)


def malformed(ask: Ask, policy: Policy) -> Reason | None:
    """Return why the body cannot be used, None if it can. The token operation's form is checked in the same order."""
    if ask.media is not None:
        return ask.media
    if ask.size > policy.max_body:
        return Reason.TOO_LARGE
    if ask.body is not None:
        return ask.body
    return Reason.INVALID if ask.text_length > policy.max_text else None


UNCOUNTED = frozenset({reason for reason in Reason if reason.startswith(("auth.", "scope.", "body."))} | {Reason.RATE_LIMITED})
"""Refusals that do not count towards the rate limit, because they come before it or from it."""


_ACCEPTED, _CREATED = Reason.MESSAGE_ACCEPTED, Reason.SESSION_CREATED  # faster than enumeration attributes


def decide(ask: Ask, seen: Seen, new_id: str = "", max_live_sessions: int | None = None) -> Outcome:
    """Decide a create or a send. `new_id` becomes the id of the created session or the accepted message.

    Beyond `max_live_sessions` a create is refused, though by no guard: that limit is the mock's, not the platform's.
    """
    policy = seen.organization.policy
    reason = refusal(ask, seen)
    token, limit = None, policy.rate_limit_per_minute
    if (limit is not None or policy.token_idle_timeout is not None) and seen.token is not None and reason not in UNCOUNTED:
        token = access.count_use(seen.token, seen.now, limit)
    if reason is not None:
        return Outcome(reason, seen, None, token)
    if ask.operation == "send":
        assert seen.session is not None  # the session guard accepts no request without one
        return Outcome(_ACCEPTED, seen, lifecycle.accept(seen.session, seen.now, policy), token, new_id)
    if max_live_sessions is not None and seen.live_sessions >= max_live_sessions:
        return Outcome(Reason.CAPACITY, seen, None, token)
    session = lifecycle.open_session(new_id, ask.client_id, ask.guest, seen.now, policy)
    return Outcome(_CREATED, seen, session, token)


def decide_token(ask: Ask, seen: Seen, secret: str, scopes: tuple[str, ...] | None, new_token: str) -> Outcome:
    """Decide a token request, first by its form, then by the client's credentials. `new_token` becomes the token."""
    policy, client = seen.organization.policy, seen.client
    refused = malformed(ask, policy) or access.check_secret(client, secret)
    if refused is not None or client is None:
        return Outcome(refused or Reason.OAUTH_UNKNOWN_CLIENT, seen)
    if not access.grantable(client, scopes):
        return Outcome(Reason.OAUTH_INVALID_SCOPE, seen)
    return Outcome(Reason.TOKEN_ISSUED, seen, issued=access.issue(new_token, client, scopes, seen.now, policy))
