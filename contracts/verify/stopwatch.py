"""A stopwatch for the duration of a verification."""

from __future__ import annotations

from mockserver.clock import system_clock


class Stopwatch:
    """Counts real time from its creation."""

    def __init__(self) -> None:
        self._read = system_clock()
        self._began = self._read()

    def seconds(self) -> float:
        """Return the seconds so far."""
        return (self._read() - self._began) / 1000
