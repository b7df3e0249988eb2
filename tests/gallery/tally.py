"""The findings about a client over many seeds, compared with its known faults."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from contracts.clauses import CLAUSES
from tests.gallery.catalogue import Piece
from tests.gallery.judging import Finding, Story

PER_MISS = 20
"""A clause may miss what breaks it in one of so many seeds."""

LONGEST = {"S": 3}
LONGEST_ELSEWHERE = 5
"""Intents of a counterexample, by the clause's family."""

Mark = Literal["#", "?", "+", "!", "."]
MARKS: dict[Mark, str] = {
    "#": "caught, as it must be",
    "?": "not caught often enough",
    "+": "broken as well, as it may be",
    "!": "broken, and must not be",
    ".": "not broken",
}


class Tally(NamedTuple):
    """A client and its findings, one for each seed; `missing` tells why there are none."""

    piece: Piece
    findings: Sequence[Finding] = ()
    missing: str = ""

    @property
    def counts(self) -> Counter[str]:
        """In how many seeds each clause was broken."""
        return Counter(code for finding in self.findings for code in finding.broken)

    @property
    def stories(self) -> list[tuple[str, Story]]:
        """The counterexamples to the clauses it has to break."""
        return [
            (code, story) for finding in self.findings for code, story in finding.broken.items() if code in self.piece.breaks
        ]

    def mark(self, code: str) -> Mark:
        """Return the mark for a clause."""
        found = self.counts[code]
        if code in self.piece.breaks:
            return "#" if found >= len(self.findings) - len(self.findings) // PER_MISS else "?"
        if not found:
            return "."
        return "+" if code in self.piece.along else "!"

    def problems(self) -> Iterator[str]:
        """Yield the deviations from what was expected, in words."""
        if self.missing:
            return
        for clause in CLAUSES:
            mark = self.mark(clause.code)
            if mark in {"?", "!"}:
                found = f"{clause.code} in {self.counts[clause.code]} of {len(self.findings)}"
                yield f"{found}{self._seeds(clause.code)}: {MARKS[mark]}"
        yield from (f"seed {finding.seed} broke off: {finding.failed}" for finding in self.findings if finding.failed)
        yield from sorted(set(self._long_stories()))
        if self.piece.room == "correct" and self.piece.is_in_process:
            yield from sorted({f"{code}: inconclusive" for finding in self.findings for code in finding.inconclusive})

    def _seeds(self, code: str) -> str:
        """Return the seeds to try again: those that missed the clause, or broke it although they must not."""
        wanted = code in self.piece.breaks
        seeds = [str(finding.seed) for finding in self.findings if (code in finding.broken) != wanted]
        return f" (seed {', '.join(seeds)})" if seeds else ""

    def unwanted(self) -> Iterator[Story]:
        """The counterexamples to what it must not break."""
        for finding in self.findings:
            yield from (story for code, story in finding.broken.items() if self.mark(code) == "!")

    def _long_stories(self) -> Iterator[str]:
        for code, story in self.stories:
            longest = LONGEST.get(code[0], LONGEST_ELSEWHERE)
            if story.intents > longest:
                yield f"{code}: a story of {story.intents} messages, {longest} are allowed"
            if not story.minimal:
                yield f"{code}: a story that is not shown to be the smallest"
