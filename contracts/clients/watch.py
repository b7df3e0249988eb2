"""The time a client may be silent before it counts as hung."""

from __future__ import annotations

import time

_now = time.monotonic

COMPUTING = 10
"""The factor by which patience grows while a client computes, because a first call may import something large."""


class SilenceTimer:
    """Measures how long nothing has happened. `patience` is in seconds of real time."""

    def __init__(self, patience: float) -> None:
        self.patience = patience
        self._signs = -1
        self._since = self._waiting_since = 0.0

    def is_still(self, signs: int) -> bool:
        """Return True if the number of signs of life has not changed since the last call."""
        if signs == self._signs:
            return True
        self._signs, self._since = signs, _now()
        self._waiting_since = self._since
        return False

    def still_for(self) -> float:
        """Return the seconds since the last sign of life."""
        return _now() - self._since

    def is_over(self, *, computing: bool) -> bool:
        """Return True if it has been still for too long. Call it repeatedly: a computing client may look idle for a moment."""
        now = _now()
        if computing:
            self._waiting_since = now
        return now - self._waiting_since > self.patience or now - self._since > self.patience * COMPUTING
