"""The strategy for scenarios.

The kinds of perturbation are drawn first: with few of them, each occurs often enough to meet others of its kind. Time is moved
to just before, at and just after each deadline, because clients and platforms disagree there.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import combinations, product
from typing import NamedTuple

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from contracts.generate.limits import DEFAULT, Limits
from contracts.generate.messages import distinct_messages, guest, text
from contracts.generate.perturbations import KINDS, OPERATIONS
from contracts.generate.setting import Setting, setting
from contracts.scenario import Item, Perturbation, PolicyValue, Scenario, Send, SendParallel, Trigger

POLICIES: tuple[dict[str, PolicyValue], ...] = (
    {},
    {"idle_timeout": 5},
    {"ttl": 20},
    {"token_ttl": 600},
    {"token_ttl": 600, "token_idle_timeout": 120},
)


class _Round(NamedTuple):
    """The shape of a round: perturbations before a message and inside it, and whether several messages are sent at once."""

    before: int
    during: int
    parallel: bool


_SOME, _FEW, _PARALLEL = (0, 1, 1, 2), (0, 0, 1, 1, 2), (False, False, True)

# Values that belong together are drawn from one table, because every draw has a fixed cost. Simpler entries come first.
_ENABLED = st.sampled_from((0, 1, 2, 2, 3, 3, 3, 4)).flatmap(
    [st.sampled_from(list(combinations(sorted(KINDS), size))) for size in range(5)].__getitem__
)
_ROUNDS = st.integers(1, 5)
_FEWER_ROUNDS = st.integers(1, 3)
_SHAPES = st.sampled_from([_Round(*shape) for shape in product(_SOME, _FEW, _PARALLEL)])
_CALM = st.sampled_from([_Round(0, 0, parallel) for parallel in _PARALLEL])
_PLACES = st.sampled_from(list(product(OPERATIONS, (1, 1, 1, 2, 3))))
_SCHEDULES = st.binary(max_size=6).map(lambda drawn: tuple(byte >> shift & 3 for byte in drawn for shift in (0, 2, 4, 6)))
_KINDS_INSIDE = frozenset(KINDS) - {"restart"}
"""A client is restarted between intents only."""


def scenarios(limits: Limits = DEFAULT) -> SearchStrategy[Scenario]:
    """Return a strategy for all scenarios that make sense under `limits`."""
    return _scenarios(st.sampled_from([setting(limits, policy) for policy in POLICIES]))


@st.composite
def _scenarios(draw: DrawFn, settings: SearchStrategy[Setting]) -> Scenario:
    chosen, enabled = draw(settings), draw(_ENABLED)
    rounds = draw(_ROUNDS if chosen.limits.virtual else _FEWER_ROUNDS)
    items = tuple(item for _ in range(rounds) for item in _round(draw, chosen, enabled))
    return Scenario(items, policy=chosen.policy)


def _round(draw: DrawFn, setting: Setting, enabled: tuple[str, ...]) -> Iterator[Item]:
    """Yield perturbations and then a message, because a perturbation after the last message would do nothing."""
    shape = draw(_SHAPES if enabled else _CALM)
    yield from (_perturbation(draw, setting, enabled) for _ in range(shape.before))
    inside = tuple(kind for kind in enabled if kind in _KINDS_INSIDE)
    during = tuple(_trigger(draw, setting, inside) for _ in range(shape.during if inside else 0))
    if shape.parallel:
        yield SendParallel(distinct_messages(draw), during, draw(_SCHEDULES) if setting.limits.schedules else ())
    else:
        yield Send(guest(draw), text(draw), during)


def _perturbation(draw: DrawFn, setting: Setting, enabled: tuple[str, ...]) -> Perturbation:
    return KINDS[draw(_one_of(enabled))](draw, setting)


_one_of = cache(st.sampled_from)


def _trigger(draw: DrawFn, setting: Setting, enabled: tuple[str, ...]) -> Trigger:
    """Draw a perturbation inside an intent."""
    operation, nth = draw(_PLACES)
    return Trigger(operation, _perturbation(draw, setting, enabled), nth)
