"""A session's life as a strip: where on it each event, each deadline and the end are drawn."""

from __future__ import annotations

from typing import NamedTuple

from mockserver.control.sessions import SessionView
from mockserver.engine.model import State
from mockserver.explain.model import Life

LENGTH = 1000
"""Units of the strip's length."""


class Mark(NamedTuple):
    """An event of the list below the strip, by its `number` there; `late` where it lies beyond the strip's end."""

    number: int
    x: float
    kind: str
    late: bool


class Deadline(NamedTuple):
    """When the session ends, or would have, `after` seconds of life."""

    name: str
    x: float
    after: float


class Strip(NamedTuple):
    """The strip reaches from the creation over `length` seconds; the session lived until `lived`, `now` is where time is."""

    length: float
    lived: float
    now: float
    marks: list[Mark]
    deadlines: list[Deadline]


def strip_of(session: SessionView, life: Life | None, now: float) -> Strip:
    """The strip for a session at `now`, in seconds: as long as the latest of its deadlines and its end."""
    ends = [session.idle_at, session.expires_at, session.ended_at or 0]
    length = max(max(ends) - session.created, 0.001) * 1.04
    scale = LENGTH / length

    def place(at: float) -> float:
        return round(min(max(at - session.created, 0) * scale, LENGTH), 1)

    events = life.events if life is not None else ()
    marks = [
        Mark(number, place(event.at), kind_of(event.what), event.at - session.created > length)
        for number, event in enumerate(events, start=1)
        if event.context_id is not None or kind_of(event.what) == "world"
    ]
    deadlines = [
        Deadline(name, place(at), at - session.created)
        for name, at in (("idle timeout", session.idle_at), ("time to live", session.expires_at))
    ]
    until = session.ended_at if session.state is not State.ACTIVE and session.ended_at is not None else now
    return Strip(length, place(until), place(now), marks, deadlines)


def kind_of(what: str) -> str:
    """How an event of a session's life is drawn, by what is said of it."""
    if what.startswith("created"):
        return "created"
    if what.startswith("message accepted"):
        return "accepted"
    if what.startswith(("send answered", "a request of which")):
        return "refused"
    return "deadline" if " would have ended it" in what or " ended it" in what or " will end it" in what else "world"
