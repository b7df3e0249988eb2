"""The names and looks of the endings of clauses, the worst first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from contracts.report.model import Ending, Report
from contracts.report.style import Look


class VerdictStyle(NamedTuple):
    """Words for people, their colour, and signs for HTML and Markdown."""

    words: str
    look: Look
    sign: str
    emoji: str


VERDICTS: Mapping[Ending, VerdictStyle] = {
    Ending.VIOLATED: VerdictStyle("violated", "red", "✗", "❌"),
    Ending.NOW_HELD: VerdictStyle("now held", "red", "!", "❗"),
    Ending.EXPECTED: VerdictStyle("expected", "yellow", "✗", "☑️"),
    Ending.HELD: VerdictStyle("held", "green", "✓", "✅"),
    Ending.INCONCLUSIVE: VerdictStyle("inconclusive", "yellow", "?", "⚠️"),
    Ending.NOT_EXERCISED: VerdictStyle("not exercised", "dim", "–", "⏭️"),  # noqa: RUF001 - a dash
}


def counts(report: Report) -> Iterator[tuple[int, Ending]]:
    """Return how many clauses ended in each way, without zeros."""
    numbers = ((len(report.with_ending(ending)), ending) for ending in VERDICTS)
    return ((number, ending) for number, ending in numbers if number)
