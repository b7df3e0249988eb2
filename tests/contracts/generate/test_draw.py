from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from contracts.generate import Limits, built_in
from contracts.generate.draw import scenarios
from contracts.generate.messages import text
from contracts.generate.perturbations import KINDS, advance
from contracts.generate.setting import setting
from contracts.scenario import (
    Fault,
    Item,
    Perturbation,
    RestartClient,
    Scenario,
    Send,
    SendParallel,
    check,
    decode,
    encode,
    messages,
    triggers,
)
from mockserver.settings import policy_from

WALL = Limits(virtual=False, schedules=False)
quick = settings(max_examples=200, phases=[Phase.generate], suppress_health_check=list(HealthCheck))

thorough = settings(max_examples=5000, database=None, suppress_health_check=list(HealthCheck))


def perturbations(scenario: Scenario) -> list[Perturbation | Item]:
    outside = [item for item in scenario.items if not messages(item)]
    return [*outside, *(trigger.do for item in scenario.items for trigger in triggers(item))]


@quick
@given(scenarios() | scenarios(WALL))
def test_what_is_drawn_is_a_scenario_that_a_file_can_hold(scenario: Scenario) -> None:
    check(scenario)
    assert decode(encode(scenario)) == scenario
    policy_from(scenario.policy)


@quick
@given(scenarios())
def test_texts_can_be_sent(scenario: Scenario) -> None:
    for item in scenario.items:
        for message in messages(item):
            assert 1 <= len(message.text) <= 4000
            assert "\x00" not in message.text
            message.text.encode("utf-8")


@quick
@given(scenarios(WALL))
def test_where_waits_are_real_they_are_short(scenario: Scenario) -> None:
    for one in perturbations(scenario):
        if isinstance(one, Fault):
            assert (one.retry_after or 0) <= 1
            assert one.seconds <= 0.1
    assert all(not item.schedule for item in scenario.items if isinstance(item, SendParallel))


@pytest.mark.parametrize("seconds", [4.999, 5.001, 29.999, 30.0, 30.001, 300.0, 6 * 3600.0, 86_400.0])
def test_time_is_moved_to_where_clients_and_platforms_disagree(seconds: float) -> None:
    find(st.composite(advance)(setting(Limits(), {})), lambda drawn: drawn.seconds == seconds, settings=thorough)


def test_deadlines_are_those_of_the_policy() -> None:
    find(st.composite(advance)(setting(Limits(), {"ttl": 20})), lambda drawn: drawn.seconds == 20.001, settings=thorough)


@pytest.mark.parametrize("wanted", ["null", "{{name}}", "[REDACTED]", "x" * 4000])
def test_texts_that_clients_trip_over_are_among_them(wanted: str) -> None:
    find(st.composite(text)(), lambda drawn: drawn == wanted, settings=thorough)


@quick
@given(scenarios())
def test_few_kinds_of_perturbation_come_at_a_time(scenario: Scenario) -> None:
    assert len({type(one).__name__ for one in perturbations(scenario)}) <= 6
    assert isinstance(scenario.items[-1], Send | SendParallel)


def test_each_kind_that_can_be_enabled_has_a_name() -> None:
    assert sorted(KINDS) == [
        "advance", "delay", "end_sessions", "expiry", "garbage", "loss", "opaque",
        "outage", "overload", "refusal", "rejection", "restart", "scope",
    ]  # fmt: skip


@quick
@given(st.data())
def test_a_client_is_restarted_between_intents_only(data: st.DataObject) -> None:
    scenario = data.draw(scenarios())
    assert not any(isinstance(trigger.do, RestartClient) for item in scenario.items for trigger in triggers(item))


def test_built_in_scenarios_suit_the_client() -> None:
    assert all(scenario.title for scenario in built_in())
    assert len(list(built_in(WALL))) == len(list(built_in()))
    for scenario in built_in(WALL):
        check(scenario)
        waits = [one.retry_after for one in scenario.items if isinstance(one, Fault) and one.retry_after]
        assert all(wait == 1 for wait in waits)
        assert not waits or scenario.policy["idle_timeout"] == 0.5
