"""The strategy for scenarios.

Which kinds of perturbation there may be at all is drawn first: with few of them, each comes often enough to meet its like. Time
is moved to just before, at and just after each deadline, for that is where clients and platforms disagree.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

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

_ENABLED = st.sampled_from((0, 1, 2, 2, 3, 3, 3, 4))
_ROUNDS = st.integers(1, 5)
_FEWER_ROUNDS = st.integers(1, 3)
_SOME = st.sampled_from((0, 1, 1, 2))
_FEW = st.sampled_from((0, 0, 1, 1, 2))
_PARALLEL = st.sampled_from((False, False, True))
_NAMES = st.sampled_from(sorted(KINDS))
_SCHEDULES = st.lists(st.integers(0, 3), max_size=24).map(tuple)
_NTHS = st.sampled_from((1, 1, 1, 2, 3))


def scenarios(limits: Limits = DEFAULT) -> SearchStrategy[Scenario]:
    """All scenarios that make sense under `limits`."""
    return _scenarios(st.sampled_from([setting(limits, policy) for policy in POLICIES]))


@st.composite
def _scenarios(draw: DrawFn, settings: SearchStrategy[Setting]) -> Scenario:
    chosen = draw(settings)
    enabled = tuple(sorted({draw(_NAMES) for _ in range(draw(_ENABLED))}))
    rounds = draw(_ROUNDS if chosen.limits.virtual else _FEWER_ROUNDS)
    items = tuple(item for _ in range(rounds) for item in _round(draw, chosen, enabled))
    return Scenario(items, policy=chosen.policy)


def _round(draw: DrawFn, setting: Setting, enabled: tuple[str, ...]) -> Iterator[Item]:
    """What the world does, and a message that meets it: what comes after the last message would be drawn for nobody."""
    if enabled:
        yield from (_perturbation(draw, setting, enabled) for _ in range(draw(_SOME)))
    during = _triggers(draw, setting, tuple(kind for kind in enabled if kind != "restart"))
    if draw(_PARALLEL):
        schedule = draw(_SCHEDULES) if setting.limits.schedules else ()
        yield SendParallel(distinct_messages(draw), during, schedule)
    else:
        yield Send(guest(draw), text(draw), during)


def _perturbation(draw: DrawFn, setting: Setting, enabled: tuple[str, ...]) -> Perturbation:
    return KINDS[draw(_one_of(enabled))](draw, setting)


_one_of = cache(st.sampled_from)


def _triggers(draw: DrawFn, setting: Setting, enabled: tuple[str, ...]) -> tuple[Trigger, ...]:
    """What happens inside an intent; a client is restarted between intents only."""
    if not enabled:
        return ()
    return tuple(Trigger(draw(OPERATIONS), _perturbation(draw, setting, enabled), draw(_NTHS)) for _ in range(draw(_FEW)))
