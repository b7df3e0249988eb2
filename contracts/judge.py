"""The judge: decides for each clause, from the trace alone, whether the client kept it.

A clause is a start and a pure step, folded over the moments of the trace's history. It ends as held, violated, not exercised
(the trace never put it to the test) or inconclusive (for example because the trace's clock does not support the finding).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, ClassVar, Generic, Literal, NamedTuple, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from contracts.history import Call, History, Moment, UnitReading
from contracts.history.build import build_history
from contracts.history.validate import well_formed
from mockserver.journal import Entry

S = TypeVar("S")

Clock = Literal["virtual", "wall", "mixed"]
ANY_CLOCK: frozenset[Clock] = frozenset({"virtual", "wall", "mixed"})
"""For clauses that do not depend on time."""
LOWER_BOUND: frozenset[Clock] = frozenset({"virtual", "wall"})
"""For clauses that say "not before": real time can only make a client later."""
UPPER_BOUND: frozenset[Clock] = frozenset({"virtual"})
"""For clauses that say "not after": on a wall clock a slow machine is not the client's fault."""

Delivery = Literal["at-most-once", "at-least-once"]

Subject = Literal["client", "provider"]
"""The party that is judged."""


_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def header_name(name: str | None) -> str | None:
    """Return the name of a header, or None. Raises ValueError if no header can have that name (RFC 9110, 5.1)."""
    if name is not None and _HEADER.fullmatch(name) is None:
        raise ValueError(f"{name!r} is not the name of a header, such as Idempotency-Key")
    return name


