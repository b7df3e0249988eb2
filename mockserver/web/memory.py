"""How this process gives memory back to the system: glibc keeps much of it for each thread, and there are many."""

from __future__ import annotations

import sys

ARENAS = 2

LARGE = 256 << 10
"""Bytes of a block that goes back to the system as soon as it is free."""

_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
"""Parameters of `mallopt`, as malloc.h has them."""


def keep_little() -> None:
    """Keep little memory that is free. To be called before there are threads; without glibc it does nothing."""
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, ARENAS)
        mallopt(_M_MMAP_THRESHOLD, LARGE)
