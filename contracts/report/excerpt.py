"""Excerpts of long histories: the rows that bear on a violation, some rows around them, and how many are left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from contracts.report.rows import Lane, Row

LONG = 60
"""Longest history that is shown whole, in rows."""

BEFORE, AFTER = 6, 3
"""Rows shown around each row that evidence points to."""

FIRST = 2
"""Rows shown from the beginning."""


def excerpt(rows: Sequence[Row]) -> list[Row]:
    """Return the rows, or those around the evidence if the history is long; one row stands for each stretch left out."""
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
            lanes: tuple[Lane, ...] = tuple("through" if lane in {"through", "opens"} else "" for lane in last.lanes)
            yield Row("gap", last.at, f"{len(stretch)} lines are left out", lanes=lanes)
