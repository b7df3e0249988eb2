"""A scheduled thread is one thread of a client; the system tells what it waits for."""

from __future__ import annotations

import threading

from contracts.clients.clock import VirtualClock
from contracts.clients.scheduled import ScheduledThread
from contracts.clients.scheduler import Scheduler


def test_a_thread_that_has_not_begun_does_not_wait_in_real_time() -> None:
    """On a busy machine it may be given the scheduler before it runs."""
    scheduled = ScheduledThread()
    scheduled.go()
    assert not scheduled.waits_in_real_time()


def test_a_thread_that_has_ended_does_not_wait_in_real_time() -> None:
    scheduled = ScheduledThread()
    thread = threading.Thread(target=lambda: scheduled.enter(Scheduler(VirtualClock())))
    scheduled.go()
    thread.start()
    thread.join()
    assert not scheduled.waits_in_real_time()


def test_a_thread_that_waits_with_a_timeout_waits_in_real_time() -> None:
    scheduled, done, begun = ScheduledThread(), threading.Event(), threading.Event()

    def wait() -> None:
        scheduled.enter(Scheduler(VirtualClock()))
        begun.set()
        done.wait(60)

    thread = threading.Thread(target=wait, daemon=True)
    scheduled.go()
    thread.start()
    assert begun.wait(60)
    assert any(scheduled.is_blocked() and scheduled.waits_in_real_time() for _ in range(100_000))
    done.set()
    thread.join()
