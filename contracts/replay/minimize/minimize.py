"""Simplifications of a story, and the names in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from msgspec.structs import replace

from contracts.replay.minimize.names import fresh
from contracts.scenario import Advance
from contracts.stories.model import CLIENT, SAVES, Step, Story
from contracts.stories.names import reference
from contracts.verify.shrink import without
from mockserver.engine.model import Policy
from mockserver.settings import DURATIONS, policy_to


def smaller(story: Story) -> Iterator[Story]:
    """Yield stories with one simplification each, the largest first."""
    *before, last = story.steps
    unmoved = [step for step in before if not isinstance(step, Advance)]
    if len(unmoved) < len(before):
        yield replace(story, steps=(*unmoved, last))
    for left in without(tuple(before)):
        yield replace(story, steps=(*left, last))
    yield from _merged(story)
    for name in story.policy:
        yield replace(story, policy={key: value for key, value in story.policy.items() if key != name})
    for place, step in enumerate(before):
        for other in _simpler(step, story.policy):
            yield replace(story, steps=(*before[:place], other, *before[place + 1 :], last))


def _simpler(step: Step, policy: Mapping[str, Any]) -> Iterator[Step]:
    if isinstance(step, Advance):
        yield from (Advance(seconds) for seconds in _nice(policy) if seconds < step.seconds)
    times = getattr(step, "times", 1)
    for fewer in sorted({1, times // 2, times - 1}):
        if 0 < fewer < times:
            yield replace(step, times=fewer)


def _nice(policy: Mapping[str, Any]) -> list[float]:
    """Return durations that matter to the policy, and slightly longer ones, in seconds, shortest first."""
    whole = {**policy_to(Policy()), **policy}
    spans = [float(whole[name]) for name in DURATIONS if whole[name] is not None]
    return sorted({*spans, *(span + 0.001 for span in spans)})


def tidy(story: Story) -> Story:
    """Return the story with its names in the order in which they are first saved: `token`, then `token_2`."""
    names: dict[str, str] = {}
    for step in story.steps:
        kind, name = SAVES.get(type(step)), getattr(step, "save", None)
        if kind is not None and name is not None and name not in names:
            names[name] = fresh("other" if kind == "client" else kind, names.values())
    return replace(story, steps=tuple(_renamed(step, names) for step in story.steps))


# -- names -----------------------------------------------------------------------------------------------------------


def _merged(story: Story) -> Iterator[Story]:
    """Yield the story with one saved value in place of another of its kind, and with two waits joined into one."""
    steps = story.steps
    saved: list[tuple[str, str]] = [(CLIENT, "client")]
    for place, step in enumerate(steps):
        kind, name = SAVES.get(type(step)), getattr(step, "save", None)
        if kind is None or name is None:
            continue
        for other in [other for other, of_kind in saved if of_kind == kind and other != name]:
            yield replace(story, steps=tuple(_renamed(step, {name: other}) for step in (*steps[:place], *steps[place + 1 :])))
        saved.append((name, kind))
    yield from (replace(story, steps=joined) for joined in waits_joined(steps))


def waits_joined(steps: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """Yield the steps with two waits after each other joined into one."""
    for place, (first, second) in enumerate(pairwise(steps)):
        if isinstance(first, Advance) and isinstance(second, Advance):
            yield (*steps[:place], Advance(round(first.seconds + second.seconds, 3)), *steps[place + 2 :])


def _renamed(step: Step, names: Mapping[str, str]) -> Step:
    changed = {}
    for field in ("client", "token", "session", "authorization"):
        name = reference(getattr(step, field, None) or "") or ""
        if name in names:
            changed[field] = f"${names[name]}"
    save = getattr(step, "save", None) or ""
    if save in names:
        changed["save"] = names[save]
    return replace(step, **changed) if changed else step
