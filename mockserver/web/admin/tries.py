"""Wrong tokens are slowed: each waits a little, and while too many wait no other is looked at."""

from __future__ import annotations

import threading
from hmac import compare_digest

import flask

from mockserver.clock import pause
from mockserver.web.delivery import PAUSE

DELAY = 0.05
"""Seconds that a wrong token waits for its answer."""

AT_ONCE = 4
"""Wrong tokens that wait at once, each in a thread; so nobody tries more than 80 a second."""


class TooManyTries(Exception):
    """So many wrong tokens are being refused that this one was not looked at."""


class Tries:
    """Compares tokens."""

    def __init__(self) -> None:
        self._lock, self._waiting = threading.Lock(), 0

    def fits(self, shown: str, token: str) -> bool:
        """Return whether `shown` is the token. Raises TooManyTries without a look at it."""
        if self._waiting >= AT_ONCE:
            raise TooManyTries
        if compare_digest(shown.strip().encode("utf-8", "surrogateescape"), token.encode()):
            return True
        if shown:  # none at all is not a try
            self._wait()
        return False

    def _wait(self) -> None:
        with self._lock:
            self._waiting += 1
        try:
            flask.request.environ.get(PAUSE, pause)(DELAY)
        finally:
            with self._lock:
                self._waiting -= 1
