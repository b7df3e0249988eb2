"""Time and threads as a client's code sees them: `patches`, `locks`, `dates` and `loop` together."""

from __future__ import annotations

import asyncio
import copy
import datetime
import importlib
import inspect
import os
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from datetime import date
from datetime import datetime as moment
from pathlib import Path
from pickle import dumps, loads
from time import monotonic as ticks
from time import sleep as rest
from typing import Any

import msgspec
import pytest

from contracts.clients.base import Hung
from contracts.clients.patches import virtual_time
from tests.contracts.clients.staging import a_stage, play

NOON = datetime.datetime(2026, 1, 1, 12, tzinfo=datetime.UTC)


def seconds_of(task: Any) -> tuple[Any, float]:
    (result,), elapsed = play(task)
    return result, elapsed


def slept(seconds: float, result: Any = None) -> Any:
    time.sleep(seconds)
    return result


def test_sleeping_costs_no_real_time() -> None:
    began = time.perf_counter()
    assert seconds_of(lambda: time.sleep(86_000)) == (None, 86_000)
    assert time.perf_counter() - began < 10


def test_all_clocks_move_as_one_under_whatever_name_they_are_held() -> None:
    def measure() -> list[float]:
        before = [time.time(), time.monotonic(), time.perf_counter(), ticks(), time.time_ns() / 1e9, moment.now().timestamp()]
        rest(1.5)
        after = [time.time(), time.monotonic(), time.perf_counter(), ticks(), time.time_ns() / 1e9, moment.now().timestamp()]
        return [late - early for early, late in zip(before, after, strict=True)]

    gone, _ = seconds_of(measure)
    assert gone == pytest.approx([1.5] * 6, abs=1e-5)


class Patient:
    def __init__(self, sleep: Any = time.sleep) -> None:
        self.sleep = sleep


def at_ease(seconds: float, *, sleep: Any = time.sleep) -> None:
    sleep(seconds)


def test_a_sleep_that_is_a_default_is_virtual_and_becomes_real_again() -> None:
    def rest_twice() -> None:
        Patient().sleep(60)
        at_ease(60)

    assert seconds_of(rest_twice) == (None, 120)
    assert Patient.__init__.__defaults__ == (time.sleep,)
    assert at_ease.__kwdefaults__ == {"sleep": time.sleep}


def persistently(sleep: Any = time.sleep) -> Callable[[Callable[[], None]], Callable[[], None]]:
    def decorate(act: Callable[[], None]) -> Callable[[], None]:
        def wrapper() -> None:
            act()
            sleep(60)

        return wrapper

    return decorate


@dataclass
class Stamped:
    at: float = field(default_factory=time.time)
    elapsed: float = field(default_factory=time.monotonic)
    date: datetime.datetime = field(default_factory=moment.now)


class Holder:
    clock: Any = time.time
    sleep = staticmethod(time.sleep)

    @classmethod
    def rest(cls, sleep: Any = time.sleep) -> None:
        sleep(60)


@persistently()
def rest_twice() -> None:
    Holder().sleep(60)


def test_what_a_class_or_a_closure_holds_is_virtual_and_becomes_real_again() -> None:
    def look() -> list[float]:
        Holder.rest()
        rest_twice()
        stamped = Stamped()
        return [Holder().clock(), stamped.at, stamped.elapsed, stamped.date.timestamp()]

    later = NOON.timestamp() + 180
    assert seconds_of(look) == ([later, later, 180, later], 180)
    assert vars(Holder)["clock"] is time.time
    assert Holder.sleep is time.sleep
    assert Holder.rest.__func__.__defaults__ == (time.sleep,)  # type: ignore[attr-defined]
    assert abs(Stamped().at - time.time()) < 60


def test_a_function_of_time_does_not_become_a_method() -> None:
    def look() -> tuple[float, None]:
        class Late:
            clock: Any = time.time
            sleep: Any = time.sleep

        late = Late()
        return late.clock(), late.sleep(1)

    assert seconds_of(look) == ((NOON.timestamp(), None), 1)


