"""The catalogue of clauses for clients of declared platforms: what each demands in words, and of which kinds and units."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

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


RULES: tuple[Rule, ...] = (
    Rule(
        code="S1",
        name="reused",
        statement="never show {a} again after {uses} that was accepted, or may have been, nor while one is on its way",
        stimulus="a call that showed {a} used it, or may have",
        reason="A further use is refused, or does the same work twice.",
        advice="Take a fresh {noun} when the last one is used up, and drop that as soon as its call has left.",
        labels=("first use", "second use"),
        about=_kinds(lambda kind: kind.life.uses is not None and bool(kind.carried)),
        judge=clauses.reused,
        duty="uses",
    ),
    Rule(
        code="N2",
        name="predecessor",
        statement="never show {a} once its successor has come",
        stimulus="an answer brought the successor of {a}",
        reason="The old {noun} is refused, or taken for a stolen one, and then the new one ends as well.",
        advice="Keep the {noun} in one place that all tasks share, and replace it there as soon as the answer is read.",
        labels=("replaced here", "old one shown"),
        about=_kinds(lambda kind: kind.succeeds),
        judge=clauses.predecessor,
        duty="successor",
    ),
    Rule(
        code="S4",
        name="invented",
        statement="show only {a} that the platform issued",
        stimulus="a call showed {a}",
        reason="The platform refuses what it did not issue.",
        advice="Take the {noun} from the platform's answer as it is; fail before the request if there is none yet.",
        labels=("never issued",),
        about=_kinds(lambda kind: bool(kind.carried) and (bool(kind.issued) or kind.registered)),
        judge=clauses.invented,
        duty="invented",
    ),
    Rule(
        code="R1",
        name="dead-shown",
        statement="not show {a} again after an answer that said it is dead",
        stimulus="an answer said that {a} is dead, and the client went on",
        reason="What is dead stays dead, so each further call with it is refused as well.",
        advice="Drop the {noun} when an answer says that it is dead, in one place for all calls.",
        labels=("said to be dead", "shown again"),
        about=_kinds(lambda kind: bool(kind.refused) and bool(kind.issued)),
        judge=clauses.dead_shown,
        duty="dead",
    ),
    Rule(
        code="R2",
        name="not-renewed",
        statement="ask for another {noun} after an answer that said the last one is dead",
        stimulus="an answer said that {a} is dead, and the client went on",
        reason="Without another {noun} no further call can succeed.",
        advice="After the refusal ask for another {noun} and repeat the call once.",
        labels=("said to be dead", "went on"),
        about=_kinds(lambda kind: kind.duty.get("dead") == "renew"),
        judge=clauses.not_renewed,
        duty="dead",
    ),
    Rule(
        code="N1",
        name="not-from-refusal",
        statement="make a refused call again with the {noun} that came with the refusal",
        stimulus="a call was made again after a refusal that brought {a}",
        reason="The refusal brings what is needed; to fetch another one costs a call, and that may fail.",
        advice="Read the {noun} from every answer, refusals too, and repeat the call with it.",
        labels=("brought here", "not used here"),
        about=_kinds(lambda kind: kind.duty.get("dead") == "renew from refusal"),
        judge=clauses.not_from_refusal,
        duty="dead",
    ),
    Rule(
        code="A2",
        name="renewed-for-ever",
        statement="not renew {a} more than `max_attempts` times in a row if none is good",
        stimulus="{a} was renewed after a refusal",
        reason="If fresh ones are refused as well, the fault is elsewhere, and an endless loop gets the client locked out.",
        advice="Renew once after a refusal; if the new {noun} is refused too, give up and report it.",
        labels=("first renewal", "one too many"),
        about=_kinds(lambda kind: kind.duty.get("dead") == "renew"),
        judge=clauses.renewed_for_ever,
        parameters=("max_attempts",),
    ),
    Rule(
        code="A3",
        name="stampede",
        statement="have one call at a time that asks for {a}",
        stimulus="{a} was asked for while several units of work ran at once",
        reason="If each task asks for its own, the platform sees a burst of calls, and the last answer may end the others.",
        advice="Let one task renew and the others wait: take a lock, and check inside it whether another task has renewed.",
        labels=("asked for here", "and here at once"),
        about=_kinds(lambda kind: bool(kind.duty.get("alone"))),
        judge=clauses.stampede,
        duty="alone",
    ),
    Rule(
        code="A4",
        name="wasted",
        statement="keep using {a} while it is good",
        stimulus="the client asked for {a} though it had one before",
        reason="Each needless call costs time and runs into limits, and a new one may end those that others use.",
        advice="Keep the {noun} beside the client and use it until shortly before its end, or until it is refused.",
        labels=("brought here", "fetched again"),
        about=_kinds(lambda kind: bool(kind.duty.get("keep"))),
        judge=clauses.wasted,
        duty="keep",
        parameters=("token_margin",),
    ),
    Rule(
        code="A5",
        name="leaked",
        statement="keep {a} out of URLs",
        stimulus="the client had {a} and made a call",
        reason="URLs end up in logs of proxies and servers.",
        advice="Send the {noun} only where the platform reads it.",
        labels=("in the URL",),
        about=_kinds(lambda kind: bool(kind.duty.get("secret"))),
        judge=clauses.leaked,
        duty="secret",
    ),
    Rule(
        code="R4",
        name="unbounded",
        statement="not try one operation more than `max_attempts` times in a row in one unit of work",
        stimulus="a call failed by 429, 5xx or no answer",
        reason="Endless tries keep the caller waiting, and add to the load of a platform that is in trouble.",
        advice="Bound the tries, and raise when they are used up. Look for retries under your own, as in an HTTP stack.",
        labels=("first failure", "one too many"),
        about=_calls,
        judge=clauses.unbounded,
        parameters=("max_attempts",),
    ),
    Rule(
        code="R5",
        name="too-early",
        statement="let the time pass that Retry-After asks for",
        stimulus="an answer asked for a wait, and the call was made again",
        reason="An earlier try is refused again, and the client may be shut out for longer.",
        advice="Read Retry-After and wait that long; your own back-off may only make it longer.",
        labels=("told to wait", "too early"),
        about=_calls,
        judge=clauses.too_early,
    ),
    Rule(
        code="D1",
        name="doubled",
        statement="have {a} accepted at most once",
        stimulus="the call that does the work was made more than once",
        reason="A call without an answer may have been accepted. To repeat it does the work twice.",
        advice="Repeat the call only if its answer says that nothing was done; else report that the outcome is unknown.",
        labels=("accepted", "accepted again"),
        about=_units(lambda effect: effect["delivery"] == "at-most-once"),
        judge=units.doubled,
        duty="doubled",
    ),
    Rule(
        code="D2",
        name="given-up",
        statement="see {a} through if only something renewable had died",
        stimulus="all that failed was something dead that can be renewed",
        reason="What is dead can be replaced at any time, so a client that gives up loses work that one more call would do.",
        advice="After such a refusal renew what is dead and repeat the call once.",
        labels=("died here",),
        about=_units(lambda effect: bool(effect.get("survives"))),
        judge=units.given_up,
        duty="survives",
    ),
    Rule(
        code="D3",
        name="misreported",
        statement="report what became of {a}",
        stimulus="the client reported the outcome",
        reason="A false success is never repaired, and after a false failure the work is done again.",
        advice="Check the status of the call and raise if it failed; let nothing that follows a success turn it into an error.",
        labels=("this call", "and this one"),
        about=_units(lambda _: True),
        judge=units.misreported,
        duty="reported",
    ),
    Rule(
        code="D4",
        name="altered",
        statement="deliver the values of {a} as they were given",
        stimulus="a call carried the values that were given",
        reason="Whoever gets them gets something else than was sent.",
        advice="Hand values to the encoder as they are: do not strip, cut or escape them.",
        labels=("altered here",),
        about=_units(lambda effect: bool(effect.get("keeps"))),
        judge=units.altered,
        duty="keeps",
    ),
)
