"""The error of a recording that cannot be reproduced at all."""

from __future__ import annotations

from contracts.errors import ContractsError


class RecordingError(ContractsError):
    """A file that holds nothing to replay; `source` names it, `problem` says why and what to do."""

    def __init__(self, source: str, problem: str) -> None:
        super().__init__(f"{source}: {problem}")
        self.source, self.problem = source, problem
