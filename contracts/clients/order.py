"""The order of a client's threads, tasks and futures in a set: by numbers, because it follows from their addresses otherwise.

A pool joins its threads in that order, `asyncio.wait` returns tasks in it, and a group of tasks is cancelled in it. With
addresses, which differ each time, a race would not happen the same way every time.
"""

from __future__ import annotations

from typing import Any

from contracts.clients.scheduled import current_scheduler


def hash_of(one: Any) -> int:
    """Return the number of an object that was first in a set under a scheduler, which counts them; of others the usual hash."""
    number: int | None = getattr(one, "_dayfly_number", None)
    if number is None:
        scheduler = current_scheduler()
        number = object.__hash__(one) if scheduler is None else next(scheduler.numbers)
        one._dayfly_number = number
    return number


class Numbered:
    """Mixed into a class that is written in C."""

    __slots__ = ()

    __hash__ = hash_of
