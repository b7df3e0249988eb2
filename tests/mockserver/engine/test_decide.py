"""The guards in their order: for every pair, the earlier one wins."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import pytest
from msgspec.structs import replace

from mockserver.engine import life
from mockserver.engine.decide import (
    GUARDS,
    SESSION_ENDED,
    ParsedRequest,
    Seen,
    check_secret,
    decide,
    decide_token,
    grantable,
    missing_scope,
    oauth_client,
    open_session,
    refusal,
    refuse_session,
    refuse_token,
    state_of,
)
from mockserver.engine.diagram import TRIGGERS, diagram
from mockserver.engine.model import STATES, WRITE_SCOPE, Credential, Organization, Policy, Reason, State

POLICY = Policy(rate_limit_per_minute=1)
CLIENT = oauth_client("c", "00000000", "s")
TOKEN = Credential(kind="token", id="t", within="c", expires_at=1_000)
SESSION = open_session("s1", "c", ("ann", "ann@example.com"), 0, POLICY)
ASK = ParsedRequest(operation="send", client_id="c", bearer="t", session_id="s1", text_length=5, size=40)
SEEN = Seen(Organization(id="00000000", policy=POLICY), 0, CLIENT, TOKEN, SESSION)

Break = Callable[[ParsedRequest, Seen], tuple[ParsedRequest, Seen]]

BREAKS: list[tuple[Reason, Break]] = [
    (Reason.AUTH_MISSING, lambda ask, seen: (replace(ask, credential=Reason.AUTH_MISSING), seen)),
    (Reason.SCOPE_MISSING, lambda ask, seen: (ask, replace(seen, client=replace(CLIENT, scopes=())))),
    (Reason.MEDIA_TYPE, lambda ask, seen: (replace(ask, media=Reason.MEDIA_TYPE), seen)),
    (Reason.TOO_LARGE, lambda ask, seen: (replace(ask, size=POLICY.max_body + 1), seen)),
    (Reason.NOT_JSON, lambda ask, seen: (replace(ask, body=Reason.NOT_JSON), seen)),
    (Reason.RATE_LIMITED, lambda ask, seen: (ask, replace(seen, token=life.count_use(TOKEN, 0, 1)))),
    (Reason.SESSION_UNKNOWN, lambda ask, seen: (ask, replace(seen, session=None))),
]


def test_each_guard_is_broken_by_one_of_these() -> None:
    assert len(GUARDS) == len(BREAKS)
    assert [refusal(*broken(ASK, SEEN)) for _, broken in BREAKS] == [reason for reason, _ in BREAKS]


@pytest.mark.parametrize(("first", "second"), list(combinations(BREAKS, 2)))
def test_the_earlier_guard_wins(first: tuple[Reason, Break], second: tuple[Reason, Break]) -> None:
    ask, seen = first[1](*second[1](ASK, SEEN))
    assert decide(ask, seen).reason is first[0]


def test_what_no_guard_refuses_is_accepted_and_consumes() -> None:
    decision = decide(ASK, replace(SEEN, now=7), "m")
    assert decision.reason is Reason.MESSAGE_ACCEPTED
    assert decision.session is not None
    assert decision.message_id == "m"
    assert (decision.session.ended_by, decision.session.ended_at) == ("spent", 7)


@pytest.mark.parametrize(("reason", "broken"), BREAKS)
def test_a_refusal_changes_no_session(reason: Reason, broken: Break) -> None:
    assert decide(*broken(ASK, SEEN)).session is None


@pytest.mark.parametrize("length", [4000, 4001])
def test_the_policy_bounds_the_text(length: int) -> None:
    reason = decide(replace(ASK, text_length=length), SEEN).reason
    assert reason is (Reason.MESSAGE_ACCEPTED if length == 4000 else Reason.INVALID)


@pytest.mark.parametrize("size", [POLICY.max_body, POLICY.max_body + 1])
def test_the_policy_bounds_the_body(size: int) -> None:
    reason = decide(replace(ASK, size=size), SEEN).reason
    assert reason is (Reason.MESSAGE_ACCEPTED if size == POLICY.max_body else Reason.TOO_LARGE)


def test_a_rate_limited_or_unauthenticated_request_does_not_count_but_a_dead_session_does() -> None:
    assert decide(*BREAKS[0][1](ASK, SEEN)).token is None
    assert decide(*BREAKS[5][1](ASK, SEEN)).token is None
    counted = decide(*BREAKS[6][1](ASK, SEEN)).token
    assert counted is not None
    assert life.usage(counted, 0).made == 1


def test_rejecting_tokens_refuses_good_ones() -> None:
    seen = replace(SEEN, organization=replace(SEEN.organization, rejects_tokens=True))
    assert decide(ASK, seen).reason is Reason.AUTH_REJECTED


def test_a_create_stamps_a_session_for_the_guest() -> None:
    ask = ParsedRequest(operation="create", client_id="c", bearer="t", guest=("ann", "ann@example.com"))
    decision = decide(ask, Seen(SEEN.organization, 7, CLIENT, TOKEN), "new")
    assert decision.reason is Reason.SESSION_CREATED
    assert decision.session == Credential(
        kind="session",
        id="new",
        within="c",
        issued_at=7,
        last_used=7,
        idle_at=30_007,
        expires_at=300_007,
        left=1,
        about="ann\0ann@example.com",
    )


@pytest.mark.parametrize(("live", "reason"), [(9, Reason.SESSION_CREATED), (10, Reason.CAPACITY)])
def test_a_create_beyond_the_capacity_is_refused(live: int, reason: Reason) -> None:
    seen = Seen(SEEN.organization, 0, CLIENT, TOKEN, None, live)
    assert decide(ParsedRequest(operation="create", client_id="c"), seen, "new", 10).reason is reason


def test_a_form_is_refused_for_its_media_type_before_its_size_before_its_content_before_its_credentials() -> None:
    def reason(ask: ParsedRequest, secret: str = "wrong", scopes: tuple[str, ...] = ("admin",)) -> Reason:
        return decide_token(ask, SEEN, secret, scopes, "new").reason

    ask = ParsedRequest(operation="token", media=Reason.MEDIA_TYPE, size=1 << 30, body=Reason.OAUTH_INVALID_REQUEST)
    assert reason(ask) is Reason.MEDIA_TYPE
    assert reason(replace(ask, media=None)) is Reason.TOO_LARGE
    assert reason(replace(ask, media=None, size=0)) is Reason.OAUTH_INVALID_REQUEST
    assert reason(ParsedRequest("token")) is Reason.OAUTH_WRONG_SECRET
    assert reason(ParsedRequest("token"), "s") is Reason.OAUTH_INVALID_SCOPE
    assert reason(ParsedRequest("token"), "s", ("webchat:session:write",)) is Reason.TOKEN_ISSUED


@pytest.mark.parametrize(
    ("policy", "used"), [(Policy(), None), (Policy(rate_limit_per_minute=9), 1), (Policy(token_idle_timeout=9), 1)]
)
def test_use_is_counted_only_if_the_policy_asks_for_it(policy: Policy, used: int | None) -> None:
    token = decide(ASK, replace(SEEN, organization=replace(SEEN.organization, policy=policy))).token
    assert (token and token.counts.requests) == used


def test_credentials_are_refused_for_what_is_wrong_with_them() -> None:
    assert check_secret(None, "s") is Reason.OAUTH_UNKNOWN_CLIENT
    assert check_secret(CLIENT, "wrong") is Reason.OAUTH_WRONG_SECRET
    assert check_secret(CLIENT, "s") is None


@pytest.mark.parametrize(("now", "reason"), [(999, None), (1_000, Reason.AUTH_EXPIRED), (1_001, Reason.AUTH_EXPIRED)])
def test_a_token_is_good_until_just_before_it_expires(now: int, reason: Reason | None) -> None:
    assert refuse_token(TOKEN, now, Policy(), None) is reason


@pytest.mark.parametrize(("now", "reason"), [(9, None), (10, Reason.AUTH_IDLE)])
def test_a_token_is_good_until_just_before_it_is_idle(now: int, reason: Reason | None) -> None:
    assert refuse_token(TOKEN, now, Policy(token_idle_timeout=10), None) is reason


def test_a_token_that_was_ended_tells_by_what_even_if_it_is_evicted_too() -> None:
    client = life.count_issue(life.count_issue(CLIENT, 1), 1)
    token = life.numbered(TOKEN, 1)
    assert refuse_token(None, 0, Policy(), client) is Reason.AUTH_UNKNOWN
    assert refuse_token(token, 0, Policy(), client) is Reason.AUTH_EVICTED
    assert refuse_token(life.end(token, "ended", 0), 0, Policy(), client) is Reason.AUTH_REVOKED
    assert refuse_token(life.expire(token, 0), 0, Policy(), client) is Reason.AUTH_EXPIRED


def test_a_scope_taken_from_the_client_is_missing_at_once_and_so_is_one_the_token_was_not_asked_for() -> None:
    assert missing_scope(CLIENT, TOKEN, (WRITE_SCOPE,)) is None
    assert missing_scope(replace(CLIENT, scopes=()), TOKEN, (WRITE_SCOPE,)) == WRITE_SCOPE
    assert missing_scope(CLIENT, replace(TOKEN, scopes=("other",)), (WRITE_SCOPE,)) == WRITE_SCOPE


def test_only_scopes_of_the_client_are_granted() -> None:
    assert grantable(CLIENT, None)
    assert grantable(CLIENT, (WRITE_SCOPE,))
    assert not grantable(CLIENT, (WRITE_SCOPE, "other"))


def test_a_session_is_refused_by_its_client_and_its_end() -> None:
    short = Policy(ttl=20, idle_timeout=30)
    assert refuse_session(None, "c", 0) is Reason.SESSION_UNKNOWN
    assert refuse_session(SESSION, "other", 0) is Reason.SESSION_FOREIGN
    assert refuse_session(SESSION, "c", 29_999) is None
    assert refuse_session(SESSION, "c", 30_000) is Reason.SESSION_IDLE
    assert refuse_session(open_session("s", "c", ("", ""), 0, short), "c", 20) is Reason.SESSION_EXPIRED
    assert refuse_session(life.use(SESSION, 5, 30), "c", 10_000_000) is Reason.SESSION_CONSUMED
    assert refuse_session(life.end(SESSION, "ended", 5), "c", 5) is Reason.SESSION_REVOKED


def test_every_state_but_active_has_its_cause_and_its_refusal() -> None:
    assert set(STATES.values()) == set(State)
    assert set(STATES) - {""} == set(SESSION_ENDED) == set(TRIGGERS)
    assert state_of(SESSION, 0) is State.ACTIVE
    assert {reason for reason in Reason if reason.startswith("session.")} - set(SESSION_ENDED.values()) == {
        Reason.SESSION_CREATED,
        Reason.SESSION_UNKNOWN,
        Reason.SESSION_FOREIGN,
        Reason.SESSION_FORGOTTEN,
    }


def test_the_diagram_has_every_state() -> None:
    assert all(f"active --> {STATES[cause]}: {trigger}" in diagram() for cause, trigger in TRIGGERS.items())
