"""What happened in the history of a trace, as events for a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from contracts.clauses.words import exact, name_of, plain_or_quoted, quote
from contracts.history import (
    Call,
    CallLeft,
    CallReturned,
    History,
    IntentBegan,
    IntentEnded,
    JudgedIntent,
    Moment,
    WorldChanged,
    document,
)
from contracts.judge import Evidence
from contracts.output import OutputLine
from contracts.report.rows import RequestRow, Row, TableEvent, drawn
from contracts.report.words import ended_words, perturbation_words, reply_words, request_words, state_words


def rows(history: History, evidence: Sequence[Evidence] = (), log: Iterable[OutputLine] = ()) -> list[Row]:
    """Return the table of a history, with marks at the rows that `evidence` points to, and the client's `log` between them."""
    shortest_wait = 1 if history.header.clock == "virtual" else 1000
    asks = {call.seq: _ask(call, history) for call in history.calls}
    return drawn([_event(moment, asks) for moment in history.moments], evidence, log, _start(history), shortest_wait)


def _event(moment: Moment, asks: dict[int, RequestRow]) -> TableEvent:
    match moment:
        case IntentBegan(intent):
            seq = None if intent.inferred else intent.began_seq  # if inferred, it is that of the first request
            return TableEvent("began", intent.began_seq, intent.began_at, _beginning(intent), seq=seq)
        case IntentEnded(intent):
            seq, words = intent.ended_seq, ended_words(f"message {intent.number + 1}", intent.outcome, intent.error)
            return TableEvent("ended", seq or 0, intent.ended_at or 0, words, seq=seq, of=intent)
        case WorldChanged(entry):
            words = perturbation_words(entry.what, entry.detail)
            return TableEvent("world", entry.seq, entry.at, words, seq=entry.seq, jump=moment.jump)
        case CallLeft(call):
            return TableEvent("left", call.seq, call.left_at, ask=asks[call.seq])
        case CallReturned(call):
            place = call.answer.seq if call.answer is not None else call.seq
            return TableEvent("returned", place, call.returned_at or 0, ask=asks[call.seq])


def _beginning(intent: JudgedIntent) -> str:
    if intent.inferred:
        return f"{name_of(intent)}: {quote(intent.text)}" if intent.text else f"{name_of(intent)}: no text was sent"
    return f"message {intent.number + 1} to {plain_or_quoted(intent.guest.name)}: {quote(intent.text)}"


def _ask(call: Call, history: History) -> RequestRow:
    answer = call.answer
    return RequestRow(
        number=call.number,
        text=request_words(call, history),
        left_at=call.left_at,
        returned_at=None if call.returned is None else call.returned_at or 0,
        reply=reply_words(call),
        state=state_words(call, history),
        seq=call.seq,
        answer_seq=None if answer is None else answer.seq,
        of=None if _may_be_for_several(call) else (call.intent, call.operation),
        status=call.status,
        retry_after=None if answer is None else answer.retry_after,
        body=_guest_sent(call),
    )


def _may_be_for_several(call: Call) -> bool:
    return call.intent is None and call.group is not None and len(call.group.intents) > 1


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


def _start(history: History) -> int:
    """Return the first time of the trace, from which its table counts."""
    stamps = [call.left_at for call in history.calls[:1]] + [intent.began_at for intent in history.intents[:1]]
    return min(stamps + [change.entry.at for change in history.changes[:1]], default=0)
