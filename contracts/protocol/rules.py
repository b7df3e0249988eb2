"""The catalogue of clauses for clients of declared platforms. `rules.toml` in this directory words them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from operator import attrgetter
from typing import Any, NamedTuple

from contracts.clauses.access import A2, A4, step_loop, step_wasted
from contracts.clauses.delivery import D3, D4, Unit, mark_altered, mark_false_outcome
from contracts.clauses.refusals import R1, mark_dead_retried
from contracts.clauses.retries import R4, R5
from contracts.clauses.sessions import S1, S4, mark_invented, step_reused
from contracts.formats import table
from contracts.history import Moment
from contracts.judge import UNTOLD, Case, Clause, Look, StatefulClause
from contracts.protocol import clauses, units
from contracts.protocol.clauses import Marks
from contracts.protocol.history import DeclaredHistory
from contracts.protocol.wire import asking
from mockserver.platform.model import Kind, Platform, with_article

LEVELS = {"must": "MUST", "should": "SHOULD", "advice": "advice"}

Subject = Any
"""A Kind, a Unit, or a text for a clause about all calls, maybe ""; a clause takes the same that its `about` yields."""


@dataclass(frozen=True, kw_only=True)
class Surveyed(Clause):
    """A clause of declared platforms that looks at a whole history at once."""

    look: Look = lambda *_: None
    on: tuple[type[Moment], ...] = ()
    survey: Callable[[Any], Marks]

    def marks(self, case: Case) -> Marks:
        """See Clause."""
        return self.survey(case.history)


Make = Callable[[Subject, dict[str, Any]], Clause]
"""Returns the clause about a subject, with these words."""


class Rule(NamedTuple):
    """A clause with its subject left open. `about` yields the subjects that a platform has for it.

    `told` has its texts, in which `{a}`, `{noun}` and `{uses}` name the subject, and the `duty` that has its source. A subject
    that is a text stands for `{a}`.
    """

    code: str
    make: Make
    about: Callable[[Platform], Iterable[Subject]]
    told: Mapping[str, Any]

    def clause(self, subject: Subject) -> Clause:
        """Return the clause about one subject. Its code has the subject's name, as in `S1/nonce`."""
        sources = subject.duty if isinstance(subject, Kind) else subject.effect if isinstance(subject, Unit) else {}
        source = sources.get("sources", {}).get(self.told.get("duty", ""), {})
        words = {name: _worded(self.told[name], subject) for name in ("statement", "stimulus", "reason", "advice")}
        told = {
            "code": self.code if isinstance(subject, str) else f"{self.code}/{subject.name}",
            "name": self.told["name"],
            "level": LEVELS.get(source.get("level", ""), ""),
            "source": source.get("text", "") + (f" ({source['of']})" if "of" in source else ""),
            "parameters": tuple(self.told.get("parameters", ())),
        }
        return self.make(subject, words | {"advice": (words["advice"],)} | told)


def demands(platform: Platform) -> tuple[Clause, ...]:
    """Return the clauses that clients of a platform are judged by."""
    return tuple(rule.clause(subject) for rule in RULES for subject in rule.about(platform))


def _worded(text: str, subject: Subject) -> str:
    if isinstance(subject, Kind):
        uses = "a use of it that was" if subject.life.uses in {None, 1} else f"{subject.life.uses} uses of it that were"
        return text.format(a=subject.a, noun=subject.noun, uses=uses)
    return text.format(a=with_article(subject.name) if isinstance(subject, Unit) else subject)


def _kinds(needs: Callable[[Kind], bool]) -> Callable[[Platform], Iterator[Kind]]:
    return lambda platform: (kind for kind in platform.kinds.values() if needs(kind))


def _units(needs: Callable[[dict[str, Any]], bool]) -> Callable[[Platform], Iterator[Unit]]:
    return lambda platform: (Unit(name, effect) for name, effect in platform.effects.items() if needs(effect))


def _calls(_: Platform) -> tuple[str]:
    return ("",)


def _asking(platform: Platform) -> tuple[str]:
    """Return the answers that ask a client to wait, as text."""
    return (" or ".join(f"a {status}" for status in sorted(asking(platform), key=lambda status: (status != 429, status))),)


def _shared(
    clause: Clause, step: Callable[..., Any] | None = None, about: Callable[[Any], Any] = attrgetter("name"), **more: Any
) -> Make:
    """Return what makes a clause of `contracts.clauses` one of declared platforms. `step` takes what it is `about` first."""

    def make(subject: Subject, words: dict[str, Any]) -> Clause:
        name = "step" if isinstance(clause, StatefulClause) else "look"
        steps: dict[str, Any] = {} if step is None else {name: partial(step, about(subject))}
        return replace(clause, **(words | more | steps), closeness=None)

    return make


def _surveyed(survey: Callable[[Any, DeclaredHistory], Marks]) -> Make:
    return lambda subject, words: Surveyed(survey=partial(survey, subject), **words)


_RULES: Mapping[str, tuple[Make, Callable[[Platform], Iterable[Subject]]]] = {
    "S1": (_shared(S1, step_reused), _kinds(lambda kind: kind.life.uses is not None and bool(kind.carried))),
    "N2": (_surveyed(clauses.predecessor), _kinds(lambda kind: kind.succeeds)),
    "S4": (
        _shared(S4, mark_invented, spared=lambda case: "" if case.history.whole else UNTOLD),
        _kinds(lambda kind: bool(kind.carried) and (bool(kind.issued) or kind.registered)),
    ),
    "R1": (_shared(R1, mark_dead_retried), _kinds(lambda kind: bool(kind.refused) and bool(kind.issued))),
    "R2": (_surveyed(clauses.not_renewed), _kinds(lambda kind: kind.duty.get("dead") == "renew")),
    "N1": (_surveyed(clauses.not_from_refusal), _kinds(lambda kind: kind.duty.get("dead") == "renew from refusal")),
    "A2": (_shared(A2, step_loop), _kinds(lambda kind: kind.duty.get("dead") == "renew")),
    "A3": (_surveyed(clauses.stampede), _kinds(lambda kind: bool(kind.duty.get("alone")))),
    "A4": (_shared(A4, step_wasted, needs_intents=False), _kinds(lambda kind: bool(kind.duty.get("keep")))),
    "A5": (_surveyed(clauses.leaked), _kinds(lambda kind: bool(kind.duty.get("secret")))),
    "R4": (_shared(R4), _calls),
    "R5": (_shared(R5), _asking),
    "D1": (_surveyed(units.doubled), _units(lambda effect: effect["delivery"] == "at-most-once")),
    "D2": (_surveyed(units.given_up), _units(lambda effect: bool(effect.get("survives")))),
    "D3": (_shared(D3, mark_false_outcome, about=lambda unit: unit), _units(lambda _: True)),
    "D4": (_shared(D4, mark_altered), _units(lambda effect: bool(effect.get("keeps")))),
}
"""How each clause is made, and the subjects that it has."""

_TOLD = table("contracts.protocol", "rules.toml")

RULES = tuple(Rule(code, make, about, _TOLD[code]) for code, (make, about) in _RULES.items())
