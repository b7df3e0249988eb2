"""Judges what has been recorded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from contracts.clauses import judged
from contracts.judge import Clause, Status, Verdict
from contracts.report.model import ClauseResult, Counterexample, Report, Source
from contracts.verify.campaign import settled
from contracts.verify.expected import expecting
from contracts.verify.run import DEFAULT_OPTIONS, Options, select
from contracts.verify.stopwatch import Stopwatch
from mockserver.journal import Entry


def check(
    target: str,
    entries: Sequence[Entry],
    options: Options = DEFAULT_OPTIONS,
    extent: str = "",
    source: Source = "recording",
) -> Report:
    """Judges a trace that somebody recorded; `target` and `source` say where it came from, `extent` how much of it was read.

    Raises TraceMalformed.
    """
    stopwatch, trace = Stopwatch(), tuple(entries)
    clauses = select(options.clauses)
    judgement = judged(trace, options.parameters, clauses)
    results = [_result(clause, judgement.of(clause.code), trace) for clause in clauses]
    elapsed, delivery = stopwatch.seconds(), options.parameters.delivery
    told = expecting(results, target, options.expected)
    return Report(target=target, clauses=told, source=source, elapsed_s=elapsed, delivery=delivery, extent=extent)


def _result(clause: Clause[Any], verdict: Verdict, trace: tuple[Entry, ...]) -> ClauseResult:
    exercised = int(verdict.status is not Status.NOT_EXERCISED)
    if verdict.is_root:
        found = Counterexample(message=verdict.message, evidence=verdict.evidence, trace=trace)
        return ClauseResult(
            code=clause.code, name=clause.name, status=Status.VIOLATED, exercised=exercised, counterexample=found
        )
    status, message = settled(verdict)
    return ClauseResult(code=clause.code, name=clause.name, status=status, exercised=exercised, message=message)
