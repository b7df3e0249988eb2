"""The built-in scenarios, adapted to a client."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from contracts.builtin import BUILTIN
from contracts.generate.fair import soon_over
from contracts.generate.limits import DEFAULT, Limits
from contracts.scenario import Fault, Scenario

SHORT_IDLE_TIMEOUT = 0.5


def built_in(limits: Limits = DEFAULT) -> Iterator[Scenario]:
    """Return all of them, plain ones first. If waits are real, none is longer than a second, which still outlasts the
    session.
    """
    return iter(BUILTIN.values()) if limits.virtual else map(_shortened, BUILTIN.values())


def _shortened(scenario: Scenario) -> Scenario:
    items = tuple(soon_over(item) if isinstance(item, Fault) else item for item in scenario.items)
    if items == scenario.items:
        return scenario
    return replace(scenario, items=items, policy={**scenario.policy, "idle_timeout": SHORT_IDLE_TIMEOUT})
