"""The history of a counterexample in lanes: time goes down, and overlapping requests have a lane each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from contracts.report.markup import Markup, element
from contracts.report.rows import Kind, Lane, Row

FEW = 5
"""Longest output that is shown unfolded, in lines."""

_BULLETS: dict[Kind, str] = {"world": "∿", "wait": "⋯", "gap": "⋮", "intent": "◆"}
_SAID: dict[Kind, str] = {"world": "the world: ", "wait": "waiting: ", "intent": ""}
_NOBODY: Lane = ""


def timeline(rows: Sequence[Row], title: str, effects: str = "session state") -> Markup:
    """Return a list with one item per row. `title` is the id of its heading, `S1-history`; request 3 then has the id `S1-3`.

    `effects` is the heading of what became of requests.
    """
    drawn = _even([_with_point(row) for row in rows])
    prefix, seen, items = title.removesuffix("history"), set[int](), []
    for row, lanes in drawn:
        is_first = row.number is not None and row.number not in seen
        seen |= {row.number} if row.number is not None else set()
        items.append(_item(row, lanes, f"{prefix}{row.number}" if is_first else None))
    heading = _heading(len(drawn[0][1]) if drawn else 0, effects)
    return element("ol", heading, items, class_="timeline", aria_labelledby=title, tabindex="0")


def _heading(breadth: int, effects: str) -> Markup:
    """Return the names of the columns. Screen readers skip them, because each cell names itself."""
    lanes = element("span", [element("span", class_="lane")] * breadth, class_="lanes", aria_hidden="true")
    time, *others = [element("span", name, class_=name) for name in ("time", "request", "answer")]
    others.append(element("span", effects, class_="state"))
    return element("li", time, lanes, others, class_="heading", aria_hidden="true")


_Drawn = tuple[Row, tuple[str, ...]]


def _with_point(row: Row) -> _Drawn:
    """Draw a call during which nothing else happened as a point in the first free lane."""
    lanes: list[str] = list(row.lanes)
    if row.kind == "call":
        if _NOBODY not in lanes:
            lanes.append(_NOBODY)
        lanes[lanes.index(_NOBODY)] = "point"
    return replace(row, lanes=()), tuple(lanes)


def _even(drawn: Sequence[_Drawn]) -> list[_Drawn]:
    breadth = max((len(lanes) for _, lanes in drawn), default=0)
    return [(row, lanes + (_NOBODY,) * (breadth - len(lanes))) for row, lanes in drawn]


def _item(row: Row, lanes: Sequence[str], id: str | None) -> Markup:
    name = f"{row.kind} clash" if row.marks else row.kind
    time = element("span", f"{row.at / 1000:.3f}", element("span", " s", class_="said"), class_="time")
    drawing = element(
        "span", [element("span", class_=f"lane {lane}".strip()) for lane in lanes], class_="lanes", aria_hidden="true"
    )
    return element("li", time, drawing, _body(row), class_=name, id=id, tabindex="-1" if row.marks or id else None)


def _body(row: Row) -> list[Markup]:
    if row.kind == "log":
        return [_log(row)]
    marks = [element("strong", mark, class_="mark") for mark in row.marks]
    if row.body:
        marks.append(element("code", row.body, class_="body"))
    if row.number is None:
        said = element("span", _SAID.get(row.kind, ""), class_="said")
        bullet = element("span", _BULLETS.get(row.kind, ""), class_="bullet", aria_hidden="true")
        return [element("span", bullet, said, row.text, marks, class_="remark")]
    number = element("span", f"{row.number}", class_="count")
    words = element("code", row.text or f"… answer to {row.number}")
    request = element("span", number, " ", words, marks, class_="request")
    kind = "reply good" if row.reply.startswith("2") else "reply bad"
    reply = element("span", element("span", "answer ", class_="said"), row.reply, class_=kind)
    return [request, reply if row.reply else element("span"), element("span", row.state, class_="state")]


def _log(row: Row) -> Markup:
    """Return what the client wrote at one place, folded if it is long."""
    lines = row.text.split("\n")
    label = "raised at" if row.state == "raised" else row.state
    text = element("pre", "\n".join(line.expandtabs(4) for line in lines))
    if len(lines) <= FEW:
        return element("div", element("span", label, class_="stream"), text, class_="output")
    summary = element("summary", f"{label}: {len(lines)} lines")
    return element("details", summary, text, class_="output")
