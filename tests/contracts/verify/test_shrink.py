from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings

from contracts.builtin import ANN, BOB
from contracts.generate.draw import scenarios
from contracts.scenario import (
    LONGEST,
    Advance,
    EndSessions,
    Fault,
    Message,
    RevokeScope,
    Scenario,
    Send,
    SendParallel,
    Trigger,
    check,
    complexity,
)
from contracts.verify.shrink import Shrunk, otherwise_scheduled, simpler
from contracts.verify.shrink import shrink as shrunk
from mockserver.journal import Guest

ALWAYS = lambda: True  # noqa: E731 - a constant, of a kind


def shrink(
    scenario: Scenario, fails: Callable[[Scenario], bool], may_go_on: Callable[[], bool], *, scheduled: bool = True
) -> Shrunk[Scenario]:
    """Shrink by all simplifications there are; those of schedules only if `scheduled`."""

    def all_simpler(scenario: Scenario) -> Iterator[Scenario]:
        yield from simpler(scenario)
        yield from otherwise_scheduled(scenario) if scheduled else ()

    return shrunk(scenario, fails, may_go_on, all_simpler)


@settings(max_examples=100)
@given(scenarios())
def test_whatever_is_simpler_is_a_scenario(scenario: Scenario) -> None:
    for candidate in simpler(scenario):
        check(candidate)


@settings(max_examples=50)
@given(scenarios())
def test_where_everything_fails_nothing_is_left(scenario: Scenario) -> None:
    assert shrink(scenario, lambda _: True, ALWAYS) == (Scenario(()), True)


@settings(max_examples=50)
@given(scenarios())
def test_where_nothing_simpler_fails_it_stays(scenario: Scenario) -> None:
    assert shrink(scenario, lambda _: False, ALWAYS) == (scenario, True)


def two_to_one_guest(scenario: Scenario) -> bool:
    guests = [item.guest for item in scenario.items if isinstance(item, Send)]
    return len(guests) > len(set(guests))


def test_what_is_left_cannot_be_left_out() -> None:
    noise = (RevokeScope(), Advance(77.5), Send(BOB, "b"), EndSessions())
    scenario = Scenario((*noise, Send(ANN, "a long text"), *noise, Send(ANN, "another"), *noise), policy={"ttl": 20})
    found = shrink(scenario, two_to_one_guest, ALWAYS)
    assert found == (Scenario((Send(ANN, "0"), Send(ANN, "0"))), True)


def test_details_become_plain() -> None:
    fault = Fault("create", "status", times=6, status=429, retry_after=121)
    during = (Trigger("send", fault, nth=3), Trigger("create", EndSessions()))
    scenario = Scenario((Advance(86_400.001), Send(BOB, "x" * 4000, during)), title="found by chance")

    def fails(candidate: Scenario) -> bool:
        kinds = [type(item) for item in candidate.items]
        return kinds == [Advance, Send] and any(
            isinstance(trigger.do, Fault) for item in candidate.items if isinstance(item, Send) for trigger in item.during
        )

    assert shrink(scenario, fails, ALWAYS).scenario == Scenario(
        (Advance(1.0), Send(ANN, "0", (Trigger("send", Fault("create", "status", status=429, retry_after=1)),)))
    )


def test_a_race_keeps_the_messages_it_needs() -> None:
    names = [Message(guest, text) for guest, text in ((ANN, "a"), (BOB, "b"))]
    scenario = Scenario((SendParallel(tuple(names), schedule=(3, 1, 2, 0, 0, 1)),))

    def fails(candidate: Scenario) -> bool:
        return any(isinstance(item, SendParallel) and 1 in item.schedule for item in candidate.items)

    (item,) = shrink(scenario, fails, ALWAYS).scenario.items
    assert item == SendParallel((Message(ANN, "0"), Message(BOB, "1")), schedule=(1,))


