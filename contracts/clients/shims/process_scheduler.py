"""The scheduler of all threads of a process, whose clock is a simulation's."""

from __future__ import annotations

import threading
import time
from typing import Any

from contracts.clients.clock import VirtualClock
from contracts.clients.scheduled import LOOKS, ScheduledThread
from contracts.clients.scheduler import FOREVER, STALL, Scheduler
from contracts.clients.scheduler_run import SchedulerRun
from contracts.clients.shims.channel import Channel
from contracts.clients.shims.surroundings import Connections, children, is_anyone_at_work
from contracts.clients.watch import SilenceTimer

MICROSECOND = 1000
"""Nanoseconds."""

READINGS = 10_000
"""Readings of the clock without a pause: who reads it as often waits for it, so each of the next takes a millisecond."""

SPINS = 5_000
"""Pauses in a row that take no time: a process with so many waits for time to pass."""

TICK = 1_000_000
"""A millisecond, in nanoseconds."""

GLANCE = 0.0005
"""Seconds of real time between two looks for what comes in while the process rests."""

_sleep, _monotonic = time.sleep, time.monotonic
_process_time, _thread_time = time.process_time, time.thread_time

BUSY = 0.002
"""Seconds of a processor's time between two looks that count as work."""


class ReadClock(VirtualClock):
    """A clock that moves by itself if it is read in a loop."""

    readings = 0

    def seconds(self) -> float:
        """See VirtualClock."""
        self._is_read()
        return super().seconds()

    @property
    def elapsed(self) -> int:
        """See VirtualClock."""
        self._is_read()
        return super().elapsed

    def _is_read(self) -> None:
        self.readings += 1
        if self.readings > READINGS:
            self.nanoseconds += TICK


