"""The clauses, one family per file, by the question a retry answers: may this id be used, is another try allowed, when, and
what became of the message."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from contracts.clauses.delivery import D2, D3
from contracts.clauses.refusals import R3
from contracts.clauses.sessions import S1, S2, S4
from contracts.clauses.wire import W1
from contracts.judge import DEFAULTS, Clause, Judgement, Parameters, judge
from mockserver.journal import Entry

CLAUSES: tuple[Clause[Any], ...] = (S1, S2, S4, R3, D2, D3, W1)

EXPLAINS: Mapping[str, Sequence[str]] = {
    "S5": ("S4", "S1", "R1", "R2", "S6", "D2"),
    "S1": ("R1",),
    "A2": ("R4",),
    "D5": ("S3",),
    "W1": ("D2",),
    "W2": ("D2",),
}
"""What explains what: where both are violated in one trace, the root alone is reported."""


def judged(entries: Iterable[Entry], parameters: Parameters = DEFAULTS, clauses: Sequence[Clause[Any]] = CLAUSES) -> Judgement:
    """Judges a trace by the catalogue, or by some of its clauses. Raises TraceMalformed."""
    return judge(entries, clauses, parameters, EXPLAINS)
