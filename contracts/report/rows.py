"""The rows of a counterexample's table, drawn from what happened. Text, Markdown and HTML lay out the same rows."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal

from contracts.clauses.words import seconds
from contracts.judge import Evidence
from contracts.output import OutputLine

Kind = Literal["call", "left", "returned", "intent", "world", "wait", "gap", "log"]
Lane = Literal["", "through", "opens", "closes"]


@dataclass(frozen=True)
class Row:
    """One row. `at` is in milliseconds since the trace began.

    A call during which nothing else happened is one row of kind `call`. Any other call has a row of kind `left` and one of kind
    `returned`, joined by its lane. A `gap` stands for rows that are left out. A `log` row holds consecutive lines that the
    client wrote to the stream `state`. `marks` are the labels of the evidence that points here. `body` shows the guest that a
    create named, if it is not its message's guest.
    """

    kind: Kind
    at: int
    text: str
    number: int | None = None
    reply: str = ""
    state: str = ""
    lanes: tuple[Lane, ...] = ()
    marks: tuple[str, ...] = ()
    body: str = ""


@dataclass(frozen=True, eq=False)
class RequestRow:
    """A request as a table shows it, with its answer. Times are in milliseconds.

    Evidence points to `seq`, or to the answer by `answer_seq`. `of` identifies the message and the operation; None if it is not
    known which of several messages it is for.
    """

    number: int
    text: str
    left_at: int
    returned_at: int | None
    reply: str
    state: str
    seq: int
    answer_seq: int | None = None
    of: tuple[object, str | None] | None = (None, None)
    status: int | None = None
    retry_after: float | None = None
    body: str = ""


@dataclass(frozen=True)
class TableEvent:
    """One thing that happened: a message began or ended, the world changed, or an `ask` left or came back.

    `place` is its place among the lines of output, `seq` the entry that evidence points to. `of` is the message that ended.
    `jump` is by how many milliseconds the world moved the clock.
    """

    kind: Literal["began", "ended", "world", "left", "returned"]
    place: float
    at: int
    text: str = ""
    ask: RequestRow | None = None
    seq: int | None = None
    of: object = None
    jump: int = 0


def drawn(
    events: Iterable[TableEvent], evidence: Iterable[Evidence], log: Iterable[OutputLine], start: int, shortest_wait: int
) -> list[Row]:
    """Return the table of what happened since `start`, with marks where `evidence` points, and the `log` between the rows.

    Waits of less than `shortest_wait` milliseconds are not shown.
    """
    table, happened = _Table(evidence, log, start, shortest_wait), list(events)
    following = [*happened[1:], None]
    found = [row for event, then in zip(happened, following, strict=True) for row in table.rows(event, then)]
    found += table.rest()
    breadth = max((len(row.lanes) for row in found), default=0)
    free: Lane = ""
    return [replace(row, lanes=row.lanes + (free,) * (breadth - len(row.lanes))) for row in found]


class _Table:
    """Draws row by row. `_lanes` holds the calls under way, `_idle_since` the time at which the last of them came back.

    `_told` are the answers with a Retry-After, by message and operation.
    """

    def __init__(self, evidence: Iterable[Evidence], log: Iterable[OutputLine], start: int, shortest_wait: int) -> None:
        self._marks: dict[int, tuple[str, ...]] = {}
        for item in evidence:
            self._marks[item.seq] = (*self._marks.get(item.seq, ()), item.label)
        self._start, self._shortest_wait = start, shortest_wait
        self._lanes: list[RequestRow | None] = []
        self._idle_since: int | None = None
        self._jumped = 0
        self._told: dict[tuple[object, str | None], RequestRow] = {}
        self._log = deque(log)
        self._latest = 0

    def rows(self, event: TableEvent, then: TableEvent | None) -> Iterator[Row]:
        """Return the rows of an event, after those of the output that was written before it; `then` is the next event."""
        yield from self._written_before(event.place)
        for row in self._of(event, then):
            is_late = row.at < self._latest  # a recording by a clock that was set back
            yield replace(row, state=f"{row.state}, out of order".removeprefix(", ")) if is_late else row
            self._latest = max(self._latest, row.at)

    def rest(self) -> Iterator[Row]:
        """Return the rows of the output that was written after the last event."""
        yield from self._written_before(float("inf"))

    def _written_before(self, place: float) -> Iterator[Row]:
        """Return a row for each run of lines that went to one stream."""
        due: list[OutputLine] = []
        while self._log and self._log[0].after < place:
            due.append(self._log.popleft())
        for stream, lines in groupby(due, key=lambda line: line.stream):
            text = "\n".join(line.text for line in lines)
            yield Row("log", self._latest, text, state=stream, lanes=self._drawn(-1, ""))

    def _of(self, event: TableEvent, then: TableEvent | None) -> Iterator[Row]:
        match event:
            case TableEvent(kind="left", ask=RequestRow() as ask):
                yield from self._waited(ask.left_at, self._told.pop(ask.of, None) if ask.of else None)
                yield self._left(ask, then)
            case TableEvent(kind="returned", ask=RequestRow() as ask):
                yield from self._returned(ask)
                self._idle_since, self._jumped = ask.returned_at or 0, 0
                if ask.of and ask.status is not None and ask.retry_after is not None:
                    self._told[ask.of] = ask
            case TableEvent(kind="began"):
                self._idle_since, self._jumped = event.at, 0
                yield self._remark("intent", event)
            case TableEvent(kind="ended"):
                yield from self._waited(event.at, self._last_told(event.of))
                self._idle_since = None
                yield self._remark("intent", event)
            case _:
                self._jumped += event.jump
                yield self._remark("world", event)

    def _remark(self, kind: Kind, event: TableEvent) -> Row:
        marks = self._marks.get(event.seq, ()) if event.seq is not None else ()
        return Row(kind, event.at - self._start, event.text, lanes=self._drawn(-1, ""), marks=marks)

    # -- waits -------------------------------------------------------------------------------------------------------

    def _last_told(self, message: object) -> RequestRow | None:
        """Return the last answer to a message that is over, if it had a Retry-After."""
        told = [self._told.pop(key) for key in list(self._told) if key[0] is message]
        return next((ask for ask in told if ask.returned_at == self._idle_since), None)

    def _waited(self, now: int, told: RequestRow | None) -> Iterator[Row]:
        """Return a row if the client waited. Time that the clock was moved by does not count as waiting.

        If it was `told` to wait, the time since then is shown too, if other calls or perturbations were a part of it.
        """
        since = self._idle_since
        if since is None or any(self._lanes):
            return
        waited = now - since - self._jumped
        began = max(since, self._start + self._latest)  # a perturbation may have moved the clock first
        passed = None if told is None else now - (told.returned_at or 0)
        if waited >= self._shortest_wait or waited == passed:
            asked = f"; Retry-After said {told.retry_after} s" if told is not None and waited == passed else ""
            yield self._wait(began, f"the client waited {seconds(waited)}{asked}")
        if told is not None and passed is not None and waited != passed:
            yield self._wait(now, f"{seconds(passed)} after the {told.status}; Retry-After said {told.retry_after} s")

    def _wait(self, at: int, text: str) -> Row:
        return Row("wait", at - self._start, text, lanes=self._drawn(-1, ""))

    # -- calls -------------------------------------------------------------------------------------------------------

    def _left(self, ask: RequestRow, then: TableEvent | None) -> Row:
        is_next = then is not None and then.kind == "returned" and then.ask is ask
        if ask.returned_at is None or (is_next and not any(self._lanes)):
            marks = self._marks.get(ask.seq, ()) + self._answer_marks(ask)
            return self._call("call", ask, marks, self._drawn(-1, ""), answered=True)
        lane = next((nth for nth, held in enumerate(self._lanes) if held is None), len(self._lanes))
        self._lanes[lane : lane + 1] = [ask]
        return self._call("left", ask, self._marks.get(ask.seq, ()), self._drawn(lane, "opens"), answered=False)

    def _returned(self, ask: RequestRow) -> Iterator[Row]:
        if ask in self._lanes:
            lane = self._lanes.index(ask)
            lanes = self._drawn(lane, "closes")
            self._lanes[lane] = None
            yield self._call("returned", ask, self._answer_marks(ask), lanes, answered=True)

    def _answer_marks(self, ask: RequestRow) -> tuple[str, ...]:
        return self._marks.get(ask.answer_seq, ()) if ask.answer_seq is not None else ()

    def _call(self, kind: Kind, ask: RequestRow, marks: tuple[str, ...], lanes: tuple[Lane, ...], *, answered: bool) -> Row:
        text, at = (ask.text, ask.left_at) if kind != "returned" else ("", ask.returned_at or 0)
        took = (ask.returned_at or ask.left_at) - ask.left_at
        after = f", after {seconds(took)}" if took >= self._shortest_wait else ""
        reply, state = (ask.reply, ask.state + after) if answered else ("", "")
        body = ask.body if marks and text else ""
        return Row(kind, at - self._start, text, ask.number, reply, state, lanes, marks, body)

    def _drawn(self, here: int, change: Lane) -> tuple[Lane, ...]:
        return tuple(change if nth == here else "through" if held else "" for nth, held in enumerate(self._lanes))
