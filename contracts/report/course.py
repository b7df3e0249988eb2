"""The course of events in a counterexample, as reports need it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from contracts.judge import Evidence
from contracts.output import OutputLine
from contracts.report.rows import Row


class RowNumbers(NamedTuple):
    """`requests` are numbers as in the table. `sessions` maps labels to the request that created each (None: not recorded)."""

    requests: tuple[int, ...]
    sessions: Mapping[str, int | None]

    @property
    def words(self) -> str:
        """Return all in a few words: `#3, #4, s1`; "" if there is nothing to point to."""
        return ", ".join([*(f"#{number}" for number in self.requests), *self.sessions])


class Course(Protocol):
    """What happened in a run or in a recording."""

    @property
    def clock(self) -> str:
        """The clock's name: virtual, wall or mixed."""

    @property
    def effects(self) -> str:
        """The heading of the column that says what became of requests."""

    def rows(self, evidence: Sequence[Evidence], log: Sequence[OutputLine]) -> list[Row]:
        """Return the rows of its table, with marks at those that the evidence points to."""

    def places(self, evidence: Sequence[Evidence]) -> RowNumbers:
        """Return the requests and sessions that the evidence points to."""

    def document(self) -> Any:
        """Return all of it as plain values."""
