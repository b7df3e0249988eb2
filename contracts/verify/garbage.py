"""Lets the collector of reference cycles run less often while scenarios are run: they leave many objects, and few cycles."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

YOUNG = 5000
"""Objects after whose making the youngest are looked through. Python's own 700 takes a tenth of a campaign's time."""


@contextmanager
def seldom_collected() -> Iterator[None]:
    """While it lasts; whoever collects less often already, or not at all, is left alone."""
    before = gc.get_threshold()
    if 0 < before[0] < YOUNG:
        gc.set_threshold(YOUNG, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
