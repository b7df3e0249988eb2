"""Judges a run: each clause for each kind and each unit that it concerns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from contracts.judge import DEFAULTS, Case, Clause, Judgement, Parameters, decide
from contracts.protocol.history import history_of
from contracts.protocol.rules import demands
from contracts.protocol.trace import DeclaredTrace
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
    platform: Platform, trace: DeclaredTrace, parameters: Parameters = DEFAULTS, clauses: Sequence[Clause] | None = None
) -> Judgement:
    """Return the verdict of each clause; by default of all that the platform has."""
    case = Case(history_of(platform, trace), parameters)
    chosen = demands(platform) if clauses is None else clauses
    codes = [clause.code for clause in chosen]
    return decide(case, chosen, {code: tuple(_consequences(code, codes)) for code in codes})


def _consequences(root: str, codes: Sequence[str]) -> Iterator[str]:
    cause, _, kind = root.partition("/")
    for other in codes:
        code, _, about = other.partition("/")
        if code in EXPLAINS.get(cause, ()) and (code[0] == "D" or kind == about):
            yield other
