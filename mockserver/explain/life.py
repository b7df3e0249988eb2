"""A session's life: its events, what ended it, and what would have ended it later."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from mockserver.clock import iso
from mockserver.engine import life as lives
from mockserver.engine.model import STATES, UNASSIGNED, Credential
from mockserver.explain.case import RequestCase, ends, idle_span, when
from mockserver.explain.model import Cause, EventKind, LifeEvent, SessionLife
from mockserver.explain.words import person, span
from mockserver.journal import Perturbed
from mockserver.journal_queries import Pair, guest_asked, guest_of


class Happening(NamedTuple):
    """An event at a time in milliseconds. At equal times `seq` decides, and deadlines come first."""

    at: int
    seq: int
    kind: EventKind
    what: str
    context_id: str | None = None


def life_of(case: RequestCase) -> SessionLife | None:
    """Return the life of the request's session, None if it has none or the request cannot be assigned to an organisation."""
    if case.session_id is None or case.organization.id == UNASSIGNED:
        return None
    session = case.session
    causes = causes_of(session, case) if session is not None else ()
    return SessionLife(
        id=case.session_id,
        known=case.known,
        client_id=(session.within or None) if session is not None else None,
        guest=guest_of(session) if session is not None else None,
        first_cause=causes[0] if causes else None,
        later_causes=causes[1:],
        events=tuple(_event(happening, case) for happening in sorted(_happenings(case))),
    )


def _event(happening: Happening, case: RequestCase) -> LifeEvent:
    created = case.session.issued_at if case.session is not None else None
    return LifeEvent(
        at=happening.at / 1000,
        time=iso(happening.at),
        after=(happening.at - created) / 1000 if created is not None else None,
        kind=happening.kind,
        what=happening.what,
        context_id=happening.context_id,
        this=happening.context_id == case.arrival.context_id,
    )


def _happenings(case: RequestCase) -> Iterator[Happening]:
    for pair in case.about:
        yield Happening(when(pair), pair.arrival.seq, *_requested(pair), pair.arrival.context_id)
    session = case.session
    if session is None:
        return
    if case.creation is None:
        yield Happening(session.issued_at, 0, "created", "created, by a request that has left the journal")
    yield from _deadlines(session, case.now)
    until = max(case.acted, lives.end_of(session).at)
    for entry in case.perturbed:
        what = _done(entry, case.session_id)
        if what and session.issued_at <= entry.at <= until:
            yield Happening(entry.at, entry.seq, "world", what)


def _requested(pair: Pair) -> tuple[EventKind, str]:
    arrival, answer = pair
    if answer is None:
        return "refused", "a request without an answer in the journal"
    fault = f" (fault: {answer.fault})" if answer.fault else ""
    failure = f" (but the client got {answer.status} {answer.failure})" if answer.failure not in {None, answer.reason} else ""
    if answer.issued:
        return "created", f"created for {person(guest_asked(arrival))}{fault}{failure}"
    if answer.accepted:
        return "accepted", f"message accepted{fault}{failure}"
    return "refused", f"send answered {answer.status} {answer.reason}{fault}{failure}"


def _deadlines(session: Credential, now: int) -> Iterator[Happening]:
    end = lives.end_of(session)
    for cause, at, name in (("idle", session.idle_at, "idle timeout"), ("expired", session.expires_at, "time to live")):
        if cause == "expired" == session.ended_by:
            continue  # the control API ended it, which is told among the changes from outside
        if end.cause != cause:
            yield Happening(at, 0, "deadline", f"its {name} would have ended it")
        else:
            yield Happening(at, 0, "deadline", f"its {name} ended it" if at <= now else f"its {name} will end it")


def _done(entry: Perturbed, session: str | None) -> str | None:
    """Return a change from outside in words, None if it does not matter to a session."""
    if ends(entry, session):
        return "its time to live was cut short" if entry.what == "expire_session" else "ended by the control API"
    if entry.what == "advance":
        return f"the clock was advanced by {span(entry.detail.get('seconds', 0) * 1000)}"
    return _CLOCK.get(entry.what)


_CLOCK = {"set_clock": "the clock was set forward", "freeze_clock": "the clock was frozen", "resume_clock": "the clock ran on"}


def causes_of(session: Credential, case: RequestCase) -> tuple[Cause, ...]:
    """Return the ends of the session, the earliest first."""
    first = lives.end_of(session)
    ends_at = [lives.EndOfLife(session.idle_at, "idle"), lives.EndOfLife(session.expires_at, "expired")]
    if session.ended_by:
        ends_at.append(lives.EndOfLife(session.ended_at, session.ended_by))
    later = sorted((end for end in ends_at if end != first), key=lambda end: end.at)
    return tuple(_cause(end, session, case) for end in (first, *later))


def _cause(end: lives.EndOfLife, session: Credential, case: RequestCase) -> Cause:
    kind = "cut" if end.cause == "expired" == session.ended_by else end.cause
    return Cause(
        state=STATES[end.cause],
        at=end.at / 1000,
        time=iso(end.at),
        before=(case.acted - end.at) / 1000,
        what=_CAUSES[kind].format(ttl=span(end.at - session.issued_at), **_uses(session, case)),
    )


_CAUSES = {
    "ended": "by the control API",
    "cut": "by the control API, which cut its time to live short",
    "spent": "by the message accepted in request {consumer}",
    "idle": "by its idle timeout, after {idle} without an accepted message",
    "expired": "by its time to live, {ttl} after it was created",
}


def _uses(session: Credential, case: RequestCase) -> dict[str, str]:
    accepted = [pair for pair in case.about if pair.answer is not None and pair.answer.accepted]
    consumer = accepted[-1].arrival.context_id if accepted else "(which has left the journal)"
    return {"consumer": consumer, "idle": span(idle_span(session, case))}
