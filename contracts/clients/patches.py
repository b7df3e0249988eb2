"""Moves the time of a client's threads onto their stage, and that of no other thread. Clients cannot end the process.

While `virtual_time()` lasts, the functions that tell or pass time are replaced wherever a module holds them, also under a name
of its own (``from time import sleep``). Each replacement checks if the calling thread is on a stage. So other threads of the
process, such as pytest's and Hypothesis's, stay in real time.
"""

from __future__ import annotations

import asyncio
import datetime
import os
import queue
import select
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import FunctionType, ModuleType
from typing import Any, NoReturn

from contracts.clients import children, locks, polls
from contracts.clients.actors import current_stage, leave_in_child
from contracts.clients.clock import NANOSECONDS, VirtualClock
from contracts.clients.dates import Date, Datetime
from contracts.clients.loop import new_event_loop

_KEEP_REAL_TIME = frozenset({"contracts", "mockserver", "hypothesis", "pytest", "_pytest", "xdist", "execnet", "waitress"})
"""Packages that drive a client, or run the tests around it. They keep real time."""

_DEFAULTS_COUNT = frozenset({"sched"})
"""Modules of the standard library whose functions have time functions as default arguments."""


def _telling(real: Callable[[], Any], read: Callable[[VirtualClock], Any]) -> Callable[[], Any]:
    """Return a replacement for a function that tells the time."""

    def tell() -> Any:
        stage = current_stage()
        return real() if stage is None else read(stage.clock)

    return tell


_real_sleep = time.sleep


def _sleep(seconds: float) -> None:
    stage = current_stage()
    if stage is None or seconds < 0:
        _real_sleep(seconds)
    else:
        stage.sleep(seconds)


def _telling_now(real: Callable[..., Any], at: int) -> Callable[..., Any]:
    """Return a replacement for a function that tells the time unless it is given one, as its argument number `at`."""

    def tell(*args: Any) -> Any:
        stage = current_stage()
        return real(*args) if stage is None or len(args) > at else real(*args, _now_as(real, stage.clock))

    return tell


def _now_as(real: Callable[..., Any], clock: VirtualClock) -> Any:
    return time.localtime(clock.seconds()) if real in {time.asctime, time.strftime} else clock.seconds()


def _telling_clock(real: Callable[[int], Any], nanoseconds: int) -> Callable[[int], Any]:
    """Return a replacement for `time.clock_gettime`, or for `clock_gettime_ns` if `nanoseconds` is 1."""

    def tell(clock_id: int, /) -> Any:
        stage = current_stage()
        read = None if stage is None else _CLOCKS.get(clock_id)
        return real(clock_id) if read is None or stage is None else read(stage.clock) / nanoseconds

    def tell_nanoseconds(clock_id: int, /) -> int:
        stage = current_stage()
        read = None if stage is None else _CLOCKS.get(clock_id)
        return int(real(clock_id)) if read is None or stage is None else read(stage.clock)

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

_real_exit = os._exit


def _exit(status: int) -> NoReturn:
    """Raise SystemExit instead of ending the process: the whole run would end, and a status of 0 would pass for a verdict."""
    if current_stage() is None:
        _real_exit(status)
    raise SystemExit(f"os._exit({status!r}) was called")


_FUNCTIONS: dict[Any, Any] = {
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
    signal.alarm: children.alarm,
    signal.setitimer: children.setitimer,
    select.select: polls.stage_select,
    select.poll: polls.stage_poll,
    os._exit: _exit,
}
if polls.real_epoll is not None:
    _FUNCTIONS[polls.real_epoll] = polls.stage_epoll

