"""A stage for tests, and tasks that leave a trail on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from contracts.clients.actors import current_stage
from contracts.clients.clock import NANOSECONDS, VirtualClock
from contracts.clients.patches import virtual_time
from contracts.clients.stage import Choose, Stage

T = TypeVar("T")

PATIENCE = 0.2
"""Seconds of real time, for clients that hang on purpose."""


@contextmanager
def a_stage(choose: Choose = lambda _: 0) -> Iterator[Stage]:
    """A stage on which time is virtual."""
    stage = Stage(VirtualClock(), patience=PATIENCE)
    stage.choose = choose
    with virtual_time():
        try:
            yield stage
        finally:
            stage.close()


def play(*tasks: Callable[[], T], choose: Choose = lambda _: 0) -> tuple[list[T], float]:
    """Runs the tasks on a stage of their own; returns what they return, and how many virtual seconds that took."""
    with a_stage(choose) as stage:
        results = stage.run(tasks)
        return results, stage.clock.elapsed / NANOSECONDS


def here() -> Stage:
    """The stage the calling task is on."""
    stage = current_stage()
    assert stage is not None
    return stage


def in_turn(numbers: Sequence[int]) -> Choose:
    """Picks by these numbers, and then whoever has waited longest."""
    left = list(numbers)
    return lambda waiting: left.pop(0) % waiting if left else 0
