"""Clients, tokens, scopes."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from mockserver.engine import access
from mockserver.engine.model import WRITE_SCOPE, OAuthClient, Policy, Reason, Token

CLIENT = OAuthClient(id="c", organization="00000000", secret="right")
TOKEN = Token(value="t", client_id="c", issued=0, expires_at=100)


def test_credentials_are_refused_for_what_is_wrong_with_them() -> None:
    assert access.check_secret(None, "right") is Reason.OAUTH_UNKNOWN_CLIENT
    assert access.check_secret(CLIENT, "wrong") is Reason.OAUTH_WRONG_SECRET
    assert access.check_secret(CLIENT, "right") is None


@pytest.mark.parametrize(("now", "reason"), [(99, None), (100, Reason.AUTH_EXPIRED), (101, Reason.AUTH_EXPIRED)])
def test_a_token_stands_until_just_before_it_expires(now: int, reason: Reason | None) -> None:
    assert access.check_token(TOKEN, now, Policy(), None) is reason


@pytest.mark.parametrize(("now", "reason"), [(9, None), (10, Reason.AUTH_IDLE)])
def test_a_token_stands_until_just_before_it_is_idle(now: int, reason: Reason | None) -> None:
    assert access.check_token(TOKEN, now, Policy(token_idle_timeout=10), None) is reason


def test_a_token_that_was_ended_tells_by_what() -> None:
    assert access.check_token(access.end(TOKEN, Reason.AUTH_REVOKED), 0, Policy(), None) is Reason.AUTH_REVOKED
    assert access.check_token(None, 0, Policy(), None) is Reason.AUTH_UNKNOWN


def test_a_token_is_ended_once() -> None:
    ended = access.end(TOKEN, Reason.AUTH_REVOKED)
    assert access.end(ended, Reason.AUTH_EXPIRED) is ended


def standing(client: OAuthClient) -> list[int]:
    """The numbers of the client's tokens that are good."""
    tokens = [replace(TOKEN, number=number) for number in range(1, client.issued + 1)]
    reasons = {token.number: access.check_token(token, 0, Policy(), client) for token in tokens}
    assert set(reasons.values()) <= {None, Reason.AUTH_EVICTED}
    return [number for number, reason in reasons.items() if reason is None]


def test_the_oldest_tokens_are_evicted_beyond_the_bound_and_stay_so() -> None:
    client, found = CLIENT, []
    for bound in (None, 2, 2, None, 1, 9, None):
        client = access.count_issue(client, bound)
        found.append(standing(client))
    assert found == [[1], [1, 2], [2, 3], [2, 3, 4], [5], [5, 6], [5, 6, 7]]
    assert access.check_token(TOKEN, 0, Policy(), client) is None  # it was never numbered


def test_a_token_that_was_revoked_stays_revoked_when_it_is_evicted() -> None:
    client = access.count_issue(access.count_issue(CLIENT, 1), 1)
    revoked = access.end(replace(TOKEN, number=1), Reason.AUTH_REVOKED)
    assert access.check_token(revoked, 0, Policy(), client) is Reason.AUTH_REVOKED


def test_a_scope_taken_from_the_client_is_missing_at_once_and_so_is_one_the_token_was_not_asked_for() -> None:
    assert access.missing_scope(CLIENT, TOKEN, [WRITE_SCOPE]) is None
    assert access.missing_scope(replace(CLIENT, scopes=()), TOKEN, [WRITE_SCOPE]) == WRITE_SCOPE
    assert access.missing_scope(CLIENT, replace(TOKEN, scopes=("other",)), [WRITE_SCOPE]) == WRITE_SCOPE


def test_only_scopes_of_the_client_are_granted() -> None:
    assert access.grantable(CLIENT, None)
    assert access.grantable(CLIENT, (WRITE_SCOPE,))
    assert not access.grantable(CLIENT, (WRITE_SCOPE, "other"))


def test_requests_are_counted_in_minutes_that_begin_with_the_first() -> None:
    token = access.count_use(TOKEN, 1_000, 2)
    assert token is not None
    assert access.usage(token, 1_000) == (1, 60_000)
    again = access.count_use(token, 2_000, 2)
    assert again is not None
    assert again.version == TOKEN.version
    assert access.usage(again, 2_000) == (2, 59_000)
    assert access.usage(again, 61_000) == (0, 60_000)
    assert access.count_use(again, 60_999, 2) is None
    assert access.count_use(again, 60_999, None) is not None
    assert access.count_use(again, 61_000, 2) == access.count_use(replace(TOKEN, last_used=2_000), 61_000, 2)
