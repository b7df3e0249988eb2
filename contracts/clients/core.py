"""Keeps the threads of a client on one core: they take turns, and whoever goes on elsewhere finds the caches cold."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

_current: Callable[[], int] | None = None
if sys.platform == "linux":
    _current = getattr(ctypes.CDLL(None), "sched_getcpu", None)


@contextmanager
def on_one_core() -> Iterator[None]:
    """While it lasts, the calling thread stays on the core it is on, and so do the threads that it and they start.

    Not to be held for long: only in between can the system move them to where there is more room. Where it takes no such
    wishes, this does nothing.
    """
    if _current is None:
        yield
        return
    before = os.sched_getaffinity(0)
    _allow({_current()} & before)
    try:
        yield
    finally:
        _allow(before)


def _allow(cores: set[int]) -> None:
    with suppress(OSError):
        os.sched_setaffinity(0, cores)
