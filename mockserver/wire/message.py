"""Requests and responses, independent of any framework."""

from __future__ import annotations

from msgspec import Struct

from mockserver.journal import Delivery

MAX_READ = 16 << 20
"""The most bytes of a body that are read. No policy allows more."""


class Request(Struct, frozen=True, kw_only=True, gc=False):
    """A request as a front end read it.

    `query` is raw, without ``?``. `size` is the body's length in bytes as far as known. It is more than ``len(body)`` if
    reading stopped at MAX_READ. `agent` is User-Agent and `host` is Host; `scheme` is that of its URL. `others` are the other
    headers except USUAL, `bounded`. If `unheld`, the room for bodies was full, and `body` is its beginning.
    """

    method: str
    path: str
    query: str = ""
    authorization: str | None = None
    content_type: str | None = None
    body: bytes = b""
    size: int = 0
    agent: str | None = None
    others: tuple[tuple[str, str], ...] = ()
    unheld: bool = False
    host: str | None = None
    scheme: str = "http"


USUAL = frozenset(
    {
        *("accept", "accept-encoding", "accept-language", "cache-control", "connection"),
        *("content-length", "content-type", "date", "expect", "host", "keep-alive", "pragma", "te", "trailer"),
        *("authorization", "transfer-encoding", "upgrade", "user-agent", "sec-fetch-mode", "sec-fetch-site", "sec-fetch-dest"),
    }
)
"""Headers that are not searched for credentials or keys, or that have their own field in Request. In lower case."""

MOST_OTHERS = 32
LONGEST_OTHER = 1 << 10
"""Characters of a header's value that are kept. Nearly all cookies and tokens are shorter."""


ENCODING, TRACE = "content-encoding", "traceparent"
HEEDED = frozenset({ENCODING, TRACE})
"""Headers that affect the answer. They are kept however many others there are."""


def bounded(headers: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return the first MOST_OTHERS of the headers, each shortened to LONGEST_OTHER."""
    if len(headers) > MOST_OTHERS:
        headers = sorted(headers, key=lambda header: header[0] not in HEEDED)
    return tuple((name, value[:LONGEST_OTHER]) for name, value in headers[:MOST_OTHERS]) if headers else ()


class Response(Struct, frozen=True, gc=False):
    """An answer and its delivery.

    `delay` is the time to wait before it leaves, in seconds. `delivery` says how it is broken, if it is. With `split`, its body
    is sent in two pieces.
    """

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    delay: float = 0.0
    delivery: Delivery = "complete"
    split: bool = False

    @property
    def pieces(self) -> list[bytes]:
        """The body in the pieces in which it is sent: one or two."""
        return [self.half, self.body[len(self.half) :]] if self.split else [self.body]

    @property
    def half(self) -> bytes:
        """The part of the body that a truncated answer delivers."""
        return self.body[: len(self.body) // 2]
