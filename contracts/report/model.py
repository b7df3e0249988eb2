"""What a verification found: the value that every report is written from."""

from __future__ import annotations

from msgspec import Struct

from contracts.judge import Delivery, Evidence, Status, Subject
from contracts.scenario import Scenario
from mockserver.journal import Entry


class Counterexample(Struct, frozen=True, kw_only=True):
    """A history in which the client broke a clause.

    `scenario` is None where a recording was judged. `trace` is what the judge read, its header first. `reproduced` of `replays`
    runs of the same scenario ended the same way. `shrunk_from` is how many intents the first scenario found had, `found_on` the
    number of its run. `minimal` tells whether every step was checked to be needed (None: not checked). `file` is where the
    scenario was saved, `output` what the client wrote to stderr.
    """

    message: str
    evidence: tuple[Evidence, ...]
    trace: tuple[Entry, ...]
    scenario: Scenario | None = None
    replays: int = 1
    reproduced: int = 1
    shrunk_from: int | None = None
    found_on: int | None = None
    minimal: bool | None = None
    file: str | None = None
    output: str = ""

    @property
    def deterministic(self) -> bool:
        """Whether every replay ended the same way."""
        return self.reproduced == self.replays


class ClauseResult(Struct, frozen=True, kw_only=True):
    """How a clause ended over all runs; `exercised` of them put it to the test. `message` says why it did not hold."""

    code: str
    name: str
    status: Status
    exercised: int = 0
    message: str = ""
    counterexample: Counterexample | None = None


class Report(Struct, frozen=True, kw_only=True):
    """What a verification of `target` found, in `examples` runs and `elapsed_s` seconds; `delivery` is about clients alone."""

    target: str
    clauses: tuple[ClauseResult, ...]
    subject: Subject = "client"
    seed: int | None = None
    examples: int = 1
    elapsed_s: float = 0.0
    delivery: Delivery = "at-most-once"
    replay_with: str = ""
    """How the target is given to `dayfly replay`, where that is not its name."""

    def with_status(self, status: Status) -> tuple[ClauseResult, ...]:
        """The clauses that ended so, in order."""
        return tuple(result for result in self.clauses if result.status is status)

    @property
    def violated(self) -> tuple[ClauseResult, ...]:
        """The clauses that were violated, in order."""
        return self.with_status(Status.VIOLATED)

    def exit_status(self, *, strict: bool = False) -> int:
        """0: all clauses put to the test held; 1: one was violated; 2: none was put to the test, or, if `strict`, one was
        inconclusive."""
        if self.violated:
            return 1
        undecided = self.with_status(Status.INCONCLUSIVE)
        if not undecided and not self.with_status(Status.HELD):
            return 2
        return 2 if strict and undecided else 0
