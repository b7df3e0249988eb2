"""Why a recording cannot be read."""

from __future__ import annotations

from contracts.errors import ContractsError


class HarError(ContractsError):
    """A HAR file cannot be used; `source` names it, `entry` is the number of the entry that is wrong (1 is the first; None:
    it is none of them), `problem` says why."""

    def __init__(self, source: str, entry: int | None, problem: str) -> None:
        where = source if entry is None else f"{source}: entry {entry}"
        super().__init__(f"{where}: {problem}")
        self.source, self.entry, self.problem = source, entry, problem
