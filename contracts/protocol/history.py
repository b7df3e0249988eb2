"""The history of a run of a declared platform's client: calls with the ids that they show and bring, units, and moments."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, field
from itertools import chain, count, islice, takewhile
from operator import attrgetter
from typing import Any

from contracts.clauses.sessions import IN_ID
from contracts.clauses.words import quote
from contracts.history import (
    Call,
    CallLeft,
    CallReturned,
    Group,
    History,
    IntentBegan,
    IntentEnded,
    JudgedIntent,
    Moment,
    SeenCredential,
    SendEffect,
    same,
)
from contracts.protocol.something_else import something_else
from contracts.protocol.trace import FOREVER, DeclaredTrace, TraceExchange, UnitRun
from contracts.protocol.wire import Signals, operation_of, read_call
from mockserver import journal
from mockserver.platform.model import Platform
from mockserver.platform.places import parse, reader

TIMER = 50
"""Milliseconds by which a timer may be early on a real clock."""

CLOSE = 250
"""Milliseconds between an answer and a request within which a clock cannot tell for sure which came first."""


@dataclass(eq=False, slots=True, kw_only=True)
class DeclaredHistory(History):
    """The history of a run of a declared platform's client."""

    platform: Platform
    trace: DeclaredTrace
    units: list[JudgedIntent] = field(default_factory=list)
    """The units of work that the client was asked to do. Those in `intents` may be inferred."""
    in_order: list[Call] = field(default_factory=list)
    """The calls in the order in which they left."""
    showing: dict[tuple[str, str], list[Call]] = field(default_factory=dict)
    """The calls that showed an id, by kind and id, to use it or to end it."""
    crowded: Set[int] = frozenset()
    """The numbers of the calls beside which another was under way."""
    something_else: Set[int] = frozenset()
    """The numbers of the calls of units' operations that are surely about something other than a unit."""

    def exchange(self, call: Call) -> TraceExchange:
        """Return a call's request and answer."""
        return self.trace.exchanges[call.number - 1]

    @property
    def whole(self) -> bool:
        """See History."""
        return self.trace.whole

    @property
    def slack(self) -> int:
        """See History."""
        return 1 if self.trace.sharp else TIMER

    def heard(self, call: Call) -> bool:
        """See History."""
        return self.exchange(call).heard

    def may_be_something_else(self, call: Call) -> bool:
        """See History.

        It may if it has not the unit's values, unless the unit is done and no call with them can have done it.
        """
        unit = call.intent
        if unit is None or call.altered is None:
            return False
        if unit.outcome != "accepted" or any(one.accepted and one.does and one.altered is None for one in unit.calls):
            return True
        done = [one for one in self.in_order if self._may_have_done(one, unit)]
        claims = [run for run in self.asked(call.operation, unit.ended or FOREVER) if run.outcome == "accepted"]
        others = [run for run in claims if run is not unit and all(self.carries(one, run) for one in done[:1])]
        return len(done) > len(others)

    def is_something_else(self, call: Call) -> bool:
        """See History."""
        return call.number in self.something_else and self.may_be_something_else(call)

    def may_be_for_another(self, call: Call) -> bool:
        """See History. It may if no more successes with its values are known than earlier units were asked for with them."""
        unit, end = call.intent, FOREVER if call.intent is None else call.intent.ended or FOREVER
        if unit is None:
            return False
        earlier = [run for run in self.asked(call.operation, unit.began) if self.carries(call, run)]
        alike = (one for one in self.in_order if one.operation == call.operation and self.carries(one, unit)) if earlier else ()
        known = [one for one in alike if one.accepted and (one.status or 500) < 300 and one.was_over(end) and self.heard(one)]
        return bool(earlier) and len(known) <= len(earlier)

    def asked(self, operation: str | None, place: float) -> list[JudgedIntent]:
        """Return the units that had begun before a place, and whose work an operation does."""
        nouns = {noun for noun, effect in self.platform.effects.items() if effect["by"] == operation}
        return [run for run in self.units if run.began < place and run.noun in nouns]

    def _may_have_done(self, call: Call, unit: JudgedIntent) -> bool:
        """Return whether a call had a unit's values before it ended, and may have been accepted as far as the client knew."""
        if call.operation != self.platform.effects[unit.noun]["by"] or call.left >= (unit.ended or FOREVER):
            return False
        is_open = call.status is None and call.effect is SendEffect.UNKNOWN
        return (call.accepted or is_open) and self.carries(call, unit)

    def carries(self, call: Call, unit: JudgedIntent) -> bool:
        """Return whether a call of the operation that does a unit's work has the values of that unit."""
        return all(same(value, unit.given.get(name)) for name, value in _kept(self, call, unit).items())

    def knew(self, told: Call, later: Call) -> bool:
        """See History.

        It had to know if both belong to one unit of work, or if its unit began after the answer was noticed. A unit that was
        under way already may have fetched an id before, and a call outside of any unit cannot be attributed.
        """
        if not told.was_over(later.left) or not self.heard(told):
            return False
        if not self.trace.sharp and self._may_have_crossed(told, later):
            return False
        if told.intent is None and later.intent is None:
            return not any(told.left < (unit.ended or FOREVER) and unit.began < later.left for unit in self.units)
        if later.intent is None:
            return False
        return later.intent is told.intent or later.intent.began >= self._noticed(told)

    def goes_on(self, told: Call, follows: Callable[[Call], bool]) -> bool:
        """See History."""
        first = bisect_right(self.in_order, told.back, key=attrgetter("left"))
        return any(follows(call) and self.knew(told, call) for call in islice(self.in_order, first, None))

    def surely_after(self, told: Call, operation: str | None) -> float:
        """Return the time from which a call must have left for its maker to know of the answer to `told`; -inf for any time.

        Units may decide otherwise about calls of another operation.
        """
        may_cross = not self.trace.sharp and self.trace.crossing is not False
        if may_cross and self.trace.crossing is None and told.number not in self.crowded:
            may_cross = operation != told.operation and not self.units
        return (told.returned_at or 0) + CLOSE if may_cross else -FOREVER

    def good_for(self, kind: str, received: Call, margin: float) -> float | None:
        """See History. Of a short lifetime the margin is a tenth."""
        life = self.platform.kinds[kind].life
        told = received.lasts.get(kind, None if life.ttl is None else life.ttl / 1000)
        ends = [seconds for seconds in (told, None if life.idle is None else life.idle / 1000) if seconds is not None]
        return min(ends) - min(margin, min(ends) / 10) if ends else None

    def is_over(self, kind: str, id: str, place: float) -> bool:
        """See History. An answer that is missing or says nothing is a reason as well."""
        declared = self.platform.kinds[kind]
        shown = takewhile(lambda call: call.left < place, self.showing.get((kind, id), ()))
        return any(
            declared.life.uses is not None
            or call.operation in declared.ended
            or call.status is None
            or call.effects.get(kind) in {SendEffect.DEAD, SendEffect.UNKNOWN}
            for call in shown
        )

    def unit_of(self, call: Call) -> Call:
        """See History. Units of work are several calls, each of which may be a waste."""
        return call

    def _noticed(self, told: Call) -> float:
        """Return the moment at which the client had surely noticed an answer: the unit that got it went on, or ended.

        The thread that has the answer may not have run yet when another thread begins a unit.
        """
        returned = told.returned or 0
        if told.intent is None:
            return returned
        went_on = (call.left for call in told.intent.calls if call.left > returned)
        return min([told.intent.ended or FOREVER, *went_on])

    def _may_have_crossed(self, told: Call, later: Call) -> bool:
        """Return True if `later` may have left before the answer to `told` was there, as far as a clock tells.

        If they are close, it may. The exception is the same call made again, because the answer led to it.
        """
        if later.left_at - (told.returned_at or 0) >= CLOSE:
            return False
        if self.trace.crossing is not None:
            return self.trace.crossing
        if later.intent is told.intent and later.operation != told.operation:
            return True
        return told.number in self.crowded


