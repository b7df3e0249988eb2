"""Drawing faults for many calls at once, to avoid contention for a plan that all of them change.

Every draw depends on those before it, so two cannot be written side by side. The calls of a process therefore queue, and the
first in line draws for all that wait and writes the plan once. Replicas still compete, but with one write each; the one that
loses draws again from the new plan.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import Lock
from typing import Protocol

from mockserver.engine.decide import ParsedRequest, Seen
from mockserver.engine.model import Fault
from mockserver.errors import ConflictError, StoreUnavailable
from mockserver.faults import draw
from mockserver.stores.base import FAULTS, Store, Write

ATTEMPTS = 1000
"""How often a plan is written while replicas change it. Each failed try means that another one succeeded."""


class DrawnCall(Protocol):
    """A request for which a fault is drawn."""

    context_id: str

    @property
    def ask(self) -> ParsedRequest:
        """The request, as far as it could be read."""
        ...


class _Draw:
    """A call in the queue, and its result."""

    __slots__ = ("call", "done", "error", "fault")

    def __init__(self, call: DrawnCall) -> None:
        self.call, self.done = call, False
        self.fault: Fault | None = None
        self.error: StoreUnavailable | None = None


class _Queue:
    """The calls of one organisation that wait for their draws. The thread that draws holds `lock`."""

    __slots__ = ("lock", "waiting")

    def __init__(self) -> None:
        self.lock = Lock()
        self.waiting: deque[_Draw] = deque()

    def take(self, mine: _Draw) -> list[_Draw]:
        """Return all calls that wait, and `mine` also if an interrupted thread had taken it."""
        taken = []
        while self.waiting:
            taken.append(self.waiting.popleft())
        return taken if mine in taken else [mine, *taken]


class Draws:
    """The queues of a process, one per organisation. Any thread may draw."""

    def __init__(self, store: Store, look: Callable[[ParsedRequest], Seen]) -> None:
        self._store, self._look = store, look
        self._queues: dict[str, _Queue] = {}

    def draw(self, call: DrawnCall, seen: Seen) -> Fault | None:
        """Return the fault that hits this call, after using it up in the store. Raises StoreUnavailable or ConflictError."""
        organization = seen.organization.id
        queue = self._queues.setdefault(organization, _Queue())
        mine = _Draw(call)
        queue.waiting.append(mine)
        with queue.lock:
            if not mine.done:
                self._draw_all(queue.take(mine), seen)
        if not queue.waiting:
            self._queues.pop(organization, None)
        if mine.error is not None:
            raise mine.error
        return mine.fault

    def _draw_all(self, draws: list[_Draw], seen: Seen) -> None:
        first = draws[0].call
        try:
            for attempt in range(ATTEMPTS):
                if self._try(draws, seen, f"{first.context_id}:fault:{attempt}"):
                    return
                seen = self._look(first.ask)
        except StoreUnavailable as error:  # without this the others would wait for the same store one by one
            for one in draws:
                one.error, one.done = error, True
            return
        raise ConflictError("the fault plan", ATTEMPTS)

    def _try(self, draws: list[_Draw], seen: Seen, commit_id: str) -> bool:
        """Draw for all calls in turn and write the rest of the plan. Return False if the plan has changed."""
        plan, faults = seen.faults, list[Fault | None]()
        for one in draws:
            fault = None
            if plan is not None:
                plan, fault = draw(plan, one.call.ask.operation)
            faults.append(fault)
        if plan is not None and seen.faults is not None and plan is not seen.faults:
            writes = [Write(FAULTS, seen.faults.version, plan)]
            organization = seen.organization
            retention = organization.policy.retention
            if not self._store.commit(organization.id, writes, None, commit_id, seen.now, retention):
                return False
        for one, fault in zip(draws, faults, strict=True):
            one.fault, one.done = fault, True
        return True
