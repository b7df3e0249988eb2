"""A counterexample's table for a terminal: time, requests, answers, session states, and the rows that clash."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import zip_longest
from typing import NamedTuple

from contracts.report.cells import pad, width, wrap
from contracts.report.excerpt import excerpt
from contracts.report.model import Counterexample
from contracts.report.places import course_of
from contracts.report.rows import Kind, Lane, Row
from contracts.report.style import Look, Style

_LANES: dict[bool, dict[Lane, str]] = {
    True: {"": " ", "through": "│", "opens": "┌", "closes": "└"},
    False: {"": " ", "through": "|", "opens": "+", "closes": "+"},
}
_BULLETS: dict[Kind, str] = {"world": "∿ ", "wait": "⋯ ", "gap": "⋮ "}
_LOOKS: dict[Kind, Look] = {"world": "cyan", "wait": "yellow", "intent": "dim"}
_BELOW: dict[Lane, Lane] = {"": "", "through": "through", "opens": "through", "closes": ""}
_POST_TO = re.compile(r"^POST \S*/")
_REPLY = 5
_STREAM = 6
"""Columns for the name of a stream."""

LOG_LINES = 5
"""Lines shown of the client's output at one place."""


class _Columns(NamedTuple):
    """The widths of the time, the request's number, the lanes with a space after them, the request and the session's state."""

    time: int
    number: int
    lanes: int
    request: int
    state: int

    @property
    def lead(self) -> int:
        """The columns in front of the lanes: a mark, the time and a number."""
        return self.time + self.number + 6


def table(found: Counterexample, style: Style, title: str = "what reached the mock") -> list[str]:
    """Return the lines of the table, after its `title` and its heading."""
    course = course_of(found)
    drawn = [_narrowed(row, style) for row in excerpt(course.rows(found.evidence, found.log))]
    columns = _measure(drawn, style)
    clock = "virtual time" if course.clock == "virtual" else f"{course.clock} clock"
    lead = f"{'t(s)':>{columns.time + 4}}{'#':>{columns.number}}  {' ' * columns.lanes}"
    heading = f"{lead}{pad('request', columns.request)}  reply  {course.effects}"
    lines = [f"  {style.paint(title, 'bold')} ({clock})", style.paint(heading, "dim")]
    return lines + [line for row in drawn for line in _lines(row, columns, style)]


def _narrowed(row: Row, style: Style) -> Row:
    """Shorten a path to its end if there is little room."""
    if row.kind == "log":
        return row
    return replace(row, text=style.say(_POST_TO.sub("/", row.text) if style.width < 80 else row.text))


def _measure(drawn: list[Row], style: Style) -> _Columns:
    """Give the request the columns it needs, up to three fifths of the room, and the rest to the state."""
    time = max((len(f"{row.at / 1000:.3f}") for row in drawn), default=0)
    breadth = max((len(row.lanes) for row in drawn), default=0)
    lanes = breadth + 1 if breadth else 0
    number = 1 + max([3, *(len(str(row.number)) for row in drawn if row.number is not None)])
    room = style.width - (time + number + 6) - lanes - _REPLY - 4
    needed = max([len("request"), *(width(row.text) for row in drawn if row.number is not None)])
    request = min(needed, room * 3 // 5)
    return _Columns(time, number, lanes, request, room - request)


def _lines(row: Row, columns: _Columns, style: Style) -> Iterator[str]:
    """Return the lines of a row, and below it what did not fit and the labels of its evidence."""
    glyphs = _LANES[style.unicode]
    mark, number = ">" if row.marks else " ", "" if row.number is None else str(row.number)
    lead = f"  {mark} {row.at / 1000:>{columns.time}.3f}{number:>{columns.number}}  "
    lanes = pad("".join(glyphs[lane] for lane in row.lanes), columns.lanes)
    below = pad("".join(glyphs[_BELOW[lane]] for lane in row.lanes), columns.lanes)
    body = _BODIES.get(row.kind, _call if row.number is not None else _remark)(row, columns, style)
    for nth, line in enumerate(body):
        first = (style.paint(lead, "red") if row.marks else lead) + lanes
        yield ((first if nth == 0 else " " * columns.lead + below) + line).rstrip()
    under = "^" * max(4, min(12, width(row.text)))
    for label in row.marks:
        yield " " * columns.lead + below + style.paint(f"{under} {style.say(label)}", "red")
    for line in wrap(style.say(row.body), style.width - columns.lead - columns.lanes) if row.body else ():
        yield " " * columns.lead + below + style.paint(line, "red")


def _remark(row: Row, columns: _Columns, style: Style) -> Iterator[str]:
    """Return the lines of a row that is not a request. It may take all the room."""
    bullet = style.say(_BULLETS.get(row.kind, ""))
    for line in wrap(bullet + row.text, style.width - columns.lead - columns.lanes):
        yield style.paint(line, _LOOKS.get(row.kind, "dim"))


def _log(row: Row, columns: _Columns, style: Style) -> Iterator[str]:
    """Return what the client wrote, cut to a few lines, with the stream's name at the first."""
    lines, room = row.text.split("\n"), style.width - columns.lead - columns.lanes
    shown = lines if len(lines) <= LOG_LINES + 1 else lines[:LOG_LINES]
    label = "from" if row.state == "raised" else row.state
    for nth, line in enumerate(shown):
        lead = pad(label if nth == 0 else "", _STREAM) + style.say(" ┊ ")
        written = style.say(line.expandtabs(4))
        if row.state != "raised":
            yield style.paint(lead + style.clip(written, room - width(lead)), "dim")
            continue
        for part, piece in enumerate(wrap(written, room - width(lead) - 2)):
            yield style.paint((lead if part == 0 else pad("", _STREAM) + style.say(" ┊   ")) + piece, "dim")
    if len(shown) < len(lines):
        more = f"… {len(lines) - len(shown)} more lines; --report html:FILE shows all"
        lead = pad("", _STREAM) + style.say(" ┊ ")
        yield from (style.paint(lead + piece, "dim") for piece in wrap(style.say(more), room - width(lead)))


_BODIES: dict[Kind, Callable[[Row, _Columns, Style], Iterator[str]]] = {"log": _log}


def _call(row: Row, columns: _Columns, style: Style) -> Iterator[str]:
    look: Look = "green" if row.reply.startswith("2") else "yellow"
    requests, states = wrap(row.text, columns.request), wrap(style.say(row.state), columns.state)
    for nth, (request, state) in enumerate(zip_longest(requests, states, fillvalue="")):
        reply = style.paint(row.reply, look) + " " * (_REPLY - len(row.reply)) if nth == 0 else " " * _REPLY
        yield f"{pad(request, columns.request)}  {reply}  {state}"
