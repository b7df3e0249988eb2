"""What a run leaves behind: requests and answers as they were on the wire, and units of work, in one order of events."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

FOREVER = float("inf")


class Exchange(Struct, kw_only=True):
    """A request and its answer. Times are in milliseconds of the platform's clock.

    `left` and `returned` are places in the order of events: when the client let go of the request, and when it had the answer,
    FOREVER if it never had one. `heard` is false if the answer came to a part of the client that may have told nobody.
    `accepted` is the truth: whether the platform did what was asked. A judge may only acquit by it, but for double effects.
    """

    number: int
    method: str
    path: str
    query: str
    headers: list[tuple[str, str]]
    body: bytes
    left: float
    left_at: int
    returned: float = FOREVER
    returned_at: int = 0
    status: int | None = None
    answer_headers: list[tuple[str, str]] = []
    answer_body: bytes = b""
    heard: bool = True
    accepted: bool = False
    spoiled: bool = False
    """Whether a fault changed the answer, so that what it says is not the platform's word."""
    fault: str = ""
    issued: dict[str, str] = {}
    """The truth: what the platform issued, whether or not it reached the client."""


class UnitRun(Struct, kw_only=True):
    """A unit of work that a client was asked to do: `name` and `payload`, and what it reported.

    `began` and `ended` are places in the order of events. `outcome` is accepted, failed, or never.
    """

    number: int
    name: str
    payload: dict[str, Any]
    began: float
    ended: float = FOREVER
    outcome: str = "never"
    error: str = ""
    alone: bool = True
    """Whether no other unit was under way at the same time."""


class Trace(Struct, kw_only=True):
    """A run: exchanges and units in the order in which they began. `registered` are ids that were issued without a request.

    `whole`: it begins with the client's first request. `sharp`: the order of events is exact, and not as a clock tells it.
    """

    exchanges: list[Exchange]
    units: list[UnitRun] = []
    registered: dict[str, str] = {}
    events: list[tuple[float, str]] = []
    """What was done to the platform in between, in words."""
    whole: bool = True
    sharp: bool = True
