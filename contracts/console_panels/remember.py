"""A cache of results: the latest few, each computed once at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

V = TypeVar("V")


class Memory(Generic[V]):
    """Values by key. Beyond `most`, the least recently used is forgotten. Safe to use from any thread."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: dict[Hashable, V] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable, work_out: Callable[[], V]) -> V:
        """Return the value, computed if it is not remembered; other callers wait meanwhile. Exceptions are not remembered."""
        with self._lock:
            value = self._values.pop(key) if key in self._values else work_out()
            self._values[key] = value
            if len(self._values) > self._most:
                del self._values[next(iter(self._values))]
            return value
