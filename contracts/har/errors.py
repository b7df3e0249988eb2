"""The error of a recording that cannot be read."""

from __future__ import annotations

from contracts.errors import ContractsError


class HarError(ContractsError):
    """A HAR file that cannot be used; `source` names it and `problem` says why.

    `entry` is the number of the faulty entry, from 1; None if no single entry is at fault.
    """

    def __init__(self, source: str, entry: int | None, problem: str) -> None:
        where = source if entry is None else f"{source}: entry {entry}"
        super().__init__(f"{where}: {problem}")
        self.source, self.entry, self.problem = source, entry, problem
