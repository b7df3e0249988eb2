"""An actor is one thread of a client; the system tells what it waits for."""

from __future__ import annotations

import threading

from contracts.clients.actors import Actor
from contracts.clients.clock import VirtualClock
from contracts.clients.stage import Stage


def test_a_thread_that_has_not_begun_does_not_wait_in_real_time() -> None:
    """On a busy machine it may be given the stage before it runs."""
    actor = Actor()
    actor.go()
    assert not actor.waits_in_real_time()


def test_a_thread_that_has_ended_does_not_wait_in_real_time() -> None:
    actor = Actor()
    thread = threading.Thread(target=lambda: actor.enter(Stage(VirtualClock())))
    actor.go()
    thread.start()
    thread.join()
    assert not actor.waits_in_real_time()


def test_a_thread_that_waits_with_a_timeout_waits_in_real_time() -> None:
    actor, done, begun = Actor(), threading.Event(), threading.Event()

    def wait() -> None:
        actor.enter(Stage(VirtualClock()))
        begun.set()
        done.wait(60)

    thread = threading.Thread(target=wait, daemon=True)
    actor.go()
    thread.start()
    assert begun.wait(60)
    assert any(actor.is_blocked() and actor.waits_in_real_time() for _ in range(100_000))
    done.set()
    thread.join()
