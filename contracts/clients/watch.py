"""How long a client may show nothing before it counts as hanging."""

from __future__ import annotations

import time

_real_time, _real_cpu = time.monotonic, time.process_time


class Watch:
    """Tells for how long nothing has happened; `patience` is in seconds of real time.

    While the process computes, patience is ten times as long: a first call may import something large.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._signs = -1
        self._since = self._cpu = 0.0

    def is_still(self, signs: int) -> bool:
        """Whether the number of signs of life is still the one of the last call."""
        if signs == self._signs:
            return True
        self._signs, self._since, self._cpu = signs, _real_time(), _real_cpu()
        return False

    def is_over(self) -> bool:
        """Whether it has been still for too long."""
        quiet, busy = _real_time() - self._since, _real_cpu() - self._cpu
        return quiet > self._patience and (busy < quiet / 2 or quiet > 10 * self._patience)
