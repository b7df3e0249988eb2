"""How long a client may show nothing before it counts as hanging."""

from __future__ import annotations

import time

_now = time.monotonic

COMPUTING = 10
"""By how much patience is longer with a client that computes: a first call may import something large."""


class Watch:
    """Tells for how long nothing has happened; `patience` is in seconds of real time."""

    def __init__(self, patience: float) -> None:
        self.patience = patience
        self._signs = -1
        self._since = self._waiting_since = 0.0

    def is_still(self, signs: int) -> bool:
        """Whether the number of signs of life is still the one of the last call."""
        if signs == self._signs:
            return True
        self._signs, self._since = signs, _now()
        self._waiting_since = self._since
        return False

    def still_for(self) -> float:
        """For how many seconds it has been still."""
        return _now() - self._since

    def is_over(self, *, computing: bool) -> bool:
        """Whether it has been still for too long. To be asked now and then: who computes may look idle for a moment."""
        now = _now()
        if computing:
            self._waiting_since = now
        return now - self._waiting_since > self.patience or now - self._since > self.patience * COMPUTING
