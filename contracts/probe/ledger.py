"""What the runs have shown so far: which clauses were put to the test, and the shortest trace in which each was broken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container
from typing import NamedTuple

from contracts.judge import Evidence
from mockserver.journal import Entry


class Witness(NamedTuple):
    """A run in which a clause was broken, up to where it was; `number` is its place among the runs. `minimal`: every step was
    left out once, and then it was not broken."""

    message: str
    evidence: tuple[Evidence, ...]
    trace: tuple[Entry, ...]
    number: int
    minimal: bool | None = None


class Broken(Exception):
    """The clause that is hunted was broken: this story breaks it too."""


class Ledger:
    """Keeps count of the clauses named `wanted`; others are of no interest. `runs` counts. `hunted` is the code of a clause
    whose breach ends a run."""

    def __init__(self, wanted: Container[str]) -> None:
        self._wanted = wanted
        self._touched: set[str] = set()
        self.exercised: Counter[str] = Counter()
        self.witnesses: dict[str, Witness] = {}
        self.runs = 0
        self.hunted: str | None = None

    def begin(self) -> None:
        """A run begins."""
        self.runs += self.hunted is None
        self._touched.clear()

    def exercise(self, code: str) -> None:
        """The run put a clause to the test."""
        if code in self._wanted and code not in self._touched and self.hunted is None:
            self._touched.add(code)
            self.exercised[code] += 1

    def breach(self, code: str, message: str, evidence: tuple[Evidence, ...], trace: tuple[Entry, ...]) -> None:
        """The run broke a clause. Raises Broken where that is hunted."""
        self.exercise(code)
        known = self.witnesses.get(code)
        if code in self._wanted and (known is None or len(trace) < len(known.trace)):
            self.witnesses[code] = Witness(message, evidence, trace, self.runs if known is None else known.number)
        if code == self.hunted:
            raise Broken(message)

    def prove_minimal(self) -> None:
        """Nothing can be left out of the run that breaks the hunted clause."""
        if self.hunted in self.witnesses:
            self.witnesses[self.hunted] = self.witnesses[self.hunted]._replace(minimal=True)
