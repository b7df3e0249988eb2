"""The judge: reads a trace, and nothing else, and says of each clause whether the client kept it.

A clause is a start and a pure step, folded over the moments of the trace's history. It ends as held, violated, not exercised
(the trace never put it to the test) or inconclusive (the clock of the trace cannot bear it out).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Generic, Literal, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from contracts.fold import fold
from contracts.history import History, Moment
from contracts.trace import well_formed
from mockserver.journal import Entry

S = TypeVar("S")

Clock = Literal["virtual", "wall", "mixed"]
ANY_CLOCK: frozenset[Clock] = frozenset({"virtual", "wall", "mixed"})
"""Where a clause does not ask what time it is."""
LOWER_BOUND: frozenset[Clock] = frozenset({"virtual", "wall"})
"""Where a clause says "not before": real time can only make a client later."""
UPPER_BOUND: frozenset[Clock] = frozenset({"virtual"})
"""Where a clause says "not after": on a wall clock a slow machine is not the client's fault."""

Delivery = Literal["at-most-once", "at-least-once"]

Subject = Literal["client", "provider"]
"""Who is judged."""


_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def header_name(name: str | None) -> str | None:
    """The name of a header, or none. Raises ValueError if no header can be called that (RFC 9110, 5.1)."""
    if name is not None and _HEADER.fullmatch(name) is None:
        raise ValueError(f"{name!r} is not the name of a header, such as Idempotency-Key")
    return name


