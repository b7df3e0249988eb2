"""Moves the time of a client's threads onto their scheduler, and that of no other thread. Clients cannot end the process.

While `virtual_time()` lasts, the functions that tell or pass time are replaced wherever a module holds them, also under a
name of its own (``from time import sleep``). Each replacement checks if the calling thread is under a scheduler. So other
threads of the process, such as pytest's and Hypothesis's, stay in real time.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, NoReturn

from contracts.clients import children
from contracts.clients.clocks import DATES, FUNCTIONS, PRIMITIVES
from contracts.clients.loop import new_event_loop
from contracts.clients.order import kept_hash, numbering
from contracts.clients.pools import adjust
from contracts.clients.scheduled import current_scheduler, leave_in_child
from contracts.clients.swap import KEEP_REAL_TIME, WhileUsed, inverse, like_builtins, swap

_real_exit = os._exit


def _exit(status: int) -> NoReturn:
    """Raise SystemExit instead of ending the process: the whole run would end, and a status of 0 would pass for a verdict."""
    if current_scheduler() is None:
        _real_exit(status)
    raise SystemExit(f"os._exit({status!r}) was called")


_FUNCTIONS = like_builtins(
    {
        **FUNCTIONS,
        signal.alarm: children.alarm,
        signal.setitimer: children.setitimer,
        os._exit: _exit,
    }
)
_PRIMITIVES: tuple[tuple[Any, str, Any], ...] = (
    *PRIMITIVES,
    (ThreadPoolExecutor, "_adjust_thread_count", adjust),
    (Future, "__init__", numbering(Future.__init__)),
    (Future, "__hash__", kept_hash),
    (asyncio.events, "new_event_loop", new_event_loop),
    (asyncio, "new_event_loop", new_event_loop),
    (subprocess.Popen, "_wait", children.wait),
)


_plain: dict[str, tuple[int, int]] = {}
"""The modules of libraries whose classes and functions hold none of these functions; see `swap`."""


class _Patches(WhileUsed):
    """The replacements."""

    def __init__(self) -> None:
        super().__init__()
        self._originals: list[tuple[Any, str, Any]] = []
        self._untouched: set[int] = set()
        self._minds_forks = False

    def _install(self) -> None:
        if not self._minds_forks:
            os.register_at_fork(before=children.notice_fork, after_in_child=leave_in_child)
            self._minds_forks = True
        self._originals = [(home, name, vars(home).get(name)) for home, name, _ in _PRIMITIVES]
        for home, name, stand_in in _PRIMITIVES:
            setattr(home, name, stand_in)
        self._untouched = swap(_FUNCTIONS, DATES, plain=_plain)

    def _undo(self) -> None:
        for home, name, original in self._originals:
            if original is None:
                delattr(home, name)
            else:
                setattr(home, name, original)
        swap(inverse(_FUNCTIONS), inverse(DATES), self._untouched)


@contextmanager
def importing() -> Iterator[None]:
    """Let objects that modules make as they are imported hold the functions that tell or pass time under a scheduler.

    Dates stay real, because libraries compare their classes.
    """
    there = {id(module) for name, module in sys.modules.items() if name.partition(".")[0] in KEEP_REAL_TIME}
    there |= swap(_FUNCTIONS, {}, plain=_plain)
    try:
        yield
    finally:
        swap(inverse(_FUNCTIONS), {}, there, spared=())  # what keeps real time may be imported as well


virtual_time = _Patches().used
"""Let threads under a scheduler live in virtual time, while this context lasts. May be nested; all is undone at the end."""
