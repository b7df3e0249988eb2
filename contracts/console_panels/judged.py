"""A judged journal, with its violations drawn, cut to what a page can show."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from markupsafe import Markup

from contracts.clauses import CLAUSES
from contracts.errors import TraceMalformed
from contracts.history.build import build_history
from contracts.history.validate import well_formed
from contracts.judge import Evidence, Requirement
from contracts.report import facts
from contracts.report.lanes import timeline
from contracts.report.model import ClauseResult, Report
from contracts.report.rows import Row
from contracts.report.timeline import rows
from contracts.report.verdicts import VERDICTS, counts
from contracts.verify import check
from mockserver.control import Tenant
from mockserver.journal import Entry, encode

MOST_BYTES = 8 << 20
"""Most bytes of the journal that are judged. Ten thousand usual entries have four million, and take ten times that in
memory.
"""

AROUND = 5
"""Rows that are drawn before and after each row that a violation points to."""

MOST_LINES = 60
"""Most rows of a drawing, besides those that say how many were left out."""


class ClauseLine(NamedTuple):
    """A clause in the table of all."""

    result: ClauseResult
    words: str
    sign: str


class Violation(NamedTuple):
    """A clause that was violated, with what happened around it."""

    result: ClauseResult
    message: str
    clause: Requirement
    drawing: Markup


class Judged(NamedTuple):
    """A judgement of the latest journal entries, without the `left_out` oldest ones. `problem` says why there is none."""

    entries: int
    counts: Sequence[tuple[int, str]] = ()
    lines: Sequence[ClauseLine] = ()
    violations: Sequence[Violation] = ()
    problem: str = ""
    remarks: Sequence[str] = ()
    left_out: int = 0


def judge(tenant: Tenant) -> Judged:
    """Judge the latest entries of the journal, up to MOST_BYTES."""
    entries, left_out = _latest(tenant.trace())
    try:
        report = check(tenant.name, entries)
    except TraceMalformed as problem:
        return Judged(len(entries) - 1, problem=str(problem), left_out=left_out)
    lines = [ClauseLine(result, VERDICTS[result.ending].words, VERDICTS[result.ending].sign) for result in report.clauses]
    lines.sort(key=lambda line: list(VERDICTS).index(line.result.ending))
    numbers = [(count, VERDICTS[ending].words) for count, ending in counts(report)]
    violations, remarks = list(_violations(report, entries)), list(facts.remarks(report))
    return Judged(len(entries) - 1, numbers, lines, violations, remarks=remarks, left_out=left_out)


def _latest(trace: Iterable[Entry]) -> tuple[tuple[Entry, ...], int]:
    """Return the header and the latest entries, of no more than MOST_BYTES together, and how many are left out."""
    entries = iter(trace)
    header, latest = next(entries), deque[tuple[Entry, int]]()
    total = left_out = 0
    for entry in entries:
        size = len(encode(entry))
        latest.append((entry, size))
        total += size
        while total > MOST_BYTES:
            total -= latest.popleft()[1]
            left_out += 1
    return (header, *(entry for entry, _ in latest)), left_out


def _violations(report: Report, entries: Sequence[Entry]) -> Iterator[Violation]:
    """Yield each violation with its drawing. The table is made once for all of them, because it is slow."""
    if not report.violated:
        return
    clauses = {clause.code: clause for clause in CLAUSES}
    found = report.violated[0].counterexample
    history = build_history(well_formed(entries), found.reading if found is not None else None)
    drawn = rows(history, [marked for result in report.violated for marked in _marked(result)])
    for result in report.violated:
        found = result.counterexample
        assert found is not None  # every violation has a counterexample
        own = [replace(row, marks=tuple(_own(result.code, row.marks))) for row in drawn]
        lanes = Markup(timeline(list(_excerpt(own)), f"{result.code}-history"))
        yield Violation(result, result.words, clauses[result.code], lanes)


def _marked(result: ClauseResult) -> Iterator[Evidence]:
    found = result.counterexample
    for evidence in found.evidence if found is not None else ():
        yield Evidence(f"{result.code} {evidence.label}", evidence.seq)


def _own(code: str, marks: Sequence[str]) -> Iterator[str]:
    return (mark.removeprefix(f"{code} ") for mark in marks if mark.startswith(f"{code} "))


def _excerpt(drawn: Sequence[Row]) -> Iterator[Row]:
    """Yield the rows around those that are marked, and how many are left out between them."""
    marked = [place for place, row in enumerate(drawn) if row.marks]
    near = {place for mark in marked for place in range(mark - AROUND, mark + AROUND + 1) if 0 <= place < len(drawn)}
    kept = sorted(near)[:MOST_LINES]
    before = -1
    for place in kept:
        yield from _left_out(drawn, before + 1, place)
        yield drawn[place]
        before = place
    yield from _left_out(drawn, before + 1, len(drawn))


def _left_out(drawn: Sequence[Row], start: int, end: int) -> Iterator[Row]:
    if end > start:
        lines = "1 line is" if end - start == 1 else f"{end - start} lines are"
        yield Row("intent", drawn[start].at, f"{lines} left out here", lanes=drawn[start].lanes)