def test_a_race_of_fewer_may_need_another_order() -> None:
    guests = (ANN, BOB, Guest("Zoë", "zoe@example.com"))
    sends = tuple(Message(guest, str(number)) for number, guest in enumerate(guests))

    def fails(candidate: Scenario) -> bool:
        races = [item for item in candidate.items if isinstance(item, SendParallel)]
        return [(len(race.sends), race.schedule) for race in races] in ([(3, (2, 1))], [(2, ())])

    (item,) = shrink(Scenario((SendParallel(sends, schedule=(2, 1)),)), fails, ALWAYS).scenario.items
    assert item == SendParallel((Message(ANN, "0"), Message(BOB, "1")))


@pytest.mark.parametrize(("scheduled", "left"), [(True, 3), (False, 4)])
def test_a_race_of_fewer_is_tried_in_other_orders_if_they_can_be_chosen(scheduled: bool, left: int) -> None:
    """Four messages race in the usual order; three need turns of the second oldest."""
    guests = (ANN, BOB, Guest("Zoë", "zoe@example.com"), Guest("Eve", "eve@example.com"))
    sends = tuple(Message(guest, str(number)) for number, guest in enumerate(guests))

    def fails(candidate: Scenario) -> bool:
        races = [item for item in candidate.items if isinstance(item, SendParallel)]
        return any(len(race.sends) == 4 or (len(race.sends) == 3 and race.schedule[:2] == (1, 1)) for race in races)

    found = shrink(Scenario((SendParallel(sends),)), fails, ALWAYS, scheduled=scheduled)
    assert (found.scenario.intents, found.minimal) == (left, True)


def test_what_may_as_well_happen_before_a_message_is_told_before_it() -> None:
    during = (Trigger("create", RevokeScope()), Trigger("send", EndSessions()))

    def fails(candidate: Scenario) -> bool:
        between = {item for item in candidate.items if not isinstance(item, Send)}
        inside = {trigger.do for item in candidate.items if isinstance(item, Send) for trigger in item.during}
        return candidate.intents == 1 and RevokeScope() in between | inside and EndSessions() in inside

    found = shrink(Scenario((Send(ANN, "0", during),)), fails, ALWAYS).scenario
    assert found == Scenario((RevokeScope(), Send(ANN, "0", during[1:])))


def test_time_that_passes_twice_passes_once() -> None:
    def fails(candidate: Scenario) -> bool:
        return sum(item.seconds for item in candidate.items if isinstance(item, Advance)) >= 50

    found = shrink(Scenario((Advance(20.0), Advance(20.0), Advance(20.0))), fails, ALWAYS).scenario
    assert found == Scenario((Advance(60.0),))
    longest = Scenario((Advance(LONGEST), Advance(1.0)))
    assert shrink(longest, lambda candidate: candidate.items[-1:] == (Advance(1.0),), ALWAYS).scenario == Scenario(
        (Advance(1.0),)
    )


def test_one_message_of_a_race_may_do() -> None:
    scenario = Scenario((SendParallel((Message(BOB, "b"), Message(ANN, "a"))),))
    found = shrink(scenario, lambda candidate: candidate.intents == 1, ALWAYS)
    assert found.scenario == Scenario((Send(ANN, "0"),))


def test_a_budget_is_kept_and_the_truth_is_told() -> None:
    tries: list[Scenario] = []

    def fails(candidate: Scenario) -> bool:
        tries.append(candidate)
        return True

    scenario = Scenario(tuple(Send(ANN, str(number)) for number in range(8)))
    found = shrink(scenario, fails, lambda: len(tries) < 2)
    assert len(tries) == 2
    assert not found.minimal
    assert found.scenario.intents == 2


@pytest.mark.parametrize("seed", range(5))
def test_nothing_is_tried_twice_nor_anything_that_is_not_simpler(seed: int) -> None:
    tries: list[Scenario] = []
    scenario = Scenario(tuple(Send((ANN, BOB)[number % 2], str(number)) for number in range(6)))

    def fails(candidate: Scenario) -> bool:
        assert candidate not in tries
        tries.append(candidate)
        return candidate.intents > seed

    assert shrink(scenario, fails, ALWAYS).scenario.intents == seed + 1
    assert all(complexity(candidate) < complexity(scenario) for candidate in tries)
