"""Judges a run: each clause for each kind and each unit that it concerns."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from contracts.judge import DEFAULTS, Evidence, Parameters, Status, Verdict, Verdicts
from contracts.protocol.clauses import Result
from contracts.protocol.history import history_of
from contracts.protocol.rules import Applied, applied
from contracts.protocol.trace import Trace
from mockserver.platform.model import Platform

EXPLAINS = {
    "S1": ("R1", "R2", "D2"),
    "N2": ("R1", "R2", "A4", "D2", "D3"),
    "S4": ("R1", "R2", "D2"),
    "N1": ("A4", "D2"),
    "R1": ("D2",),
    "R2": ("D2",),
}
"""Clauses that are broken as a consequence of another, for the same kind or for a unit. They are not reported as separate
mistakes."""


def judge(
    platform: Platform, trace: Trace, parameters: Parameters = DEFAULTS, clauses: Iterable[Applied] | None = None
) -> Verdicts:
    """Return the verdict of each clause; by default of all that the platform has."""
    history = history_of(platform, trace, parameters)
    chosen = applied(platform) if clauses is None else clauses
    verdicts = [_verdict(clause, clause.rule.judge(history, clause.subject)) for clause in chosen]
    broken = [verdict.code for verdict in verdicts if verdict.status is Status.VIOLATED]
    return Verdicts(tuple(_explained(verdict, broken) for verdict in verdicts))


def _verdict(clause: Applied, result: Result) -> Verdict:
    breach = result.breach
    if breach is None:
        return Verdict(clause.demand.code, Status.HELD if result.exercised else Status.NOT_EXERCISED)
    labels = clause.rule.labels
    evidence = [Evidence(labels[min(nth, len(labels) - 1)], number) for nth, number in enumerate(breach.at)]
    return Verdict(clause.demand.code, Status.VIOLATED, breach.message, tuple(evidence))


def _explained(verdict: Verdict, broken: Iterable[str]) -> Verdict:
    code, _, about = verdict.code.partition("/")
    for root in broken:
        cause, _, kind = root.partition("/")
        if verdict.status is Status.VIOLATED and code in EXPLAINS.get(cause, ()) and (code[0] == "D" or kind == about):
            return replace(verdict, explained_by=root)
    return verdict
