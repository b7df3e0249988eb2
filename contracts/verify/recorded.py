"""Judges what has been recorded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from contracts.clauses import judged
from contracts.har import Extent
from contracts.judge import Clause, Status, Verdict
from contracts.report.model import ClauseResult, Counterexample, Report, Source
from contracts.verify.campaign import settled
from contracts.verify.expected import expecting
from contracts.verify.run import DEFAULT_OPTIONS, Options, select
from contracts.verify.stopwatch import Stopwatch
from mockserver.journal import Entry

OF_IDS = frozenset({"S1", "S2", "S3", "S4", "R1", "R2"})
"""The clauses that tell sessions apart by their ids."""

OF_TOKENS = frozenset({"A1", "A2", "A3", "A4"})
"""The clauses that tell tokens apart."""


def check(
    target: str,
    entries: Sequence[Entry],
    options: Options = DEFAULT_OPTIONS,
    extent: Extent | None = None,
    source: Source = "recording",
    in_other_order: Sequence[Entry] | None = None,
) -> Report:
    """Judge a recorded trace; `target` and `source` say where it came from, `extent` how much of it was read.

    If the order of some requests is not known, `in_other_order` is the trace with these the other
    way round: a clause is violated only if it is in both. Raises TraceMalformed.
    """
    stopwatch, trace = Stopwatch(), tuple(entries)
    clauses = select(options.clauses)
    judgement = judged(trace, options.parameters, clauses)
    other = judgement if in_other_order is None else judged(in_other_order, options.parameters, clauses)
    results = [_result(clause, _in_both(judgement.of(clause.code), other.of(clause.code)), trace, extent) for clause in clauses]
    elapsed, delivery = stopwatch.seconds(), options.parameters.delivery
    told = expecting(results, target, options.expected)
    words = "" if extent is None else extent.words
    return Report(
        target=target, clauses=told, source=source, elapsed_s=elapsed, delivery=delivery, extent=words, recording=extent
    )


def _in_both(verdict: Verdict, other: Verdict) -> Verdict:
    """The verdict if both orders come to the same; else a doubt."""
    violated = [one for one in (verdict, other) if one.status is Status.VIOLATED]
    if len(violated) != 1:
        return verdict
    message = f"{violated[0].message}, unless requests with the same stamp came in another order"
    return Verdict(verdict.code, Status.INCONCLUSIVE, message, violated[0].evidence)


def _result(clause: Clause[Any], verdict: Verdict, trace: tuple[Entry, ...], extent: Extent | None) -> ClauseResult:
    exercised = int(verdict.status is not Status.NOT_EXERCISED)
    if verdict.is_root:
        found = Counterexample(message=verdict.message, evidence=verdict.evidence, trace=trace)
        return ClauseResult(
            code=clause.code, name=clause.name, status=Status.VIOLATED, exercised=exercised, counterexample=found
        )
    status, message = settled(verdict)
    if status is Status.NOT_EXERCISED and extent is not None:
        message = _masked(clause.code, extent) or message
    return ClauseResult(code=clause.code, name=clause.name, status=status, exercised=exercised, message=message)


def _masked(code: str, extent: Extent) -> str:
    """Why a clause cannot be judged if a tool has masked what it looks at."""
    if code in OF_IDS and extent.masked:
        return "the session ids of this recording are masked"
    return "the tokens of this recording are masked" if code in OF_TOKENS and extent.masked_tokens else ""