class ProcessScheduler(Scheduler):
    """A scheduler whose clock is the simulation's: it asks for the time on `channel`."""

    keeps_events = True

    def __init__(self, channel: Channel, now: int, connections: Connections) -> None:
        clock = self.own_clock = ReadClock()
        clock.move_to(now * MICROSECOND)
        super().__init__(clock)
        self.connections = connections
        self.channel = channel
        self.looking_up = 0
        """How many threads look up a name."""
        self._watcher = 0
        self._told = -1
        self._spins_since: int | None = None
        self._worked = 0.0
        self._run = SchedulerRun(1, FOREVER, SilenceTimer(FOREVER))

    def take_in(self) -> ScheduledThread:
        """Make the calling thread a scheduled thread, which has its turn at once."""
        scheduled = self._enter()
        with self._lock:
            self._hand_over()
        scheduled.enter(self)
        return scheduled

    def watch(self) -> None:
        """Look for ever whether a thread waits for what this scheduler does not know. To be called in a thread of its own."""
        self._watcher = threading.get_native_id()
        while True:
            _sleep(STALL)
            self._look()

    def notice(self, what: str) -> None:
        """Tell the simulation that this process cannot be in virtual time, which ends it. `what` completes "because …"."""
        with self._lock:
            self.channel.ask({**self._idle(""), "real": what})

    # -- what the scheduler does otherwise -----------------------------------------------------------------------------------

    def _is_patient(self) -> bool:
        return False

    def _notice_outside(self) -> None:
        """Do nothing: the simulation notices it."""

    def _next(self, *, jump: bool) -> ScheduledThread | None:
        if self._run is not None and self._run.steps > SPINS:
            self._spin()
        return super()._next(jump=jump)

    def _able(self) -> list[ScheduledThread]:
        """Return those for whom something has come in, or else those whose moment is due, in its order."""
        able = super()._able()
        due = [scheduled for scheduled in able if scheduled.ready is None or not scheduled.ready()]
        ready = [scheduled for scheduled in able if scheduled not in due]
        return ready or sorted(due, key=lambda scheduled: scheduled.until or 0)

    def _look(self) -> None:
        with self._lock:
            run = self._run
            assert run is not None
            if not run.watch.is_still(self._signs):
                self._worked = _process_time()
            elif self._holder is None and self._able():
                self._hand_over()
            elif run.watch.still_for() >= STALL and not self._is_at_work():
                for scheduled in self._scheduled:
                    scheduled.missed += scheduled.running
                self._hand_over(jump=True)

    def _jump(self, ends: int) -> None:  # noqa: ARG002 - the simulation knows how long it may last
        """Ask for the time, until a thread can go on."""
        self._spins_since = None
        while not self._can_go_on():
            foreign = self._foreign()
            if foreign and self._rest(STALL):
                return
            if self._awaits_strangers():
                continue
            idle = self._idle(foreign)
            # Look after counting: what counts as come, or as ended, may have come or ended since the last look.
            if not self._can_go_on():
                self._ask(idle)

    # -- idleness --------------------------------------------------------------------------------------------------------

    def _is_at_work(self) -> bool:
        """Return True if any thread computes, waits for a processor or a disk, or looks up a name."""
        worked, self._worked = self._worked, _process_time()
        if self.looking_up or self._worked - worked > BUSY:
            return True
        return self._runs() or self._awaits_strangers()

    def _can_go_on(self) -> bool:
        """Return True if a thread can go on, or has not stopped."""
        return bool(self._able()) or self._runs()

    def _runs(self) -> bool:
        """Return True if a thread of the scheduler has not stopped."""
        return any(scheduled.running and not scheduled.is_blocked() for scheduled in self._scheduled)

    def _awaits_strangers(self) -> bool:
        """Return True, after a moment, if a thread that is not under the scheduler computes."""
        known = {self._watcher, threading.get_native_id(), *(scheduled.native for scheduled in self._scheduled)}
        if not any(is_anyone_at_work(known) for _ in range(LOOKS)):
            return False
        _sleep(GLANCE)
        return True

    def _foreign(self) -> str:
        for scheduled in self._scheduled:
            if scheduled.running and scheduled.waits_in_real_time():
                return f"native code in {scheduled.place()}"
        waiting = [scheduled.files for scheduled in self._scheduled if not scheduled.running]
        return next(filter(None, map(self.connections.foreign, waiting)), "")

    def _idle(self, foreign: str) -> dict[str, Any]:
        waking = [scheduled.until for scheduled in self._scheduled if scheduled.until is not None and not scheduled.running]
        return {
            "idle": True,
            "at": self.clock.nanoseconds // MICROSECOND,
            "next": -(-min(waking) // MICROSECOND) if waking else None,
            "worked": self._told != self._signs,
            "foreign": foreign,
            "children": children(),
            "sockets": self.connections.traffic(),
        }

    def _ask(self, message: dict[str, Any]) -> None:
        self._told = self._signs
        answer = self.channel.ask(message)
        self.clock.move_to(answer["now"] * MICROSECOND)
        self.own_clock.readings = 0
        if self._run is not None:
            self._run.steps = 0
        if "rest" in answer:
            self._rest(answer["rest"] / 1000)

    def _rest(self, seconds: float) -> bool:
        """Wait so many seconds of real time for what comes in; return whether anything has."""
        ends = _monotonic() + seconds
        while not self._can_go_on():
            if _monotonic() > ends:
                return False
            _sleep(GLANCE)
        return True

    def _spin(self) -> None:
        """Threads hand over to each other again and again: let a little time pass, and more the longer that lasts."""
        now = self.clock.nanoseconds
        if self._spins_since is None:
            self._spins_since = now
        later = [scheduled.until for scheduled in self._scheduled if scheduled.until is not None and scheduled.until > now]
        soon = min([now + max(TICK, (now - self._spins_since) // 4), *later]) // MICROSECOND
        while self.clock.nanoseconds < soon * MICROSECOND:
            self._ask({**self._idle(""), "next": soon})
