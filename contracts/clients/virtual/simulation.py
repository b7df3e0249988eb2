"""The discrete-event simulation of a client's processes and the platform that they talk to.

A process with a shim blocks once it can only go on when time passes or something comes in. While all of
them are blocked, one thing is let happen: a request or an answer goes on its way, picked by the schedule.
If there is none, the clock jumps to the next moment at which an answer is due or a timer of the client's.
So the order of events depends on the schedule alone, and not on how fast the machine is.
"""

from __future__ import annotations

import selectors
import time
from collections.abc import Callable, Sequence

from contracts.clients.base import Hung, Seat, following
from contracts.clients.child import Child
from contracts.clients.clock import VirtualClock
from contracts.clients.errors import BeyondVirtualTime
from contracts.clients.virtual.company import Company
from contracts.clients.virtual.newcomers import Strangers
from contracts.clients.virtual.protocol import HARNESS_GONE, MICROSECOND, Idle, Welcome
from contracts.clients.virtual.server import HOST, SteppedServer

LONGEST = 24 * 3600 * 1_000_000
"""Microseconds of virtual time that one item may take."""

STEPS = 100_000
"""How often the processes of a client may pause in one item."""

LONGEST_UNREST = 6
"""How many times the patience they may go on among themselves, in real time, without any time that passes."""

RESTS = (0.002, 0.01, 0.05, 0.2)
"""Seconds of real time that a client which waits for nothing we know of rests; the longer, the longer that lasts."""

MOST_RESTS, LONGEST_REST = 12, 2.0
"""How often, and for how many seconds at least, a client rests that waits for nothing we know of.

So what goes on in it unseen, in another thread for example, has got its share of the processor. If it does, it rests again.
"""

FOREIGN = 1.0
"""Seconds for which a client's time is real while it waits for what is beyond virtual time."""

PAUSE, SHORT_PAUSE = 0.05, 0.002
"""Seconds to wait for a sign of a client: while a process is there, and while none is, as right before its end."""

STRANGER = "it asks the platform from a process that did not say hello, though another of its processes did"
"""Why a client whose launcher alone has a shim is in real time."""

LEFT = "it closed the socket on which it asks for the time"
"""The reason for which a client is in real time that has closed what it found open, as daemons do."""

LOOKS = 5
"""How often processes look again for what has not reached them yet."""

_monotonic = time.monotonic


class Silent(Exception):
    """A process has shown nothing for as long as it may."""


def check_left(status: int | None) -> None:
    """Raises BeyondVirtualTime if a process has ended because it cannot ask for the time."""
    if status == HARNESS_GONE:
        raise BeyondVirtualTime(LEFT)


