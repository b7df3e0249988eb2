"""The clauses of declared platforms about whole units of work."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.clauses.delivery import SOMETHING_ELSE, Unit
from contracts.clauses.excuses import went_wrong
from contracts.clauses.words import at, name_of
from contracts.history import Call, SendEffect
from contracts.judge import EXERCISED, Breach
from contracts.protocol.clauses import Marks
from contracts.protocol.history import DeclaredHistory


def doubled(unit: Unit, history: DeclaredHistory) -> Marks:
    """Judge D1: no unit is accepted twice, whenever the calls for it are made."""
    by, accepted = unit.effect["by"], list[Call]()
    for call in (call for call in history.in_order if history.units and call.operation == by):
        unknown = call.does == unit.name and call.effect is SendEffect.UNKNOWN
        if unknown and history.goes_on(call, lambda later: later.operation == by):
            yield EXERCISED
        if call.accepted and not history.is_something_else(call):
            yield from _doubling(unit, call, accepted, history)
            accepted.append(call)


def _doubling(unit: Unit, call: Call, before: Sequence[Call], history: DeclaredHistory) -> Marks:
    """Yield a breach if an accepted call may do again what one of those `before` it has done.

    Several units may have the same values, so it is certain if more calls with them were accepted than units with them were
    asked for. Two calls of one unit may be for an earlier one too, which may be under way still.
    """
    asked = [run for run in history.asked(call.operation, call.left) if history.carries(call, run)]
    own = next((run for run in asked if run.noun == unit.name), None)
    alike = [one for one in before if own is not None and one.left > own.began and history.carries(one, own)]
    beside = [one for one in before if one.does == unit.name and one.intent is call.intent]
    if own is not None and len(alike) >= len(asked):
        times = f"{len(alike) + 1} times for {len(asked)} units with these values" if len(asked) > 1 else "twice"
        is_certain = bool(unit.effect.get("keeps")) or bool(beside)
        yield _twice(f"{name_of(own)} was accepted {times}", alike[-len(asked) :], call, "" if is_certain else SOMETHING_ELSE)
    elif beside and call.intent is not None:
        is_altered = call.altered is not None and not history.may_be_something_else(call)
        is_certain = is_altered and any(one.kept == call.kept for one in beside)
        why = FOR_ANOTHER if any(one in alike for one in beside) else SOMETHING_ELSE
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
