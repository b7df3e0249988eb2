"""Runs the threads of a client one at a time, in virtual time, so that a race happens the same way every time.

The threads that are scheduled take turns. One runs alone until it pauses: at a request, a sleep, or a lock that another
holds. When it pauses, it hands over to a thread that can go on, picked by `choose`. If none can, the clock jumps to the
moment when the first one wakes. Threads that a client starts are scheduled too. If a scheduled thread blocks on something the
scheduler does not know, it is passed over after a moment of real time without a sign of life.
"""

from __future__ import annotations

import os
from _thread import allocate_lock
from collections.abc import Callable, Iterable, Sequence
from itertools import count
from typing import Any, TypeVar

from contracts.clients.clock import NANOSECONDS, VirtualClock
from contracts.clients.common import Hung, Wrote, unheard
from contracts.clients.scheduled import Abandoned, ScheduledThread, always, current_scheduled
from contracts.clients.scheduler_run import AdoptedThread, Conducting, SchedulerRun, SchedulerTask, SchedulerWorker
from contracts.clients.watch import SilenceTimer

T = TypeVar("T")

Choose = Callable[[int], int]
"""Takes how many scheduled threads can go on (two or more) and returns which one does: 0 has waited longest."""

LONGEST = 24 * 3600 * NANOSECONDS
"""The most virtual time that one item of a scenario may take, in nanoseconds."""

STEPS = 100_000
"""The most pauses of one item; beyond that a client is waiting in a loop."""

STALL = 0.05
"""Seconds of real time after which a silent scheduled thread counts as waiting for another."""

GRACE = 0.2
"""Seconds of silence, in real time, after which the clock moves although a scheduled thread waits for something in real
time."""

GLANCE = 0.005
"""Seconds between two looks at what happens in real time."""

OUT_OF_TIME = "the client's own time did not move with the platform's: {}; judge it with --command and --real-time"

FOREVER = 1 << 80


