"""The source of time, in integer milliseconds since the epoch. Nothing else in the package reads the system's clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import formatdate
from functools import lru_cache

from mockserver.errors import InvalidRequest

SystemClock = Callable[[], int]
"""Returns the milliseconds since the epoch, never fewer than before."""

EARLIEST = -62_135_596_800_000
"""The beginning of the year 1, in milliseconds, where calendars begin."""

LATEST = 247_059_417_600_000
"""The beginning of the year 9799, in milliseconds. No clock is set or advanced beyond it.

Calendars end with the year 9999. The longest deadline of a record made at the last moment still lies before that, as does a
clock that runs on.
"""

monotonic = time.monotonic
"""Seconds on a monotonic clock, for a server's waits on its connections. The platform never reads it."""


def system_clock() -> SystemClock:
    """Return the system's clock. After a step backwards it stands still until the system has caught up."""
    last = 0

    def read() -> int:
        nonlocal last
        now = time.time_ns() // 1_000_000
        if now > last:  # noqa: PLR1730 - `max` would cost more than the rest
            last = now
        return last

    return read


def pause(seconds: float) -> None:
    """Block the calling thread, for a latency fault on a socket."""
    if seconds > 0:
        time.sleep(seconds)


@lru_cache(maxsize=64)
def http_date(second: int) -> tuple[str, str]:
    """Return the `Date` header for a time in whole seconds since the epoch (RFC 9110, section 6.6.1)."""
    return ("Date", formatdate(second, usegmt=True))


def iso(milliseconds: int) -> str:
    """Return a time as ISO 8601 in UTC with milliseconds: ``2026-11-22T14:17:40.250Z``."""
    instant = datetime.fromtimestamp(milliseconds / 1000, tz=UTC)
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def to_milliseconds(seconds: float, field: str = "seconds") -> int:
    """Round seconds to milliseconds. Raises InvalidRequest if they are not finite or outside the calendar."""
    if not EARLIEST <= seconds * 1000 <= LATEST:
        raise InvalidRequest(field, f"{seconds} is not a number of seconds this clock can reach")
    return round(seconds * 1000)


def instant(at: float | str, field: str = "at") -> int:
    """Return a time in milliseconds, from seconds since the epoch or ISO 8601, which is in UTC unless it names a zone.

    Raises InvalidRequest if it is neither, or outside the calendar.
    """
    if not isinstance(at, str):
        return to_milliseconds(at, field)
    try:
        read = datetime.fromisoformat(at.strip())
        seconds = (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise InvalidRequest(field, f"{at!r} is not a time; write it like 2026-11-22T14:17:40Z") from None
    if not EARLIEST <= seconds * 1000 <= LATEST:
        raise InvalidRequest(field, f"{at!r} is not a time this clock can reach; its years are 1 to 9798")
    return round(seconds * 1000)
