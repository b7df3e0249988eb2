"""Rate limiting of wrong tokens by address.

A refused token is answered at once, without a delay: a delay would hold threads that others need, and would not limit a client
with many connections. An address that guesses locks out only itself. An address that shows the same wrong token again and again
is not guessing. Each process counts for itself.
"""

from __future__ import annotations

import threading
from hmac import compare_digest
from ipaddress import IPv6Network, ip_address
from math import ceil

from msgspec import Struct

from mockserver.clock import SystemClock, system_clock

AT_ONCE = 20
"""Different wrong tokens from an address before it has to wait."""

EVERY = 200
"""Milliseconds until it may show one more."""

MOST_ADDRESSES = 1024
"""Addresses that are remembered. Beyond that, the one that was seen least recently is forgotten."""


class TooManyTries(Exception):
    """Too many wrong tokens came from an address, so this one was not compared. `retry_after` is in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"too many wrong tokens; try again in {retry_after} s")
        self.retry_after = retry_after


class _Guesses(Struct):
    """The wrong tokens of an address: `until` is when all are forgiven, in milliseconds; `latest` is the last one's hash."""

    until: int = 0
    latest: int = 0


class Tries:
    """Compares tokens, within the limit of wrong ones."""

    def __init__(self, now: SystemClock | None = None) -> None:
        """`now` returns milliseconds."""
        self._now, self._lock = now or system_clock(), threading.Lock()
        self._guesses: dict[str, _Guesses] = {}

    def fits(self, shown: str, token: str, address: str | None) -> bool:
        """Return whether `shown`, from `address`, is the token. Raises TooManyTries before comparing it."""
        source, now = source_of(address), self._now()
        guesses = self._guesses.get(source)
        if guesses is not None and guesses.until - now > (AT_ONCE - 1) * EVERY:
            raise TooManyTries(ceil((guesses.until - now - (AT_ONCE - 1) * EVERY) / 1000))
        if compare_digest(shown.strip().encode("utf-8", "surrogateescape"), token.encode()):
            return True
        if shown:  # a missing token is not a guess
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
    """Return the source that an address is counted as. For IPv6 that is its /64 network, which one client may own."""
    try:
        parsed = ip_address(address or "")
    except ValueError:  # a Unix socket has no address
        return ""
    return str(parsed) if parsed.version == 4 else str(IPv6Network((int(parsed) >> 64 << 64, 64)))