class Scheduler:
    """The threads of one client. `patience` is how many seconds of real time it may be silent."""

    keeps_events = False
    """A thread finds an event that an epoll object tells of only once, though the scheduler has looked for it."""

    def __init__(
        self,
        clock: VirtualClock,
        *,
        patience: float = 1.0,
        hear: Wrote | None = None,
        shows_output: bool = False,
    ) -> None:
        """`hear` takes the text that the threads print; if `shows_output` is set, it is printed as well."""
        self.clock = clock
        self.hear: Wrote = hear or unheard
        self.shows_output = shows_output
        self.choose: Choose = lambda _: 0
        self.late: Callable[[Iterable[Any]], bool] = lambda _: False
        """Waits in real time for what the system has yet to bring to some files, and returns whether there was anything."""
        self.numbers = count()
        """For the hashes of what its threads make; see `order`."""
        self._patience = patience
        self._process = os.getpid()
        self._lock = allocate_lock()
        self._scheduled: list[ScheduledThread] = []
        self._workers: list[SchedulerWorker] = []
        self._holder: ScheduledThread | None = None
        self._run: SchedulerRun | None = None
        self._conducting: Conducting | None = None
        self._signs = 0
        self._given_up = ""
        self.note = ""
        """Why the client's own time did not move with the clock, or ""."""

    def conduct(self, body: Callable[[], T]) -> T:
        """Call `body` in the thread of the first task. It can `run` one task after another without changing threads.

        Returns and raises what `body` does. Raises Hung if the tasks do not end. After that the scheduler cannot be reused;
        if the stuck thread ever resumes, `body` is unwound through its `finally` blocks.
        """
        if self._given_up:
            raise Hung(self._given_up)
        conducting = Conducting(body)
        try:
            self._conducting = conducting
            if self._workers:
                self._workers[0].take(conducting)
            else:
                self._begin_worker(conducting)
            while not conducting.is_over(GLANCE if self._is_patient() else STALL):
                self._look()
        except BaseException as error:  # such as a KeyboardInterrupt
            self.give_up(type(error).__name__)
            raise
        finally:
            self._conducting = None
        result: T = conducting.result()
        return result

    def run(self, tasks: Sequence[Callable[[], T]], *, limit: int | None = LONGEST, patience: float | None = None) -> list[T]:
        """Run `tasks`, each in a thread of its own, and return their results in order. Tasks may not raise.

        The n-th task always gets the same thread. `limit` bounds the virtual time (nanoseconds); `patience` replaces the
        scheduler's own. Raises Hung if not all of them end. After that the scheduler cannot be reused.
        """
        if self._conducting is None or not self._conducting.is_me():
            return self.conduct(lambda: self.run(tasks, limit=limit, patience=patience))
        ends = FOREVER if limit is None else self.clock.nanoseconds + limit
        run = SchedulerRun(len(tasks), ends, SilenceTimer(self._patience if patience is None else patience))
        workers = [self._worker(number) for number in range(1, len(tasks))]
        with self._lock:
            self._check()
            self._run = run
            mine, *others = [
                SchedulerTask(self, self._enter(is_message=True), number, task) for number, task in enumerate(tasks)
            ]
            for worker, task in zip(workers, others, strict=True):
                worker.take(task)
            self._hand_over()
        mine()
        run.over.acquire()
        self._check()
        return [run.results[number] for number in range(len(tasks))]

    def close(self) -> None:
        """End the threads that wait under the scheduler. A running thread ends at its next step."""
        self.give_up("the client was closed")
        for worker in self._workers:
            worker.take(None)

    def is_empty(self) -> bool:
        """Return True if no thread is under the scheduler and the client was not given up. Then time can pass unnoticed."""
        with self._lock:
            return not self._scheduled and not self._given_up

    def skip(self, seconds: float) -> None:
        """Move the clock on. Only for a scheduler without threads."""
        with self._lock:
            self.clock.move_to(self.clock.after(seconds))

    def grant(self, seconds: float) -> None:
        """Give the tasks this much more virtual time to end."""
        with self._lock:
            if self._run is not None:
                self._run.ends += self.clock.after(seconds) - self.clock.nanoseconds

    def notice(self, what: str) -> None:
        """Note that something in the client takes real time, which this clock does not know. `what` completes "because …"."""
        self.note = self.note or OUT_OF_TIME.format(what)

    def give_up(self, why: str) -> None:
        """End the run, from any thread: `run` raises Hung with the reason `why`."""
        with self._lock:
            self._give_up(why)

    def turn(self) -> None:
        """Let other scheduled threads go first. Only scheduled threads call it."""
        if not self._has_it_alone():
            self._pause(always, None)

    def sleep(self, seconds: float) -> None:
        """Wait for `seconds` of virtual time. Only scheduled threads call it."""
        self._pause(None, self.clock.after(seconds))

    def wait_until(
        self, ready: Callable[[], bool], until: int | None, *, outside: bool = False, files: Iterable[Any] = ()
    ) -> bool:
        """Wait until `ready()` or the instant `until` (nanoseconds, None: never), and return `ready()`. Only scheduled
        threads call it.

        `ready` is called from any thread at any time: it must be quick and change nothing. `outside`: it becomes true in real
        time, so the clock must wait for it. `files` are what it depends on.
        """
        scheduled = current_scheduled()
        scheduled.files = files
        self._pause(ready, until, outside=outside)
        scheduled.files = ()
        return ready()

    def adopt(self, body: Callable[[], None]) -> AdoptedThread:
        """Return a part whose calling thread is a scheduled thread from now on, as long as `body` runs."""
        with self._lock:
            self._check()
            return AdoptedThread(self, self._enter(), body)

    def perform(self, scheduled: ScheduledThread, body: Callable[[], None]) -> None:
        """Run `body` as `scheduled`, in the calling thread."""
        try:
            scheduled.enter(self)
            if not self._given_up:
                body()
        except Abandoned:
            pass
        finally:
            if os.getpid() != self._process:  # the client has forked, and this is a copy without a waiting parent
                os._exit(0)
            scheduled.leave()
            with self._lock:
                self._scheduled.remove(scheduled)
                self._yield(scheduled)

    def _worker(self, number: int) -> SchedulerWorker:
        while len(self._workers) <= number:
            self._begin_worker()
        return self._workers[number]

    def _begin_worker(self, *tasks: Callable[[], None]) -> None:
        """Begin one more worker with these tasks. They may ask for workers at once, so it is listed before."""
        worker = SchedulerWorker()
        self._workers.append(worker)
        for task in tasks:
            worker.take(task)
        worker.begin()

    def finish(self, number: int, result: Any) -> None:
        """Record the result of the task with this number."""
        with self._lock:
            if self._run is not None and not self._given_up:
                self._run.results[number] = result
                self._run.open -= 1

    def _enter(self, *, is_message: bool = False) -> ScheduledThread:
        scheduled = ScheduledThread(is_message=is_message)
        self._scheduled.append(scheduled)
        return scheduled

    def _check(self) -> None:
        if self._given_up:
            raise Abandoned(self._given_up)

    def _has_it_alone(self) -> bool:
        """Return True if no other scheduled thread could go first. Then its turn is over at once, which is by far the most
        frequent case."""
        with self._lock:
            run = self._run
            if run is None or self._given_up or self._holder is None or len(self._scheduled) > 1:
                return False
            self._signs += 1
            run.steps += 1
            return run.steps <= STEPS

    def _pause(self, ready: Callable[[], bool] | None, until: int | None, *, outside: bool = False) -> None:
        scheduled = current_scheduled()
        with self._lock:
            self._check()
            scheduled.outside = outside
            scheduled.ready, scheduled.until, scheduled.running, scheduled.missed = ready, until, False, 0
            self._scheduled.remove(scheduled)
            self._scheduled.append(scheduled)
            self._yield(scheduled)
        scheduled.gate.acquire()
        self._check()

    def _yield(self, scheduled: ScheduledThread) -> None:
        """Take the turn from the thread. While a scheduled thread is lost, `_pass_over` hands over instead, after it found
        that all are still."""
        self._signs += 1
        if self._holder is scheduled or self._holder is None:
            self._holder = None
            if not any(other.lost for other in self._scheduled):
                self._hand_over()

    def _hand_over(self, *, jump: bool = False) -> None:
        """Give the turn to the next thread. If there is none and all tasks are done, the run is over.

        `jump`: the clock may move although something happens in real time, because that does not seem to end.
        """
        self._holder = self._next(jump=jump or not self._is_patient())
        if self._holder is not None:
            self._holder.go()
        elif self._run is not None and self._run.open == 0:
            self._end()

    def _end(self) -> None:
        run, self._run = self._run, None
        if run is not None:
            run.over.release()

    def _is_patient(self) -> bool:
        """Return True if something happens in real time, for which the clock must wait."""
        return bool(self.note) or any(scheduled.outside for scheduled in self._scheduled)

    def _next(self, *, jump: bool) -> ScheduledThread | None:
        run = self._run
        if run is None:
            return None
        run.steps += 1
        if run.steps > STEPS:
            self._give_up(f"it paused {STEPS} times without coming to an end")
            return None
        able = self._able()
        if not able and run.open and jump and self._awaits_late():
            able = self._able()
        if not able and run.open and jump:
            self._notice_outside()
            self._jump(run.ends)
            able = self._able()
        if len(able) < 2:
            return able[0] if able else None
        return able[self.choose(len(able))]

    def _awaits_late(self) -> bool:
        return any(self.late(scheduled.files) for scheduled in self._scheduled if scheduled.files and not scheduled.running)

    def _able(self) -> list[ScheduledThread]:
        now = self.clock.nanoseconds
        return [scheduled for scheduled in self._scheduled if scheduled.can_go_on(now)]

    def _jump(self, ends: int) -> None:
        """Move the clock to the moment when the next scheduled thread wakes. Background threads do not move it."""
        waking = [scheduled.until for scheduled in self._scheduled if scheduled.until is not None and not scheduled.running]
        if waking and min(waking) > ends:
            self._give_up("it was still waiting after 24 h of virtual time")
        elif waking:
            self.clock.move_to(min(waking))

    def _look(self) -> None:
        """Check that the run goes on. The thread that waits for its end calls this now and then."""
        with self._lock:
            run = self._run
            if run is None or not run.watch.is_still(self._signs):
                return
            if self._holder is None and self._able():
                self._hand_over()
                return
            if run.watch.still_for() < STALL:
                return
            computing = any(scheduled.running and not scheduled.is_blocked() for scheduled in self._scheduled)
            if not computing:
                self._notice_blocked()
                self._pass_over(run.watch)
            if run.watch.is_over(computing=computing):
                self._give_up(f"it showed nothing for {run.watch.patience:g} s of real time")

    def _notice_outside(self) -> None:
        for scheduled in self._scheduled:
            if scheduled.outside and not scheduled.running:
                self.notice(f"{scheduled.place()} waits for what happens in real time")

    def _notice_blocked(self) -> None:
        for scheduled in self._scheduled:
            if scheduled.running and not self.note and scheduled.waits_in_real_time():
                self.notice(f"{scheduled.place()} waited in real time")

    def _pass_over(self, watch: SilenceTimer) -> None:
        """Let another scheduled thread go on, if one can. All has been still, so the scheduled thread that has the scheduler
        waits for another."""
        run, now = self._run, self.clock.nanoseconds
        if run is None or (run.open and not any(scheduled.may_go_on(now) for scheduled in self._scheduled)):
            return
        for scheduled in self._scheduled:
            scheduled.missed += scheduled.running
        self._hand_over(jump=watch.still_for() >= min(GRACE, watch.patience / 2))

    def _give_up(self, why: str) -> None:
        if self._given_up:
            return
        self._given_up = why
        if self._conducting is not None:
            self._conducting.end(error=Hung(why))
        self._end()
        for scheduled in self._scheduled:
            if not scheduled.is_me():  # it gives itself up at its next step
                scheduled.interrupt()
