"""Wrong tokens are counted by where they come from, and beyond a rate none is looked at.

A refused token is answered at once and holds no thread: a delay would hold what others need, and be no
bound for somebody with many connections. An address that guesses locks out itself alone, and
one that shows the same wrong token again and again is not guessing. The count is one process's.
"""

from __future__ import annotations

import threading
from hmac import compare_digest
from ipaddress import IPv6Network, ip_address
from math import ceil

from msgspec import Struct

from mockserver.clock import SystemClock, system_clock

AT_ONCE = 20
"""Different wrong tokens that an address may show before it is told to wait."""

EVERY = 200
"""Milliseconds after which it may show one more."""

MOST_ADDRESSES = 1024
"""Addresses that are remembered; beyond it the one is forgotten that was not seen for the longest."""


class TooManyTries(Exception):
    """So many wrong tokens came from an address that this one was not looked at; it may come in `retry_after` seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"too many wrong tokens; try again in {retry_after} s")
        self.retry_after = retry_after


class _Guesses(Struct):
    """What an address has shown: `until` is when all of it is forgiven, in milliseconds; `latest` tells a token seen before."""

    until: int = 0
    latest: int = 0


class Tries:
    """Compares tokens."""

    def __init__(self, now: SystemClock | None = None) -> None:
        """`now` gives milliseconds."""
        self._now, self._lock = now or system_clock(), threading.Lock()
        self._guesses: dict[str, _Guesses] = {}

    def fits(self, shown: str, token: str, address: str | None) -> bool:
        """Return whether `shown`, which comes from `address`, is the token. Raises TooManyTries without a look at it."""
        source, now = source_of(address), self._now()
        guesses = self._guesses.get(source)
        if guesses is not None and guesses.until - now > (AT_ONCE - 1) * EVERY:
            raise TooManyTries(ceil((guesses.until - now - (AT_ONCE - 1) * EVERY) / 1000))
        if compare_digest(shown.strip().encode("utf-8", "surrogateescape"), token.encode()):
            return True
        if shown:  # none at all is not a guess
            self._count(source, hash(shown), now)
        return False

    def _count(self, source: str, shown: int, now: int) -> None:
        with self._lock:
            guesses = self._guesses.pop(source, None) or _Guesses()
            if shown != guesses.latest:
                guesses.until, guesses.latest = max(guesses.until, now) + EVERY, shown
            self._guesses[source] = guesses
            if len(self._guesses) > MOST_ADDRESSES:
                del self._guesses[next(iter(self._guesses))]


def source_of(address: str | None) -> str:
    """Return whom an address stands for: of IPv6 a network of 64 bits, which one client may have for itself."""
    try:
        parsed = ip_address(address or "")
    except ValueError:  # a Unix socket has none
        return ""
    return str(parsed) if parsed.version == 4 else str(IPv6Network((int(parsed) >> 64 << 64, 64)))
