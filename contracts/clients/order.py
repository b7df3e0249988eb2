"""The order of a client's threads, tasks and futures in a set: by numbers, because it follows from their addresses otherwise.

A pool joins its threads in that order, `asyncio.wait` returns tasks in it, and a group of tasks is cancelled in it. With
addresses, which differ each time, a race would not happen the same way every time.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from contracts.clients.scheduled import current_scheduler

_NUMBER = "_dayfly_number"


def hash_of(one: Any) -> int:
    """Return the number of an object that was first in a set under a scheduler, which counts them; of others the usual hash."""
    scheduler = current_scheduler()
    return _noted(one, lambda: object.__hash__(one) if scheduler is None else next(scheduler.numbers))


def kept_hash(one: Any) -> int:
    """Return the number that an object got as it was made, else the usual hash: it may be in a set since before."""
    return _noted(one, lambda: object.__hash__(one))


def numbering(initialise: Callable[..., None]) -> Callable[..., None]:
    """Return a replacement for ``__init__`` of a class whose ``__hash__`` is `kept_hash`."""

    @wraps(initialise)
    def number(one: Any, *args: Any, **given: Any) -> None:
        hash_of(one)
        initialise(one, *args, **given)

    return number


def _noted(one: Any, new: Callable[[], int]) -> int:
    """Return the number that is noted at an object, or note a new one. It calls no method that the object's class may have."""
    try:
        number: int = object.__getattribute__(one, _NUMBER)
    except AttributeError:
        number = new()
        object.__setattr__(one, _NUMBER, number)
    return number


class Numbered:
    """Mixed into a class that is written in C."""

    __slots__ = ()

    __hash__ = hash_of
