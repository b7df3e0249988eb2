"""Errors of the judge and its tools: one root, leaves that carry evidence and say what to do next."""

from __future__ import annotations

from collections.abc import Sequence


class ContractsError(Exception):
    """Root of every error this package raises on purpose; its text is fit for a terminal.

    `quoted` are lines of a client's own, each of which its text ends with, on a line below.
    """

    quoted: Sequence[str] = ()


class ScenarioError(ContractsError):
    """A scenario cannot be used; `source` names where it came from, `place` what in it is wrong, as in `$.items[2].seconds`."""

    def __init__(self, source: str, place: str, problem: str) -> None:
        super().__init__(f"{source}: {problem}" if place == "$" else f"{source}: {place}: {problem}")
        self.source, self.place, self.problem = source, place, problem


class TraceMalformed(ContractsError):
    """A trace contradicts itself, so nothing can be said of the client; `seq` is the entry where it does."""

    def __init__(self, seq: int, problem: str) -> None:
        super().__init__(f"the trace is malformed at entry {seq}: {problem}")
        self.seq, self.problem = seq, problem
