"""The clauses about a unit of work: its result on the platform, and the client's report of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from contracts.clauses.excuses import made_up
from contracts.clauses.retries import failed
from contracts.clauses.words import at
from contracts.history import Call, JudgedIntent, SendEffect
from contracts.judge import EXERCISED, Breach
from contracts.protocol.clauses import Marks
from contracts.protocol.history import DeclaredHistory
from contracts.protocol.trace import FOREVER
from mockserver.platform.message import HttpMessage
from mockserver.platform.places import parse, reader

Effects = dict[str, Any]


class Unit(NamedTuple):
    """A kind of unit of work, as the platform declares it."""

    name: str
    effect: Effects


def _runs(history: DeclaredHistory, unit: Unit) -> Iterator[tuple[JudgedIntent, list[Call]]]:
    """Yield the units of a name that ran alone, each with its calls of the operation that does it."""
    for run in history.units:
        if run.noun == unit.name and run.alone:
            yield run, [call for call in run.calls if call.does == unit.name]


def given_up(unit: Unit, history: DeclaredHistory) -> Marks:
    """Judge D2: a unit is completed if its only obstacle was something dead that can be renewed."""
    for run, _ in _runs(history, unit):
        dead = [call for call in run.calls if _is_renewable(call, history)]
        others = [call for call in run.calls if call not in dead and _went_wrong(call)]
        if others or len(dead) != 1:
            continue
        yield EXERCISED
        if run.outcome != "accepted":
            what = f"it was given up, though all that failed was something dead that can be renewed ({run.outcome})"
            yield Breach(what, (at("died here", dead[0]),))


def _went_wrong(call: Call) -> bool:
    return failed(call) or (call.status or 0) >= 400 or made_up(call)


def _is_renewable(call: Call, history: DeclaredHistory) -> bool:
    kinds = history.platform.kinds
    dead = (kinds[name] for name, effect in call.effects.items() if effect is SendEffect.DEAD)
    return any(kind.duty.get("dead", "").startswith("renew") for kind in dead)


def misreported(unit: Unit, history: DeclaredHistory) -> Marks:
    """Judge D3: the client's report of a unit is true.

    A unit may need other calls after the one that does it, unless the platform says that this one suffices.
    """
    for run, calls in _runs(history, unit):
        if run.outcome == "never":
            continue
        yield EXERCISED
        answered = [call for call in calls if _was_told(call, run, history)]
        needed = [] if unit.effect.get("suffices") else run.calls
        later = [call for call in needed if answered and call.left > answered[-1].left]
        if run.outcome == "accepted" and not any(call.accepted for call in calls):
            evidence = (at(label, call) for label, call in zip(("this call", "and this one"), calls, strict=False))
            yield Breach("it was reported as done, and the platform never accepted it", tuple(evidence))
        elif run.outcome == "failed" and answered and not any(map(_went_wrong, later)):
            what = "it was reported as failed, though the platform had accepted it and said so"
            yield Breach(what, (at("this call", answered[-1]),))


def _was_told(call: Call, run: JudgedIntent, history: DeclaredHistory) -> bool:
    """Return True if the client surely knew, when it reported, that a call had been accepted."""
    is_known = call.was_over(run.ended or FOREVER) and history.exchange(call).heard
    return is_known and call.status is not None and call.status < 300 and not made_up(call)


def _same(one: Any, other: Any) -> bool:
    """Compare as JSON does: 1 and 1.0 are one number, but true is not 1."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def altered(unit: Unit, history: DeclaredHistory) -> Marks:
    """Judge D4: the values of the unit arrive unchanged."""
    places = {field: parse(place) for field, place in unit.effect.get("keeps", {}).items()}
    for run, calls in _runs(history, unit):
        for call in calls:
            exchange = history.exchange(call)
            message = HttpMessage(exchange.method, exchange.path, exchange.query, exchange.headers, exchange.body)
            found = history.platform.route(exchange.path, exchange.method)
            message.params = found[1] if found is not None else {}
            for field, place in places.items():
                yield EXERCISED
                given, arrived = run.given.get(field), reader(place)(message)
                if not _same(arrived, given) and (place.is_pointer or arrived != _written(given)):
                    yield Breach(f"{field} arrived as {arrived!r} in place of {given!r}", (at("altered here", call),))


def _written(value: Any) -> str | None:
    """Return a value as it is written in a path, a query, a header or a form."""
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else str(value)