def history_of(platform: Platform, trace: DeclaredTrace) -> DeclaredHistory:
    """Return a run as its client could know it."""
    header = journal.Header(clock="virtual" if trace.sharp else "wall")
    history = DeclaredHistory(header, platform=platform, trace=trace)
    history.limits = {kind.name: kind.life.uses for kind in platform.kinds.values() if kind.life.uses is not None}
    history.credentials = {name: {} for name in platform.kinds}
    history.renewals = {name: [] for name in platform.kinds}
    history.renewing = {
        operation: [kind.name for kind in platform.kinds.values() if operation in kind.renewed_by]
        for operation in platform.operations
    }
    history.units = [_intent(unit) for unit in trace.units]
    signals = Signals.of(platform)
    history.calls = [read_call(platform, exchange, signals) for exchange in trace.exchanges]
    history.in_order = sorted(history.calls, key=lambda one: one.left)
    history.crowded = _crowded(history.in_order)
    _attribute(history)
    history.something_else = something_else(history)
    for call in history.in_order:
        _name_ids(history, call)
    for kind, id in trace.registered.items():
        _credential(history, kind, id).registered = True
    for known in history.credentials.values():
        _name(known.values())
    history.moments = sorted(_moments(history), key=lambda moment: moment.place)
    for moment in history.moments:
        if isinstance(moment, CallLeft):
            history.note_left(moment.call)
        elif isinstance(moment, CallReturned):
            history.note_return(moment.call)
    return history


