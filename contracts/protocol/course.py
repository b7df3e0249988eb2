"""What happened in a run or a recording of a declared platform's client, as reports show it. Ids have short names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from contracts.history import Call, JudgedIntent
from contracts.judge import Evidence
from contracts.output import OutputLine
from contracts.protocol.clauses import SHORTEST
from contracts.protocol.history import history_of
from contracts.protocol.trace import FOREVER, DeclaredTrace, UnitRun
from contracts.report.course import RowNumbers
from contracts.report.rows import RequestRow, Row, TableEvent, drawn
from contracts.report.words import ended_words
from mockserver.platform.model import Platform


class CourseOfRun:
    """The course of events in a trace."""

    effects = "effect"

    def __init__(self, platform: Platform, trace: DeclaredTrace) -> None:
        self.trace = trace
        self.clock = "virtual" if trace.sharp else "wall"
        self._history = history_of(platform, trace)

    def rows(self, evidence: Sequence[Evidence], log: Sequence[OutputLine]) -> list[Row]:
        """See Course."""
        events = sorted(self._events(), key=lambda event: event.place)
        start = min((event.at for event in events), default=0)
        return drawn(events, evidence, log, start, 1 if self.trace.sharp else 1000)

    def places(self, evidence: Sequence[Evidence]) -> RowNumbers:
        """See Course."""
        return RowNumbers(tuple(dict.fromkeys(item.seq for item in evidence)), {})

    def document(self) -> Any:
        """See Course: a list of requests."""
        return [self._told(call) for call in self._history.calls]

    def _events(self) -> Iterator[TableEvent]:
        for happened in self.trace.events:
            yield TableEvent("world", happened.place, happened.at, happened.words, jump=happened.jump)
        for unit, intent in zip(self.trace.units, self._history.units, strict=True):
            yield from _of_unit(unit, intent)
        for call in self._history.calls:
            ask = self._ask(call)
            yield TableEvent("left", call.left, ask.left_at, ask=ask)
            if call.returned is not None and call.returned_at is not None:
                yield TableEvent("returned", call.returned, call.returned_at, ask=ask)

    def _ask(self, call: Call) -> RequestRow:
        exchange, shown = self._history.exchange(call), call.shown | call.ended
        shows = self._named(shown)
        said = [f"{name} is dead" for name, kind in zip(shows, shown, strict=True) if call.said_dead(kind)]
        brings = [f"brings {', '.join(self._named(call.brought))}"] if call.brought else []
        fault = [f"fault: {exchange.fault}"] if exchange.fault else []
        doing = " with ".join([call.operation or "no operation", *([", ".join(shows)] if shows else [])])
        return RequestRow(
            number=call.number,
            text=f"{exchange.method} {self._hidden(exchange.path)} {doing}",
            left_at=call.left_at,
            returned_at=call.returned_at,
            reply=str(call.status or "none"),
            state=", ".join([*brings, *said, *fault]),
            seq=call.number,
            of=None if self._may_be_for_several(call) else (call.intent, call.operation),
            status=call.status,
            retry_after=call.retry_after,
        )

    def _may_be_for_several(self, call: Call) -> bool:
        open_ones = (unit for unit in self._history.units if unit.began < call.left < (unit.ended or FOREVER))
        return call.intent is None and any(not unit.alone for unit in open_ones)

    def _told(self, call: Call) -> dict[str, Any]:
        exchange, unit = self._history.exchange(call), call.intent if self._history.units else None
        return {
            "number": call.number,
            "at": call.left_at,
            "method": exchange.method,
            "path": self._hidden(exchange.path),
            "operation": call.operation,
            "unit": None if unit is None else unit.number + 1,
            "shown": self._named(call.shown | call.ended),
            "status": call.status,
            "brought": self._named(call.brought),
            "fault": exchange.fault or None,
        }

    def _named(self, ids: dict[str, str]) -> list[str]:
        return [self._history.credentials[kind][id].name for kind, id in ids.items()]

    def _hidden(self, path: str) -> str:
        """Return a path with names in place of ids."""
        for known in self._history.credentials.values():
            for id, credential in known.items():
                is_hidden = len(id) >= SHORTEST and id not in credential.name
                path = path.replace(id, f"{{{credential.name}}}") if is_hidden else path
        return path


def _of_unit(unit: UnitRun, intent: JudgedIntent) -> Iterator[TableEvent]:
    if unit.began < FOREVER:
        given = ", ".join(f"{name}={value!r}" for name, value in unit.payload.items())
        yield TableEvent("began", unit.began, unit.began_at, f"unit {unit.number}: {unit.name}({given})", of=intent)
    if unit.ended < FOREVER or unit.outcome == "never":
        words = ended_words(f"unit {unit.number}", unit.outcome, unit.error)
        yield TableEvent("ended", unit.ended, unit.ended_at, words, of=intent)
