"""An organisation's clock. Session deadlines, token expiry, rate windows, `Date` and the journal all follow it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from mockserver import clock
from mockserver.control.records import Read, Records, changed
from mockserver.engine.model import ClockState, Organization
from mockserver.errors import InvalidRequest, NotNow


class ClockReading(Struct, frozen=True):
    """The time on a clock: `now` in seconds since the epoch, `iso` for people, and whether the clock runs or is frozen."""

    now: float
    iso: str
    mode: Literal["running", "frozen"]


class Clock:
    """Controls one organisation's clock. The clock never goes back, so that timestamps stay in the past."""

    def __init__(self, editor: Records) -> None:
        self._editor = editor

    def now(self) -> float:
        """Return the time in seconds since the epoch."""
        return self._editor.now() / 1000

    def read(self) -> ClockReading:
        """Return the time and whether the clock runs."""
        organization, now = self._editor.moment()
        return ClockReading(now / 1000, clock.iso(now), "running" if organization.clock.frozen_at is None else "frozen")

    def advance(self, seconds: float) -> float:
        """Jump forward by `seconds` (0 or more) and return the new time. Journalled as `advance`."""
        step = clock.to_milliseconds(seconds)
        if step < 0:
            raise InvalidRequest("seconds", f"{seconds} is negative; a clock only goes forward")
        return self._move(lambda now: now + step, "advance", {"seconds": step / 1000})

    def set(self, at: float | str) -> float:
        """Jump to `at`, in seconds since the epoch or ISO 8601, not before now. Return it. Journalled as `set_clock`."""
        target = clock.instant(at)

        def to(now: int) -> int:
            return _not_before(now, target)

        return self._move(to, "set_clock", {"at": target / 1000})

    def freeze(self, at: float | str | None = None) -> float:
        """Stop the clock, now or after a jump to `at`, and return its time. Journalled as `freeze_clock`."""
        target = None if at is None else clock.instant(at)

        def edit(organization: Organization, now: int) -> Organization:
            stands = now if target is None else _not_before(now, target)
            return changed(organization, clock=ClockState(organization.clock.offset, stands))

        self._editor.change_organization(edit, "freeze_clock", {} if target is None else {"at": target / 1000})
        return self.now()

    def resume(self) -> float:
        """Let the clock run on from its present time, and return that. Journalled as `resume_clock`."""

        def edit(read: Read, organization: Organization) -> Organization:
            return changed(organization, clock=_running(read.now, read.system))

        self._editor.change_clock(edit, "resume_clock")
        return self.now()

    def _move(self, move: Callable[[int], int], what: str, detail: dict[str, float]) -> float:
        def edit(read: Read, organization: Organization) -> Organization:
            target, state = _reachable(move(read.now)), organization.clock
            frozen = ClockState(state.offset, target)
            return changed(organization, clock=_running(target, read.system) if state.frozen_at is None else frozen)

        self._editor.change_clock(edit, what, dict(detail))
        return self.now()


def _not_before(now: int, target: int) -> int:
    if target < now:
        raise NotNow("at", f"{clock.iso(target)} lies before {clock.iso(now)}, and a clock only goes forward")
    return target


def _reachable(target: int) -> int:
    if target > clock.LATEST:
        raise NotNow("seconds", f"leads beyond {clock.iso(clock.LATEST)}")
    return target


def _running(now: int, system: int) -> ClockState:
    return ClockState(offset=now - system)
