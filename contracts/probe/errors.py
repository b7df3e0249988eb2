"""How a probe ends that cannot be made."""

from __future__ import annotations

from contracts.errors import ContractsError


class ProbeError(ContractsError):
    """The provider cannot be probed; `where` is what was asked, `problem` says what came of it, and what to do."""

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{where}: {problem}")
        self.where, self.problem = where, problem
