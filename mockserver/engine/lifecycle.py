"""The rules for sessions: states, deadlines, the session guard, and the effect of an accepted send.

A session is active until it ends, and stays in its final state for ever. Two ends are acts and are stored (consumed, revoked);
two are deadlines and follow from the clock (idle, expired). The earliest end decides; at equal milliseconds the order of CAUSES
does. The thread says: "the platform invalidates the token immediately after the first successful handshake or after a short
idle timeout".
"""

from __future__ import annotations

from typing import NamedTuple

from msgspec.structs import replace

from mockserver.engine.model import Policy, Reason, Session, State


class Cause(NamedTuple):
    """A way for a session to end: its final state, the trigger, and the reason that refuses later sends."""

    state: State
    trigger: str
    refusal: Reason


CAUSES: tuple[Cause, ...] = (
    Cause(State.REVOKED, "the control API ends it", Reason.SESSION_REVOKED),
    Cause(State.CONSUMED, "accepted sends reach `handshakes`", Reason.SESSION_CONSUMED),
    Cause(State.IDLE, "now ≥ last activity + `idle_timeout`", Reason.SESSION_IDLE),
    Cause(State.EXPIRED, "now ≥ creation + `ttl`", Reason.SESSION_EXPIRED),
)
"""The causes in order of precedence at equal milliseconds."""

REFUSALS: dict[State, Reason] = {cause.state: cause.refusal for cause in CAUSES}

_ACTIVE, _CONSUMED = State.ACTIVE, State.CONSUMED  # faster than enumeration attributes


class End(NamedTuple):
    """The end of a session, past or to come. `at` is in milliseconds; an end to come assumes that nothing else happens."""

    at: int
    state: State


def ends_at(session: Session) -> int:
    """Return when the session ends or ended, in milliseconds, if nothing else happens to it."""
    deadline = session.idle_at if session.idle_at <= session.expires_at else session.expires_at
    ended_at = session.ended_at
    return deadline if ended_at is None or ended_at > deadline else ended_at


def end_of(session: Session) -> End:
    """Return the earliest end of the session, past or to come. A live session's is its idle timeout or its TTL."""
    at = ends_at(session)
    if session.ended_by is not None and session.ended_at == at:
        return End(at, session.ended_by)
    return End(at, State.IDLE if session.idle_at == at else State.EXPIRED)


def state_of(session: Session, now: int) -> State:
    """Return the state of `session` at `now` (milliseconds).

    A stored end is final, even if `now` is slightly before it. Replicas' clocks differ, and a thread may read its clock, wait
    for the store, and then find the session used up.
    """
    if session.ended_by is None and now < session.idle_at and now < session.expires_at:
        return _ACTIVE
    return end_of(session).state


def open_session(id: str, client_id: str, guest: tuple[str, str], now: int, policy: Policy) -> Session:
    """Return a new session for `guest` (name, email), with deadlines counted from `now`."""
    return Session(
        id=id,
        client_id=client_id,
        created=now,
        last_activity=now,
        idle_at=now + policy.idle_timeout,
        expires_at=now + policy.ttl,
        handshakes_left=policy.handshakes,
        guest_name=guest[0],
        guest_email=guest[1],
    )


def refuse(session: Session | None, client_id: str, now: int) -> Reason | None:
    """The session guard: return why a send with this session by this OAuth client is refused at `now`, None if it is not."""
    if session is None:
        return Reason.SESSION_UNKNOWN
    if session.client_id != client_id:
        return Reason.SESSION_FOREIGN
    state = state_of(session, now)
    return None if state is _ACTIVE else REFUSALS[state]


def accept(session: Session, now: int, policy: Policy) -> Session:
    """Return an active session after an accepted send: one handshake fewer, and a new idle deadline or consumed."""
    if now < session.last_activity:  # noqa: PLR1730 - timestamps never go backwards, even if the system's time does
        now = session.last_activity
    left = session.handshakes_left - 1
    if left > 0:
        return replace(
            session,
            version=session.version + 1,
            handshakes_left=left,
            last_activity=now,
            idle_at=now + policy.idle_timeout,
        )
    return Session(  # without `replace`, which takes four times as long; this is the most frequent write
        id=session.id,
        version=session.version + 1,
        client_id=session.client_id,
        created=session.created,
        last_activity=now,
        idle_at=session.idle_at,
        expires_at=session.expires_at,
        handshakes_left=0,
        ended_at=now,
        ended_by=_CONSUMED,
        guest_name=session.guest_name,
        guest_email=session.guest_email,
    )


def revoke(session: Session, now: int) -> Session:
    """Return the session revoked by the control API at `now`, unchanged if it had ended before."""
    if state_of(session, now) is not State.ACTIVE:
        return session
    return replace(session, version=session.version + 1, ended_at=now, ended_by=State.REVOKED)


def expire(session: Session, now: int) -> Session:
    """Return the session expired by the control API at `now`, unchanged if it had ended before."""
    if state_of(session, now) is not State.ACTIVE:
        return session
    return replace(session, version=session.version + 1, expires_at=now, ended_at=now, ended_by=State.EXPIRED)
