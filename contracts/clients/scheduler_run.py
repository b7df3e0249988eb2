"""The work of a scheduler: the body that it conducts, a run with its tasks, and the threads for them."""

from __future__ import annotations

import threading
from _thread import allocate_lock
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from contracts.clients.scheduled import ScheduledThread
from contracts.clients.watch import SilenceTimer

if TYPE_CHECKING:
    from contracts.clients.scheduler import Scheduler


class AdoptedThread:
    """The part of a client's own thread that runs under the scheduler."""

    def __init__(self, scheduler: Scheduler, scheduled: ScheduledThread, body: Callable[[], None]) -> None:
        self._scheduler, self._scheduled, self._body = scheduler, scheduled, body
        self._over = False

    def __call__(self) -> None:
        """Run it. Its thread calls this once."""
        self._scheduler.perform(self._scheduled, self._play)

    def is_over(self) -> bool:
        """Return True if it has run."""
        return self._over

    def _play(self) -> None:
        try:
            self._body()
        finally:
            self._over = True


class Conducting:
    """One `conduct`. Its result is the first end that is reported."""

    def __init__(self, body: Callable[[], Any]) -> None:
        self._body = body
        self._thread = 0
        self._told: SimpleQueue[tuple[Any, BaseException | None]] = SimpleQueue()
        self._first: tuple[Any, BaseException | None] = None, None

    def __call__(self) -> None:
        """Call the body, in its thread."""
        self._thread = threading.get_ident()
        try:
            self.end(self._body())
        except BaseException as error:
            self.end(error=error)

    def end(self, value: Any = None, error: BaseException | None = None) -> None:
        """Report an end: the body's own, or one that was forced."""
        self._told.put((value, error))

    def is_me(self) -> bool:
        """Return True if the calling thread is its own."""
        return self._thread == threading.get_ident()

    def is_over(self, timeout: float) -> bool:
        """Wait this many seconds for its end; return True if it came."""
        try:
            self._first = self._told.get(timeout=timeout)
        except Empty:
            return False
        return True

    def result(self) -> Any:
        """Return the body's result, or raise its exception. Only after it is over."""
        value, error = self._first
        if error is not None:
            raise error
        return value


class SchedulerRun:
    """One `run`: its open tasks, its time limit, its watch and its results."""

    def __init__(self, tasks: int, ends: int, watch: SilenceTimer) -> None:
        self.open, self.ends, self.watch = tasks, ends, watch
        self.steps = 0
        self.results: dict[int, Any] = {}
        self.over = allocate_lock()
        self.over.acquire()


class SchedulerTask:
    """One task of a run, for a worker."""

    def __init__(self, scheduler: Scheduler, scheduled: ScheduledThread, number: int, work: Callable[[], Any]) -> None:
        self._scheduler, self._scheduled, self._number, self._work = scheduler, scheduled, number, work

    def __call__(self) -> None:
        """Do the work, as a scheduled thread."""
        self._scheduler.perform(self._scheduled, lambda: self._scheduler.finish(self._number, self._work()))


class SchedulerWorker:
    """A thread that runs one task after another, until it takes None."""

    def __init__(self) -> None:
        self._inbox: SimpleQueue[Callable[[], None] | None] = SimpleQueue()

    def begin(self) -> None:
        """Start the thread. It need not be woken for tasks that were taken before."""
        threading.Thread(target=self._work, name="dayfly client", daemon=True).start()

    def take(self, task: Callable[[], None] | None) -> None:
        """Run a task once those before are done."""
        self._inbox.put(task)

    def _work(self) -> None:
        while (task := self._inbox.get()) is not None:
            task()