_DATES: dict[Any, Any] = {datetime.date: Date, datetime.datetime: Datetime}
_PRIMITIVES: tuple[tuple[Any, str, Any], ...] = (
    (threading, "Lock", locks.Lock),
    (threading, "_allocate_lock", locks.Lock),
    (threading, "RLock", locks.RLock),
    (threading.Thread, "start", locks.start),
    (threading.Thread, "join", locks.join),
    (ThreadPoolExecutor, "_adjust_thread_count", locks.adjust),
    (queue, "SimpleQueue", locks.SimpleQueue),
    (asyncio.events, "new_event_loop", new_event_loop),
    (asyncio, "new_event_loop", new_event_loop),
    (selectors.SelectSelector, "_select", staticmethod(polls.stage_select)),
    (selectors.PollSelector, "_selector_cls", staticmethod(polls.stage_poll)),
    *([(selectors.EpollSelector, "_selector_cls", staticmethod(polls.stage_epoll))] if polls.real_epoll else []),
    (subprocess.Popen, "_wait", children.wait),
    (datetime, "date", Date),
    (datetime, "datetime", Datetime),
)


class _Patches:
    """The replacements: made for the first user and undone after the last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._originals: list[tuple[Any, str, Any]] = []
        self._minds_forks = False

    def enter(self) -> None:
        with self._lock:
            self._users += 1
            if self._users == 1:
                self._install()

    def leave(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0:
                self._undo()

    def _install(self) -> None:
        if not self._minds_forks:
            os.register_at_fork(before=children.notice_fork, after_in_child=leave_in_child)
            self._minds_forks = True
        self._originals = [(home, name, vars(home)[name]) for home, name, _ in _PRIMITIVES]
        for home, name, stand_in in _PRIMITIVES:
            setattr(home, name, stand_in)
        _swap(_FUNCTIONS, _DATES)

    def _undo(self) -> None:
        for home, name, original in self._originals:
            setattr(home, name, original)
        _swap(_inverse(_FUNCTIONS), _inverse(_DATES))


_patches = _Patches()


@contextmanager
def virtual_time() -> Iterator[None]:
    """Let threads on a stage live in virtual time. May be nested; everything is undone at the end."""
    _patches.enter()
    try:
        yield
    finally:
        _patches.leave()


def _inverse(replacements: Mapping[Any, Any]) -> dict[Any, Any]:
    return {stand_in: real for real, stand_in in replacements.items()}


def _swap(functions: Mapping[Any, Any], dates: Mapping[Any, Any]) -> None:
    """Replace objects by identity among the names of every module, and in the defaults of a client's own functions.

    The standard library keeps its dates: it builds on the real classes, and does not use them to show a client the time.
    """
    in_library = {id(old): new for old, new in functions.items()}
    elsewhere = in_library | {id(old): new for old, new in dates.items()}
    modules: dict[str, Any] = dict(sys.modules)
    for name, module in modules.items():
        package = name.partition(".")[0]
        if not isinstance(module, ModuleType) or package in _KEEP_REAL_TIME:
            continue
        if package in sys.stdlib_module_names:
            _swap_names(module, in_library)
            if package in _DEFAULTS_COUNT:
                for function in _functions_of(module):
                    _swap_defaults(function, in_library)
        else:
            _swap_names(module, elsewhere)
            for function in _functions_of(module):
                _swap_defaults(function, elsewhere)


def _swap_names(module: ModuleType, by_id: Mapping[int, Any]) -> None:
    names = vars(module)
    if by_id.keys().isdisjoint(map(id, names.values())):  # true of nearly every module
        return
    for held in [held for held, value in names.items() if id(value) in by_id]:
        names[held] = by_id[id(names[held])]


def _functions_of(module: ModuleType) -> Iterator[FunctionType]:
    """Yield the functions and methods that a module defines. It reads only their types, because some objects act on access."""
    for value in list(vars(module).values()):
        if type(value) is FunctionType:
            yield value
        elif issubclass(type(value), type) and value.__module__ == module.__name__:
            yield from (method for method in vars(value).values() if type(method) is FunctionType)


def _swap_defaults(function: FunctionType, by_id: Mapping[int, Any]) -> None:
    """Replace default arguments, as in ``def __init__(self, sleep=time.sleep)``."""
    given, named = function.__defaults__, function.__kwdefaults__
    if given and any(id(value) in by_id for value in given):
        function.__defaults__ = tuple(by_id.get(id(value), value) for value in given)
    if named and any(id(value) in by_id for value in named.values()):
        function.__kwdefaults__ = {name: by_id.get(id(value), value) for name, value in named.items()}
