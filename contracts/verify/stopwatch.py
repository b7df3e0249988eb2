"""How long a verification took."""

from __future__ import annotations

from mockserver.clock import system_clock


class Stopwatch:
    """Runs from when it is made, in real time."""

    def __init__(self) -> None:
        self._read = system_clock()
        self._began = self._read()

    def seconds(self) -> float:
        """Seconds so far."""
        return (self._read() - self._began) / 1000
