"""The errors that end a verification."""

from __future__ import annotations

from contracts.errors import ContractsError
from contracts.report import facts
from contracts.report.model import Ending, Report
from contracts.report.text import render


class ContractViolated(AssertionError):
    """A client violated a clause, or kept one that was expected to fail. The text has the report, `report` is its value."""

    def __init__(self, report: Report) -> None:
        failed = [*report.violated, *report.with_ending(Ending.NOW_HELD)]
        named = "; ".join(f"{result.code} {result.name}: {result.words}" for result in failed)
        super().__init__(f"{named}\n\n{render(report)}")
        self.report = report


class ProtocolViolated(ContractViolated, ContractsError):
    """The same of a client of a declared platform."""


def violation(report: Report) -> ContractViolated:
    """Return the error for a report with a violated clause."""
    return (ProtocolViolated if report.platform else ContractViolated)(report)


class NothingExercised(ContractsError):
    """The client cannot be judged: no scenario put a clause to the test, or delivery could not be judged."""

    def __init__(self, report: Report) -> None:
        told = "; ".join(facts.no_verdict(report)) or "no clause was put to the test"
        super().__init__(f"{report.target}: {told}")
        self.report = report


class CorpusUnkept(ContractsError):
    """The corpus could not be written, though nothing else was wrong."""

    def __init__(self, report: Report) -> None:
        super().__init__(facts.unkept(report))
        self.report = report
