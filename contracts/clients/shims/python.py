"""Virtual time for a Python process. Its threads run one at a time, under a scheduler whose clock is the simulation's.

Time stands still while a thread runs. Once all of them wait for time to pass or for something to come in, the process
says so on its socket. It blocks there until it is told the time. contracts/README.md describes the protocol.
"""

from __future__ import annotations

import _thread
import os
import random
import selectors
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import partial
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

from contracts.clients import children, clocks
from contracts.clients.order import Numbered
from contracts.clients.scheduled import current_scheduler, leave_in_child
from contracts.clients.shims import waits
from contracts.clients.shims.channel import VERSION, Channel
from contracts.clients.shims.process_scheduler import ProcessScheduler
from contracts.clients.shims.surroundings import Connections
from contracts.clients.swap import like_builtins, swap

_start: Callable[..., int] = _thread.start_new_thread

BEYOND = {
    "gevent": "it uses gevent, whose time cannot be moved",
    "eventlet": "it uses eventlet, whose time cannot be moved",
    "uvloop": "it uses uvloop, whose time cannot be moved",
    "pycurl": "it uses pycurl, whose time cannot be moved",
    "curl_cffi": "it uses curl_cffi, whose time cannot be moved",
    "grpc": "it uses grpc, whose time cannot be moved",
}
"""Packages with clocks, timers and sockets of their own."""


def join(path: str) -> None:
    """Take this process into the simulation behind the socket at `path`. Without one, time stays real."""
    if not _enter(path):
        return
    for home, name, stand_in in clocks.PRIMITIVES:
        setattr(home, name, stand_in)
    for name, stand_in in waits.SOCKETS.items():
        setattr(socket.socket, name, stand_in)
    subprocess.Popen._wait = waits.wait_for_child  # type: ignore[attr-defined]
    alarms = {signal.alarm: children.alarm, signal.setitimer: children.setitimer}
    swap(like_builtins({**clocks.FUNCTIONS, **waits.FUNCTIONS, **alarms, _start: _start_thread}), clocks.DATES)
    if not hasattr(selectors, "EpollSelector"):
        selectors.DefaultSelector = selectors.PollSelector  # type: ignore[misc, assignment]
    sys.stdin = waits.scheduled_input()
    sys.meta_path.insert(0, _Watchman())
    threading._register_atexit(_join_threads)  # type: ignore[attr-defined]
    os.register_at_fork(after_in_child=lambda: _enter_again(path))


def _enter(path: str) -> bool:
    try:
        channel = Channel(path)
    except OSError:
        return False
    hello = {"hello": VERSION, "pid": os.getpid(), "runtime": f"python {sys.version.split()[0]}"}
    welcome = channel.ask(hello)
    os.environ.update(welcome["env"])
    random.seed(welcome.get("seed", 0))
    scheduler = ProcessScheduler(channel, welcome["now"], Connections(welcome["ports"]))
    _start(scheduler.watch, ())
    scheduler.take_in()
    return True


def _enter_again(path: str) -> None:
    """In a copy of the process, which is one more for the simulation."""
    scheduler = current_scheduler()
    leave_in_child()
    if isinstance(scheduler, ProcessScheduler):
        scheduler.channel.close()
        _enter(path)


def _start_thread(function: Callable[..., Any], args: Any = (), kwargs: Any = None, /) -> int:
    """Stand in for `_thread.start_new_thread`: a thread that a scheduled thread starts is a scheduled thread too."""
    scheduler = current_scheduler()
    if scheduler is None:
        return _start(function, args, kwargs or {})
    return _start(scheduler.adopt(lambda: function(*args, **(kwargs or {}))), ())


def _join_threads() -> None:
    """Wait under the scheduler for the threads for which Python waits at its end."""
    for thread in threading.enumerate():
        if not thread.daemon and thread is not threading.current_thread():
            thread.join()


class _Watchman(MetaPathFinder):
    """Notices the import of what is beyond virtual time, and of what makes tasks and futures."""

    def find_spec(self, name: str, path: Any, target: Any = None) -> ModuleSpec | None:
        """Find nothing else than the modules in NUMBERED, whose classes get numbers for their hashes."""
        scheduler = current_scheduler()
        if name in BEYOND and scheduler is not None:
            scheduler.notice(BEYOND[name])
        spec = PathFinder.find_spec(name, path, target) if name in NUMBERED else None
        if spec is not None and spec.loader is not None:
            spec.loader.exec_module = partial(_execute, spec.loader.exec_module)  # type: ignore[method-assign]
        return spec


NUMBERED = {"asyncio.tasks": "Task", "asyncio.futures": "Future", "concurrent.futures._base": "Future"}
"""The classes whose instances are kept in sets, by their modules."""


def _execute(execute: Callable[[ModuleType], None], module: ModuleType) -> None:
    execute(module)
    name = NUMBERED[module.__name__]
    made = getattr(module, name)
    # A task is a future, so its class must be derived from the class that stands for futures.
    bases = (made, module.futures.Future) if name == "Task" else (Numbered, made)
    setattr(module, name, type(name, bases, {"__module__": made.__module__}))