def _intent(unit: UnitRun) -> JudgedIntent:
    intent = JudgedIntent(unit.number - 1, Group(unit.number), journal.Guest("", ""), "", unit.began, unit.began_at, 0)
    intent.noun, intent.given, intent.alone = unit.name, unit.payload, unit.alone
    if unit.ended < FOREVER:
        intent.ended, intent.ended_at = unit.ended, unit.ended_at
    intent.outcome, intent.error = unit.outcome, unit.error
    return intent


def _attribute(history: DeclaredHistory) -> None:
    """Give each call to the only unit that ran when it left, if it was one.

    Without units, all calls count as one unit if none of them overlap.
    """
    history.intents = list(history.units)
    if not history.units and not history.crowded:
        history.intents = [_intent(UnitRun(number=1, name="", payload={}, began=-1))]
    for call in history.in_order:
        under_way = [unit for unit in history.intents if unit.began < call.left < (unit.ended or FOREVER)]
        if len(under_way) == 1:
            (unit,) = under_way
            call.intent = unit
            unit.calls.append(call)
            if unit.alone and history.platform.effects.get(unit.noun, {}).get("by") == call.operation:
                call.does, call.kept = unit.noun, _kept(history, call, unit)


def _crowded(calls: Sequence[Call]) -> Set[int]:
    """Return the numbers of those calls, which are in order, beside which another was under way."""
    found, longest = set[int](), None
    for call in calls:
        if longest is not None and not longest.was_over(call.left):
            found |= {longest.number, call.number}
        if longest is None or longest.back < call.back:
            longest = call
    return found


def _kept(history: DeclaredHistory, call: Call, unit: JudgedIntent) -> dict[str, Any]:
    """Return the values of a unit that a call carried. One outside of JSON that is written as expected is the one given."""
    message = history.exchange(call).request
    operation_of(history.platform, message)  # it reads the parameters of the path
    kept = {}
    for name, place in history.platform.effects[unit.noun].get("keeps", {}).items():
        found, given = parse(place), unit.given.get(name)
        value = reader(found)(message)
        kept[name] = given if not found.is_pointer and value == _written(given) else value
    return kept


def _written(value: Any) -> str | None:
    """Return a value as it is written in a path, a query, a header or a form."""
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else str(value)


def _name_ids(history: DeclaredHistory, call: Call) -> None:
    """Note the ids that a call showed, brought, or would have brought if its answer had reached the client."""
    for kind, id in chain(call.shown.items(), call.ended.items()):
        _credential(history, kind, id)
        history.showing.setdefault((kind, id), []).append(call)
    for kind, id in chain(call.brought.items(), history.exchange(call).issued.items()):
        credential = _credential(history, kind, id)
        credential.created = credential.created or call


def _credential(history: DeclaredHistory, kind: str, id: str) -> SeenCredential:
    """Return the credential, which has no name yet if it is new."""
    known, noun = history.credentials[kind], history.platform.kinds[kind].noun
    return known.setdefault(id, SeenCredential(id, "", "", noun))


def _name(credentials: Iterable[SeenCredential]) -> None:
    """Give those of a kind short names, such as ``session 1``, in the order in which they appear.

    A placeholder that was never issued is named as it is.
    """
    numbers = count(1)
    for one in credentials:
        is_placeholder = one.created is None and not one.registered and IN_ID.search(one.id)
        one.name = one.label = f"{one.noun} {quote(one.id) if is_placeholder else next(numbers)}"


def _moments(history: DeclaredHistory) -> Iterator[Moment]:
    for intent in history.intents:
        yield IntentBegan(intent, intent.began)
        if intent.ended is not None:
            yield IntentEnded(intent, intent.ended)
    for call in history.calls:
        yield CallLeft(call, call.left)
        if call.returned is not None:
            yield CallReturned(call, call.returned)
