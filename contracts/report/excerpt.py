"""Of a long history, what bears on a violation: the lines that clash, some before and after them, and how many are left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from contracts.report.timeline import Lane, Row

LONG = 60
"""Rows beyond which a history is not shown whole."""

BEFORE, AFTER = 6, 3
"""Rows shown around each that clashes."""

FIRST = 2
"""Rows shown of the beginning."""


def excerpt(rows: Sequence[Row]) -> list[Row]:
    """The rows; of a long history those around the evidence, with a row in place of each stretch that is left out."""
    if len(rows) <= LONG:
        return list(rows)
    shown = set(range(FIRST))
    for place, row in enumerate(rows):
        if row.marks:
            shown.update(range(max(0, place - BEFORE), place + AFTER + 1))
    return list(_with_gaps(rows, shown))


def _with_gaps(rows: Sequence[Row], shown: set[int]) -> Iterator[Row]:
    for is_shown, group in groupby(enumerate(rows), key=lambda one: one[0] in shown):
        stretch = [row for _, row in group]
        if is_shown or len(stretch) == 1:
            yield from stretch
        else:
            last = stretch[-1]
            yield Row("gap", last.at, f"{len(stretch)} lines are left out", lanes=_through(last))


def _through(row: Row) -> tuple[Lane, ...]:
    """The lanes as they go on below a row."""
    return tuple("through" if lane in {"through", "opens"} else "" for lane in row.lanes)
