from __future__ import annotations

import gc
import socket
import threading
from collections.abc import Callable, Iterable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.clients.base import Hung
from contracts.clients.clock import NANOSECONDS, VirtualClock
from contracts.clients.connections import arrived, late
from contracts.clients.scheduler import LONGEST, Scheduler
from contracts.clients.scheduler_run import SchedulerWorker
from tests.contracts.clients.staging import PATIENCE, a_stage, here, in_turn, play


def walker(name: str, trail: list[str], steps: int = 2) -> Callable[[], str]:
    def walk() -> str:
        for step in range(steps):
            trail.append(f"{name}{step}")
            here().turn()
        return name

    return walk


def test_results_come_in_the_order_of_the_tasks() -> None:
    trail: list[str] = []
    results, _ = play(*(walker(name, trail) for name in "abc"), choose=in_turn([2, 1, 0, 1]))
    assert results == ["a", "b", "c"]


def test_without_a_choice_they_go_in_turn() -> None:
    trail: list[str] = []
    play(walker("a", trail), walker("b", trail))
    assert trail == ["a0", "b0", "a1", "b1"]


def test_a_choice_picks_among_those_that_wait_longest_first() -> None:
    trail: list[str] = []
    play(walker("a", trail), walker("b", trail), choose=in_turn([1, 1, 0]))
    assert trail == ["b0", "b1", "a0", "a1"]


@settings(max_examples=25)
@given(st.lists(st.integers(0, 5), max_size=12))
@pytest.mark.slow
def test_the_same_choices_lead_to_the_same_interleaving(choices: list[int]) -> None:
    trails: list[list[str]] = [[], []]
    for trail in trails:
        play(*(walker(name, trail) for name in "abc"), choose=in_turn(choices))
    assert trails[0] == trails[1]


def test_who_waits_for_a_delivery_is_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    looks, look = count(), Scheduler._look
    receiver, sender = socket.socketpair()

    def counted(scheduler: Scheduler) -> None:
        look(scheduler)
        if next(looks) == 50:
            sender.send(b"at last")

    monkeypatch.setattr("contracts.clients.scheduler.STALL", 0.001)
    monkeypatch.setattr("contracts.clients.scheduler.GRACE", 0.002)
    monkeypatch.setattr(Scheduler, "_look", counted)
    moments: list[int] = []

    def receive() -> None:
        arrived(receiver)
        moments.append(here().clock.elapsed)

    with receiver, sender:
        play(lambda: here().sleep(30), receive)
    assert moments == [0]


def test_who_sleeps_waits_for_no_file_any_more() -> None:
    asked: list[list[Any]] = []

    def late_for(files: Iterable[Any]) -> bool:
        asked.append(list(files))
        return False

    def wait_and_sleep() -> None:
        here().late = late_for
        here().wait_until(lambda: False, here().clock.after(1), files=["a file"])
        here().sleep(1)

    play(wait_and_sleep)
    assert asked == [["a file"]]


def test_what_is_late_for_a_closed_file_is_nothing(tmp_path: Path) -> None:
    with (tmp_path / "closed").open("w") as file:
        pass
    with socket.socket() as one:
        pass
    assert not late([file, one])


def test_the_clock_jumps_to_whoever_wakes_first() -> None:
    trail: list[tuple[str, float]] = []

    def sleeper(name: str, seconds: float) -> Callable[[], None]:
        def sleep() -> None:
            here().sleep(seconds)
            trail.append((name, here().clock.elapsed / NANOSECONDS))

        return sleep

    _, elapsed = play(sleeper("late", 3600), sleeper("soon", 0.5), sleeper("then", 7))
    assert trail == [("soon", 0.5), ("then", 7), ("late", 3600)]
    assert elapsed == 3600


def test_time_stands_still_while_somebody_can_go_on() -> None:
    seen: list[int] = []

    def busy() -> None:
        for _ in range(3):
            here().turn()
            seen.append(here().clock.elapsed)

    play(lambda: here().sleep(10), busy)
    assert seen == [0, 0, 0]


