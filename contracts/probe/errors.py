"""How a probe ends that cannot be made, or not to its end."""

from __future__ import annotations

from contracts.errors import ContractsError
from contracts.report.model import Report


class ProbeError(ContractsError):
    """The provider cannot be probed; `where` is what was asked, `problem` says what came of it, and what to do."""

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{where}: {problem}")
        self.where, self.problem = where, problem


class BrokenOff(ContractsError):
    """The provider could not be probed any further, because of a `problem`; `report` tells what it had broken until then."""

    def __init__(self, report: Report, problem: ContractsError) -> None:
        super().__init__(str(problem))
        self.report = report
