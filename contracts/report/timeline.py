"""The rows of a counterexample's table. Text, Markdown and HTML lay out the same rows."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal

import msgspec

from contracts.clauses.words import exact, name_of, plain_or_quoted, quote, seconds
from contracts.history import (
    Call,
    CallLeft,
    CallReturned,
    History,
    Intent,
    IntentBegan,
    IntentEnded,
    Moment,
    WorldChanged,
    document,
)
from contracts.judge import Evidence
from contracts.output import OutputLine
from contracts.report.words import perturbation_words, reply_words, request_words, state_words

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


def rows(history: History, evidence: Sequence[Evidence] = (), log: Sequence[OutputLine] = ()) -> list[Row]:
    """Return the table of a history, with marks at the rows that `evidence` points to, and the client's `log` between them."""
    table = _Table(history, evidence, log)
    drawn = [*(row for moment in history.moments for row in table.rows(moment)), *table.rest()]
    breadth = max((len(row.lanes) for row in drawn), default=0)
    free: Lane = ""
    return [replace(row, lanes=row.lanes + (free,) * (breadth - len(row.lanes))) for row in drawn]


class _Table:
    """Draws row by row. `_lanes` holds the calls under way, `_idle_since` the time at which the last of them came back.

    `_told` are the answers with a Retry-After and their seconds, by message and operation.
    """

    def __init__(self, history: History, evidence: Iterable[Evidence], log: Iterable[OutputLine]) -> None:
        self._history = history
        self._marks = _by_seq(evidence)
        self._start = _start(history)
        self._shortest_wait = 1 if history.header.clock == "virtual" else 1000
        self._lanes: list[Call | None] = []
        self._idle_since: int | None = None
        self._jumped = 0
        self._told: dict[tuple[Intent | None, str | None], tuple[Call, int]] = {}
        self._log = deque(log)
        self._latest = 0

    def rows(self, moment: Moment) -> Iterator[Row]:
        """Return the rows of a moment, after those of the output that was written before it."""
        yield from self._written_before(_seq(moment))
        for row in self._of(moment):
            is_late = row.at < self._latest  # a recording by a clock that was set back
            yield replace(row, state=f"{row.state}, out of order".removeprefix(", ")) if is_late else row
            self._latest = max(self._latest, row.at)

    def rest(self) -> Iterator[Row]:
        """Return the rows of the output that was written after the last moment."""
        yield from self._written_before(None)

    def _written_before(self, seq: int | None) -> Iterator[Row]:
        """Return a row for each run of lines that went to one stream."""
        due: list[OutputLine] = []
        while self._log and (seq is None or self._log[0].after < seq):
            due.append(self._log.popleft())
        for stream, lines in groupby(due, key=lambda line: line.stream):
            text = "\n".join(line.text for line in lines)
            yield Row("log", self._latest, text, state=stream, lanes=self._drawn(-1, ""))

    def _of(self, moment: Moment) -> Iterator[Row]:
        match moment:
            case IntentBegan(intent):
                yield self._began(intent)
            case IntentEnded(intent):
                yield from self._waited(intent.ended_at or 0, self._last_told(intent))
                yield self._ended(intent)
            case WorldChanged(entry):
                self._jumped += moment.jump
                yield self._row("world", entry.at, perturbation_words(entry.what, entry.detail), seq=entry.seq)
            case CallLeft(call, place):
                yield from self._waited(call.left_at, self._told.pop((call.intent, call.operation), None))
                yield self._left(call, place)
            case CallReturned(call):
                yield from self._returned(call)
                self._be_idle(call.returned_at or 0)
                if call.status is not None and call.answer is not None and call.answer.retry_after is not None:
                    self._told[call.intent, call.operation] = call, call.answer.retry_after

    # -- intents -----------------------------------------------------------------------------------------------------

    def _began(self, intent: Intent) -> Row:
        self._be_idle(intent.began_at)
        if intent.inferred:
            text = f"{name_of(intent)}: {quote(intent.text)}" if intent.text else f"{name_of(intent)}: no text was sent"
            return self._row("intent", intent.began_at, text)  # its entry is its first request, which has the marks
        text = f"message {intent.number + 1} to {plain_or_quoted(intent.guest.name)}: {quote(intent.text)}"
        return self._row("intent", intent.began_at, text, seq=intent.began_seq)

    def _ended(self, intent: Intent) -> Row:
        self._idle_since = None
        ends = {"accepted": "the client reported success", "failed": "the client reported failure"}
        text = f"message {intent.number + 1}: {ends.get(intent.outcome or '', 'the client never returned')}"
        error = f" ({intent.error})" if intent.error else ""
        return self._row("intent", intent.ended_at or 0, text + error, seq=intent.ended_seq)

    def _be_idle(self, since: int) -> None:
        self._idle_since, self._jumped = since, 0

    def _last_told(self, intent: Intent) -> tuple[Call, int] | None:
        """Return the last answer to a message that is over, if it had a Retry-After."""
        told = [self._told.pop(key) for key in list(self._told) if key[0] is intent]
        return next((one for one in told if one[0].returned_at == self._idle_since), None)

    def _waited(self, now: int, told: tuple[Call, int] | None) -> Iterator[Row]:
        """Return a row if the client waited. Time that the clock was moved by does not count as waiting.

        If it was `told` to wait, the time since then is shown too, if other calls or perturbations were a part of it.
        """
        since = self._idle_since
        if since is None or any(self._lanes):
            return
        waited = now - since - self._jumped
        began = max(since, self._start + self._latest)  # a perturbation may have moved the clock first
        passed = None if told is None else now - (told[0].returned_at or 0)
        if waited >= self._shortest_wait or waited == passed:
            asked = f"; Retry-After said {told[1]} s" if told is not None and waited == passed else ""
            yield self._row("wait", began, f"the client waited {seconds(waited)}{asked}")
        if told is not None and passed is not None and waited != passed:
            text = f"{seconds(passed)} after the {told[0].status}; Retry-After said {told[1]} s"
            yield self._row("wait", now, text)

    # -- calls -------------------------------------------------------------------------------------------------------

    def _left(self, call: Call, place: int) -> Row:
        request = request_words(call, self._history)
        if call.returned is None or (call.returned == place + 1 and not any(self._lanes)):
            reply, state = reply_words(call), self._state(call)
            return self._row("call", call.left_at, request, call, reply, state, seq=call.seq, answer=call)
        lane = next((nth for nth, held in enumerate(self._lanes) if held is None), len(self._lanes))
        self._lanes[lane : lane + 1] = [call]
        return self._row("left", call.left_at, request, call, lanes=self._drawn(lane, "opens"), seq=call.seq)

    def _returned(self, call: Call) -> Iterator[Row]:
        if call in self._lanes:
            lane = self._lanes.index(call)
            lanes = self._drawn(lane, "closes")
            self._lanes[lane] = None
            reply, state = reply_words(call), self._state(call)
            yield self._row("returned", call.returned_at or 0, "", call, reply, state, lanes=lanes, answer=call)

    def _state(self, call: Call) -> str:
        state = state_words(call, self._history)
        took = (call.returned_at or call.left_at) - call.left_at
        return f"{state}, after {seconds(took)}" if took >= self._shortest_wait else state

    def _drawn(self, here: int, change: Lane) -> tuple[Lane, ...]:
        return tuple(change if nth == here else "through" if held else "" for nth, held in enumerate(self._lanes))

    def _row(
        self,
        kind: Kind,
        at: int,
        text: str,
        call: Call | None = None,
        reply: str = "",
        state: str = "",
        lanes: tuple[Lane, ...] = (),
        seq: int | None = None,
        answer: Call | None = None,
    ) -> Row:
        marks = self._marks.get(seq, ()) if seq is not None else ()
        if answer is not None and answer.answer is not None:
            marks += self._marks.get(answer.answer.seq, ())
        number = call.number if call is not None else None
        drawn = lanes or self._drawn(-1, "")
        body = _guest_sent(call) if call is not None and marks and text else ""
        return Row(kind, at - self._start, text, number, reply, state, drawn, marks, body)


