from __future__ import annotations

from collections import Counter
from typing import get_args

import pytest

from contracts.generate import Limits
from contracts.scenario import Fault, Scenario, encode, messages, triggers
from contracts.verify.sampling import Near, draw
from mockserver.journal import FaultKind


def drawn(examples: int, chance: int = 0, near: str = "") -> list[Scenario]:
    """Return the scenarios drawn if each `near` in a scenario brings the breach of a clause nearer."""
    examined: list[Scenario] = []

    def examine(scenario: Scenario) -> Near:
        examined.append(scenario)
        return lambda: {"S1": encode(scenario).decode().count(near)} if near else {}

    draw(examine, Limits(), examples, chance)
    return examined


def kinds(scenario: Scenario) -> set[str]:
    inside = [trigger.do for item in scenario.items for trigger in triggers(item)]
    between = [item for item in scenario.items if not messages(item)]
    return {one.kind if isinstance(one, Fault) else type(one).__name__ for one in (*inside, *between)}


@pytest.mark.parametrize("examples", [0, 1, 2, 10, 11, 60])
def test_as_many_are_examined_as_were_asked_for_and_none_twice(examples: int) -> None:
    examined = drawn(examples)
    assert len(examined) == len({encode(scenario) for scenario in examined}) == examples


def test_the_same_chance_draws_the_same() -> None:
    assert drawn(40, chance=7, near="Ann") == drawn(40, chance=7, near="Ann")
    assert drawn(40, chance=7) != drawn(40, chance=8)


@pytest.mark.parametrize("chance", range(3))
def test_a_hundred_hold_a_bit_of_everything(chance: int) -> None:
    seen = Counter(kind for scenario in drawn(100, chance) for kind in kinds(scenario))
    assert set(seen) == {
        "AcceptTokens", "Advance", "EndSessions", "ExpireTokens", "GrantScope", "RejectTokens", "RestartClient",
        "RevokeScope", "RevokeTokens", *get_args(FaultKind),
    }  # fmt: skip


def test_the_last_quarter_goes_after_what_comes_near_to_a_breach() -> None:
    def mean(scenarios: list[Scenario]) -> float:
        return sum(encode(scenario).decode().count('"op": "send"') for scenario in scenarios) / len(scenarios)

    examined = drawn(160, near='"op": "send"')
    assert mean(examined[120:]) > mean(examined[:120])
