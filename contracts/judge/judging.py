"""Judges a trace or a history by several clauses, and finds the root of violations that follow from others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from msgspec.structs import replace

from contracts.history import Call, History, UnitReading
from contracts.history.build import build_history
from contracts.history.validate import well_formed
from contracts.judge.clause import Breach, Case, Clause
from contracts.judge.deciding import certain_breaches, verdict
from contracts.judge.parameters import DEFAULTS, Parameters
from contracts.judge.verdicts import Evidence, Status, Verdict, Verdicts
from mockserver.journal import Entry


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
    clauses: Sequence[Clause],
    parameters: Parameters = DEFAULTS,
    explains: Mapping[str, Sequence[str]] | None = None,
    reading: UnitReading | None = None,
) -> Judgement:
    """Judge a trace by `clauses`. Raises TraceMalformed.

    `explains` lists, for a clause, the clauses that its violation explains. `reading` has the messages of a trace without
    intents.
    """
    return decide(Case(build_history(well_formed(entries), reading), parameters), clauses, explains or {})


def decide(case: Case, clauses: Sequence[Clause], explains: Mapping[str, Sequence[str]]) -> Judgement:
    """Judge a history by `clauses`; see `judge`."""
    case = replace(case, asked=frozenset(clause.code for clause in clauses))
    verdicts = tuple(verdict(clause, case) for clause in clauses)
    roots = _Roots(clauses, case, verdicts, explains)
    return Judgement(roots.named(), case.history, roots)


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
        clauses: Sequence[Clause],
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
        return certain_breaches(self._clauses[code], self._case)

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
