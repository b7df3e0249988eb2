"""The clauses about a unit of work: its result on the platform, and the client's report of it."""

from __future__ import annotations

from typing import Any, NamedTuple

from contracts.protocol.clauses import Breach, Result
from contracts.protocol.history import Call, History
from contracts.protocol.trace import UnitRun
from mockserver.platform.message import Message
from mockserver.platform.places import parse, reader

Effects = dict[str, Any]


class Unit(NamedTuple):
    """A kind of unit of work, as the platform declares it."""

    name: str
    effect: Effects


def _runs(history: History, unit: Unit) -> list[tuple[UnitRun, list[Call]]]:
    """Return the units of a name that ran alone, each with its calls of the operation that does it."""
    calls = [call for call in history.calls if call.operation == unit.effect["by"]]
    runs = [run for run in history.units if run.name == unit.name and run.alone]
    return [(run, [call for call in calls if call.unit is run]) for run in runs]


def doubled(history: History, unit: Unit) -> Result:
    """Judge D1: the platform accepts each unit at most once."""
    exercised = False
    for _, calls in _runs(history, unit):
        accepted = [call for call in calls if call.exchange.accepted]
        exercised = exercised or len(calls) > 1
        if len(accepted) > 1:
            return Result(True, Breach("it was accepted twice", (accepted[0].number, accepted[1].number)))
    return Result(exercised)


def given_up(history: History, unit: Unit) -> Result:
    """Judge D2: a unit is completed if its only obstacle was something dead that can be renewed."""
    exercised = False
    for run, _ in _runs(history, unit):
        calls = [call for call in history.calls if call.unit is run]
        dead = [call for call in calls if _is_renewable(call, history)]
        others = [call for call in calls if call not in dead and _went_wrong(call)]
        if not dead or others or len(dead) > 1:
            continue
        exercised = True
        if run.outcome != "accepted":
            what = f"it was given up, though all that failed was something dead that can be renewed ({run.outcome})"
            return Result(True, Breach(what, (dead[0].number,)))
    return Result(exercised)


def _went_wrong(call: Call) -> bool:
    return call.failed or (call.status or 0) >= 400 or call.exchange.spoiled


def _is_renewable(call: Call, history: History) -> bool:
    kinds = history.platform.kinds
    return any(
        effect == "dead" and kinds[name].duty.get("dead", "").startswith("renew") for name, effect in call.effects.items()
    )


def misreported(history: History, unit: Unit) -> Result:
    """Judge D3: the client's report of a unit is true."""
    exercised = False
    for run, calls in _runs(history, unit):
        if run.outcome == "never":
            continue
        exercised = True
        answered = [call for call in calls if call.status is not None and call.status < 300 and not call.exchange.spoiled]
        if run.outcome == "accepted" and not any(call.exchange.accepted for call in calls):
            return Result(True, Breach("it was reported as done, and the platform never accepted it", _numbers(calls)))
        later = [call for call in history.calls if answered and call.unit is run and call.left > answered[-1].left]
        if run.outcome == "failed" and answered and not any(map(_went_wrong, later)):
            what = "it was reported as failed, though the platform had accepted it and said so"
            return Result(True, Breach(what, (answered[-1].number,)))
    return Result(exercised)


def _same(one: Any, other: Any) -> bool:
    """Compare as JSON does: 1 and 1.0 are one number, but true is not 1."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def altered(history: History, unit: Unit) -> Result:
    """Judge D4: the values of the unit arrive unchanged."""
    places = {field: parse(place) for field, place in unit.effect.get("keeps", {}).items()}
    readers = {field: reader(place) for field, place in places.items()}
    exercised = False
    for run, calls in _runs(history, unit):
        for call in calls:
            exchange = call.exchange
            message = Message(exchange.method, exchange.path, exchange.query, exchange.headers, exchange.body)
            found = history.platform.route(exchange.path, exchange.method)
            message.params = found[1] if found is not None else {}
            for field, read in readers.items():
                exercised = True
                given, arrived = run.payload.get(field), read(message)
                if not _same(arrived, given) and (places[field].is_pointer or arrived != _written(given)):
                    what = f"{field} arrived as {arrived!r} in place of {given!r}"
                    return Result(True, Breach(what, (call.number,)))
    return Result(exercised)


def _written(value: Any) -> str | None:
    """Return a value as it is written in a path, a query, a header or a form."""
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else str(value)


def _numbers(calls: list[Call]) -> tuple[int, ...]:
    return tuple(call.number for call in calls[:2])
