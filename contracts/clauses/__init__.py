"""The clauses, one family per file.

A family answers one question about a retry: may this id be used, is another try allowed, when, and was the message delivered?
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from contracts.clauses.access import A1, A2, A3, A4, A5
from contracts.clauses.delivery import D1, D2, D3, D4, D5, D6
from contracts.clauses.provider import PROVIDER_CLAUSES
from contracts.clauses.refusals import R1, R2, R3, R7
from contracts.clauses.retries import R4, R5, R6
from contracts.clauses.sessions import S1, S2, S3, S4, S5, S6
from contracts.clauses.wire import W1, W2
from contracts.history import UnitReading
from contracts.judge import DEFAULTS, Clause, Judgement, Parameters, Requirement, judge
from mockserver.journal import Entry

CLAUSES: tuple[Clause, ...] = (
    *(S1, S2, S3, S4, S5, S6),
    *(R1, R2, R3, R4, R5, R6, R7),
    *(A1, A2, A3, A4, A5),
    *(D1, D2, D3, D4, D5, D6),
    *(W1, W2),
)
"""The catalogue, in the order in which verdicts are reported."""

DEMANDS: tuple[Requirement, ...] = (*CLAUSES, *PROVIDER_CLAUSES)
"""Every demand that has a code, on clients and on providers."""

_MISPLACED = ("S6", "R1", "R2", "R3", "R4", "R5", "R6", "A1", "D1", "D2", "D3")
"""Clauses that count a message's requests. If the client mixes up guests or sessions, they count for the wrong message."""

EXPLAINS: Mapping[str, Sequence[str]] = {
    "S5": ("S4", "S1", "R1", "R2", "S6", "D2"),
    "S1": ("S2", "R1", "R2", "R5", "R6", "A1"),
    "S3": _MISPLACED,
    "A2": ("R4",),
    "D5": ("S3", *_MISPLACED),
    "W1": ("D2",),
    "W2": ("D2",),
}
"""The violations that each one explains. If both are about the same message or session, only the root is reported."""

BLURS: Mapping[str, Sequence[str]] = {"D5": _MISPLACED}
"""If messages overlap, a violation of the key makes the listed clauses uncertain in every trace: a client that mixes up guests
does so even if a trace does not show it.
"""


def judged(
    entries: Iterable[Entry],
    parameters: Parameters = DEFAULTS,
    clauses: Sequence[Clause] = CLAUSES,
    reading: UnitReading | None = None,
) -> Judgement:
    """Judge a trace by the catalogue, or by some of its clauses, with the messages of a reading of it.

    Raises TraceMalformed.
    """
    return judge(entries, clauses, parameters, EXPLAINS, reading)
