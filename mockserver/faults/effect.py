"""The effect of a fault on an exchange, as data. The server waits and breaks connections; the service acts or does not."""

from __future__ import annotations

from msgspec import Struct

from mockserver.engine.model import Fault, RetryAfterForm, UnusableBody
from mockserver.journal import Delivery


class Effect(Struct, frozen=True, kw_only=True):
    """An effect. Times are in milliseconds.

    `label` is the fault in a few words, `fault` the fault as it hits one request. `acts`: the platform sees the request at all.
    `before`, `after`: waits before and after the platform acts.

    `status` replaces the platform's answer, with `retry_after` seconds written as `retry_after_form`, and without a body if
    `emptied`. `body` replaces the body of a 200. `split`: the body comes in two pieces. `delivery` is how the answer travels,
    for 200s only if `only_ok`.
    """

    label: str = ""
    fault: Fault | None = None
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
