"""The guards in their order, and the decision: pure functions of a request and a snapshot of the store.

The first guard that refuses decides. A refusal changes no session.
"""

from __future__ import annotations

from hmac import compare_digest

from msgspec import Struct

from mockserver.engine import life
from mockserver.engine.model import STATES, WRITE_SCOPE, Credential, FaultPlan, Operation, Organization, Policy, Reason, State


class ParsedRequest(Struct, frozen=True, gc=False):
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
    """A snapshot of the store for one request, and the organisation's time then (milliseconds).

    `records` are others that were asked for, by the id of their key.
    """

    organization: Organization
    now: int
    client: Credential | None = None
    token: Credential | None = None
    session: Credential | None = None
    live_sessions: int = 0
    faults: FaultPlan | None = None
    records: dict[str, Credential] = {}


class Outcome(Struct, frozen=True, gc=False):
    """The decision on a request: the reason, the snapshot, and the records to write (None: nothing).

    `session` and `token` are the new records, `message_id` is the accepted message's id, `issued` a new token. The store counts
    the use of a token, and others may use it meanwhile: `token` has at least that many requests. `acted` is false if a fault
    kept the platform from deciding.
    """

    reason: Reason
    seen: Seen
    session: Credential | None = None
    token: Credential | None = None
    message_id: str = ""
    issued: Credential | None = None
    acted: bool = True


def required_scopes(policy: Policy, operation: Operation) -> tuple[str, ...]:
    """Return the scopes the policy requires for an operation. The token operation requires none."""
    if operation == "send":
        return policy.send_scopes
    return policy.create_scopes if operation == "create" else ()


def lacking(ask: ParsedRequest, seen: Seen) -> str | None:
    """Return the scope that this request lacks, None if it has all."""
    client, token = seen.client, seen.token
    if client is None or token is None:
        return None
    return missing_scope(client, token, required_scopes(seen.organization.policy, ask.operation))


def missing_scope(client: Credential, token: Credential, required: tuple[str, ...]) -> str | None:
    """Return the first required scope that the client (now) or its token lacks, None if it has all."""
    has, narrowed = client.scopes, token.scopes
    for scope in required:
        if (has is not None and scope not in has) or (narrowed is not None and scope not in narrowed):
            return scope
    return None


GUARDS = ("authentication", "scope", "media type", "size", "body", "rate limit", "session")
"""The names of the guards, in the order in which `refusal` calls them."""


def refusal(ask: ParsedRequest, seen: Seen) -> Reason | None:
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
    if limit is not None and seen.token is not None and life.usage(seen.token, seen.now).made >= limit:
        return Reason.RATE_LIMITED
    if ask.operation == "send":  # → 403
        return refuse_session(seen.session, ask.client_id, seen.now)
    return None


SESSION_ENDED = {
    "ended": Reason.SESSION_REVOKED,
    "spent": Reason.SESSION_CONSUMED,
    "idle": Reason.SESSION_IDLE,
    "expired": Reason.SESSION_EXPIRED,
}
"""The reason to refuse a session that ended by a cause."""
TOKEN_ENDED = {"ended": Reason.AUTH_REVOKED, "idle": Reason.AUTH_IDLE, "expired": Reason.AUTH_EXPIRED}
"""The reason to refuse a token that ended by a cause."""


def refuse_session(session: Credential | None, client_id: str, now: int) -> Reason | None:
    """Return why a send with this session by this OAuth client is refused at `now`, None if it is not."""
    if session is None:
        return Reason.SESSION_UNKNOWN
    if session.within != client_id:
        return Reason.SESSION_FOREIGN
    cause = life.cause_at(session, None, now)
    return SESSION_ENDED[cause] if cause else None


def state_of(session: Credential, now: int) -> State:
    """Return the state of a session at `now` (milliseconds)."""
    return STATES[life.cause_at(session, None, now)]


def refuse_token(token: Credential | None, now: int, policy: Policy, client: Credential | None) -> Reason | None:
    """Return why a bearer token of `client` is refused at `now`, None if it is valid."""
    if token is None:
        return Reason.AUTH_UNKNOWN
    if client is not None and client.counts.evicted and not token.ended_by and life.is_evicted(token, client):
        return Reason.AUTH_EVICTED
    cause = life.cause_at(token, None, now, policy.token_idle_timeout)
    return TOKEN_ENDED[cause] if cause else None


