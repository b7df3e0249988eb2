"""The catalogue of clauses for clients of declared platforms. `rules.toml` in this directory words them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from contracts.documents import table
from contracts.judge import Demand
from contracts.protocol import clauses, units
from contracts.protocol.clauses import Result
from contracts.protocol.history import History
from contracts.protocol.units import Unit
from mockserver.platform.model import Kind, Platform

LEVELS = {"must": "MUST", "should": "SHOULD", "advice": "advice"}

Subject = Any
"""A Kind, a Unit, or None for a clause about all calls; a clause takes the same that its `about` yields."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A clause with its subject left open. Texts have `{a}`, `{noun}` and `{uses}` where the subject is named.

    `about` yields the subjects that a platform has for it. `duty` is the word under which a declaration gives its source.
    `labels` say what each request of a breach shows.
    """

    code: str
    name: str
    statement: str
    stimulus: str
    reason: str
    advice: str
    labels: tuple[str, ...]
    about: Callable[[Platform], Iterable[Subject]]
    judge: Callable[[History, Subject], Result]
    duty: str = ""
    parameters: tuple[str, ...] = ()

    def demand(self, subject: Subject) -> Demand:
        """Return the clause about one subject. Its code has the subject's name, as in `S1/nonce`."""
        told = self._source(subject)
        return Demand(
            code=self.code if subject is None else f"{self.code}/{subject.name}",
            name=self.name,
            statement=_worded(self.statement, subject),
            stimulus=_worded(self.stimulus, subject),
            reason=_worded(self.reason, subject),
            advice=(_worded(self.advice, subject),),
            level=LEVELS.get(told.get("level", ""), ""),
            parameters=self.parameters,
            source=told.get("text", "") + (f" ({told['of']})" if "of" in told else ""),
        )

    def _source(self, subject: Subject) -> dict[str, str]:
        found = subject.duty if isinstance(subject, Kind) else subject.effect if isinstance(subject, Unit) else {}
        return dict(found.get("sources", {}).get(self.duty, {}))


class Applied(NamedTuple):
    """A clause about one subject of a platform."""

    demand: Demand
    rule: Rule
    subject: Subject


def applied(platform: Platform) -> tuple[Applied, ...]:
    """Return the clauses that clients of a platform are judged by."""
    return tuple(Applied(rule.demand(subject), rule, subject) for rule in RULES for subject in rule.about(platform))


def demands(platform: Platform) -> tuple[Demand, ...]:
    """Return what clients of a platform must do, in words."""
    return tuple(one.demand for one in applied(platform))


def _worded(text: str, subject: Subject) -> str:
    if isinstance(subject, Kind):
        uses = "a use of it" if subject.life.uses in {None, 1} else f"{subject.life.uses} uses of it"
        return text.format(a=subject.a, noun=subject.noun, uses=uses)
    return text.format(a=f"a {subject.name}") if isinstance(subject, Unit) else text


def _kinds(needs: Callable[[Kind], bool]) -> Callable[[Platform], Iterator[Kind]]:
    return lambda platform: (kind for kind in platform.kinds.values() if needs(kind))


def _units(needs: Callable[[dict[str, Any]], bool]) -> Callable[[Platform], Iterator[Unit]]:
    return lambda platform: (Unit(name, effect) for name, effect in platform.effects.items() if needs(effect))


def _calls(_: Platform) -> tuple[None]:
    return (None,)


_RULES: Mapping[str, tuple[Callable[[History, Subject], Result], Callable[[Platform], Iterable[Subject]]]] = {
    "S1": (clauses.reused, _kinds(lambda kind: kind.life.uses is not None and bool(kind.carried))),
    "N2": (clauses.predecessor, _kinds(lambda kind: kind.succeeds)),
    "S4": (clauses.invented, _kinds(lambda kind: bool(kind.carried) and (bool(kind.issued) or kind.registered))),
    "R1": (clauses.dead_shown, _kinds(lambda kind: bool(kind.refused) and bool(kind.issued))),
    "R2": (clauses.not_renewed, _kinds(lambda kind: kind.duty.get("dead") == "renew")),
    "N1": (clauses.not_from_refusal, _kinds(lambda kind: kind.duty.get("dead") == "renew from refusal")),
    "A2": (clauses.renewed_for_ever, _kinds(lambda kind: kind.duty.get("dead") == "renew")),
    "A3": (clauses.stampede, _kinds(lambda kind: bool(kind.duty.get("alone")))),
    "A4": (clauses.wasted, _kinds(lambda kind: bool(kind.duty.get("keep")))),
    "A5": (clauses.leaked, _kinds(lambda kind: bool(kind.duty.get("secret")))),
    "R4": (clauses.unbounded, _calls),
    "R5": (clauses.too_early, _calls),
    "D1": (units.doubled, _units(lambda effect: effect["delivery"] == "at-most-once")),
    "D2": (units.given_up, _units(lambda effect: bool(effect.get("survives")))),
    "D3": (units.misreported, _units(lambda _: True)),
    "D4": (units.altered, _units(lambda effect: bool(effect.get("keeps")))),
}
"""How each clause is judged, and the subjects that it has."""

_TOLD = table("contracts.protocol", "rules.toml")

RULES = tuple(Rule(code=code, judge=judge, about=about, **_TOLD[code]) for code, (judge, about) in _RULES.items())
