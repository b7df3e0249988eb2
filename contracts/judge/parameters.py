"""The parameters of the contract."""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

Delivery = Literal["at-most-once", "at-least-once"]

_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def header_name(name: str | None) -> str | None:
    """Return the name of a header, or None. Raises ValueError if no header can have that name (RFC 9110, 5.1)."""
    if name is not None and _HEADER.fullmatch(name) is None:
        raise ValueError(f"{name!r} is not the name of a header, such as Idempotency-Key")
    return name


class Parameters(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of the contract, in seconds and counts.

    `delivery`: whether a message may be lost (at-most-once) or doubled. `max_age`: the oldest an id may be when it is used, or
    infinity for no limit. `max_attempts`: how often one operation may fail in a row within a message. `min_attempts`: how often
    a client must try. `max_wait`: the longest Retry-After that a client must wait for. `min_pause`: the least time between a
    server error and the next try. `token_margin`: how long before its end a token may be renewed. `one_shot`: each intent has
    its own process. `idempotency_key`: a header of the client; the platform takes sends with the same value for one message.
    """

    delivery: Delivery = "at-most-once"
    max_age: float = 5.0
    max_attempts: int = 5
    min_attempts: int = 3
    max_wait: float = 120.0
    min_pause: float = 0.1
    token_margin: float = 300.0
    one_shot: bool = False
    idempotency_key: str | None = None

    def __post_init__(self) -> None:
        """Raise ValueError if no header can have the name."""
        header_name(self.idempotency_key)


DEFAULTS = Parameters()

TYPED = tuple(name for name in Parameters.__struct_fields__ if name != "one_shot")
"""The parameters that are options of their own."""
