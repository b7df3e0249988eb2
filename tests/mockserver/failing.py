"""A store that loses its connection when it is told to: before it does what is asked, or after."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import Semaphore
from typing import Any, Literal

from mockserver.errors import StoreUnavailable
from mockserver.stores.memory import MemoryStore

Loss = Literal["request", "reply"]


class FailingStore(MemoryStore):
    """Each entry of `losses` costs one call; while `away` every call fails. `notes` counts entries that were noted."""

    def __init__(self) -> None:
        super().__init__()
        self.losses: deque[Loss | None] = deque()
        self.away = False
        self.notes = Semaphore(0)

    def _meet(self, call: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        loss = self.losses.popleft() if self.losses else None
        if self.away or loss == "request":
            raise StoreUnavailable("failing:", "it was told to")
        answer = call(*arguments, **named)
        if loss == "reply":
            raise StoreUnavailable("failing:", "its reply was lost, as it was told to")
        return answer

    def load(self, *arguments: Any, **named: Any) -> Any:
        """See Store."""
        return self._meet(super().load, *arguments, **named)

    def look(self, *arguments: Any, **named: Any) -> Any:
        """See Store."""
        return self._meet(super().look, *arguments, **named)

    def note(self, *arguments: Any, **named: Any) -> Any:
        """See Store."""
        number = self._meet(super().note, *arguments, **named)
        self.notes.release()
        return number

    def commit(self, *arguments: Any, **named: Any) -> Any:
        """See Store."""
        return self._meet(super().commit, *arguments, **named)
