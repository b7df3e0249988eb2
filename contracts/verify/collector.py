"""Makes garbage collection rarer while scenarios are run, because they leave many objects and few cycles."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

YOUNG = 5000
"""New objects before a collection of the youngest. Python's own 700 takes a tenth of a campaign's time."""


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Collect less often meanwhile. A setting that collects less often already, or not at all, stays."""
    before = gc.get_threshold()
    if 0 < before[0] < YOUNG:
        gc.set_threshold(YOUNG, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
