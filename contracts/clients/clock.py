"""A clock that moves only on request."""

from __future__ import annotations

START = 1_767_268_800_000_000_000
"""Noon on 1 January 2026, in nanoseconds since the epoch. Every scenario begins at this moment."""

NANOSECONDS = 1_000_000_000

LAST = 2e-6
"""Seconds that a due answer is late, so that a timer the client set for the same moment fires first.

It is more than the microsecond by which the timers of an asyncio loop may be early.
"""


class VirtualClock:
    """One time line for a client and its mock. It counts whole nanoseconds, so that waits add up exactly."""

    def __init__(self, start: int = START) -> None:
        self._start = self._zero = start
        self.nanoseconds = start
        """Now, in nanoseconds since the epoch."""

    @property
    def elapsed(self) -> int:
        """Nanoseconds since the clock was made, as a monotonic clock shows them: a new run does not put them back."""
        return self.nanoseconds - self._zero

    def seconds(self) -> float:
        """Return the seconds since the epoch."""
        return self.nanoseconds / NANOSECONDS

    def milliseconds(self) -> int:
        """Return the milliseconds since the epoch. The mock uses them as its system's clock."""
        return self.nanoseconds // 1_000_000

    def after(self, seconds: float) -> int:
        """Return the instant `seconds` from now, in nanoseconds since the epoch; now if `seconds` is not positive.

        The shortest wait is one nanosecond: otherwise a loop that waits for the clock to move would never end.
        """
        if seconds <= 0:
            return self.nanoseconds
        return self.nanoseconds + max(1, round(seconds * NANOSECONDS))

    def restart(self) -> None:
        """Go back to the date of the start, for the next run."""
        self._zero = self._start - self.elapsed
        self.nanoseconds = self._start

    def move_to(self, instant: int) -> None:
        """Move on to `instant` (nanoseconds since the epoch); never back."""
        self.nanoseconds = max(self.nanoseconds, instant)
