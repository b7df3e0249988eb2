"""The requests and sessions that a counterexample points to, so that a list of violations can name them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from contracts.fold import fold
from contracts.history import Call, History, Reading
from contracts.report.model import Counterexample
from contracts.trace import well_formed
from mockserver.journal import Entry


class Places(NamedTuple):
    """`requests` are numbers as in the table. `sessions` maps labels to the request that created each (None: not recorded)."""

    requests: tuple[int, ...]
    sessions: Mapping[str, int | None]

    @property
    def words(self) -> str:
        """Return all in a few words: `#3, #4, s1`; "" if there is nothing to point to."""
        return ", ".join([*(f"#{number}" for number in self.requests), *self.sessions])


class _Latest:
    """The history folded last. It is kept because all clauses violated in one recording have the same trace."""

    trace: tuple[Entry, ...] | None = None
    reading: Reading | None = None
    history: History | None = None


def history_of(found: Counterexample) -> History:
    """Fold the trace of a counterexample, or return the history if it was folded last."""
    if _Latest.history is None or _Latest.trace is not found.trace or _Latest.reading is not found.reading:
        _Latest.trace, _Latest.reading = found.trace, found.reading
        _Latest.history = fold(well_formed(found.trace), found.reading)
    return _Latest.history


def places(found: Counterexample | None) -> Places:
    """Return the requests and sessions that the evidence points to."""
    if found is None or not found.evidence:
        return Places((), {})
    history, wanted = history_of(found), {item.seq for item in found.evidence}
    calls = [call for call in history.calls if wanted & _entries(call)]
    sessions: dict[str, int | None] = {}
    for call in calls:
        session = history.sessions.get(call.presented or (call.answer.issued if call.answer else "") or "")
        if session is not None and session.label.startswith("s"):  # others are quoted: ids that were never issued
            sessions[session.label] = session.created.number if session.created is not None else None
    return Places(tuple(call.number for call in calls), sessions)


def others(found: Counterexample) -> str:
    """Return the places at which a recording violated the clause again: `also at #33, #35 and 4 more`; "" if it did not."""
    if found.times < 2:
        return ""
    wanted = {item.seq for item in found.others}
    named = [f"#{call.number}" for call in history_of(found).calls if call.seq in wanted]
    more = found.times - 1 - len(named)
    return f"also at {', '.join(named)}" + (f" and {more} more" if more > 0 else "")


def _entries(call: Call) -> set[int]:
    return {call.seq} if call.answer is None else {call.seq, call.answer.seq}
