"""Everything that decides about sessions: states, deadlines, the session guard, and what an accepted send changes.

A session is active until the first of its causes of end, and for ever in that state afterwards. Two causes are acts and are
written down (consumed, revoked), two are deadlines and follow from the clock (idle, expired). The cause that came first in time
decides; at equal milliseconds the order of CAUSES does. The thread: "the platform invalidates the token immediately after the
first successful handshake or after a short idle timeout".
"""

from __future__ import annotations

from typing import NamedTuple

from msgspec.structs import replace

from mockserver.engine.model import Policy, Reason, Session, State


class Cause(NamedTuple):
    """A way for a session to end: the final state it leads to, what brings it about, and the reason a later send is refused."""

    state: State
    trigger: str
    refusal: Reason


CAUSES: tuple[Cause, ...] = (
    Cause(State.REVOKED, "the control API ends it", Reason.SESSION_REVOKED),
    Cause(State.CONSUMED, "accepted sends reach `handshakes`", Reason.SESSION_CONSUMED),
    Cause(State.IDLE, "now ≥ last activity + `idle_timeout`", Reason.SESSION_IDLE),
    Cause(State.EXPIRED, "now ≥ creation + `ttl`", Reason.SESSION_EXPIRED),
)
"""In order of precedence at equal milliseconds."""

REFUSALS: dict[State, Reason] = {cause.state: cause.refusal for cause in CAUSES}

_ACTIVE, _CONSUMED = State.ACTIVE, State.CONSUMED  # every look into an enumeration costs more than a call


class End(NamedTuple):
    """When and how a session ended, or will end if nothing happens to it any more. `at` in milliseconds."""

    at: int
    state: State


def ends_at(session: Session) -> int:
    """When the session ends, or has ended, if nothing happens to it any more (milliseconds)."""
    deadline = session.idle_at if session.idle_at <= session.expires_at else session.expires_at
    ended_at = session.ended_at
    return deadline if ended_at is None or ended_at > deadline else ended_at


def end_of(session: Session) -> End:
    """The cause of end that comes first in time, past or to come: a live session's idle timeout or TTL."""
    at = ends_at(session)
    if session.ended_by is not None and session.ended_at == at:
        return End(at, session.ended_by)
    return End(at, State.IDLE if session.idle_at == at else State.EXPIRED)


def state_of(session: Session, now: int) -> State:
    """The state of `session` at `now` (milliseconds).

    An end that was written down is final, even for one who read the clock a moment before it: replicas' clocks differ, and a
    thread may read its clock, wait for the store, and find the session used up meanwhile.
    """
    if session.ended_by is None and now < session.idle_at and now < session.expires_at:
        return _ACTIVE
    return end_of(session).state


def open_session(id: str, client_id: str, guest: tuple[str, str], now: int, policy: Policy) -> Session:
    """A fresh session of `guest` (name, email), its deadlines stamped at `now`."""
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
    """The session guard: why a send with this session by this OAuth client is refused at `now`, None where it is not."""
    if session is None:
        return Reason.SESSION_UNKNOWN
    if session.client_id != client_id:
        return Reason.SESSION_FOREIGN
    state = state_of(session, now)
    return None if state is _ACTIVE else REFUSALS[state]


def accept(session: Session, now: int, policy: Policy) -> Session:
    """What an accepted send makes of an active session: one handshake fewer, consumed by the last; else a new idle deadline."""
    if now < session.last_activity:  # noqa: PLR1730 - stamps never go backwards, even where system time does
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
    return Session(  # spelled out: `replace` costs four times as much, and this is the hottest write there is
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
    """The session ended by the control API at `now`; unchanged where it had ended before."""
    if state_of(session, now) is not State.ACTIVE:
        return session
    return replace(session, version=session.version + 1, ended_at=now, ended_by=State.REVOKED)


def expire(session: Session, now: int) -> Session:
    """The session with its TTL cut short to `now` by the control API; unchanged where it had ended before."""
    if state_of(session, now) is not State.ACTIVE:
        return session
    return replace(session, version=session.version + 1, expires_at=now, ended_at=now, ended_by=State.EXPIRED)
