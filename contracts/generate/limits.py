"""The abilities of a client, for which scenarios are made."""

from __future__ import annotations

from msgspec import Struct


class Limits(Struct, frozen=True, kw_only=True):
    """The abilities of a client and its driver.

    `virtual`: waits cost nothing, so they may be long. `schedules`: the order of parallel requests can be chosen. `max_age` is
    the contract's.
    """

    virtual: bool = True
    schedules: bool = True
    max_age: float = 5.0


DEFAULT = Limits()