def authentication(ask: ParsedRequest, seen: Seen, policy: Policy) -> Reason | None:
    """Return why the request is not authenticated, None if it is."""
    if ask.credential is not None:
        return ask.credential
    if seen.organization.rejects_tokens:
        return Reason.AUTH_REJECTED
    if seen.client is None:
        return Reason.AUTH_UNKNOWN
    return refuse_token(seen.token, seen.now, policy, seen.client)


def malformed(ask: ParsedRequest, policy: Policy) -> Reason | None:
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


def decide(ask: ParsedRequest, seen: Seen, new_id: str = "", max_live_sessions: int | None = None) -> Outcome:
    """Decide a create or a send. `new_id` becomes the id of the created session or the accepted message.

    Beyond `max_live_sessions` a create is refused, though by no guard: that limit is the mock's, not the platform's.
    """
    policy = seen.organization.policy
    reason = refusal(ask, seen)
    token, limit = None, policy.rate_limit_per_minute
    if (limit is not None or policy.token_idle_timeout is not None) and seen.token is not None and reason not in UNCOUNTED:
        token = life.count_use(seen.token, seen.now, limit)
    if reason is not None:
        return Outcome(reason, seen, None, token)
    if ask.operation == "send":
        assert seen.session is not None  # the session guard accepts no request without one
        return Outcome(_ACCEPTED, seen, life.use(seen.session, seen.now, policy.idle_timeout), token, new_id)
    if max_live_sessions is not None and seen.live_sessions >= max_live_sessions:
        return Outcome(Reason.CAPACITY, seen, None, token)
    return Outcome(_CREATED, seen, open_session(new_id, ask.client_id, ask.guest, seen.now, policy), token)


def open_session(id: str, client_id: str, guest: tuple[str, str], now: int, policy: Policy) -> Credential:
    """Return a new session for `guest` (name, email)."""
    return Credential(  # as `life.issue` does, without the call; this is the second most frequent write
        kind="session",
        id=id,
        within=client_id,
        issued_at=now,
        last_used=now,
        idle_at=now + policy.idle_timeout,
        expires_at=now + policy.ttl,
        left=policy.handshakes,
        about=f"{guest[0]}\0{guest[1]}",
    )


def oauth_client(
    id: str, organization: str, secret: str, scopes: tuple[str, ...] = (WRITE_SCOPE,), name: str = ""
) -> Credential:
    return Credential(kind="client", id=id, within=organization, bound=(secret,), scopes=scopes, about=name)


def check_secret(client: Credential | None, secret: str) -> Reason | None:
    """Return why these client credentials are refused, None if they are right."""
    if client is None:
        return Reason.OAUTH_UNKNOWN_CLIENT
    if not compare_digest(secret_of(client).encode(), secret.encode("utf-8", "surrogatepass")):
        return Reason.OAUTH_WRONG_SECRET
    return None


def secret_of(client: Credential) -> str:
    return client.bound[0] or ""


def grantable(client: Credential, asked: tuple[str, ...] | None) -> bool:
    """Return whether the client has every requested scope. A request without scopes is always granted."""
    return asked is None or client.scopes is None or set(asked) <= set(client.scopes)


def decide_token(ask: ParsedRequest, seen: Seen, secret: str, scopes: tuple[str, ...] | None, new_token: str) -> Outcome:
    """Decide a token request, first by its form, then by the client's credentials. `new_token` becomes the token."""
    policy, client = seen.organization.policy, seen.client
    refused = malformed(ask, policy) or check_secret(client, secret)
    if refused is not None or client is None:
        return Outcome(refused or Reason.OAUTH_UNKNOWN_CLIENT, seen)
    if not grantable(client, scopes):
        return Outcome(Reason.OAUTH_INVALID_SCOPE, seen)
    token = life.issue("token", new_token, seen.now, ttl=policy.token_ttl, within=client.id, scopes=scopes)
    return Outcome(Reason.TOKEN_ISSUED, seen, issued=token)
