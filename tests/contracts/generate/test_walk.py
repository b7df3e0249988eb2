"""The scenarios that are walked through before any is drawn."""

from __future__ import annotations

from collections import Counter
from typing import get_args

import pytest

from contracts.builtin import BUILTIN
from contracts.generate import Limits, walk
from contracts.generate.walk import WalkStep
from contracts.judge import Parameters
from contracts.scenario import Advance, EndSessions, Fault, Scenario, Send, check, digest, triggers
from mockserver.journal import FaultKind

REAL = Limits(virtual=False, schedules=False)


def faults(scenario: Scenario) -> list[Fault]:
    found = [trigger.do for item in scenario.items for trigger in triggers(item)]
    return [fault for fault in found if isinstance(fault, Fault)]


def pair(step: WalkStep) -> tuple[str, str]:
    """Return the places of a pair of faults: `send 1`, `create 2`."""
    first, second = triggers(step.scenario.items[0])
    return f"{first.before} {first.nth}", f"{second.before} {second.nth}"


@pytest.mark.parametrize("limits", [Limits(), REAL], ids=["virtual", "real"])
def test_each_scenario_makes_sense_and_comes_once(limits: Limits) -> None:
    steps = list(walk(limits))
    for step in steps:
        check(step.scenario)
    assert len({digest(step.scenario) for step in steps}) == len(steps)


def test_single_faults_come_before_pairs() -> None:
    kinds = [step.kind for step in walk()]
    assert kinds.index("pair") > max(place for place, kind in enumerate(kinds) if kind == "single")


def test_every_kind_of_fault_hits_every_operation_alone() -> None:
    singles = [fault for step in walk() if step.kind == "single" for fault in faults(step.scenario)]
    hit = Counter((fault.operation, fault.kind) for fault in singles)
    everywhere = set(get_args(FaultKind)) - {"opaque_403"}
    wanted = {(operation, kind) for operation in ("token", "create", "send") for kind in everywhere}
    assert set(hit) == wanted | {("send", "opaque_403")}
    statuses = {(fault.operation, fault.status) for fault in singles if fault.kind == "status"}
    assert {status for operation, status in statuses if operation == "token"} == {400, 413, 429, 500, 502, 503, 504}


def test_a_pair_hits_the_first_call_and_then_one_that_the_recovery_makes() -> None:
    places = {pair(step) for step in walk() if step.kind == "pair"}
    assert {("send 1", "send 2"), ("send 1", "create 2"), ("send 1", "token 2")} <= places
    assert {("create 1", "create 2"), ("create 1", "send 1"), ("create 1", "token 2")} <= places
    assert ("token 1", "token 2") in places


def test_what_delays_a_send_may_make_its_session_too_old_while_it_lives() -> None:
    singles = [fault for step in walk() if step.kind == "single" for fault in faults(step.scenario)]
    waits = [one.retry_after or 0 for one in singles if (one.operation, one.status) == ("send", 429)]
    logins = [one.seconds for one in BUILTIN["a-slow-login-at-the-send"].items if isinstance(one, Fault)]
    assert any(Parameters().max_age < seconds < 10 for seconds in waits)
    assert any(Parameters().max_age < seconds < 10 for seconds in logins)


@pytest.mark.parametrize("second", ["lost_response", "status", "unusable_body", "redirect"])
def test_a_dead_session_is_followed_by_each_other_mishap_on_the_way_to_recovery(second: str) -> None:
    after_dead: list[str] = [
        fault.kind
        for step in walk()
        if step.kind == "pair" and triggers(step.scenario.items[0])[0].do == EndSessions()
        for fault in faults(step.scenario)
    ]
    assert after_dead.count(second) >= 2  # at the create, and at the send


@pytest.mark.parametrize("operation", ["token", "create", "send"])
def test_an_operation_fails_more_often_than_it_may_in_two_ways_neither_of_which_is_too_much(operation: str) -> None:
    mixed = [faults(step.scenario) for step in walk() if step.kind == "else"]
    first, second = next(pair for pair in mixed if len(pair) == 2 and pair[0].operation == operation)
    most, least = Parameters().max_attempts, Parameters().min_attempts
    assert first.kind != second.kind
    assert (first.times, second.times) == (least, least)
    assert least + least > most


def test_messages_that_fail_at_once_are_followed_by_one_that_need_not() -> None:
    """For clients that lose a worker of a small pool, or a lock, at each failure."""
    scenarios = [step.scenario for step in walk() if step.kind == "else"]
    several = [one for one in scenarios if len(one.items) > 1 and list(faults(one))]
    assert [[fault.status for fault in faults(one)] for one in several] == [[400] * 3]
    last = several[0].items[-1]
    assert isinstance(last, Send)
    assert not last.during


def test_real_waits_are_few_and_short() -> None:
    steps = list(walk(REAL))
    assert len(steps) < len(list(walk())) / 10
    waits = [fault.retry_after or fault.seconds for step in steps for fault in faults(step.scenario)]
    assert max(waits) <= 1


def test_the_walk_can_be_left_out_or_chosen() -> None:
    assert list(walk(extent="off")) == []
    assert len(list(walk(extent="short"))) == len(list(walk(REAL))) + 1


def test_a_short_walk_in_virtual_time_has_messages_hours_apart() -> None:
    waits = [item.seconds for step in walk(extent="short") for item in step.scenario.items if isinstance(item, Advance)]
    assert waits == [3601.0, 3601.0]


def test_odd_values_come_several_to_a_scenario() -> None:
    values = [step.scenario for step in walk() if step.kind == "else" and len(step.scenario.items) > 5]
    sent = [item for scenario in values for item in scenario.items if isinstance(item, Send)]
    texts, names = {item.text for item in sent}, {item.guest.name for item in sent}
    addresses = {item.guest.email for item in sent}
    assert {"\ufeff0", "\u00a00", "a+b", "\r", "%41%2B", "e\u0301", "\xe9", " 0 ", "\u200f0"} <= texts
    assert {"\ufeffAnn", "Jose\u0301", "Jos\xe9", " Ann ", "N" * 254} <= names
    assert {"ann@b\xfccher.example", "ann+chat@example.com"} <= addresses
