"""The trace of a run: requests and answers on the wire, and units of work, in one order of events."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from contracts.history import Outcome
from mockserver.platform.message import HttpMessage

FOREVER = float("inf")

PLAIN_FAULTS = ("latency", "body in two pieces")
"""Beginnings of the labels of faults that do not change the content of an answer."""


class Journalled(Struct, frozen=True):
    """The operation and the ids by kind that a journal has in place of headers. Secret ids are pseudonyms."""

    operation: str | None
    shown: dict[str, str]
    brought: dict[str, str]
    reason: str = ""
    acted: int | None = None


class TraceExchange(Struct, kw_only=True):
    """A request and its answer. Times are in milliseconds of the platform's clock.

    `left` and `returned` are places in the order of events: the client let go of the request, and received the answer.
    `returned` is FOREVER if no answer came. `heard` is false if the answer reached a part of the client that may not have
    passed it on. `accepted` is the truth about the platform's action. A judge may use it only to acquit, except for double
    effects.
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
    unsent: bool = False
    """True if the client knows that the request never reached the platform."""
    accepted: bool = False
    spoiled: bool = False
    """True if a fault changed the answer, so that its content is not the platform's word."""
    fault: str = ""
    context_id: str = ""
    entry: int = 0
    """Its entry in a HAR file."""
    issued: dict[str, str] = {}
    """The truth: the ids that the platform issued, even if they did not reach the client."""
    journalled: Journalled | None = None
    """Set if the exchange comes from a journal."""

    @property
    def request(self) -> HttpMessage:
        """The request as a message."""
        return HttpMessage(self.method, self.path, self.query, self.headers, self.body)


class UnitRun(Struct, kw_only=True):
    """A unit of work that a client was asked to do: its `name` and `payload`, and the client's report.

    `began` and `ended` are places in the order of events. `outcome` is accepted, failed, or never.
    """

    number: int
    name: str
    payload: dict[str, Any]
    began: float
    ended: float = FOREVER
    outcome: Outcome = "never"
    error: str = ""
    alone: bool = True
    """True if no other unit ran at the same time."""
    began_at: int = 0
    ended_at: int = 0
    """When, in milliseconds of the platform's clock."""


class Happened(Struct, frozen=True):
    """An event on the platform, in words, at a place in the order of events. `jump`: it moved the clock by so much.

    `what` and `detail` are the journal's, if it has the event.
    """

    place: float
    at: int
    words: str
    jump: int = 0
    what: str = ""
    detail: dict[str, Any] = {}


class DeclaredTrace(Struct, kw_only=True):
    """A run: exchanges and units in the order in which they began. `registered` are ids that were issued without a request.

    `whole`: it begins with the client's first request. `sharp`: the order of events is exact, not taken from a clock.
    """

    exchanges: list[TraceExchange]
    units: list[UnitRun] = []
    registered: dict[str, str] = {}
    events: list[Happened] = []
    """Events on the platform in between."""
    whole: bool = True
    sharp: bool = True
    crossing: bool | None = None
    """True if a request may have left before an answer that was close to it, False if it cannot have; None if unknown."""