class Simulation:
    """One platform and the processes of one client, on one clock.

    `url` is where the platform is. `settled` is called whenever all is still: then it is time to look at
    what the client has said. `is_still` is asked every `patience` seconds of real time in which nothing
    comes from the client; if it says so, the client is given up. `is_waited_for` says whether something
    of the client's runs that has not come in yet, or is about to end.
    """

    def __init__(self, clock: VirtualClock, patience: float, seed: int = 0) -> None:
        self.clock = clock
        self._choose = following(())
        self.settled: Callable[[], None] = lambda: None
        self.is_still: Callable[[], bool] = lambda: True
        self.is_waited_for: Callable[[], bool] = lambda: False
        self.given_up = ""
        self.has_closed = False
        """The client has closed its standard output; set by the driver."""
        self.note = ""
        """What of the client is beyond virtual time; empty if nothing is."""
        self._patience, self._seed = patience, seed
        self._variables: dict[str, str] = {}
        self._selector = selectors.DefaultSelector()
        self._server = SteppedServer(clock, self._selector)
        self.host = f"{HOST}:{self._server.port}"
        self.url = f"http://{self.host}"
        self.company = Company(self.watch, self.unwatch, self._is_idle, self.has_input)
        self._members = self.company.members
        self._joined = 0
        self._steps = self._ends = 0
        self._has_input = self._is_stirred = False
        self._strangers = Strangers(self._members, patience)
        self._foreign_since = self._heard_at = 0.0

    # -- what the driver does --------------------------------------------------------------------------------------------

    @property
    def now(self) -> int:
        """Microseconds since 1970."""
        return self.clock.nanoseconds // MICROSECOND

    def seat(self, seat: Seat, variables: dict[str, str]) -> None:
        """Put the client before the platform that `seat` names; `variables` are set in its environment."""
        self._server.seat, self._variables = seat, variables

    def watch(self, descriptor: int, act: Callable[[], object], events: int = selectors.EVENT_READ) -> None:
        """Call `act` whenever a descriptor is ready."""
        self._selector.register(descriptor, events, act)

    def unwatch(self, descriptor: int) -> None:
        """Do so no longer; to be called while the descriptor is open."""
        if descriptor in self._selector.get_map():
            self._selector.unregister(descriptor)

    def hear(self, child: Child) -> None:
        """Take what a process writes to stderr."""

        def take() -> None:
            if not child.hear():
                self.unwatch(child.stderr)

        self.watch(child.stderr, take)

    def follow(self, schedule: Sequence[int]) -> None:
        """Let a schedule pick who goes on if several can; after its end the oldest goes."""
        self._choose = following(schedule)

    def has_input(self) -> None:
        """Something was written to the client or closed, at which it has to look."""
        self._has_input = True

    def grant(self, seconds: float) -> None:
        """Give the client so much more virtual time."""
        self._ends += round(seconds * 1_000_000)

    def close(self) -> None:
        """Give back everything."""
        self._server.close()
        self.company.close()
        self._selector.close()

    def run(self, is_done: Callable[[], bool]) -> None:
        """Let things happen until `is_done()`. Raises Hung if that can never be, Silent if the client shows nothing."""
        self._begin()
        stuck = _Stuck(self)
        while self._still_runs():
            if self._step_parked():
                stuck = _Stuck(self)
                continue
            if is_done():
                return
            moment = self._next_moment()
            if moment is None:
                self._rest(stuck.seconds(self._patience if self.note else LONGEST_REST))
            else:
                stuck = _Stuck(self)
                if not self._wait_for_foreign(moment):
                    self._jump(moment)

    def run_until(self, moment: int) -> None:
        """Let things happen up to a moment, and move the clock there. Raises Hung, Silent."""
        self._begin()
        self.grant((moment - self.now) / 1_000_000)
        while self._still_runs():
            if self._step_parked():
                continue
            upcoming = self._next_moment()
            if upcoming is None or upcoming > moment:
                self._move(moment)
                return
            if not self._wait_for_foreign(upcoming):
                self._jump(upcoming)

    def run_to_end(self, has_ended: Callable[[], bool]) -> bool:
        """Let the client, whose input has ended, come to its own end; return whether it does. Raises Hung.

        A timer that does not keep a process alive may be its only one. So time passes for such timers only if
        the process, given the chance, does not end.
        """
        self._begin()
        began, rests = _monotonic(), 0
        while not has_ended():
            try:
                self._still_runs(has_ended)
                if has_ended():
                    break
                if self._step_parked():
                    began, rests = _monotonic(), 0
                    continue
                moment = self._next_moment(alive=rests < len(RESTS) and self._server.next is None)
                if moment is not None and moment <= self._ends:
                    began = _monotonic()
                    self._jump(moment)
                elif _monotonic() - began > self._patience:
                    return False
                else:
                    self._rest_in_turn(RESTS[min(rests, len(RESTS) - 1)], has_ended)
                    rests += 1
            except Silent:
                return False
        return True

    # -- the loop --------------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        self._ends = self.now + LONGEST
        self._steps = 0

    def _still_runs(self, is_over: Callable[[], bool] | None = None) -> bool:
        """Wait until all is still. Raises Hung if the client went beyond all bounds."""
        self._settle(is_over)
        self._steps += max(1, len(self._members))
        if self.given_up:
            raise Hung(self.given_up)
        if self._steps > STEPS:
            raise Hung(f"it paused {STEPS} times without coming to an end")
        if self.now > self._ends:
            raise Hung("it was still waiting after 24 h of virtual time")
        return True

    def _step_parked(self) -> bool:
        """Let one of the requests and answers that wait go on, if any does."""
        parked = self._server.parked
        if not parked:
            return False
        parked.pop(self._choose(len(parked)) if len(parked) > 1 else 0)()
        return True

    def _next_moment(self, *, alive: bool = False) -> int | None:
        """When something happens next: an answer is due, or a timer; if `alive`, one that keeps its process alive."""
        moments = [member.next for member in self._members if member.next is not None and (member.idle.keeps or not alive)]
        if self._server.next is not None:
            moments.append(self._server.next)
        return min(moments, default=None)

    def _jump(self, moment: int) -> None:
        """Move to a moment, and let happen what is due: timers of the client, and then one thing of the platform."""
        if moment > self._ends:
            raise Hung("it was still waiting after 24 h of virtual time")
        self._move(moment)
        woken = [member for member in self._members if member.next is not None and member.next <= self.now]
        for member in woken:
            member.owed = True
        if not woken:
            self._server.take_due()

    def _move(self, moment: int) -> None:
        self.clock.move_to(moment * MICROSECOND)

    def _wait_for_foreign(self, moment: int) -> bool:
        """While a process waits for what is beyond virtual time, let real time pass up to `moment`, but not for long.

        Return whether any has passed: then what happens next may be something else.
        """
        if not self._strangers.count and not any(member.idle.foreign for member in self._members):
            self._foreign_since = 0.0
            return False
        if moment <= self.now:
            return False
        started = _monotonic()
        self._foreign_since = self._foreign_since or started
        if started - self._foreign_since > FOREIGN:
            return False
        left = (moment - self.now) / 1_000_000
        self._rest(min(left, RESTS[1]))
        self._wait_until_still(None)
        self._move(min(moment, self.now + round((_monotonic() - started) * 1_000_000)))
        return True

    def _rest(self, seconds: float) -> None:
        """Let the processes look for a while whether anything happens that we do not know of, or end."""
        for member in list(self._members):
            self.company.go(member, self.now, max(1, round(seconds * 1000)))
        if not self._members:
            self._look(seconds)

    def _rest_in_turn(self, seconds: float, is_over: Callable[[], bool]) -> None:
        """Let one process after the other rest: those that end then do so in the order in which they were started."""
        for member in self.company.in_turn():
            if member in self._members:
                self.company.go(member, self.now, max(1, round(seconds * 1000)))
                self._wait_until_still(is_over)
        if not self._members:
            self._look(seconds)

    # -- stillness -------------------------------------------------------------------------------------------------------

    def _settle(self, is_over: Callable[[], bool] | None = None) -> None:
        """Wait until every process is blocked and all that was sent has arrived. Raises Silent, Lost.

        What has come meanwhile counts in an order of its own: first connections that were closed, then the client's
        answers, then requests, in the order in which the connections were made. The order in which the
        system tells of them depends on chance.
        """
        self._wait_until_still(is_over)
        self._server.note_closed()
        self.settled()
        self._server.collect()

    def _wait_until_still(self, is_over: Callable[[], bool] | None) -> None:
        looks, self._heard_at = 0, _monotonic()
        ends = self._heard_at + LONGEST_UNREST * self._patience
        while is_over is None or not is_over():
            if _monotonic() > ends:
                raise Silent
            self._hand_on()
            if self._is_at_work():
                if not self._look(PAUSE if self._members else SHORT_PAUSE):
                    if self.has_closed and not self._members:
                        return
                    self._check_silence()
                    self._check_absence()
            elif not (self._look(0) or self._owes_a_look() or self._look_at_each_other() or self._take_in()):
                looks += 1
                if looks > LOOKS or not self._look_for_late():
                    return

    def _is_at_work(self) -> bool:
        """Whether a process runs, or has yet to come in or to end."""
        states = {member.state for member in self._members}
        return not states or bool(states & {"new", "running", "resting"}) or self.is_waited_for()

    def _check_silence(self) -> None:
        """Raises Silent if the client has shown nothing for as long as it may, BeyondVirtualTime if it goes on without us."""
        if _monotonic() - self._heard_at > self._patience:
            self._heard_at = _monotonic()
            if self.is_still():
                if self.company.has_deserter():
                    raise BeyondVirtualTime(LEFT)
                raise Silent

    def _check_absence(self) -> None:
        """Raises BeyondVirtualTime if somebody waits for an answer and no process is there; one that has died does not wait."""
        if not self._members and self._server.has_requests:
            raise BeyondVirtualTime(STRANGER)

    def _owes_a_look(self) -> bool:
        """Whether something was sent to the client at which it has not looked."""
        return self._has_input or self._server.has_sent

    def _hand_on(self) -> None:
        """If no process runs, let one go on that has to look at what has come in: they take turns in an order of their own."""
        if self._owes_a_look():
            self._has_input = self._server.has_sent = False
            self.company.all_look()
        if self.is_waited_for() or self.company.first("running") is not None:
            return
        if (first := self.company.first("idle", owed=True)) is not None:
            self.company.go(first, self.now)

    def _take_in(self) -> bool:
        """Let the first process begin of those that have said hello, once all are in; return False if there is none."""
        if self._expect_strangers():
            return True
        first = self.company.first("waiting")
        if first is None:
            return False
        self._joined += 1
        welcome = Welcome(self.now, [self._server.port], self._seed + self._joined, self._variables)
        first.welcome(welcome)
        return True

    def _look_at_each_other(self) -> bool:
        """If several processes are there and one has worked, let all look: it may have sent another something."""
        if len(self._members) < 2 or not self._is_stirred:
            return False
        self._is_stirred = False
        self.company.all_look()
        return True

    def _expect_strangers(self) -> bool:
        """Return True if children may yet say hello; after a while they are assumed to have no shim."""
        before = self._strangers.count
        if self._strangers.are_expected():
            self._rest(0.005)
            return True
        if self._strangers.count > before:
            self._notice("a process that it has started")
        return False

    def _look_for_late(self) -> bool:
        """If something is still on its way between the platform and processes, wait a moment and let them look again."""
        agrees = self._server.agrees
        late = [
            member for member in self._members if not all(agrees(port, *counts) for port, counts in member.idle.sockets.items())
        ]
        if late:
            self._look(0.001)
        for member in late:
            member.owed = True
        return bool(late)

    def _look(self, timeout: float) -> bool:
        """Wait so many seconds of real time for anything, and deal with it; return whether there was something."""
        ready = self._selector.select(timeout)
        if ready:
            self._heard_at = _monotonic()
        for key, _ in ready:
            key.data()
        return bool(ready)

    def _is_idle(self, idle: Idle) -> None:
        if idle.real:
            raise BeyondVirtualTime(idle.real)
        self._is_stirred = self._is_stirred or idle.worked
        if idle.foreign:
            self._notice(idle.foreign)
        if idle.at > self.now:
            self._move(idle.at)

    def _notice(self, what: str) -> None:
        """Something of the client's takes real time, so nobody can say what would come first."""
        self.note = self.note or f"the client's time was real in part: it waited for {what}, which virtual time does not reach"


class _Stuck:
    """How long the client has been waiting for nothing that we know of."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._since, self._rests = 0.0, 0

    def seconds(self, longest: float) -> float:
        """Return for how long to rest now. Raises Hung after MOST_RESTS and so many seconds in which it did nothing."""
        if not self._rests:
            self._since = _monotonic()
            self._simulation.is_still()  # what it did before does not count
        elif self._rests >= MOST_RESTS and _monotonic() - self._since > longest:
            if self._simulation.is_still():
                raise Hung("it waits for what can never come: for no answer, no input and no timer")
            self._since, self._rests = _monotonic(), 0
        self._rests += 1
        return RESTS[min(self._rests, len(RESTS)) - 1]
