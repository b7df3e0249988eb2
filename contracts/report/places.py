"""The course of events of a counterexample, and the requests and sessions that it points to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from contracts.history import History, UnitReading
from contracts.history.build import build_history
from contracts.history.validate import well_formed
from contracts.judge import Evidence
from contracts.output import OutputLine
from contracts.report.course import Course, RowNumbers
from contracts.report.model import Counterexample
from contracts.report.rows import Row
from contracts.report.timeline import rows
from mockserver.journal import Entry


class _Latest:
    """The history folded last. It is kept because all clauses violated in one recording have the same trace."""

    trace: tuple[Entry, ...] | None = None
    reading: UnitReading | None = None
    history: History | None = None


def history_of(found: Counterexample) -> History:
    """Fold the trace of a counterexample, or return the history if it was folded last."""
    if _Latest.history is None or _Latest.trace is not found.trace or _Latest.reading is not found.reading:
        _Latest.trace, _Latest.reading = found.trace, found.reading
        _Latest.history = build_history(well_formed(found.trace), found.reading)
    return _Latest.history


def course_of(found: Counterexample) -> Course:
    """Return the course of events of a counterexample."""
    return found.course or _OfTrace(found)


class _OfTrace:
    """The course of events in a trace of the mock."""

    effects = "session state"

    def __init__(self, found: Counterexample) -> None:
        self._found = found

    @property
    def clock(self) -> str:
        return history_of(self._found).header.clock

    def rows(self, evidence: Sequence[Evidence], log: Sequence[OutputLine]) -> list[Row]:
        return rows(history_of(self._found), evidence, log)

    def places(self, evidence: Sequence[Evidence]) -> RowNumbers:
        history, wanted = history_of(self._found), {item.seq for item in evidence}
        calls = [call for call in history.calls if wanted & call.seqs]
        sessions: dict[str, int | None] = {}
        for call in calls:
            session = history.sessions.get(call.presented or (call.answer.issued if call.answer else "") or "")
            if session is not None and session.label.startswith("s"):  # others are quoted: ids that were never issued
                sessions[session.label] = session.created.number if session.created is not None else None
        return RowNumbers(tuple(call.number for call in calls), sessions)

    def document(self) -> Any:
        return msgspec.to_builtins(self._found.trace)


def places(found: Counterexample | None) -> RowNumbers:
    """Return the requests and sessions that the evidence points to."""
    return RowNumbers((), {}) if found is None or not found.evidence else course_of(found).places(found.evidence)


def others(found: Counterexample) -> str:
    """Return the places at which a recording violated the clause again: `also at #33, #35 and 4 more`; "" if it did not."""
    if found.times < 2:
        return ""
    named = [f"#{number}" for number in course_of(found).places(found.others).requests]
    more = found.times - 1 - len(named)
    return f"also at {', '.join(named)}" + (f" and {more} more" if more > 0 else "")
