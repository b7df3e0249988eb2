"""The report as a value: what it counts, and the exit status it asks for."""

from __future__ import annotations

import pytest

from contracts.judge import Status
from contracts.report.facts import runs
from contracts.report.model import ClauseResult, Ending, Expectation, Report


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


@pytest.mark.parametrize(
    ("endings", "exit_status"),
    [
        ({"S1": Status.HELD, "D2": Status.INCONCLUSIVE, "D6": Status.INCONCLUSIVE}, 2),
        ({"S1": Status.HELD, "D2": Status.INCONCLUSIVE, "D6": Status.NOT_EXERCISED}, 2),
        ({"S1": Status.HELD, "D2": Status.INCONCLUSIVE, "D6": Status.HELD}, 0),
        ({"S1": Status.INCONCLUSIVE, "D2": Status.NOT_EXERCISED}, 0),
        ({"S1": Status.VIOLATED, "D2": Status.INCONCLUSIVE}, 1),
    ],
)
def test_a_report_that_cannot_say_whether_messages_arrive_is_no_verdict(endings: dict[str, Status], exit_status: int) -> None:
    clauses = tuple(ClauseResult(code=code, name="x", status=status) for code, status in endings.items())
    told = Report(target="x", clauses=clauses)
    assert told.exit_status() == exit_status
    assert told.delivery_unknown == any("no verdict" in fact for fact in runs(told))
    assert Report(target="x", clauses=clauses, source="recording").exit_status() == exit_status % 2


def test_clauses_are_listed_by_status() -> None:
    told = report(Status.HELD, Status.VIOLATED, Status.HELD)
    assert len(told.with_status(Status.HELD)) == 2
    assert len(told.violated) == 1


KNOWN, LAX = Expectation("known"), Expectation("known", strict=False)


@pytest.mark.parametrize(
    ("status", "expected", "ending", "exit_status"),
    [
        (Status.VIOLATED, KNOWN, Ending.EXPECTED, 0),
        (Status.HELD, KNOWN, Ending.NOW_HELD, 1),
        (Status.HELD, LAX, Ending.HELD, 0),
        (Status.NOT_EXERCISED, KNOWN, Ending.NOT_EXERCISED, 2),
    ],
)
def test_what_was_expected_is_measured_by_that(status: Status, expected: Expectation, ending: Ending, exit_status: int) -> None:
    told = Report(target="x", clauses=(ClauseResult(code="S1", name="x", status=status, expected=expected),))
    assert told.clauses[0].ending is ending
    assert told.exit_status() == exit_status


def test_who_interrupts_is_told_so() -> None:
    told = Report(target="x", clauses=report(Status.HELD).clauses, interrupted=True)
    assert told.exit_status() == 130
