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
    assert access.check_token(TOKEN, now, Policy()) is reason


@pytest.mark.parametrize(("now", "reason"), [(9, None), (10, Reason.AUTH_IDLE)])
def test_a_token_stands_until_just_before_it_is_idle(now: int, reason: Reason | None) -> None:
    assert access.check_token(TOKEN, now, Policy(token_idle_timeout=10)) is reason


def test_a_token_that_was_ended_tells_by_what() -> None:
    assert access.check_token(access.end(TOKEN, Reason.AUTH_REVOKED), 0, Policy()) is Reason.AUTH_REVOKED
    assert access.check_token(None, 0, Policy()) is Reason.AUTH_UNKNOWN


def test_a_token_is_ended_once() -> None:
    ended = access.end(TOKEN, Reason.AUTH_REVOKED)
    assert access.end(ended, Reason.AUTH_EXPIRED) is ended


def test_the_oldest_token_is_evicted_beyond_the_bound() -> None:
    client, values = CLIENT, []
    for number in range(3):
        issued = access.issue(f"t{number}", client, None, number, Policy(max_tokens_per_client=2))
        values.append(issued.evicts)
        client = issued.client or client
    assert values == [(), (), ("t0",)]
    assert client.tokens == ("t1", "t2")


def test_without_a_bound_the_client_need_not_remember_its_tokens() -> None:
    assert access.issue("t", CLIENT, None, 0, Policy()).client is None


def test_a_scope_taken_from_the_client_is_missing_at_once_and_so_is_one_the_token_was_not_asked_for() -> None:
    assert access.missing_scope(CLIENT, TOKEN, [WRITE_SCOPE]) is None
    assert access.missing_scope(replace(CLIENT, scopes=()), TOKEN, [WRITE_SCOPE]) == WRITE_SCOPE
    assert access.missing_scope(CLIENT, replace(TOKEN, scopes=("other",)), [WRITE_SCOPE]) == WRITE_SCOPE


def test_only_scopes_of_the_client_are_granted() -> None:
    assert access.grantable(CLIENT, None)
    assert access.grantable(CLIENT, (WRITE_SCOPE,))
    assert not access.grantable(CLIENT, (WRITE_SCOPE, "other"))


def test_requests_are_counted_in_minutes_that_begin_with_the_first() -> None:
    policy = Policy(rate_limit_per_minute=2)
    token = access.used(TOKEN, 1_000, policy)
    assert token is not None
    assert access.usage(token, 1_000) == (1, 60_000)
    again = access.used(token, 2_000, policy)
    assert again is not None
    assert access.usage(again, 2_000) == (2, 59_000)
    assert access.usage(again, 61_000) == (0, 60_000)


def test_using_a_token_writes_nothing_where_the_policy_does_not_ask_for_it() -> None:
    assert access.used(TOKEN, 0, Policy()) is None