def test_threads_keep_their_tasks_apart_and_keep_their_own() -> None:
    with a_stage() as scheduler:
        first = scheduler.run([threading.get_ident, threading.get_ident])
        second = scheduler.run([threading.get_ident, threading.get_ident])
    assert first == second
    assert len(set(first)) == 2


def test_who_conducts_runs_first_tasks_in_his_own_thread() -> None:
    with a_stage() as scheduler:
        [first] = scheduler.run([threading.get_ident])
        threads = scheduler.conduct(lambda: [threading.get_ident(), *scheduler.run([threading.get_ident, threading.get_ident])])
    assert threads[:2] == [first, first]
    assert threads[2] not in {first, threading.get_ident()}


def test_what_a_conductor_raises_is_raised() -> None:
    with a_stage() as scheduler:
        with pytest.raises(ZeroDivisionError):
            scheduler.conduct(lambda: 1 // 0)
        assert scheduler.conduct(lambda: scheduler.run([lambda: "goes on"])) == ["goes on"]


def test_a_conductor_that_cannot_go_on_is_left_behind() -> None:
    stuck, trail, conductors = threading.Event(), list[str](), list[threading.Thread]()

    def conduct(scheduler: Scheduler) -> None:
        conductors.append(threading.current_thread())
        try:
            scheduler.run([stuck.wait])
            trail.append("and goes on")
        finally:
            trail.append("ends")

    with a_stage() as scheduler:
        with pytest.raises(Hung, match="showed nothing"):
            scheduler.conduct(lambda: conduct(scheduler))
        assert trail == []
        stuck.set()
    conductors[0].join()
    assert trail == ["ends"]


def test_who_is_interrupted_as_soon_as_he_waits_has_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    take = SchedulerWorker.take

    def take_and_be_interrupted(worker: SchedulerWorker, task: Callable[[], None] | None) -> None:
        take(worker, task)
        monkeypatch.undo()
        raise KeyboardInterrupt

    with a_stage() as scheduler:
        monkeypatch.setattr(SchedulerWorker, "take", take_and_be_interrupted)
        with pytest.raises(KeyboardInterrupt):
            scheduler.conduct(lambda: scheduler.run([lambda: here().sleep(1)]))
        with pytest.raises(Hung, match="KeyboardInterrupt"):
            scheduler.run([lambda: None])


def test_who_blocks_on_what_the_stage_does_not_know_is_passed_over() -> None:
    lock, trail = threading.Lock(), list[str]()  # made outside the scheduler, so a lock like any other

    def holder() -> None:
        with lock:
            here().turn()
            trail.append("holder")

    def waiter() -> None:
        with lock:
            trail.append("waiter")

    play(holder, waiter)
    assert trail == ["holder", "waiter"]


def test_a_client_that_shows_nothing_is_given_up() -> None:
    with a_stage() as scheduler:
        with pytest.raises(Hung, match=f"showed nothing for {PATIENCE:g} s of real time"):
            scheduler.run([threading.Event().wait])
        with pytest.raises(Hung, match="showed nothing"):
            scheduler.run([lambda: True])


def test_a_client_that_runs_in_circles_is_given_up_and_stopped() -> None:
    started, ended = threading.Event(), threading.Event()

    def circle() -> None:
        started.set()
        try:
            while True:
                pass
        finally:
            ended.set()

    scheduler = Scheduler(VirtualClock(), patience=0.02)
    with pytest.raises(Hung):
        scheduler.run([circle])
    scheduler.close()
    assert started.is_set()
    assert ended.wait(10)


def test_one_that_collects_garbage_all_the_time_is_stopped_too() -> None:
    """Python ignores an exception in a callback of the collector."""
    ended = threading.Event()

    def litter() -> None:
        try:
            while True:
                node: list[object] = []
                node.append(node)
        finally:
            ended.set()

    def linger(phase: str, _: dict[str, int]) -> None:
        sum(1 for _ in range(2000))

    scheduler = Scheduler(VirtualClock(), patience=0.02)
    gc.callbacks.append(linger)
    try:
        with pytest.raises(Hung):
            scheduler.run([litter])
        assert ended.wait(10)
    finally:
        gc.callbacks.remove(linger)


def test_a_wait_of_more_than_a_day_is_given_up() -> None:
    with a_stage() as scheduler, pytest.raises(Hung, match="24 h of virtual time"):
        scheduler.run([lambda: here().sleep(LONGEST / NANOSECONDS + 1)])


def test_without_a_limit_any_time_may_pass() -> None:
    with a_stage() as scheduler:
        scheduler.run([lambda: here().sleep(10 * 365 * 86_400)], limit=None)
        assert scheduler.clock.elapsed == 10 * 365 * 86_400 * NANOSECONDS


def test_an_endless_loop_of_waits_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contracts.clients.scheduler.STEPS", 50)

    def circle() -> None:
        while True:
            here().sleep(0)

    with a_stage() as scheduler, pytest.raises(Hung, match="paused 50 times"):
        scheduler.run([circle])


def test_an_interrupt_ends_the_play(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()

    def circle() -> None:
        try:
            while True:
                pass
        finally:
            ended.set()

    def interrupt(*_: object) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr("contracts.clients.watch.SilenceTimer.is_still", interrupt)
    scheduler = Scheduler(VirtualClock(), patience=1000)
    with pytest.raises(KeyboardInterrupt):
        scheduler.run([circle])
    with pytest.raises(Hung):
        scheduler.run([lambda: None])
    scheduler.close()
    assert ended.wait(10)


def test_giving_up_from_another_thread_says_why() -> None:
    def giver() -> None:
        here().give_up("it made too many requests")
        here().turn()

    with a_stage() as scheduler, pytest.raises(Hung, match="too many requests"):
        scheduler.run([giver])


def test_retrying_whatever_is_raised_does_not_keep_an_abandoned_client_alive() -> None:
    tries: list[int] = []

    def stubborn() -> None:
        while True:
            tries.append(1)
            try:
                here().sleep(1)
                if len(tries) == 3:
                    here().give_up("enough")
            except Exception:
                continue

    with a_stage() as scheduler, pytest.raises(Hung, match="enough"):
        scheduler.run([stubborn])
    assert len(tries) < 6


def test_background_threads_do_not_move_the_clock() -> None:
    wakes: list[float] = []

    def refresher() -> None:
        while True:
            here().sleep(60)
            wakes.append(here().clock.elapsed / NANOSECONDS)

    with a_stage() as scheduler:
        scheduler.run([lambda: threading.Thread(target=refresher, daemon=True).start()])
        assert scheduler.clock.elapsed == 0
        scheduler.run([lambda: here().sleep(150)])
    assert wakes == [60, 120]


def test_closing_ends_the_threads_of_a_client() -> None:
    ended = threading.Event()

    def refresher() -> None:
        try:
            while True:
                here().sleep(60)
        finally:
            ended.set()

    with a_stage() as scheduler:
        scheduler.run([lambda: threading.Thread(target=refresher, daemon=True).start()])
    assert ended.wait(10)


def test_a_stage_is_empty_while_no_thread_is_left_to_notice_time() -> None:
    woken: list[float] = []

    def later() -> None:
        here().sleep(60)
        woken.append(here().clock.elapsed / NANOSECONDS)

    with a_stage() as scheduler:
        assert scheduler.is_empty()
        scheduler.run([lambda: threading.Thread(target=later).start()])
        assert not scheduler.is_empty()
        scheduler.run([lambda: here().sleep(60), lambda: here().sleep(61)])
        assert scheduler.is_empty()
        scheduler.give_up("enough")
        assert not scheduler.is_empty()
    assert woken == [60]
