"""The session's life against a model that enumerates causes one by one, and the boundaries a client meets."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mockserver.engine import lifecycle
from mockserver.engine.diagram import diagram
from mockserver.engine.model import Policy, Reason, Session, State

TIMES = st.integers(0, 60)
PRECEDENCE = [State.REVOKED, State.CONSUMED, State.IDLE, State.EXPIRED]


def a_session(now: int = 0, ttl: int = 300, idle_timeout: int = 30, handshakes: int = 1) -> Session:
    policy = Policy(ttl=ttl, idle_timeout=idle_timeout, handshakes=handshakes)
    return lifecycle.open_session("s", "client", ("ann", "ann@example.com"), now, policy)


@st.composite
def sessions(draw: st.DrawFn) -> Session:
    created = draw(TIMES)
    session = a_session(created, ttl=draw(st.integers(1, 60)), idle_timeout=draw(st.integers(1, 60)))
    ended_by = draw(st.sampled_from([None, State.REVOKED, State.CONSUMED]))
    ended_at = None if ended_by is None else created + draw(TIMES)
    return replace(session, ended_by=ended_by, ended_at=ended_at)


def causes(session: Session) -> list[tuple[int, int, State]]:
    """Every cause of end with its time, in the order in which they count."""
    found = [(session.idle_at, State.IDLE), (session.expires_at, State.EXPIRED)]
    if session.ended_by is not None and session.ended_at is not None:
        found.append((session.ended_at, session.ended_by))
    return sorted((at, PRECEDENCE.index(state), state) for at, state in found)


@given(session=sessions(), now=st.integers(0, 200))
def test_the_first_cause_in_time_decides_and_ties_go_by_precedence(session: Session, now: int) -> None:
    at, _, state = causes(session)[0]
    ended = now >= at or session.ended_by is not None
    assert lifecycle.state_of(session, now) is (state if ended else State.ACTIVE)
    assert lifecycle.end_of(session) == (at, state)


@given(session=sessions(), now=st.integers(0, 200), later=st.integers(0, 200))
def test_a_state_that_is_not_active_is_for_ever(session: Session, now: int, later: int) -> None:
    state = lifecycle.state_of(session, now)
    if state is not State.ACTIVE:
        assert lifecycle.state_of(session, now + later) is state


def test_every_state_but_active_has_its_cause_and_its_refusal() -> None:
    assert {cause.state for cause in lifecycle.CAUSES} == set(State) - {State.ACTIVE}
    assert [cause.state for cause in lifecycle.CAUSES] == PRECEDENCE
    assert len(set(lifecycle.REFUSALS.values())) == len(lifecycle.CAUSES)
    assert {reason for reason in Reason if reason.startswith("session.")} - set(lifecycle.REFUSALS.values()) == {
        Reason.SESSION_CREATED,
        Reason.SESSION_UNKNOWN,
        Reason.SESSION_FOREIGN,
        Reason.SESSION_FORGOTTEN,
    }


def test_a_session_is_good_until_just_before_its_idle_timeout() -> None:
    session = a_session()
    assert lifecycle.refuse(session, "client", 29) is None
    assert lifecycle.refuse(session, "client", 30) is Reason.SESSION_IDLE


def test_a_session_is_good_until_just_before_its_ttl() -> None:
    session = a_session(ttl=20)
    assert lifecycle.refuse(session, "client", 19) is None
    assert lifecycle.refuse(session, "client", 20) is Reason.SESSION_EXPIRED


def test_idle_comes_before_expired_at_the_same_millisecond() -> None:
    assert lifecycle.refuse(a_session(ttl=30, idle_timeout=30), "client", 30) is Reason.SESSION_IDLE


def test_the_first_accepted_send_consumes_a_session() -> None:
    used = lifecycle.accept(a_session(), 5, Policy())
    assert lifecycle.refuse(used, "client", 5) is Reason.SESSION_CONSUMED
    assert lifecycle.refuse(used, "client", 10_000) is Reason.SESSION_CONSUMED
    assert (used.version, used.handshakes_left, used.last_activity) == (2, 0, 5)


def test_with_more_handshakes_each_but_the_last_stamps_a_new_idle_deadline() -> None:
    policy = Policy(ttl=300, idle_timeout=30, handshakes=3)
    session = lifecycle.open_session("s", "client", ("ann", ""), 0, policy)
    session = lifecycle.accept(session, 20, policy)
    assert (session.idle_at, lifecycle.refuse(session, "client", 49)) == (50, None)
    session = lifecycle.accept(session, 40, policy)
    assert session.idle_at == 70
    assert lifecycle.refuse(lifecycle.accept(session, 41, policy), "client", 41) is Reason.SESSION_CONSUMED


def test_a_stamp_does_not_go_backwards_with_the_system_time() -> None:
    policy = Policy(handshakes=2, idle_timeout=30)
    session = lifecycle.accept(a_session(100, handshakes=2), 90, policy)
    assert (session.last_activity, session.idle_at) == (100, 130)


def test_an_id_of_another_client_and_one_that_never_was_are_told_apart_here_only() -> None:
    assert lifecycle.refuse(a_session(), "other", 0) is Reason.SESSION_FOREIGN
    assert lifecycle.refuse(None, "client", 0) is Reason.SESSION_UNKNOWN


def test_revoking_or_expiring_ends_an_active_session_and_leaves_an_ended_one() -> None:
    session = a_session()
    assert lifecycle.state_of(lifecycle.revoke(session, 5), 5) is State.REVOKED
    assert lifecycle.state_of(lifecycle.expire(session, 5), 5) is State.EXPIRED
    used = lifecycle.accept(session, 1, Policy())
    assert lifecycle.revoke(used, 5) is used
    assert lifecycle.expire(used, 5) is used


def test_an_end_that_was_written_down_is_final_for_a_clock_that_is_a_little_behind() -> None:
    session = a_session(now=100)
    for ended in (lifecycle.accept(session, 120, Policy()), lifecycle.revoke(session, 120), lifecycle.expire(session, 120)):
        assert lifecycle.refuse(ended, "client", 119) is lifecycle.REFUSALS[ended.ended_by or State.ACTIVE]


def test_the_diagram_has_every_state() -> None:
    assert all(f"active --> {cause.state}: {cause.trigger}" in diagram() for cause in lifecycle.CAUSES)
