"""Stand-ins for the functions that tell or pass time, and for the primitives of threads.

Each checks if the calling thread is under a scheduler. So other threads of the process, such as pytest's and Hypothesis's, stay
in real time.
"""

from __future__ import annotations

import datetime
import queue
import select
import selectors
import threading
import time
from collections.abc import Callable
from typing import Any

from contracts.clients import locks, polls
from contracts.clients.clock import NANOSECONDS, VirtualClock
from contracts.clients.dates import Date, Datetime
from contracts.clients.order import kept_hash, numbering
from contracts.clients.scheduled import current_scheduler


def _telling(real: Callable[[], Any], read: Callable[[VirtualClock], Any]) -> Callable[[], Any]:
    """Return a replacement for a function that tells the time."""

    def tell() -> Any:
        scheduler = current_scheduler()
        return real() if scheduler is None else read(scheduler.clock)

    return tell


_real_sleep = time.sleep


def _sleep(seconds: float) -> None:
    scheduler = current_scheduler()
    if scheduler is None or seconds < 0:
        _real_sleep(seconds)
    else:
        scheduler.sleep(seconds)


def _telling_now(real: Callable[..., Any], at: int) -> Callable[..., Any]:
    """Return a replacement for a function that tells the time unless it is given one, as its argument number `at`."""

    def tell(*args: Any) -> Any:
        scheduler = current_scheduler()
        return real(*args) if scheduler is None or len(args) > at else real(*args, _now_as(real, scheduler.clock))

    return tell


def _now_as(real: Callable[..., Any], clock: VirtualClock) -> Any:
    return time.localtime(clock.seconds()) if real in {time.asctime, time.strftime} else clock.seconds()


def _telling_clock(real: Callable[[int], Any], nanoseconds: int) -> Callable[[int], Any]:
    """Return a replacement for `time.clock_gettime`, or for `clock_gettime_ns` if `nanoseconds` is 1."""

    def tell(clock_id: int, /) -> Any:
        scheduler = current_scheduler()
        read = None if scheduler is None else _CLOCKS.get(clock_id)
        return real(clock_id) if read is None or scheduler is None else read(scheduler.clock) / nanoseconds

    def tell_nanoseconds(clock_id: int, /) -> int:
        scheduler = current_scheduler()
        read = None if scheduler is None else _CLOCKS.get(clock_id)
        return int(real(clock_id)) if read is None or scheduler is None else read(scheduler.clock)

    return tell_nanoseconds if nanoseconds == 1 else tell


_CLOCKS: dict[int, Callable[[VirtualClock], int]] = {
    getattr(time, name): read
    for names, read in (
        (("CLOCK_REALTIME", "CLOCK_TAI"), lambda clock: clock.nanoseconds),
        (("CLOCK_MONOTONIC", "CLOCK_MONOTONIC_RAW", "CLOCK_BOOTTIME", "CLOCK_UPTIME_RAW"), lambda clock: clock.elapsed),
    )
    for name in names
    if hasattr(time, name)
}

FUNCTIONS: dict[Any, Any] = {
    time.time: _telling(time.time, lambda clock: clock.seconds()),
    time.time_ns: _telling(time.time_ns, lambda clock: clock.nanoseconds),
    time.monotonic: _telling(time.monotonic, lambda clock: clock.elapsed / NANOSECONDS),
    time.monotonic_ns: _telling(time.monotonic_ns, lambda clock: clock.elapsed),
    time.perf_counter: _telling(time.perf_counter, lambda clock: clock.elapsed / NANOSECONDS),
    time.perf_counter_ns: _telling(time.perf_counter_ns, lambda clock: clock.elapsed),
    time.clock_gettime: _telling_clock(time.clock_gettime, NANOSECONDS),
    time.clock_gettime_ns: _telling_clock(time.clock_gettime_ns, 1),
    time.localtime: _telling_now(time.localtime, 0),
    time.gmtime: _telling_now(time.gmtime, 0),
    time.ctime: _telling_now(time.ctime, 0),
    time.asctime: _telling_now(time.asctime, 0),
    time.strftime: _telling_now(time.strftime, 1),
    time.sleep: _sleep,
    select.select: polls.scheduled_select,
    select.poll: polls.scheduled_poll,
}
if polls.real_epoll is not None:
    FUNCTIONS[polls.real_epoll] = polls.scheduled_epoll

DATES: dict[Any, Any] = {datetime.date: Date, datetime.datetime: Datetime}

PRIMITIVES: tuple[tuple[Any, str, Any], ...] = (
    (threading, "Lock", locks.Lock),
    (threading, "_allocate_lock", locks.Lock),
    (threading, "RLock", locks.RLock),
    (threading.Thread, "start", locks.start),
    (threading.Thread, "join", locks.join),
    (threading.Thread, "__init__", numbering(threading.Thread.__init__)),
    (threading.Thread, "__hash__", kept_hash),
    (queue, "SimpleQueue", locks.SimpleQueue),
    (selectors.SelectSelector, "_select", staticmethod(polls.scheduled_select)),
    (selectors.PollSelector, "_selector_cls", staticmethod(polls.scheduled_poll)),
    *([(selectors.EpollSelector, "_selector_cls", staticmethod(polls.scheduled_epoll))] if polls.real_epoll else []),
    (datetime, "date", Date),
    (datetime, "datetime", Datetime),
)
