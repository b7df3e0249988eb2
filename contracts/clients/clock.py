"""Time that moves only when it is told to."""

from __future__ import annotations

START = 1_767_268_800_000_000_000
"""Noon of the first of January 2026, in nanoseconds since the epoch: every scenario begins at the same moment."""

NANOSECONDS = 1_000_000_000

LAST = 2e-6
"""Seconds by which an answer that is due comes later: whatever the client set for the same moment strikes first.

It is more than the microsecond by which the timers of an asyncio loop may be early.
"""


class VirtualClock:
    """One time line for a client and the mock it talks to; counts whole nanoseconds, so that waits add up exactly."""

    def __init__(self, start: int = START) -> None:
        self._start = start
        self.nanoseconds = start
        """Now, in nanoseconds since the epoch."""

    @property
    def elapsed(self) -> int:
        """Nanoseconds since the clock was made: what a monotonic clock shows."""
        return self.nanoseconds - self._start

    def seconds(self) -> float:
        """Now, in seconds since the epoch."""
        return self.nanoseconds / NANOSECONDS

    def milliseconds(self) -> int:
        """Now, in milliseconds since the epoch: what the mock takes as its system's clock."""
        return self.nanoseconds // 1_000_000

    def after(self, seconds: float) -> int:
        """The instant `seconds` from now, in nanoseconds since the epoch; what is not positive is now.

        The least wait takes a nanosecond: who waits until the clock has reached some moment would else wait for ever.
        """
        if seconds <= 0:
            return self.nanoseconds
        return self.nanoseconds + max(1, round(seconds * NANOSECONDS))

    def restart(self) -> None:
        """Goes back to its start, for another life in which nobody remembers this one."""
        self.nanoseconds = self._start

    def move_to(self, instant: int) -> None:
        """Moves on to `instant` (nanoseconds since the epoch); never back."""
        self.nanoseconds = max(self.nanoseconds, instant)
