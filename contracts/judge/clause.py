"""Clauses: demands in words, and the pure steps that check a history for them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import repeat
from typing import ClassVar, Generic, Literal, TypeVar

from msgspec import Struct

from contracts.history import History, Moment
from contracts.judge.parameters import Parameters
from contracts.judge.verdicts import Evidence

S = TypeVar("S")

Clock = Literal["virtual", "wall", "mixed"]
ANY_CLOCK: frozenset[Clock] = frozenset({"virtual", "wall", "mixed"})
"""For clauses that do not depend on time."""
LOWER_BOUND: frozenset[Clock] = frozenset({"virtual", "wall"})
"""For clauses that say "not before": real time can only make a client later."""
UPPER_BOUND: frozenset[Clock] = frozenset({"virtual"})
"""For clauses that say "not after": on a wall clock a slow machine is not the client's fault."""

Subject = Literal["client", "provider"]
"""The party that is judged."""


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
    """The whole history and the parameters. A step must not look past the moment it is given.

    `asked` are the codes of the clauses that are judged.
    """

    history: History
    parameters: Parameters
    asked: frozenset[str] = frozenset()


Look = Callable[[Moment, Case], Mark]
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
class Clause(Requirement):
    """A named demand on a client, and how a trace is checked for it.

    It looks at moments of the kinds `on`, one by one. Its findings are sound on `clocks`. `own_time`: it depends on the
    client's own waits and deadlines, and on when answers reached the client. `spared` returns a text if the clause does not
    apply; the text says why. `closeness` is larger the nearer a history came to a violation. `is_reaction`: a request violates
    it that leaves in spite of an earlier answer. `trigger`: without it in a history, nothing is marked.

    `needs_intents`: it looks at requests by message; messages may be inferred. `needs_report`: it needs what the client was
    asked to do or what it reported, for `all` or `part` of it. Recordings of requests alone do not have that.
    """

    look: Look
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
        """Yield its marks, in order."""
        return filter(None, self._marks(case)) if self.trigger is None or self.trigger(case.history) else iter(())

    def _marks(self, case: Case) -> Iterator[Mark]:
        return map(self.look, case.history.of(self.on), repeat(case))

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


@dataclass(frozen=True, kw_only=True)
class StatefulClause(Clause, Generic[S]):
    """A clause that remembers something of earlier moments: a `start` and a pure `step`, folded over them."""

    look: Look = lambda *_: None
    start: S
    step: Step[S]

    def _marks(self, case: Case) -> Iterator[Mark]:
        state = self.start
        for moment in case.history.of(self.on):
            state, mark = self.step(state, moment, case)
            if mark is not None:
                yield mark
