"""What comes in through a door and what goes out, without any framework."""

from __future__ import annotations

from msgspec import Struct

from mockserver.journal import Delivery

MAX_READ = 16 << 20
"""Bytes of a body that a door reads at most; no policy allows more."""


class Request(Struct, frozen=True, kw_only=True, gc=False):
    """A request as a door read it. `query` is raw, without ``?``; `size` is the body's length in bytes as far as it is known,
    more than ``len(body)`` where a door stopped reading at MAX_READ."""

    method: str
    path: str
    query: str = ""
    authorization: str | None = None
    content_type: str | None = None
    body: bytes = b""
    size: int = 0


class Response(Struct, frozen=True, gc=False):
    """An answer, and how it travels: `delay` is seconds to wait before it leaves, `delivery` whether and how it is broken."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    delay: float = 0.0
    delivery: Delivery = "complete"

    @property
    def half(self) -> bytes:
        """The part of the body that a truncated answer delivers."""
        return self.body[: len(self.body) // 2]
