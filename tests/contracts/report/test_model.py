"""The report as a value: what it counts, and the exit status it asks for."""

from __future__ import annotations

import pytest

from contracts.judge import Status
from contracts.report.model import ClauseResult, Report


def report(*statuses: Status) -> Report:
    return Report(target="x", clauses=tuple(ClauseResult(code="S1", name="x", status=status) for status in statuses))


@pytest.mark.parametrize(
    ("statuses", "plain", "strict"),
    [
        ([Status.HELD, Status.NOT_EXERCISED], 0, 0),
        ([Status.HELD, Status.VIOLATED, Status.INCONCLUSIVE], 1, 1),
        ([Status.HELD, Status.INCONCLUSIVE], 0, 2),
        ([Status.INCONCLUSIVE], 0, 2),
        ([Status.NOT_EXERCISED], 2, 2),
        ([], 2, 2),
    ],
)
def test_the_exit_status_tells_the_worst_that_happened(statuses: list[Status], plain: int, strict: int) -> None:
    assert report(*statuses).exit_status() == plain
    assert report(*statuses).exit_status(strict=True) == strict


def test_clauses_are_listed_by_status() -> None:
    told = report(Status.HELD, Status.VIOLATED, Status.HELD)
    assert len(told.with_status(Status.HELD)) == 2
    assert len(told.violated) == 1