class Parameters(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of the contract, in seconds and counts.

    `delivery`: whether a message may be lost (at-most-once) or doubled. `max_age`: the oldest an id may be when it is used, or
    infinity for no limit. `max_attempts`: how often one operation may fail in a row within a message. `min_attempts`: how often
    a client must try. `max_wait`: the longest Retry-After that a client must wait for. `min_pause`: the least time between a
    server error and the next try. `token_margin`: how long before its end a token may be renewed. `one_shot`: each intent has
    its own process. `idempotency_key`: a header of the client; the platform takes sends with the same value for one message.
    """

    delivery: Delivery = "at-most-once"
    max_age: float = 5.0
    max_attempts: int = 5
    min_attempts: int = 3
    max_wait: float = 120.0
    min_pause: float = 0.1
    token_margin: float = 300.0
    one_shot: bool = False
    idempotency_key: str | None = None

    def __post_init__(self) -> None:
        """Raise ValueError if no header can have the name."""
        header_name(self.idempotency_key)


DEFAULTS = Parameters()


class Status(StrEnum):
    """The end of a clause."""

    HELD = "held"
    VIOLATED = "violated"
    NOT_EXERCISED = "not_exercised"
    INCONCLUSIVE = "inconclusive"


class Evidence(Struct, frozen=True):
    """An entry of the trace that clashes, with a label such as `second use`."""

    label: str
    seq: int


class Exercised(Struct, frozen=True):
    """A step saw the clause's trigger: from here on, the clause is put to the test."""


class Breach(Struct, frozen=True):
    """A step saw the clause violated. `message` describes this case. It is not `certain` if the trace leaves a doubt.

    `explains` adds clauses, to those that every breach of its clause explains, whose violations follow from this breach.
    """

    message: str
    evidence: tuple[Evidence, ...]
    certain: bool = True
    explains: tuple[str, ...] = ()


EXERCISED = Exercised()

Mark = Exercised | Breach | None


class Case(Struct, frozen=True):
    """The whole history and the parameters. A step must not look past the moment it is given."""

    history: History
    parameters: Parameters


Step = Callable[[S, Moment, Case], tuple[S, Mark]]


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """A demand on the party that is judged, in words.

    `statement` completes "the client must …" or "the provider must …". `reason` describes the consequences in production,
    `advice` the remedies, and `stimulus` the event that puts the demand to the test. `source` is the sentence of a
    specification that it rests on, if one is known, and `level` says whether that is a MUST or a SHOULD. `parameters` change
    what it requires.
    """

    subject: ClassVar[Subject] = "client"

    code: str
    name: str
    statement: str
    reason: str
    advice: tuple[str, ...]
    stimulus: str
    level: str = ""
    source: str = ""
    parameters: tuple[str, ...] = ()

    @property
    def quotation(self) -> str:
        """The source with typographic quotation marks. Straight ones would mean a value, which is not wrapped."""
        return re.sub('"([^"]*)"', r"“\1”", self.source)


@dataclass(frozen=True, kw_only=True)
class Clause(Requirement, Generic[S]):
    """A named demand on a client, and how a trace is checked for it.

    `on` lists the kinds of moments that its step needs, `clocks` those on which its findings are sound. `own_time`: it depends
    on the client's own waits and deadlines, and on when answers reached the client. `spared` returns a text if the clause does
    not apply; the text says why. `closeness` is larger the nearer a history came to a violation. `is_reaction`: a request
    violates it that leaves in spite of an earlier answer. `trigger`: without it in a history, no step marks anything.

    `needs_intents`: it looks at requests by message; messages may be inferred. `needs_report`: it needs what the client was
    asked to do or what it reported, for `all` or `part` of it. Recordings of requests alone do not have that.
    """

    start: S
    step: Step[S]
    on: tuple[type[Moment], ...]
    clocks: frozenset[Clock] = ANY_CLOCK
    own_time: bool = False
    needs_intents: bool = False
    needs_report: Literal["", "part", "all"] = ""
    is_reaction: bool = False
    spared: Callable[[Case], str] | None = None
    closeness: Callable[[Case], float] | None = None
    trigger: Callable[[History], bool] | None = None

    def marks(self, case: Case) -> Iterator[Exercised | Breach]:
        """Yield the marks of its steps, in order."""
        if self.trigger is not None and not self.trigger(case.history):
            return
        state = self.start
        for moment in case.history.of(self.on):
            state, mark = self.step(state, moment, case)
            if mark is not None:
                yield mark

    @property
    def judged(self) -> tuple[str, str, str, str]:
        """The ways it is judged: in process, over a socket, as a process in real time, and in a recording."""
        moved = "own time" if self.own_time else "yes"
        real = "yes" if "wall" in self.clocks else "inconclusive"
        if self.needs_report:
            recorded = "no" if self.needs_report == "all" else "inferred, in part"
        else:
            recorded = "inferred" if self.needs_intents else real
        return moved, moved, real, recorded


class Verdict(Struct, frozen=True, omit_defaults=True):
    """The end of one clause. `explained_by` is the clause whose violation in the same trace is the root of this one."""

    code: str
    status: Status
    message: str = ""
    evidence: tuple[Evidence, ...] = ()
    explained_by: str | None = None

    @property
    def is_root(self) -> bool:
        """Return whether the clause is violated, and no other violation explains it."""
        return self.status is Status.VIOLATED and self.explained_by is None


@dataclass(frozen=True)
class Verdicts:
    """The verdicts on a run, in the order of the clauses."""

    verdicts: tuple[Verdict, ...]

    @property
    def violated(self) -> tuple[Verdict, ...]:
        """The violations that no other violation explains."""
        return tuple(verdict for verdict in self.verdicts if verdict.is_root)

    def of(self, code: str) -> Verdict:
        """Return the verdict on one clause. Raises KeyError if the clause was not judged."""
        for verdict in self.verdicts:
            if verdict.code == code:
                return verdict
        raise KeyError(code)


@dataclass(frozen=True)
class Judgement(Verdicts):
    """The verdicts on a trace, and the history they are based on."""

    history: History
    roots: _Roots

    def breaches(self, code: str) -> list[Breach]:
        """Return all certain breaches of a clause that no breach of another clause explains."""
        return list(self.roots.unexplained(code))


def judge(
    entries: Iterable[Entry],
    clauses: Sequence[Clause[Any]],
    parameters: Parameters = DEFAULTS,
    explains: Mapping[str, Sequence[str]] | None = None,
    reading: UnitReading | None = None,
) -> Judgement:
    """Judge a trace by `clauses`. Raises TraceMalformed.

    `explains` lists, for a clause, the clauses that its violation explains. `reading` has the messages of a trace without
    intents.
    """
    return decide(Case(build_history(well_formed(entries), reading), parameters), clauses, explains or {})


def decide(case: Case, clauses: Sequence[Clause[Any]], explains: Mapping[str, Sequence[str]]) -> Judgement:
    """Judge a history by `clauses`; see `judge`."""
    verdicts = tuple(verdict(clause, case) for clause in clauses)
    roots = _Roots(clauses, case, verdicts, explains)
    return Judgement(roots.named(), case.history, roots)


def verdict(clause: Clause[Any], case: Case) -> Verdict:
    """Fold one clause over the history. The first certain breach decides."""
    spared = _spared(clause, case)
    if spared:
        return Verdict(clause.code, Status.NOT_EXERCISED, spared)
    exercised, doubt = False, None
    for mark in _marks(clause, case):
        exercised = True
        if isinstance(mark, Breach):
            why = _doubt(clause, mark, case)
            if why is None:
                return Verdict(clause.code, Status.VIOLATED, mark.message, mark.evidence)
            doubt = doubt or Verdict(clause.code, Status.INCONCLUSIVE, mark.message + why, mark.evidence)
    if doubt is not None:
        return doubt
    if exercised and clause.own_time and case.history.header.time:
        return Verdict(clause.code, Status.INCONCLUSIVE, case.history.header.time)
    return Verdict(clause.code, Status.HELD if exercised else Status.NOT_EXERCISED)


def _doubt(clause: Clause[Any], breach: Breach, case: Case) -> str | None:
    """Return what to add to the message of an uncertain breach; None if the breach is certain."""
    header = case.history.header
    if clause.own_time and header.time:
        return f", or so it looks: {header.time}"
    if clause.own_time and not case.history.doubted.isdisjoint(item.seq for item in breach.evidence):
        return f", or so it looks: {ASIDE}"
    return None if breach.certain and header.clock in clause.clocks else ""


ASIDE = "an answer came late to a thread or task other than the message's own, which may have stopped listening"
"""The reason for a doubt if the client's own deadline may have passed before an answer came."""


def _marks(clause: Clause[Any], case: Case) -> Iterator[Exercised | Breach]:
    """Yield the marks of the clause. Breaches that rest on what is uncertain are uncertain."""
    for mark in clause.marks(case):
        yield _doubted(mark, clause, case.history) if isinstance(mark, Breach) else mark


def _doubted(breach: Breach, clause: Clause[Any], history: History) -> Breach:
    """Return the breach, uncertain if it rests on a request whose message, or whose time of leaving, is uncertain."""
    why = ""
    if clause.needs_intents and history.doubts:
        why = next((history.doubts[item.seq] for item in breach.evidence if item.seq in history.doubts), "")
    if not why and clause.is_reaction and _had_left(breach, history):
        why = "the request was on its way before that answer came back"
    return replace(breach, message=f"{breach.message}; uncertain, because {why}", certain=False) if why else breach


def _had_left(breach: Breach, history: History) -> bool:
    """Return whether the last call in the evidence was already under way when one of the others came back."""
    named = [history.by_seq[item.seq] for item in breach.evidence if item.seq in history.by_seq]
    if not named:
        return False
    return any(named[-1].departed_before(other) for other in named[:-1])


def closeness(clause: Clause[Any], case: Case) -> float | None:
    """Return how near the history came to violating the clause, to guide a search; None if the clause does not say."""
    return None if clause.closeness is None or _spared(clause, case) else clause.closeness(case)


UNTOLD = "a recording cannot show this"
"""The reason why a clause does not apply to a recording of requests alone."""


def _spared(clause: Clause[Any], case: Case) -> str:
    if clause.needs_report == "all" and case.history.inferred:
        return UNTOLD
    if clause.needs_intents and not case.history.intents:
        return UNTOLD
    return clause.spared(case) if clause.spared is not None else ""


class _Subjects(NamedTuple):
    """The messages and sessions that evidence is about."""

    messages: frozenset[int]
    sessions: frozenset[str]

    def follow_from(self, root: _Subjects) -> bool:
        """Return whether a breach about these may follow from breaches about `root`."""
        if not self.messages and not self.sessions:
            return True
        return bool(self.messages & root.messages) or (bool(self.sessions) and self.sessions <= root.sessions)


class _Roots:
    """Finds the root of each violation that another one in the same trace explains.

    A violation explains another one only if both are about the same message or the same sessions.
    """

    def __init__(
        self,
        clauses: Sequence[Clause[Any]],
        case: Case,
        verdicts: Sequence[Verdict],
        explains: Mapping[str, Sequence[str]],
    ) -> None:
        self._clauses, self._case = {clause.code: clause for clause in clauses}, case
        self._verdicts, self._explains = verdicts, explains
        self._violated = [verdict.code for verdict in verdicts if verdict.status is Status.VIOLATED]

    def named(self) -> tuple[Verdict, ...]:
        """Return the verdicts; those that are explained name their roots."""
        if len(self._violated) < 2:
            return tuple(self._verdicts)
        return tuple(self._named(told) if told.code in self._violated else told for told in self._verdicts)

    def unexplained(self, code: str) -> Iterator[Breach]:
        """Yield the certain breaches of a violated clause that do not follow from another clause's."""
        if code not in self._violated:
            return
        roots = self._roots_of(code)
        for breach in self._breaches(code):
            about = self._subjects(breach.evidence) if roots else None
            if about is None or not any(about.follow_from(blamed) for blamed in roots.values()):
                yield breach

    def _roots_of(self, code: str) -> dict[str, _Subjects]:
        blamed = {root: self._blamed(root, code) for root in self._violated if root != code}
        return {root: subjects for root, subjects in blamed.items() if subjects is not None}

    def _named(self, told: Verdict) -> Verdict:
        roots = self._roots_of(told.code)
        if not roots:
            return told
        for breach in self.unexplained(told.code):
            return replace(told, message=breach.message, evidence=breach.evidence)
        about = self._subjects(told.evidence)
        return replace(told, explained_by=next(code for code, blamed in roots.items() if about.follow_from(blamed)))

    def _breaches(self, code: str) -> Iterator[Breach]:
        marks = _marks(self._clauses[code], self._case)
        clause = self._clauses[code]
        return (mark for mark in marks if isinstance(mark, Breach) and _doubt(clause, mark, self._case) is None)

    def _blamed(self, code: str, told: str) -> _Subjects | None:
        """Return all subjects of those breaches of a clause that explain a violation of `told`; None if there are none."""
        always = told in self._explains.get(code, ())
        breaches = [breach for breach in self._breaches(code) if always or told in breach.explains]
        return self._subjects(item for breach in breaches for item in breach.evidence) if breaches else None

    def _subjects(self, evidence: Iterable[Evidence]) -> _Subjects:
        messages, sessions = set[int](), set[str]()
        for item in evidence:
            about = self._by_entry.get(item.seq)
            if about is not None:
                messages |= about.messages
                sessions |= about.sessions
        return _Subjects(frozenset(messages), frozenset(sessions))

    @cached_property
    def _by_entry(self) -> Mapping[int, _Subjects]:
        """The subjects of each entry that evidence may point to."""
        history = self._case.history
        found = {call.seq: _subjects_of(call) for call in history.calls}
        for intent in history.intents:
            about = _Subjects(frozenset({intent.number}), frozenset())
            found |= {seq: about for seq in (intent.began_seq, intent.ended_seq) if seq is not None}
        return found


def _subjects_of(call: Call) -> _Subjects:
    """Return the subjects of a call. A create is also about the message of the guest it names.

    A call that may belong to any message is about all messages of its group.
    """
    intents = call.group.intents if call.group is not None else []
    about = {intent.number for intent in intents if intent.guest == call.guest}
    if call.intent is not None:
        about.add(call.intent.number)
    issued = call.answer.issued if call.answer is not None else None
    sessions = {id for id in (call.presented, issued) if id is not None}
    if not about and not sessions:
        about = {intent.number for intent in intents}
    return _Subjects(frozenset(about), frozenset(sessions))
