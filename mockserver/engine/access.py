"""The rules for OAuth clients, tokens and scopes, as pure functions."""

from __future__ import annotations

from collections.abc import Iterable
from hmac import compare_digest
from typing import NamedTuple

from msgspec.structs import replace

from mockserver.engine.model import OAuthClient, Policy, Reason, Token

MINUTE = 60_000


class Usage(NamedTuple):
    """The rate limit at a request: requests made in this minute, and milliseconds until the next minute."""

    made: int
    reset: int


def check_secret(client: OAuthClient | None, secret: str) -> Reason | None:
    """Return why these client credentials are refused, None if they are right."""
    if client is None:
        return Reason.OAUTH_UNKNOWN_CLIENT
    if not compare_digest(client.secret.encode(), secret.encode("utf-8", "surrogatepass")):
        return Reason.OAUTH_WRONG_SECRET
    return None


def grantable(client: OAuthClient, asked: tuple[str, ...] | None) -> bool:
    """Return whether the client has every requested scope. A request without scopes is always granted."""
    return asked is None or set(asked) <= set(client.scopes)


def issue(value: str, client: OAuthClient, asked: tuple[str, ...] | None, now: int, policy: Policy) -> Token:
    """Return a new token for `client`, which has no number until `count_issue`."""
    return Token(value=value, client_id=client.id, issued=now, expires_at=now + policy.token_ttl, scopes=asked, last_used=now)


def count_issue(client: OAuthClient, bound: int | None) -> OAuthClient:
    """Return the client with one more token issued; its number is `issued`.

    Beyond `bound`, the policy's `max_tokens_per_client`, the oldest tokens are evicted, as on the real platform. They stay
    evicted if the bound is raised.
    """
    issued = client.issued + 1
    evicted = client.evicted if bound is None else max(client.evicted, issued - bound)
    return replace(client, issued=issued, evicted=evicted)


def check_token(token: Token | None, now: int, policy: Policy, client: OAuthClient | None) -> Reason | None:
    """The authentication guard: return why a bearer token of `client` is refused at `now`, None if it is valid."""
    if token is None:
        return Reason.AUTH_UNKNOWN
    if token.ended_by is not None:
        return token.ended_by
    if client is not None and client.evicted and 0 < token.number <= client.evicted:
        return Reason.AUTH_EVICTED
    if now >= token.expires_at:
        return Reason.AUTH_EXPIRED
    idle = policy.token_idle_timeout
    if idle is not None and now >= token.last_used + idle:
        return Reason.AUTH_IDLE
    return None


def missing_scope(client: OAuthClient, token: Token, required: Iterable[str]) -> str | None:
    """The scope guard: return the first required scope that the client (now) or its token lacks, None if it has all."""
    for scope in required:
        if scope not in client.scopes or (token.scopes is not None and scope not in token.scopes):
            return scope
    return None


def usage(token: Token, now: int) -> Usage:
    """Return how much of its current minute this token has used. A minute begins with the first request counted in it."""
    if token.used == 0 or now >= token.window + MINUTE:
        return Usage(0, MINUTE)
    return Usage(token.used, token.window + MINUTE - now)


def count_use(token: Token, now: int, limit: int | None) -> Token | None:
    """Return the token after a request at `now`: the request is counted, and the idle time starts again.

    None if its minute has `limit` requests already. Several requests may use the token at once. The store therefore applies
    this rule itself, instead of comparing versions.
    """
    made = usage(token, now).made
    if limit is not None and made >= limit:
        return None
    window = now if made == 0 else token.window
    return replace(token, window=window, used=made + 1, last_used=max(now, token.last_used))


def end(token: Token, reason: Reason) -> Token:
    """Return the token ended for `reason` (revoked or expired), unchanged if it had ended before."""
    if token.ended_by is not None:
        return token
    return replace(token, version=token.version + 1, ended_by=reason)
