"""An asyncio loop that never blocks: instead of waiting it moves its scheduler's clock. Requests park at a gate.

The loop works as long as it has work. After that it reads its sockets, or releases one parked request, picked by the
scheduler's `choose`. If no request is parked, the loop pauses under its scheduler until its next timer.

Bytes that have come wait until the due timers have run, with everything that follows from them. asyncio itself would read them
in the same turn as a deadline, and then cancel the task that waits for them: the answer would be read and lost.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Mapping
from typing import Any
from weakref import WeakSet

from contracts.clients.clock import NANOSECONDS
from contracts.clients.order import Numbered
from contracts.clients.polls import real_selector
from contracts.clients.scheduled import current_scheduler
from contracts.clients.scheduler import Scheduler

_real_new_event_loop = asyncio.new_event_loop


BUSY = 100
"""Turns without rest after which a loop reads its sockets anyway, because it may be polling in a loop."""


class _Selector(selectors.BaseSelector):
    """Looks at its files without waiting for them. The waiting is done under a scheduler."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._real = real_selector()
        self._scheduler = scheduler
        self._busy = 0
        self.parked: list[asyncio.Future[None]] = []

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout <= 0:
            self._busy += 1
            return self._real.select(0) if self._busy % BUSY == 0 else []
        self._busy = 0
        events = self._real.select(0)
        if events or self._release():
            return events
        until = None if timeout is None else self._scheduler.clock.after(timeout)
        self._scheduler.wait_until(lambda: bool(self._real.select(0)), until)
        is_due = until is not None and until <= self._scheduler.clock.nanoseconds
        return [] if is_due else self._real.select(0)

    def _release(self) -> bool:
        """Let one parked request go on."""
        parked = self.parked = [future for future in self.parked if not future.done()]
        if not parked:
            return False
        parked.pop(self._scheduler.choose(len(parked)) if len(parked) > 1 else 0).set_result(None)
        return True

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.modify(fileobj, events, data)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map()

    def close(self) -> None:
        self._real.close()


RESOLUTION = 1e-6
"""Seconds by which a timer may be early. asyncio adds it to the time, and the sum must differ as a double even after years."""


class _Task(Numbered, asyncio.Task[Any]):
    pass


class _Future(Numbered, asyncio.Future[Any]):
    pass


def _new_task(loop: asyncio.AbstractEventLoop, body: Any, **given: Any) -> _Task:
    return _Task(body, loop=loop, **given)


class VirtualLoop(asyncio.SelectorEventLoop):
    """The loop of a client on `scheduler`. A scheduled thread of that scheduler must run it."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler, self._parking = scheduler, _Selector(scheduler)
        super().__init__(self._parking)
        self._clock_resolution = RESOLUTION
        self.set_task_factory(_new_task)
        self.messages: WeakSet[asyncio.Task[Any]] = WeakSet()
        """The tasks that were asked to send a message."""

    def time(self) -> float:
        """Return the seconds of virtual time."""
        return self._scheduler.clock.elapsed / NANOSECONDS

    def create_future(self) -> asyncio.Future[Any]:
        """Return a future, with a number for its hash."""
        return _Future(loop=self)

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Report an error, unless the loop is closed: an aiohttp session left open complains when it is collected."""
        if not self.is_closed():
            super().call_exception_handler(context)

    async def turn(self) -> None:
        """Let others go first, if the scheduler chooses one."""
        future = self.create_future()
        self._parking.parked.append(future)
        await future

    def finish(self) -> None:
        """Cancel the tasks that still run on the loop, let them clean up, and close the loop."""
        self.run_until_complete(self._wind_down(asyncio.all_tasks(self)))
        self.close()

    async def _wind_down(self, tasks: set[asyncio.Task[Any]]) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.shutdown_asyncgens()
        for transport in list(self._transports.values()):  # type: ignore[attr-defined]  # connections that the client left open
            transport.abort()
        await asyncio.sleep(0)

    def discard(self) -> None:
        """Close the loop without a warning about its tasks, because its client was given up."""
        for task in asyncio.all_tasks(self):
            task._log_destroy_pending = False  # type: ignore[attr-defined]
        self.close()


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Stand in for `asyncio.new_event_loop`: a client that runs its own loop lives in virtual time too."""
    scheduler = current_scheduler()
    return _real_new_event_loop() if scheduler is None else VirtualLoop(scheduler)
