"""An organisation's clock, which moves everything at once: session deadlines, token expiry, rate windows, `Date`, journal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from mockserver import clock
from mockserver.control.editor import Editor, Read
from mockserver.engine.model import ClockState, Organization
from mockserver.errors import InvalidRequest, NotNow


class ClockReading(Struct, frozen=True):
    """What a clock shows: `now` in seconds since the epoch, `iso` the same for people, and whether it goes by itself."""

    now: float
    iso: str
    mode: Literal["running", "frozen"]


class Clock:
    """Controls one organisation's clock. It never goes back: stamps that were given stay in the past."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._editor.now() / 1000

    def read(self) -> ClockReading:
        """The time, and how the clock runs."""
        organization, now = self._editor.moment()
        return ClockReading(now / 1000, clock.iso(now), "running" if organization.clock.frozen_at is None else "frozen")

    def advance(self, seconds: float) -> float:
        """Jumps forward by `seconds` (0 or more) and returns the new time. Journalled as `advance`."""
        step = clock.to_milliseconds(seconds)
        if step < 0:
            raise InvalidRequest("seconds", f"{seconds} is negative; a clock only goes forward")
        return self._move(lambda now: now + step, "advance", {"seconds": step / 1000})

    def set(self, at: float) -> float:
        """Jumps to `at`, seconds since the epoch, not before now, and returns it. Journalled as `set_clock`."""
        target = clock.to_milliseconds(at, "at")

        def to(now: int) -> int:
            return _not_before(now, target)

        return self._move(to, "set_clock", {"at": target / 1000})

    def freeze(self, at: float | None = None) -> float:
        """Stops the clock, now or after jumping to `at`, and returns where it stands. Journalled as `freeze_clock`."""
        target = None if at is None else clock.to_milliseconds(at, "at")

        def edit(organization: Organization, now: int) -> Organization:
            stands = now if target is None else _not_before(now, target)
            return _with_clock(organization, ClockState(organization.clock.offset, stands))

        self._editor.change_organization(edit, "freeze_clock", {} if target is None else {"at": target / 1000})
        return self.now()

    def resume(self) -> float:
        """Lets the clock go on from where it stands, and returns the time. Journalled as `resume_clock`."""

        def edit(read: Read, organization: Organization) -> Organization:
            return _with_clock(organization, _running(read.now, read.system))

        self._editor.change_clock(edit, "resume_clock")
        return self.now()

    def _move(self, move: Callable[[int], int], what: str, detail: dict[str, float]) -> float:
        def edit(read: Read, organization: Organization) -> Organization:
            target, state = _reachable(move(read.now)), organization.clock
            frozen = ClockState(state.offset, target)
            return _with_clock(organization, _running(target, read.system) if state.frozen_at is None else frozen)

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


def _with_clock(organization: Organization, state: ClockState) -> Organization:
    if state == organization.clock:
        return organization
    return replace(organization, version=organization.version + 1, clock=state)
