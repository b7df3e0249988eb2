"""The strategy for scenarios.

Which kinds of perturbation there may be at all is drawn first: with few of them, each comes often enough to meet its like. Time
is moved to just before, at and just after each deadline, for that is where clients and platforms disagree.
"""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from contracts.generate.messages import distinct_messages, guest, text
from contracts.generate.perturbations import KINDS, OPERATIONS
from contracts.generate.setting import DEFAULT, Limits, Setting, setting
from contracts.scenario import Item, Perturbation, PolicyValue, Scenario, Send, SendParallel, Trigger

POLICIES: tuple[dict[str, PolicyValue], ...] = (
    {},
    {"idle_timeout": 5},
    {"ttl": 20},
    {"token_ttl": 600},
    {"token_ttl": 600, "token_idle_timeout": 120},
)

_ENABLED = st.sets(st.sampled_from(sorted(KINDS)), max_size=4).map(sorted)
_LENGTHS = st.integers(1, 8)
_STEPS = st.sampled_from(("send", "send_parallel", "perturbation", "perturbation"))
_SCHEDULES = st.lists(st.integers(0, 3), max_size=24).map(tuple)
_FEW = st.sampled_from((0, 0, 0, 1, 1, 2))
_NTHS = st.integers(1, 3)


def scenarios(limits: Limits = DEFAULT) -> SearchStrategy[Scenario]:
    """All scenarios that make sense under `limits`."""
    return _scenarios(st.sampled_from([setting(limits, policy) for policy in POLICIES]))


@st.composite
def _scenarios(draw: DrawFn, settings: SearchStrategy[Setting]) -> Scenario:
    chosen, enabled = draw(settings), draw(_ENABLED)
    items = tuple(_item(draw, chosen, enabled) for _ in range(draw(_LENGTHS)))
    return Scenario(items, policy=chosen.policy)


def _item(draw: DrawFn, setting: Setting, enabled: Sequence[str]) -> Item:
    step = draw(_STEPS)
    if step == "perturbation" and enabled:
        return _perturbation(draw, setting, enabled)
    during = _triggers(draw, setting, [kind for kind in enabled if kind != "restart"])
    if step == "send_parallel":
        schedule = draw(_SCHEDULES) if setting.limits.schedules else ()
        return SendParallel(distinct_messages(draw), during, schedule)
    return Send(guest(draw), text(draw), during)


def _perturbation(draw: DrawFn, setting: Setting, enabled: Sequence[str]) -> Perturbation:
    return KINDS[draw(st.sampled_from(enabled))](draw, setting)


def _triggers(draw: DrawFn, setting: Setting, enabled: Sequence[str]) -> tuple[Trigger, ...]:
    """What happens inside an intent; a client is restarted between intents only."""
    if not enabled:
        return ()
    return tuple(Trigger(draw(OPERATIONS), _perturbation(draw, setting, enabled), draw(_NTHS)) for _ in range(draw(_FEW)))
