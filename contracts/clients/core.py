"""Keeps the threads of a client on one core: they take turns, and whoever goes on elsewhere finds the caches cold."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress

Conduct = Callable[[Callable[[], None]], None]
"""Calls what it is given in another thread, and waits for its end as long as that makes sense."""

_current: Callable[[], int] | None = None
if sys.platform == "linux":
    _current = getattr(ctypes.CDLL(None), "sched_getcpu", None)


def on_one_core(conduct: Conduct, body: Callable[[], None]) -> None:
    """Has `conduct` call `body` in a thread that stays on its core from now on, with whatever is started there.

    The calling thread is on that core too while it waits. In between the system may move it to where there is more room. Where
    the system takes no such wishes, nothing but the call is done.
    """
    waiting, cores = threading.get_native_id(), _allowed()

    def conducted() -> None:
        if _current is not None and cores:
            here = {_current()}
            _allow(0, here)
            _allow(waiting, here)
        try:
            body()
        finally:
            _allow(waiting, cores)

    try:
        conduct(conducted)
    except BaseException:  # and it may never come to its end
        _allow(waiting, cores)
        raise


def _allowed() -> set[int]:
    """The cores that the calling thread may use; none where nobody knows."""
    if _current is not None:
        with suppress(OSError):
            return os.sched_getaffinity(0)
    return set()


def _allow(thread: int, cores: set[int]) -> None:
    """Lets a thread (by its native id, 0: the calling one) use these cores alone; does nothing where there are none."""
    if cores:
        with suppress(OSError):
            os.sched_setaffinity(thread, cores)
