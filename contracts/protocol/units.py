"""The clauses of declared platforms about whole units of work."""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Sequence
from operator import attrgetter

from contracts.clauses.delivery import SOMETHING_ELSE, Unit
from contracts.clauses.excuses import went_wrong
from contracts.clauses.words import at, name_of
from contracts.history import Call, JudgedIntent, SendEffect
from contracts.judge import EXERCISED, Breach
from contracts.protocol.clauses import Marks
from contracts.protocol.history import DeclaredHistory


class _Alike:
    """The units with the same values, the places where they began, in order, and the accepted calls that carry the values."""

    def __init__(self) -> None:
        self.runs: list[JudgedIntent] = []
        self.began: list[float] = []
        self.accepted: list[Call] = []

    def first(self, place: float) -> JudgedIntent | None:
        """Return the first of the units that had begun before a place."""
        return next((run for run in self.runs if run.began < place), None)


def _by_values(history: DeclaredHistory, operation: str) -> list[_Alike]:
    """Return the units whose work an operation does. A call is compared once with those that have the same values."""
    found = defaultdict[tuple[str, str], _Alike](_Alike)
    for run in history.asked(operation, float("inf")):
        alike = found[run.noun, json.dumps(run.given, sort_keys=True)]
        alike.runs.append(run)
        insort(alike.began, run.began)
    return [*found.values()]


def doubled(unit: Unit, history: DeclaredHistory) -> Marks:
    """Judge D1: no unit is accepted twice, whenever the calls for it are made."""
    by, beside = unit.effect["by"], defaultdict[JudgedIntent | None, list[Call]](list)
    groups = _by_values(history, by)
    for call in (call for call in history.in_order if history.units and call.operation == by):
        unknown = call.does == unit.name and call.effect is SendEffect.UNKNOWN
        if unknown and history.goes_on(call, lambda later: later.operation == by):
            yield EXERCISED
        if call.accepted and not history.is_something_else(call):
            begun = (group for group in groups if group.began[0] < call.left)
            fit = [group for group in begun if history.carries(call, group.runs[0])]
            yield from _doubling(unit, call, fit, beside[call.intent], history)
            for group in fit:
                group.accepted.append(call)
            if call.does == unit.name:
                beside[call.intent].append(call)


def _doubling(unit: Unit, call: Call, fit: Sequence[_Alike], beside: Sequence[Call], history: DeclaredHistory) -> Marks:
    """Yield a breach if an accepted call may do again what an earlier one has done. `beside` are those of the same unit.

    Several units may have the same values, so it is certain if more calls with them were accepted than units with them were
    asked for. Two calls of one unit may be for an earlier one too, which may be under way still. `fit` are the units with the
    values of the call.
    """
    asked = sum(bisect_left(group.began, call.left) for group in fit)
    firsts = [(run, group) for group in fit if (run := group.first(call.left)) is not None and run.noun == unit.name]
    own, group = min(firsts, key=lambda pair: pair[0].number, default=(None, _Alike()))
    since = bisect_right(group.accepted, -1 if own is None else own.began, key=attrgetter("left"))
    count = len(group.accepted) - since
    if own is not None and count >= asked:
        times = f"{count + 1} times for {asked} units with these values" if asked > 1 else "twice"
        is_certain = bool(unit.effect.get("keeps")) or bool(beside)
        before = group.accepted[-asked:]
        yield _twice(f"{name_of(own)} was accepted {times}", before, call, "" if is_certain else SOMETHING_ELSE)
    elif beside and call.intent is not None:
        is_altered = call.altered is not None and not history.may_be_something_else(call)
        is_certain = is_altered and any(one.kept == call.kept for one in beside)
        alike = own is not None and any(one.left > own.began and history.carries(one, own) for one in beside)
        why = FOR_ANOTHER if alike else SOMETHING_ELSE
        yield _twice(f"{name_of(call.intent)} was accepted twice", beside[-1:], call, "" if is_certain else why)


FOR_ANOTHER = "one of them may have been for another unit with the same values"
"""The reason for a doubt if no more calls with some values were accepted than units with them were asked for."""


def _twice(message: str, before: Sequence[Call], again: Call, why: str) -> Breach:
    evidence = (*(at("accepted", call) for call in before), at("accepted again", again))
    return Breach(f"{message}; uncertain, because {why}" if why else message, evidence, certain=not why)


def given_up(unit: Unit, history: DeclaredHistory) -> Marks:
    """Judge D2: a unit is completed if its only obstacle was something dead that can be renewed."""
    for run in (one for one in history.units if one.noun == unit.name and one.alone):
        dead = [call for call in run.calls if _is_renewable(call, history)]
        others = [call for call in run.calls if call not in dead and went_wrong(call)]
        if others or len(dead) != 1:
            continue
        yield EXERCISED
        if run.outcome != "accepted":
            what = f"it was given up, though all that failed was something dead that can be renewed ({run.outcome})"
            yield Breach(what, (at("died here", dead[0]),))


def _is_renewable(call: Call, history: DeclaredHistory) -> bool:
    kinds = history.platform.kinds
    dead = (kind for name, kind in kinds.items() if call.said_dead(name))
    return any(kind.duty.get("dead", "").startswith("renew") for kind in dead)