def test_dates_are_real_dates_of_the_stages_time() -> None:
    def look() -> list[Any]:
        return [
            datetime.datetime.now(datetime.UTC),
            moment.now(datetime.UTC),
            datetime.datetime.utcnow().replace(tzinfo=datetime.UTC),
            moment.fromtimestamp(time.time(), datetime.UTC),
        ]

    seen, _ = seconds_of(look)
    assert seen == [NOON] * 4
    assert {type(value) for value in seen} == {type(NOON)}
    assert msgspec.json.encode(seen[0]) == b'"2026-01-01T12:00:00Z"'


def test_a_stand_in_is_as_wide_as_what_it_stands_for() -> None:
    def look() -> list[bool]:
        class Day(moment):
            pass

        own = Day(2026, 1, 2)
        return [
            isinstance(NOON, moment),
            isinstance(NOON, date),
            not isinstance("noon", moment),
            issubclass(moment, date),
            type(moment(2026, 1, 1)) is type(NOON),
            type(own) is Day,
            isinstance(own, moment),
            not isinstance(NOON, Day),
            moment.today().date() == date.today(),
        ]

    seen, _ = seconds_of(look)
    assert all(seen)


def test_a_stand_in_has_the_name_of_the_function() -> None:
    def look() -> list[object]:
        home: Any = type("Home", (), {"now": time.time})
        return [time.sleep.__name__, time.sleep.__module__, time.time.__qualname__, bool(time.time.__doc__), home().now() > 0]

    seen, _ = seconds_of(look)
    assert seen == ["sleep", "time", "time", True, True]


def test_a_stand_in_is_copied_and_inspected_like_the_function() -> None:
    def look() -> list[object]:
        same = [other is time.time for other in (copy.copy(time.time), copy.deepcopy(time.time), loads(dumps(time.time)))]
        return [*same, str(inspect.signature(os._exit))]

    seen, _ = seconds_of(look)
    assert seen == [True, True, True, str(inspect.signature(os._exit))] == look()


def test_other_threads_keep_real_time() -> None:
    with a_stage() as scheduler:
        scheduler.run([lambda: time.sleep(1000)])
        assert abs(time.time() - moment.now().timestamp()) < 60
        assert time.time() > NOON.timestamp() + 1000 or time.time() < NOON.timestamp()


def test_everything_is_put_back() -> None:
    held = (time.sleep, time.time, rest, ticks, moment, date, datetime.datetime, threading.Lock, threading.Thread.start)
    with virtual_time(), virtual_time():
        pass
    assert (time.sleep, time.time, rest, ticks, moment, date, datetime.datetime, threading.Lock, threading.Thread.start) == held
    assert datetime.datetime.__module__ == "datetime"


def test_a_librarys_names_and_defaults_are_replaced_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "site-packages").mkdir()
    (tmp_path / "site-packages" / "napping.py").write_text(
        "import time\ndef nap(sleep=time.sleep, *, log=time.sleep): pass\nclock = print\n"
    )
    monkeypatch.syspath_prepend(tmp_path / "site-packages")
    napping: Any = importlib.import_module("napping")

    def held() -> tuple[object, ...]:
        return (*napping.nap.__defaults__, napping.nap.__kwdefaults__["log"], napping.clock)

    real = time.sleep
    with virtual_time():
        assert held() == (time.sleep, time.sleep, print)
    napping.clock = real
    for _ in range(2):
        with virtual_time():
            assert held() == (time.sleep,) * 3
            assert time.sleep is not real
        assert held() == (real,) * 3


def test_off_the_stage_sleeping_is_what_it_was() -> None:
    """This module holds it under a name of its own, which is replaced meanwhile."""

    def sleeps_no_negative_time() -> bool:
        with pytest.raises(ValueError, match="non-negative"):
            rest(-1)
        return True

    for _ in range(2):
        with virtual_time():
            rest(0)
            assert sleeps_no_negative_time()
        assert seconds_of(sleeps_no_negative_time) == (True, 0)


def test_an_event_times_out_in_virtual_time() -> None:
    assert seconds_of(lambda: threading.Event().wait(10)) == (False, 10)


def test_a_timer_sets_an_event() -> None:
    def task() -> bool:
        event = threading.Event()
        threading.Timer(3, event.set).start()
        return event.wait(10)

    assert seconds_of(task) == (True, 3)


