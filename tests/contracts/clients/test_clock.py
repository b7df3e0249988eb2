from __future__ import annotations

import pytest

from contracts.clients.clock import NANOSECONDS, START, VirtualClock


def test_waits_that_add_up_to_a_deadline_reach_it_exactly() -> None:
    clock = VirtualClock()
    for _ in range(300):
        clock.move_to(clock.after(0.1))
    assert clock.elapsed == 30 * NANOSECONDS
    assert clock.milliseconds() == START // 1_000_000 + 30_000


def test_time_does_not_go_back() -> None:
    clock = VirtualClock()
    clock.move_to(clock.after(5))
    clock.move_to(clock.after(-3))
    clock.move_to(START)
    assert clock.elapsed == 5 * NANOSECONDS


def test_a_new_run_begins_at_the_first_ones_date_and_monotonic_time_goes_on() -> None:
    clock = VirtualClock()
    for run in range(1, 3):
        clock.move_to(clock.after(5))
        clock.restart()
        assert clock.nanoseconds == START
        assert clock.elapsed == run * 5 * NANOSECONDS


@pytest.mark.parametrize("seconds", [float("inf"), float("nan")])
def test_what_is_no_time_to_wait_is_refused(seconds: float) -> None:
    with pytest.raises((OverflowError, ValueError)):
        VirtualClock().after(seconds)
