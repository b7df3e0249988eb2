"""What a verification found: the value that every report is written from."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from msgspec import Struct

from contracts.har.extent import Extent
from contracts.history import Reading
from contracts.judge import Delivery, Evidence, Status, Subject
from contracts.output import OutputLine
from contracts.scenario import Scenario
from mockserver.journal import Entry

Source = Literal["client", "provider", "recording", "journal", "test"]
"""What was judged: a client, a provider, a file, the journal of a running mock, or what a test did to its platform."""


class Counterexample(Struct, frozen=True, kw_only=True):
    """A history in which the client broke a clause.

    `scenario` is None where a recording was judged. `trace` is what the judge read, its header first. `reproduced` of `replays`
    runs of the same scenario ended the same way. `shrunk_from` is how many intents the first scenario found had, `found_on` the
    number of its run. `minimal` tells whether every step was checked to be needed (None: not checked). `file` is where the
    scenario was saved, `output` what the client wrote to stderr. `log` is all that it
    wrote in this run, line by line with places in the trace. In a recording the clause was broken so many `times`: `others` are
    the entries that broke it later, the first of them if there are many. `reading` has the messages that were inferred.
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
    log: tuple[OutputLine, ...] = ()
    times: int = 1
    others: tuple[Evidence, ...] = ()
    reading: Reading | None = None

    @property
    def deterministic(self) -> bool:
        """Whether every replay ended the same way."""
        return self.reproduced == self.replays


class Expectation(Struct, frozen=True):
    """That a clause is known to be violated: why, and in which file it says so. Not `strict`: it may hold as well."""

    reason: str
    source: str = ""
    strict: bool = True


DELIVERY = frozenset({"D2", "D3", "D6"})
"""The clauses that say whether messages arrive, and whether the client tells the truth about it."""


class Ending(StrEnum):
    """How a clause ended, measured by what was expected; the worst come first."""

    VIOLATED = "violated"
    NOW_HELD = "now_held"
    EXPECTED = "expected"
    HELD = "held"
    INCONCLUSIVE = "inconclusive"
    NOT_EXERCISED = "not_exercised"


class ClauseResult(Struct, frozen=True, kw_only=True):
    """How a clause ended over all runs; `exercised` of them put it to the test. `message` says why it did not hold.

    `expected` is there where somebody has written down that the clause is violated. `unjudged`: a recording of requests cannot
    put it to the test.
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
        """The status, where nobody expected anything else."""
        if self.expected is not None and self.status is Status.VIOLATED:
            return Ending.EXPECTED
        if self.expected is not None and self.expected.strict and self.status is Status.HELD:
            return Ending.NOW_HELD
        return Ending(self.status)

    @property
    def words(self) -> str:
        """What there is to say of it in one line; "" where it just held."""
        known = self.expected
        if known is not None and self.ending is Ending.NOW_HELD:
            return f"no longer fails: take it out of {known.source or 'what is expected to fail'}"
        if known is not None and self.ending is Ending.EXPECTED:
            return known.reason
        found = self.counterexample
        if self.message or found is None:
            return self.message
        return found.message if found.times == 1 else f"{found.times} times: {found.message}"


class Walked(Struct, frozen=True):
    """How many scenarios were walked through: of a single fault, of a pair, and of other things; and how many were drawn."""

    singles: int = 0
    pairs: int = 0
    others: int = 0
    drawn: int = 0


class Report(Struct, frozen=True, kw_only=True):
    """What a verification of `target` found, in `examples` runs, `drawn` of them drawn, and `elapsed_s` seconds; `delivery` is
    about clients alone. `walked` says what was walked through, None if nothing was to be.

    `extent` says how much of a HAR file was judged, `recording` the same as values. `removed` are files of the corpus that no
    longer fail, `unkept` what could not be written there or removed, and why. `interrupted`: somebody ended it, and this is
    what was found so far. `stopped` says why fewer runs were made than planned.
    """

    target: str
    clauses: tuple[ClauseResult, ...]
    subject: Subject = "client"
    source: Source | None = None
    seed: int | None = None
    examples: int = 1
    drawn: int = 0
    walked: Walked | None = None
    elapsed_s: float = 0.0
    delivery: Delivery = "at-most-once"
    replay_with: str | None = ""
    """How the target is typed for `dayfly replay`, where that is not its name; a provider's URL. None: no name leads to it."""
    test: str = ""
    """The pytest test that has verified it, as it is named to pytest."""
    contract: str = ""
    """The options that say what it was held to, where that was not the usual: for `dayfly verify` and `dayfly replay`."""
    drawing: str = ""
    """The options that say what it was put through, where that was not the usual: for `dayfly verify`."""
    extent: str = ""
    recording: Extent | None = None
    removed: tuple[str, ...] = ()
    unkept: tuple[str, ...] = ()
    stopped: str = ""
    real_time: str = ""
    """Why the client's own time was real, in part or as a whole, if it might have been virtual, and what follows from that."""
    interrupted: bool = False
    inferred: int = 0
    """How many messages were inferred from a recording that does not tell of them."""

    @property
    def unjudged(self) -> tuple[ClauseResult, ...]:
        """The clauses that cannot be judged from what there is, in order."""
        return tuple(result for result in self.clauses if result.unjudged)

    @property
    def shown(self) -> Source:
        """What the target is: the client or provider itself, or what was kept of it."""
        return self.source or self.subject

    def with_status(self, status: Status) -> tuple[ClauseResult, ...]:
        """The clauses that ended so, in order."""
        return tuple(result for result in self.clauses if result.status is status)

    def with_ending(self, ending: Ending) -> tuple[ClauseResult, ...]:
        """The clauses that ended so, in order."""
        return tuple(result for result in self.clauses if result.ending is ending)

    @property
    def violated(self) -> tuple[ClauseResult, ...]:
        """The clauses that were violated though nobody expected it, in order."""
        return self.with_ending(Ending.VIOLATED)

    @property
    def failed(self) -> bool:
        """Whether a clause was violated that should hold, or held that was said to be violated."""
        return bool(self.violated or self.with_ending(Ending.NOW_HELD))

    @property
    def delivery_unknown(self) -> bool:
        """Whether no clause about delivery could be judged, though one was put to the test: then nothing says that it works."""
        found = {result.status for result in self.clauses if result.code in DELIVERY and not result.unjudged}
        return self.shown == "client" and Status.INCONCLUSIVE in found and not found & {Status.HELD, Status.VIOLATED}

    def exit_status(self, *, strict: bool = False) -> int:
        """0: all clauses put to the test ended as they should; 1: one did not; 2: none was put to the test, or delivery could
        not be judged or it was stopped, and no violation says why, or, if `strict`, one was inconclusive or cannot be judged;
        130: interrupted."""
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
