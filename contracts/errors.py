"""Errors of the judge and its tools. They have one root; each carries evidence and says what to do next."""

from __future__ import annotations

from collections.abc import Sequence


class ContractsError(Exception):
    """The root of every error that this package raises on purpose. Its text can be shown on a terminal.

    `quoted` are lines that come from a client. The text ends with them, each on a line of its own. `client_line` is the
    file and the line of the client that it is about, if known.
    """

    quoted: Sequence[str] = ()
    client_line: tuple[str, int] | None = None


class DocumentError(ContractsError):
    """A document that cannot be used. `source` names its origin, `place` the faulty part, such as `$.items[2].seconds`."""

    def __init__(self, source: str, place: str, problem: str) -> None:
        super().__init__(f"{source}: {problem}" if place == "$" else f"{source}: {place}: {problem}")
        self.source, self.place, self.problem = source, place, problem


class ScenarioError(DocumentError):
    """A scenario that cannot be used."""


class TraceMalformed(ContractsError):
    """A trace that contradicts itself at entry `seq`, so that the client cannot be judged."""

    def __init__(self, seq: int, problem: str) -> None:
        super().__init__(f"the trace is malformed at entry {seq}: {problem}")
        self.seq, self.problem = seq, problem


class ProbeError(ContractsError):
    """A provider cannot be probed, or a story cannot be run there. `where` names the request, `problem` says what to do."""

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{where}: {problem}")
        self.where, self.problem = where, problem
