"""D1 finds in groups of units with the same values what it finds by comparing every call with every unit and every call."""

from __future__ import annotations

import pstats
import random
from collections.abc import Iterator, Sequence
from cProfile import Profile
from itertools import pairwise

import pytest

from contracts.clauses.delivery import SOMETHING_ELSE, Unit
from contracts.clauses.words import name_of
from contracts.history import Call, Outcome, SendEffect
from contracts.judge import EXERCISED
from contracts.protocol.clauses import Marks
from contracts.protocol.history import DeclaredHistory, history_of
from contracts.protocol.units import FOR_ANOTHER, _twice, doubled
from tests.contracts.protocol import clients
from tests.contracts.protocol.tape import Tape
from tests.fixtures.toys import toy

KEEPS = "{by: work, delivery: at-most-once, with: {text: x}, keeps: {text: $request.body#/text}}"
PLATFORMS = (
    toy(clients.SESSIONS, order="[session]", effects=f"{{message: {KEEPS}, note: {KEEPS}}}"),
    toy(clients.SESSIONS, order="[session]", effects="{message: {by: work, delivery: at-most-once, with: {text: x}}}"),
)
VALUES = ("x", "y", 1, 1.0, True)
OUTCOMES: tuple[Outcome, ...] = ("accepted", "failed")


def plainly(unit: Unit, history: DeclaredHistory) -> Marks:
    """Judge D1 by comparing every call with every other one."""
    by, accepted = unit.effect["by"], list[Call]()
    for call in (call for call in history.in_order if history.units and call.operation == by):
        unknown = call.does == unit.name and call.effect is SendEffect.UNKNOWN
        if unknown and history.goes_on(call, lambda later: later.operation == by):
            yield EXERCISED
        if call.accepted and not history.is_something_else(call):
            yield from compared(unit, call, accepted, history)
            accepted.append(call)


def compared(unit: Unit, call: Call, before: Sequence[Call], history: DeclaredHistory) -> Marks:
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


def drawn(draw: random.Random) -> Iterator[DeclaredHistory]:
    """Yield histories of units that may overlap, with calls of few values, some of them altered, repeated or unanswered."""
    for _ in range(400):
        platform = draw.choice(PLATFORMS)
        tape = Tape(platform, sharp=draw.random() < 0.5)
        tape.log_in(0.2, 0.4, "a-session")
        began = 1.0
        for _ in range(draw.randrange(1, 6)):
            ended, alone = began + draw.choice((3, 9, 20)), draw.random() < 0.7
            value, outcome = draw.choice(VALUES), draw.choice(OUTCOMES)
            noun = draw.choice([*platform.effects])
            tape.unit(began, ended, name=noun, payload={"text": value}, alone=alone, outcome=outcome)
            for nth in range(draw.randrange(4)):
                left = began + 0.5 + nth + draw.random() / 4
                sent = value if draw.random() < 0.7 else draw.choice(VALUES)
                status = draw.choice((200, 200, 200, None, 503))
                accepted = status == 200 or draw.random() < 0.3
                body = {"session": "a-session", "text": sent}
                tape.call("/work", left, left + draw.choice((0.1, 2)), status=status, body=body, accepted=accepted)
            began = ended + 1 if draw.random() < 0.7 else began + 1.7
        yield history_of(platform, tape.trace)


@pytest.mark.parametrize("seed", range(3))
def test_the_same_is_found(seed: int) -> None:
    found = 0
    for history in drawn(random.Random(seed)):
        for name, effect in history.platform.effects.items():
            unit = Unit(name, effect)
            marks = list(doubled(unit, history))
            assert marks == list(plainly(unit, history))
            found += sum(mark is not EXERCISED for mark in marks)
    assert found > 100


def test_twice_as_many_units_with_equal_values_take_about_twice_the_calls() -> None:
    counts = [calls(number) for number in (100, 200, 400)]
    assert all(twice < 2.5 * once for once, twice in pairwise(counts)), counts


def calls(number: int) -> int:
    """Return how many functions are called to judge so many units with equal values, each done once."""
    tape = Tape(PLATFORMS[0])
    for began in range(1, 10 * number, 10):
        tape.unit(began, began + 8, name="message", payload={"text": "x"}, alone=True)
        tape.call("/work", began + 1, began + 2, body={"session": "a-session", "text": "x"})
    unit, history, profile = Unit("message", PLATFORMS[0].effects["message"]), history_of(PLATFORMS[0], tape.trace), Profile()
    profile.runcall(lambda: list(doubled(unit, history)))
    return int(pstats.Stats(profile).total_calls)  # type: ignore[attr-defined]