def _seq(moment: Moment) -> int:
    """Return the entry from which a moment is known."""
    match moment:
        case IntentBegan(intent):
            return intent.began_seq
        case IntentEnded(intent):
            return intent.ended_seq or 0
        case WorldChanged(entry):
            return entry.seq
        case CallLeft(call):
            return call.seq
        case CallReturned(call):
            return call.answer.seq if call.answer is not None else call.seq


def _guest_sent(call: Call) -> str:
    """Return the guest that a create sent, if its message has another guest, or its message is unknown."""
    if call.operation != "create" or (call.intent is not None and call.guest == call.intent.guest):
        return ""
    sent = document(call.arrival).get("guest")
    if not isinstance(sent, dict):
        return f"sent as guest: {msgspec.json.encode(sent).decode()}" if sent is not None else "sent without a guest"
    shown = {name: exact(value) if isinstance(value, str) else repr(value) for name, value in sent.items()}
    fields = (f"{name}: {value}" for name, value in shown.items())
    return f"sent as guest: {{{', '.join(fields)}}}"


def _by_seq(evidence: Iterable[Evidence]) -> dict[int, tuple[str, ...]]:
    labels: dict[int, tuple[str, ...]] = {}
    for item in evidence:
        labels[item.seq] = (*labels.get(item.seq, ()), item.label)
    return labels


def _start(history: History) -> int:
    """Return the first time of the trace, from which its table counts."""
    stamps = [call.left_at for call in history.calls[:1]] + [intent.began_at for intent in history.intents[:1]]
    return min(stamps + [change.entry.at for change in history.changes[:1]], default=0)
