"""What a fault does to an exchange, as data: a door waits and breaks, the service acts or does not."""

from __future__ import annotations

from msgspec import Struct

from mockserver.engine.model import RetryAfterForm, UnusableBody
from mockserver.journal import Delivery


class Effect(Struct, frozen=True, kw_only=True):
    """`acts`: whether the platform sees the request at all. `status`: the answer given in place of its own, with `retry_after`
    seconds, written as `retry_after_form`; `emptied`: without a body. `body`: what a 200 has for its own; `split`: it comes in
    two pieces. `delivery`: how the answer travels; `only_ok`: only where it is a 200.
    `before` and `after`: milliseconds to wait, before and after the platform acts. `label`: the fault in a few words."""

    label: str = ""
    acts: bool = True
    status: int | None = None
    retry_after: int | None = None
    retry_after_form: RetryAfterForm = "seconds"
    emptied: bool = False
    body: UnusableBody | None = None
    split: bool = False
    delivery: Delivery = "complete"
    only_ok: bool = False
    before: int = 0
    after: int = 0
