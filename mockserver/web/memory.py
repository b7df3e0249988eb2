"""Returning memory to the system. By default glibc keeps much of it for each of many threads."""

from __future__ import annotations

import sys

ARENAS = 2

LARGE = 256 << 10
"""Blocks of at least this many bytes go back to the system as soon as they are free."""

_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
"""Parameters of `mallopt`, from malloc.h."""


def keep_little() -> None:
    """Keep little free memory. Call it before any thread is started. Without glibc it does nothing."""
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, ARENAS)
        mallopt(_M_MMAP_THRESHOLD, LARGE)
