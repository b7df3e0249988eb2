"""A scheduler for tests, and tasks that leave a trail on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from contracts.clients.clock import NANOSECONDS, VirtualClock
from contracts.clients.patches import virtual_time
from contracts.clients.scheduled import current_scheduler
from contracts.clients.scheduler import Choose, Scheduler

T = TypeVar("T")

PATIENCE = 0.2
"""Seconds of real time, for clients that hang on purpose."""


@contextmanager
def a_stage(choose: Choose = lambda _: 0) -> Iterator[Scheduler]:
    """A scheduler on which time is virtual."""
    scheduler = Scheduler(VirtualClock(), patience=PATIENCE)
    scheduler.choose = choose
    with virtual_time():
        try:
            yield scheduler
        finally:
            scheduler.close()


def play(*tasks: Callable[[], T], choose: Choose = lambda _: 0) -> tuple[list[T], float]:
    """Runs the tasks under a scheduler of their own; returns what they return, and how many virtual seconds that took."""
    with a_stage(choose) as scheduler:
        results = scheduler.run(tasks)
        return results, scheduler.clock.elapsed / NANOSECONDS


def here() -> Scheduler:
    """The scheduler the calling task is on."""
    scheduler = current_scheduler()
    assert scheduler is not None
    return scheduler


def in_turn(numbers: Sequence[int]) -> Choose:
    """Picks by these numbers, and then whoever has waited longest."""
    left = list(numbers)
    return lambda waiting: left.pop(0) % waiting if left else 0
