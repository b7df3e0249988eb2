"""What a fault does to an exchange, as data: a door waits and breaks, the service acts or does not."""

from __future__ import annotations

from msgspec import Struct

from mockserver.journal import Delivery


class Effect(Struct, frozen=True, kw_only=True):
    """`acts`: whether the platform sees the request at all. `status`: the answer given in place of its own, with `retry_after`
    seconds; `emptied`: without a body. `delivery`: how the answer travels; `only_ok`: only where it is a 200.
    `before` and `after`: milliseconds to wait, before and after the platform acts. `label`: the fault in a few words."""

    label: str = ""
    acts: bool = True
    status: int | None = None
    retry_after: int | None = None
    emptied: bool = False
    delivery: Delivery = "complete"
    only_ok: bool = False
    before: int = 0
    after: int = 0
