"""The results of the runs: which clauses were put to the test, and the shortest trace in which each was violated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container
from typing import NamedTuple

from contracts.judge import Evidence
from mockserver.journal import Entry


class Witness(NamedTuple):
    """A run in which a clause was violated, up to that place; `number` is its place among the runs.

    `minimal`: each step was left out once, and then the clause was not violated.
    """

    message: str
    evidence: tuple[Evidence, ...]
    trace: tuple[Entry, ...]
    number: int
    minimal: bool | None = None


class Broken(Exception):
    """The hunted clause was violated, so this story violates it too."""


class Ledger:
    """Counts the clauses in `wanted`, and the `runs`. `hunted` is the code of a clause whose violation ends a run."""

    def __init__(self, wanted: Container[str]) -> None:
        self._wanted = wanted
        self._touched: set[str] = set()
        self.exercised: Counter[str] = Counter()
        self.witnesses: dict[str, Witness] = {}
        self.runs = 0
        self.hunted: str | None = None

    def begin(self) -> None:
        """Begin a run."""
        self.runs += self.hunted is None
        self._touched.clear()

    def exercise(self, code: str) -> None:
        """Record that the run put a clause to the test."""
        if code in self._wanted and code not in self._touched and self.hunted is None:
            self._touched.add(code)
            self.exercised[code] += 1

    def breach(self, code: str, message: str, evidence: tuple[Evidence, ...], trace: tuple[Entry, ...]) -> None:
        """Record that the run violated a clause. Raises Broken if it is the hunted one."""
        self.exercise(code)
        known = self.witnesses.get(code)
        if code in self._wanted and (known is None or len(trace) < len(known.trace)):
            self.witnesses[code] = Witness(message, evidence, trace, self.runs if known is None else known.number)
        if code == self.hunted:
            raise Broken(message)

    def prove_minimal(self) -> None:
        """Record that no step can be left out of the run that violates the hunted clause."""
        if self.hunted in self.witnesses:
            self.witnesses[self.hunted] = self.witnesses[self.hunted]._replace(minimal=True)
