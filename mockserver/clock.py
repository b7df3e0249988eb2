"""Where time enters: integers of milliseconds since the epoch, and nothing else in the package asks the system for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import formatdate
from functools import lru_cache

from mockserver.errors import InvalidRequest

SystemClock = Callable[[], int]
"""Gives the milliseconds since the epoch; never less than it gave before."""

EARLIEST = -62_135_596_800_000
"""The beginning of the year 1, in milliseconds: calendars begin there."""

LATEST = 247_059_417_600_000
"""The beginning of the year 9799, in milliseconds: no clock is set or advanced beyond it. Calendars end with the year 9999; the
longest deadline of what is made at the last moment, and a clock that runs on, still lie in them."""

monotonic = time.monotonic
"""Seconds on a clock of this machine's own, for what a server waits for on its connections. The platform never reads it."""


def system_clock() -> SystemClock:
    """The system's time, held where the system steps back (after a correction, say) until it has caught up."""
    last = 0

    def read() -> int:
        nonlocal last
        now = time.time_ns() // 1_000_000
        if now > last:  # noqa: PLR1730 - `max` costs more than all the rest
            last = now
        return last

    return read


def pause(seconds: float) -> None:
    """Blocks the calling thread: what a latency fault does on a socket."""
    if seconds > 0:
        time.sleep(seconds)


@lru_cache(maxsize=64)
def http_date(second: int) -> tuple[str, str]:
    """The `Date` header for an instant, in whole seconds since the epoch (RFC 9110, 6.6.1)."""
    return ("Date", formatdate(second, usegmt=True))


def iso(milliseconds: int) -> str:
    """The instant as ISO 8601 in UTC with milliseconds: ``2026-11-22T14:17:40.250Z``."""
    instant = datetime.fromtimestamp(milliseconds / 1000, tz=UTC)
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def to_milliseconds(seconds: float, field: str = "seconds") -> int:
    """Rounds seconds to milliseconds. Raises InvalidRequest for what is not finite or leads to no year of the calendar."""
    if not EARLIEST <= seconds * 1000 <= LATEST:
        raise InvalidRequest(field, f"{seconds} is not a number of seconds this clock can reach")
    return round(seconds * 1000)
