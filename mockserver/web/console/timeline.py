"""A session's life as a timeline: the place of each event, each deadline and the end, in percent of its length."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from mockserver.control.sessions import SessionView
from mockserver.engine.model import State
from mockserver.explain.model import SessionLife

ROOM = 1.03
"""The timeline's length relative to the life's, so that the end stays visible."""

APART = 2.5
"""Marks closer than this are drawn as one."""

SEVERITY = ("created", "accepted", "world", "refused")
"""Kinds of marks. For several drawn as one, the last of these is shown. A deadline is drawn separately."""


class Mark(NamedTuple):
    """Events of the list below the timeline, by their numbers: ``2``, ``3-5``."""

    label: str
    x: float
    kind: str


class Deadline(NamedTuple):
    """A deadline at `after` seconds of life. `anchor` is the side of it that has room for the text."""

    name: str
    x: float
    after: float
    anchor: str


class Strip(NamedTuple):
    """The timeline of `length` seconds from the creation on. The session was active until `lived`."""

    length: float
    lived: float
    marks: list[Mark]
    deadlines: list[Deadline]


def strip_of(session: SessionView, life: SessionLife | None, now: float) -> Strip:
    """Return the timeline of a session at `now`, in seconds. It ends with the latest deadline or the end."""
    latest = max(session.idle_at, session.expires_at, session.ended_at or 0)
    length = max(latest - session.created, 0.001) * ROOM

    def place(at: float) -> float:
        return round(min(max(at - session.created, 0) / length * 100, 100), 2)

    events = enumerate(life.events, start=1) if life is not None else ()
    marks = [(number, place(event.at), event.kind) for number, event in events if event.kind in SEVERITY]
    ended = session.ended_at if session.state is not State.ACTIVE else None
    return Strip(
        length=length,
        lived=place(now if ended is None else ended),
        marks=list(_grouped(marks)),
        deadlines=[
            Deadline(name, place(at), at - session.created, "end" if place(at) > 50 else "start")
            for name, at in (("idle timeout", session.idle_at), ("time to live", session.expires_at))
        ],
    )


def _grouped(marks: Iterable[tuple[int, float, str]]) -> Iterable[Mark]:
    group: list[tuple[int, float, str]] = []
    for mark in marks:
        if group and mark[1] - group[0][1] >= APART:
            yield _drawn(group)
            group = []
        group.append(mark)
    if group:
        yield _drawn(group)


def _drawn(group: list[tuple[int, float, str]]) -> Mark:
    first, last = group[0][0], group[-1][0]
    kind = max((kind for _, _, kind in group), key=SEVERITY.index)
    return Mark(f"{first}" if first == last else f"{first}-{last}", group[0][1], kind)
