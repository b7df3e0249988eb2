"""Compares the answers of a run with the expected ones, and with each other, and keeps the results of all runs.

Those are the clauses that were put to the test, and the shortest trace in which each was violated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Sequence
from typing import NamedTuple

from contracts.judge import Evidence
from contracts.platform_requests import PlatformReply
from contracts.probe import shape
from contracts.probe.recorder import RecordedExchange, Recorder
from contracts.probe.refusals import SESSION, STRANGER, RequiredRefusal
from mockserver.engine.model import MESSAGES, SESSIONS
from mockserver.journal import SESSION_ID, Entry

Marks = Sequence[tuple[str, RecordedExchange]]
"""Related exchanges with their labels, as further evidence."""

ISSUES = {SESSIONS: SESSION_ID, MESSAGES: "id"}
"""The member of the answers to these paths that holds a newly issued id."""


class ViolatingRun(NamedTuple):
    """A run in which a clause was violated, up to that place; `number` is its place among the runs.

    `minimal`: each step was left out once, and then the clause was not violated.
    """

    message: str
    evidence: tuple[Evidence, ...]
    trace: tuple[Entry, ...]
    number: int
    minimal: bool | None = None


class Broken(Exception):
    """The hunted clause was violated, so this story violates it too."""


class Results:
    """Counts the clauses in `wanted`, and the `runs`. `hunted` is the code of a clause whose violation ends a run."""

    def __init__(self, wanted: Container[str]) -> None:
        self._wanted = wanted
        self._touched: set[str] = set()
        self.exercised: Counter[str] = Counter()
        self.witnesses: dict[str, ViolatingRun] = {}
        self.runs = 0
        self.hunted: str | None = None

    def begin(self) -> None:
        """Begin a run."""
        self.runs += self.hunted is None
        self._touched.clear()

    def exercise(self, code: str) -> None:
        """Record that the run put a clause to the test."""
        if code in self._wanted and code not in self._touched and self.hunted is None:
            self._touched.add(code)
            self.exercised[code] += 1

    def breach(self, code: str, message: str, evidence: tuple[Evidence, ...], trace: tuple[Entry, ...]) -> None:
        """Record that the run violated a clause. Raises Broken if it is the hunted one."""
        self.exercise(code)
        known = self.witnesses.get(code)
        if code in self._wanted and (known is None or len(trace) < len(known.trace)):
            self.witnesses[code] = ViolatingRun(message, evidence, trace, self.runs if known is None else known.number)
        if code == self.hunted:
            raise Broken(message)

    def prove_minimal(self) -> None:
        """Record that no step can be left out of the run that violates the hunted clause."""
        if self.hunted in self.witnesses:
            self.witnesses[self.hunted] = self.witnesses[self.hunted]._replace(minimal=True)


class Judge:
    """Judges answers, and records violations in the ledger. The caller says which answer is right.

    If a run `is_void` nothing is recorded: the probe had to wait, and it is unknown which sessions have ended meanwhile.
    """

    def __init__(self, ledger: Results, tape: Recorder) -> None:
        self._ledger, self._tape = ledger, tape
        self.is_void = False
        self._contexts: set[str] = set()
        self._ids: set[str] = set()
        self._dead: PlatformReply | None = None
        self._stranger: PlatformReply | None = None

    def exercise(self, clause: str) -> None:
        """Record that this run puts a clause to the test."""
        if not self.is_void:
            self._ledger.exercise(clause)

    def breach(self, clause: str, message: str, exchange: RecordedExchange, marks: Marks = ()) -> None:
        """Record that the provider violated a clause, in this exchange."""
        if self.is_void:
            return
        marked = (*marks, (f"answered {exchange.reply}", exchange))
        evidence = tuple(Evidence(label, other.seq) for label, other in marked)
        self._ledger.breach(clause, message, evidence, self._tape.entries)

    def accepts(self, exchange: RecordedExchange, clause: str, what: str, marks: Marks = ()) -> bool:
        """Return whether the provider accepted what it must. `clause` is the one to judge, `what` describes the request."""
        self.exercise(clause)
        if exchange.reply.status == 200:
            return True
        self.breach(clause, f"{what} was answered {exchange.reply}, not 200", exchange, marks)
        return False

    def refuses(self, exchange: RecordedExchange, *due: RequiredRefusal, marks: Marks = ()) -> bool:
        """Return whether the provider refused as it must: for the first refusal that is `due`, in the order of the guards."""
        (first, *later), reply = due, exchange.reply
        self.exercise(first.clause)
        if later:
            self.exercise("P9")
        if first.is_told_by(reply):
            self._compare(first, exchange)
            return True
        met = next((refusal for refusal in later if refusal.is_told_by(reply)), None)
        if met is not None:
            told = f"a request with {first.cause} and {met.cause} was answered {reply}: for the latter, not the former"
            self.breach("P9", told, exchange, marks)
        else:
            self.breach(first.clause, f"a request with {first.cause} was answered {reply}, not {first}", exchange, marks)
        return False

    def look_at(self, exchange: RecordedExchange, now: int | None) -> None:
        """Check an answer for what every answer must be. `now` is the provider's clock, if that is known."""
        self.exercise("P11")
        reply = exchange.reply
        problem, context = shape.problem(exchange.request, reply, now), reply.headers.get(shape.CORRELATION, "")
        if problem is None and context in self._contexts:
            problem = "its ININ-Correlation-Id was that of another answer"
        if problem is not None:
            self.breach("P11", f"an answer {reply.status} is misshapen: {problem}", exchange)
        self._contexts.add(context)
        self._look_at_ids(exchange)
        if reply.status == 429:
            self._look_at_retry_after(exchange)

    def _look_at_ids(self, exchange: RecordedExchange) -> None:
        member = ISSUES.get(exchange.request.path, "") if exchange.reply.status == 200 else ""
        id = exchange.reply.told(member)
        if member and not id:
            self.breach("P1", f"an answer 200 has no {member}", exchange)
        if id and id in self._ids:
            self.breach("P1", f"an id was issued that had been issued before: {id}", exchange)
        self._ids.add(id)

    def _look_at_retry_after(self, exchange: RecordedExchange) -> None:
        self.exercise("P12")
        if not exchange.reply.retry_after:
            told = exchange.reply.headers.get("retry-after")
            self.breach("P12", f"a 429 was answered with Retry-After {told!r}, not a whole number of seconds", exchange)

    def _compare(self, refusal: RequiredRefusal, exchange: RecordedExchange) -> None:
        """Check that refusals for dead sessions are alike, and those for strangers even if a mock gives its reasons."""
        reply = exchange.reply
        if refusal in SESSION:
            self._dead = self._dead or reply
            if shape.words_of(reply) != shape.words_of(self._dead):
                self.breach("P11", f"a refusal for {refusal.cause} differs from one for another dead session", exchange)
        if refusal in STRANGER:
            self._stranger = self._stranger or reply
            if _reading(reply) != _reading(self._stranger):
                self.breach("P6", "the answers differ for an id of another client and one that was never issued", exchange)


def _reading(reply: PlatformReply) -> tuple[object, ...]:
    return *shape.words_of(reply), reply.headers.get("dayfly-reason")
