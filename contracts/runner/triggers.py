"""Sees each request of an item before the platform does."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

MAX_REQUESTS = 300
"""Most requests a client may make for one message."""


class RequestTrigger(NamedTuple):
    """A call of `perturb` when the `nth` request of the operation `before` arrives. It returns the seconds that hold it up."""

    before: str
    nth: int
    perturb: Callable[[], float]


class RequestWatch:
    """Counts the requests of the current item, and runs the perturbations that it triggers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._triggers: Sequence[RequestTrigger] = ()
        self._seen: Counter[str | None] = Counter()
        self._limit = 0
        self._give_up: Callable[[str], None] | None = None
        self.flooded = False
        """Return whether an item had more requests than it may."""

    @property
    def is_open(self) -> bool:
        """Return whether an item is being run."""
        return self._give_up is not None

    def begin(self, triggers: Sequence[RequestTrigger], intents: int, give_up: Callable[[str], None]) -> None:
        """Count requests for an item of so many intents, until `end`. `give_up` is called if there are too many."""
        self._triggers, self._limit, self._give_up = triggers, MAX_REQUESTS * intents, give_up
        self._seen.clear()

    def end(self) -> None:
        """End the item."""
        self._give_up = None

    def arrived(self, operation: str | None) -> float:
        """Run the perturbations before a request that is about to reach the platform. Return the seconds that hold it up."""
        held_up = 0.0
        with self._lock:
            if self._give_up is None:
                return held_up
            self._seen[operation] += 1
            if self._seen.total() > self._limit:
                self.flooded = True
                self._give_up(f"it made more than {self._limit} requests")
                return held_up
            for trigger in self._triggers:
                if trigger.before == operation and trigger.nth == self._seen[operation]:
                    held_up += trigger.perturb()
        return held_up
