"""The result of a verification: the value that every report is written from."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from msgspec import Struct

from contracts.clauses import DEMANDS
from contracts.har.extent import Extent
from contracts.history import UnitReading
from contracts.judge import Delivery, Evidence, Requirement, Status, Subject
from contracts.output import OutputLine
from contracts.report.course import Course
from contracts.scenario import Played
from mockserver.journal import Entry

Source = Literal["client", "provider", "recording", "journal", "test"]
"""The thing that was judged: a client, a provider, a file, a running mock's journal, or a test's use of its platform."""


class Counterexample(Struct, frozen=True, kw_only=True):
    """A history in which the client violated a clause.

    `trace` is the trace that was judged, header first; of a declared platform there is a `course` of events instead.
    `scenario` is None for a recording. `reproduced` of `replays` runs of the scenario ended the same way. `shrunk_from` is the
    number of intents in the first scenario that was found, in run `found_on`. `minimal` says whether every step was checked to
    be necessary (None: not checked). `file` is the saved scenario.

    `output` is what the client wrote to stderr. `log` is all that it wrote in this run, line by line, with places in the trace.
    `line` is the file and the line of the client's code that made the last request which the evidence points to, if known.
    A recording violated the clause `times` times; `others` are the later entries that did, at most the first few. `reading`
    holds the inferred messages.
    """

    message: str
    evidence: tuple[Evidence, ...]
    trace: tuple[Entry, ...] = ()
    course: Course | None = None
    scenario: Played | None = None
    replays: int = 1
    reproduced: int = 1
    shrunk_from: int | None = None
    found_on: int | None = None
    minimal: bool | None = None
    file: str | None = None
    output: str = ""
    log: tuple[OutputLine, ...] = ()
    line: tuple[str, int] | None = None
    times: int = 1
    others: tuple[Evidence, ...] = ()
    reading: UnitReading | None = None

    @property
    def deterministic(self) -> bool:
        """Return whether every replay ended the same way."""
        return self.reproduced == self.replays


class Expectation(Struct, frozen=True):
    """A clause known to be violated: the reason, and the file that lists it. If not `strict`, the clause may also hold."""

    reason: str
    source: str = ""
    strict: bool = True


DELIVERY = frozenset({"D2", "D3", "D6"})
"""The clauses that judge whether messages arrive, and whether the client reports that truthfully."""


class Ending(StrEnum):
    """The end of a clause compared with what was expected, the worst first."""

    VIOLATED = "violated"
    NOW_HELD = "now_held"
    EXPECTED = "expected"
    HELD = "held"
    INCONCLUSIVE = "inconclusive"
    NOT_EXERCISED = "not_exercised"


class ClauseResult(Struct, frozen=True, kw_only=True):
    """The result of a clause over all runs, `exercised` of which put it to the test. `message` says why it did not hold.

    `expected` is set if the clause is listed as an expected failure. `unjudged` is True if a recording cannot put the clause to
    the test.
    """

    code: str
    name: str
    status: Status
    exercised: int = 0
    message: str = ""
    counterexample: Counterexample | None = None
    expected: Expectation | None = None
    unjudged: bool = False

    @property
    def ending(self) -> Ending:
        """Return the status, or how it compares with an expected failure."""
        if self.expected is not None and self.status is Status.VIOLATED:
            return Ending.EXPECTED
        if self.expected is not None and self.expected.strict and self.status is Status.HELD:
            return Ending.NOW_HELD
        return Ending(self.status)

    @property
    def words(self) -> str:
        """Return the finding in one line; "" if the clause just held."""
        known = self.expected
        if known is not None and self.ending is Ending.NOW_HELD:
            return f"no longer fails: take it out of {known.source or 'the expected failures'}"
        if known is not None and self.ending is Ending.EXPECTED:
            return known.reason
        found = self.counterexample
        if self.message or found is None:
            return self.message
        return found.message if found.times == 1 else f"{found.times} times: {found.message}"


class Walked(Struct, frozen=True):
    """Numbers of scenarios: walked through with a single fault, a pair of faults or something else; and drawn."""

    singles: int = 0
    pairs: int = 0
    others: int = 0
    drawn: int = 0


class Report(Struct, frozen=True, kw_only=True):
    """The result of verifying `target` in `examples` runs, `drawn` of which were drawn, and in `elapsed_s` seconds.

    `delivery` applies to clients only. `walked` is None if no scenarios were to be walked through. `extent` says how much of a
    HAR file was judged, and `recording` holds the same as values. `removed` are files of the corpus that no longer fail;
    `stays` says of others why they were not removed; `unkept` are files that could not be written or removed, with the
    reasons. `stopped` says why fewer runs were made than planned. `interrupted` means that the report is incomplete.
    """

    target: str
    clauses: tuple[ClauseResult, ...]
    demands: tuple[Requirement, ...] = DEMANDS
    """The clauses in words."""
    platform: str = ""
    """The declared platform, as `--platform` names it; "" without one."""
    subject: Subject = "client"
    source: Source | None = None
    seed: int | None = None
    examples: int = 1
    drawn: int = 0
    walked: Walked | None = None
    elapsed_s: float = 0.0
    delivery: Delivery = "at-most-once"
    replay_with: str | None = ""
    """The target as an argument of `dayfly replay`, or a provider's URL, if different from `target`. None if it has no name."""
    test: str = ""
    """The pytest node id of the test that verified it."""
    contract: str = ""
    """Options for `dayfly verify` and `dayfly replay` that differ from the default and affect what was required."""
    drawing: str = ""
    """Options for `dayfly verify` that differ from the default and affect which scenarios were run."""
    extent: str = ""
    recording: Extent | None = None
    removed: tuple[str, ...] = ()
    stays: tuple[str, ...] = ()
    unkept: tuple[str, ...] = ()
    stopped: str = ""
    real_time: str = ""
    """Why the client's own time was real, in part or as a whole, if it might have been virtual, and what follows from that."""
    interrupted: bool = False
    inferred: int = 0
    """The number of messages that were inferred from a recording without intents."""

    def demand(self, result: ClauseResult) -> Requirement | None:
        """Return the clause of a result in words."""
        return next((demand for demand in self.demands if demand.code == result.code), None)

    @property
    def unit(self) -> str:
        """What a client is asked to do, in a word."""
        return "unit" if self.platform else "message"

    @property
    def unjudged(self) -> tuple[ClauseResult, ...]:
        """Return the clauses that cannot be judged from a recording, in order."""
        return tuple(result for result in self.clauses if result.unjudged)

    @property
    def shown(self) -> Source:
        """Return what the target is: the client or provider itself, or a record of it."""
        return self.source or self.subject

    def with_status(self, status: Status) -> tuple[ClauseResult, ...]:
        """Return the clauses with this status, in order."""
        return tuple(result for result in self.clauses if result.status is status)

    def with_ending(self, ending: Ending) -> tuple[ClauseResult, ...]:
        """Return the clauses with this ending, in order."""
        return tuple(result for result in self.clauses if result.ending is ending)

    @property
    def violated(self) -> tuple[ClauseResult, ...]:
        """Return the clauses that were violated and not expected to be, in order."""
        return self.with_ending(Ending.VIOLATED)

    @property
    def failed(self) -> bool:
        """Return whether a clause was violated that should hold, or held though it is a strict expected failure."""
        return bool(self.violated or self.with_ending(Ending.NOW_HELD))

    @property
    def delivery_unknown(self) -> bool:
        """Return whether no clause about delivery could be judged, though one was put to the test. Then nothing shows that the
        client works.
        """
        found = {result.status for result in self.clauses if result.code in DELIVERY and not result.unjudged}
        return self.shown == "client" and Status.INCONCLUSIVE in found and not found & {Status.HELD, Status.VIOLATED}

    def exit_status(self, *, strict: bool = False) -> int:
        """Return the exit status of the command.

        - 0: all clauses put to the test ended as expected.
        - 1: one did not.
        - 2: no clause was put to the test; or, without a violated clause, delivery could not be judged or the run was stopped;
          or, if `strict`, a clause was inconclusive or cannot be judged.
        - 130: interrupted.
        """
        if self.interrupted:
            return 130
        if self.failed:
            return 1
        if (self.stopped or self.delivery_unknown) and not self.with_status(Status.VIOLATED):
            return 2
        undecided = self.with_status(Status.INCONCLUSIVE)
        if not undecided and not self.with_status(Status.HELD) and not self.with_status(Status.VIOLATED):
            return 2
        return 2 if strict and (undecided or self.unjudged) else 0