class Parameters(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the contract asks for, in seconds and numbers.

    `delivery`: whether a message may rather be lost or rather be doubled. `max_age`: how old an id may be at its use.
    `max_attempts`: how often one operation may fail in a row within a message; `min_attempts`: how often a client must try.
    `max_wait`: the longest Retry-After a client must sit out. `one_shot`: each intent is a process of its own.
    `idempotency_key`: a header of the client's, in which the same value means the same message to the platform.
    """

    delivery: Delivery = "at-most-once"
    max_age: float = 5.0
    max_attempts: int = 5
    min_attempts: int = 3
    max_wait: float = 120.0
    one_shot: bool = False
    idempotency_key: str | None = None

    def __post_init__(self) -> None:
        """Raises ValueError if no header can have the name."""
        header_name(self.idempotency_key)


DEFAULTS = Parameters()


class Status(StrEnum):
    """How a clause ends."""

    HELD = "held"
    VIOLATED = "violated"
    NOT_EXERCISED = "not_exercised"
    INCONCLUSIVE = "inconclusive"


class Evidence(Struct, frozen=True):
    """An entry of the trace that clashes, and what to call it: `second use`."""

    label: str
    seq: int


class Exercised(Struct, frozen=True):
    """A step saw the clause's stimulus: from here on, it is put to the test."""


class Breach(Struct, frozen=True):
    """A step saw the clause broken. `message` says it of this instance; not `certain` where the trace leaves a doubt."""

    message: str
    evidence: tuple[Evidence, ...]
    certain: bool = True


EXERCISED = Exercised()

Mark = Exercised | Breach | None


class Case(Struct, frozen=True):
    """What every step may look at: the whole history and the parameters. It must not look past the moment it is given."""

    history: History
    parameters: Parameters


Step = Callable[[S, Moment, Case], tuple[S, Mark]]


@dataclass(frozen=True, kw_only=True)
class Demand:
    """What is asked of whoever is judged, in words.

    `statement` completes "the client must …", or the provider; `reason` says what production does, `advice` what to change,
    `stimulus` what puts it to the test.
    """

    subject: ClassVar[Subject] = "client"

    code: str
    name: str
    statement: str
    reason: str
    advice: tuple[str, ...]
    stimulus: str


@dataclass(frozen=True, kw_only=True)
class Clause(Demand, Generic[S]):
    """A named demand on a client, and how a trace is held against it.

    `on` lists the kinds of moments its step wants to see, `clocks` those its findings are sound in. `own_time`: it counts on
    the client's own waits and deadlines, and on what the client heard in time. Where `spared` gives a
    text, the clause does not apply and the text says why. `closeness` grows the nearer a history came to breaking it.
    """

    start: S
    step: Step[S]
    on: tuple[type[Moment], ...]
    clocks: frozenset[Clock] = ANY_CLOCK
    own_time: bool = False
    parameters: tuple[str, ...] = ()
    needs_intents: bool = False
    spared: Callable[[Case], str] | None = None
    closeness: Callable[[Case], float] | None = None


class Verdict(Struct, frozen=True, omit_defaults=True):
    """How one clause ended. `explained_by` is the clause whose violation in the same trace is the root of this one."""

    code: str
    status: Status
    message: str = ""
    evidence: tuple[Evidence, ...] = ()
    explained_by: str | None = None

    @property
    def is_root(self) -> bool:
        """Whether the clause is violated, and no other violation explains it."""
        return self.status is Status.VIOLATED and self.explained_by is None


@dataclass(frozen=True)
class Judgement:
    """The verdicts on a trace, in the order of the clauses, and the history they were read from."""

    history: History
    verdicts: tuple[Verdict, ...] = field(default=())

    @property
    def violated(self) -> tuple[Verdict, ...]:
        """The violations that no other explains."""
        return tuple(verdict for verdict in self.verdicts if verdict.is_root)

    def of(self, code: str) -> Verdict:
        """The verdict on one clause. Raises KeyError where it was not asked for."""
        for verdict in self.verdicts:
            if verdict.code == code:
                return verdict
        raise KeyError(code)


def judge(
    entries: Iterable[Entry],
    clauses: Sequence[Clause[Any]],
    parameters: Parameters = DEFAULTS,
    explains: Mapping[str, Sequence[str]] | None = None,
) -> Judgement:
    """Judges a trace by `clauses`. `explains` names, for a clause, those that its violation explains. Raises TraceMalformed."""
    case = Case(fold(well_formed(entries)), parameters)
    verdicts = [verdict(clause, case) for clause in clauses]
    named = _name_roots(verdicts, explains or {})
    if not case.history.intents:
        named = tuple(_apart_from_roots(told, clauses, case, explains or {}) if told.explained_by else told for told in named)
    return Judgement(case.history, named)


def verdict(clause: Clause[Any], case: Case, excused: Collection[str] = ()) -> Verdict:
    """Folds one clause over the history: the first certain breach decides that is not of `excused` session ids alone."""
    spared = _spared(clause, case)
    if spared:
        return Verdict(clause.code, Status.NOT_EXERCISED, spared)
    exercised, doubt = False, None
    for mark in _marks(clause, case):
        exercised = True
        if isinstance(mark, Breach):
            if excused and _ids(mark.evidence, case.history) <= set(excused):
                continue
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
    """What to add to the message of a breach that may be none; None if it is one."""
    header = case.history.header
    if clause.own_time and header.time:
        return f", or so it looks: {header.time}"
    if clause.own_time and not case.history.doubted.isdisjoint(item.seq for item in breach.evidence):
        return f", or so it looks: {ASIDE}"
    return None if breach.certain and header.clock in clause.clocks else ""


ASIDE = "an answer came late to a thread or task beside the message's own, which may have stopped listening"
"""Why a breach is in doubt if a deadline of the client's own may have struck before an answer came."""


def _marks(clause: Clause[Any], case: Case) -> Iterator[Exercised | Breach]:
    """What the clause's steps see, one after the other."""
    state = clause.start
    for moment in case.history.of(clause.on):
        state, mark = clause.step(state, moment, case)
        if mark is not None:
            yield mark


def _ids(evidence: Iterable[Evidence], history: History) -> set[str]:
    """The session ids that were presented there."""
    places = {item.seq for item in evidence}
    return {call.presented for call in history.calls if call.presented is not None and call.seq in places}


def closeness(clause: Clause[Any], case: Case) -> float | None:
    """How near the history came to breaking the clause, for a search to go after; None where the clause cannot tell."""
    return None if clause.closeness is None or _spared(clause, case) else clause.closeness(case)


def _spared(clause: Clause[Any], case: Case) -> str:
    if clause.needs_intents and not case.history.intents:
        return "the recording does not tell what the client was asked to do"
    return clause.spared(case) if clause.spared is not None else ""


def _name_roots(verdicts: list[Verdict], explains: Mapping[str, Sequence[str]]) -> tuple[Verdict, ...]:
    """Marks each violation that another violation in the same trace explains."""
    violated = {verdict.code for verdict in verdicts if verdict.status is Status.VIOLATED}
    roots = {code: root for root, codes in explains.items() if root in violated for code in codes}
    return tuple(
        replace(verdict, explained_by=roots[verdict.code]) if verdict.code in roots and verdict.code in violated else verdict
        for verdict in verdicts
    )


def _apart_from_roots(
    told: Verdict, clauses: Sequence[Clause[Any]], case: Case, explains: Mapping[str, Sequence[str]]
) -> Verdict:
    """What is left of an explained violation in a recording of many messages, which nothing tells apart but their sessions:
    one of a session that the clauses which explain it have nothing against stands for itself."""
    by_code = {clause.code: clause for clause in clauses}
    roots = {code: _blamed(by_code[code], case) for code in by_code if told.code in explains.get(code, ())}
    excused = set[str]().union(*roots.values())
    alone = verdict(by_code[told.code], case, excused)
    if excused and alone.status is Status.VIOLATED:
        return alone
    own = _ids(told.evidence, case.history)
    return replace(told, explained_by=next((code for code, ids in roots.items() if own and own <= ids), told.explained_by))


def _blamed(clause: Clause[Any], case: Case) -> set[str]:
    """The session ids that were presented wherever the clause was broken."""
    breaches = [mark for mark in _marks(clause, case) if isinstance(mark, Breach)]
    return set[str]().union(*(_ids(breach.evidence, case.history) for breach in breaches))