def test_a_queue_waits_in_virtual_time() -> None:
    def task() -> str:
        letters: queue.Queue[str] = queue.Queue()
        threading.Thread(target=lambda: letters.put(slept(2, "a"))).start()
        with pytest.raises(queue.Empty):
            letters.get(timeout=1)
        return letters.get(timeout=5)

    assert seconds_of(task) == ("a", 2)


def test_conditions_and_semaphores_wait_in_virtual_time() -> None:
    def task() -> tuple[bool, bool]:
        condition = threading.Condition()
        with condition:
            met = condition.wait_for(lambda: False, timeout=7)
        return met, threading.Semaphore(0).acquire(timeout=2)

    assert seconds_of(task) == ((False, False), 9)


def test_a_lock_is_waited_for_on_the_stage() -> None:
    def hold(lock: threading.Lock) -> None:
        with lock:
            time.sleep(4)

    def task() -> list[bool]:
        lock = threading.Lock()
        threading.Thread(target=hold, args=(lock,)).start()
        time.sleep(1)
        tries = [lock.acquire(blocking=False), lock.acquire(timeout=1), lock.locked(), lock.acquire()]
        lock.release()
        return tries

    assert seconds_of(task) == ([False, False, True, True], 4)


def test_a_reentrant_lock_lets_its_owner_in_again() -> None:
    def task() -> bool:
        lock = threading.RLock()
        with lock, lock:
            return True

    assert seconds_of(task) == (True, 0)


def test_joining_waits_in_virtual_time() -> None:
    def task() -> list[bool]:
        sleeper = threading.Thread(target=time.sleep, args=(4,))
        sleeper.start()
        sleeper.join(1)
        alive = sleeper.is_alive()
        sleeper.join()
        return [alive, sleeper.is_alive()]

    assert seconds_of(task) == ([True, False], 4)


def test_a_thread_pool_works_in_virtual_time() -> None:
    def task() -> list[int]:
        with ThreadPoolExecutor(3) as pool:
            waits = [pool.submit(slept, seconds, seconds) for seconds in (3, 1, 2)]
            return [future.result() for future in as_completed(waits, timeout=10)]

    result, elapsed = seconds_of(task)
    assert result == [1, 2, 3]
    assert elapsed == 3


def test_a_loop_of_the_clients_own_lives_in_virtual_time() -> None:
    async def work() -> Any:
        await asyncio.sleep(5)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.sleep(100), 1)
        return await asyncio.to_thread(slept, 2, 7)

    assert seconds_of(lambda: asyncio.run(work())) == (7, 8)


def test_a_loop_that_waits_for_nothing_hangs() -> None:
    async def wait() -> None:
        await asyncio.get_running_loop().create_future()

    with a_stage() as scheduler, pytest.raises(Hung):
        scheduler.run([lambda: asyncio.run(wait())])


def hashes() -> list[int]:
    """The hashes of a thread, a task and two futures."""

    async def one() -> list[Any]:
        return [asyncio.current_task(), asyncio.get_running_loop().create_future()]

    with ThreadPoolExecutor(1) as pool:
        return [*map(hash, [pool.submit(slept, 0), *pool._threads, *asyncio.run(one())])]


def test_what_a_client_keeps_in_sets_has_the_same_order_there_each_time() -> None:
    first, again = (play(hashes)[0][0] for _ in range(2))
    assert first == again
    assert max(first) < 20
    assert hash(threading.current_thread()) == object.__hash__(threading.current_thread())


def test_what_was_in_a_set_before_is_still_found_there() -> None:
    kept = {threading.Thread(), Future[None]()}
    assert play(lambda: [one in kept for one in list(kept)])[0] == [[True, True]]
    assert "__hash__" not in {*vars(threading.Thread), *vars(Future)}


def test_a_thread_that_answers_to_any_name_has_a_hash() -> None:
    class Remote(threading.Thread):
        def __getattr__(self, name: str) -> Any:
            return lambda: name

    assert play(lambda: len({Remote(), Remote()}))[0] == [2]


def test_a_pool_joins_its_threads_in_the_order_in_which_they_began() -> None:
    def joined() -> list[str]:
        with ThreadPoolExecutor(3) as pool:
            for _ in range(3):
                pool.submit(rest, 1)
            return [thread.name for thread in pool._threads]

    names = play(joined)[0][0]
    assert names == sorted(names)
