"""The settings that scenarios are drawn for."""

from __future__ import annotations

from math import isfinite

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from msgspec import Struct

from contracts.generate.limits import Limits
from contracts.scenario import PolicyValue

EARLIER_TODAY = 6 * 3600.0
"""Seconds since the session of the thread, in which a customer comes back hours later."""

MOMENT = 0.001
"""One tick of the mock's clock, in seconds."""

_DEADLINES = {"idle_timeout": 30.0, "ttl": 300.0, "token_ttl": 86_400.0}
"""Default deadlines, in seconds, if a policy does not set them."""


class Setting(Struct, frozen=True):
    """The limits, the policy of a scenario, and the `steps` in time worth taking under both (None: any)."""

    limits: Limits
    policy: dict[str, PolicyValue]
    steps: SearchStrategy[float | None]


def setting(limits: Limits, policy: dict[str, PolicyValue]) -> Setting:
    """Return the setting for a policy. Its steps lead to just before, at and just after each deadline of policy and
    contract.
    """
    named = _DEADLINES | {name: value for name, value in policy.items() if isinstance(value, int | float)}
    deadlines = sorted(deadline for deadline in {limits.max_age, *named.values()} if isfinite(deadline))
    steps = [float(deadline + step) for deadline in deadlines for step in (0, MOMENT, -MOMENT)]
    return Setting(limits, policy, st.sampled_from([*steps, EARLIER_TODAY, None]))
