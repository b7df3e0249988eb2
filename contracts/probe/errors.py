"""Errors of probes that cannot be made or completed."""

from __future__ import annotations

from contracts.errors import ContractsError
from contracts.report.model import Report


class ProbeError(ContractsError):
    """The provider cannot be probed. `where` names the request, `problem` the result and the remedy."""

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{where}: {problem}")
        self.where, self.problem = where, problem


class BrokenOff(ContractsError):
    """The provider could not be probed any further, because of a `problem`; `report` has the findings so far."""

    def __init__(self, report: Report, problem: ContractsError) -> None:
        super().__init__(str(problem))
        self.report = report
