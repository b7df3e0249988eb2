"""What an explanation holds. Times are seconds since the epoch on the organisation's clock; `time` is the same in ISO 8601."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from mockserver.engine.model import Operation, State
from mockserver.journal import Credential, Delivery, Guest

Verdict = Literal["passed", "refused", "not reached", "unknown"]


class Asked(Struct, frozen=True, kw_only=True):
    """The request: `text` is the beginning of its message, `session` the id it presented, `client_id` whoever it came from.

    `body` is the beginning of a body that could not be decoded. `traceparent` is the W3C header, if there was a valid one.
    """

    method: str
    path: str
    operation: Operation | None
    at: float
    time: str
    credential: Credential
    client_id: str | None
    session: str | None
    guest: Guest | None
    text: str | None
    body: str | None
    traceparent: str | None = None


class Given(Struct, frozen=True, kw_only=True):
    """The answer, as it was put on the wire or, where `delivery` is not `complete`, would have been. `duration` in seconds.

    `reason` and `accepted` tell what the platform did. If the mock failed after that, `failure` is the reason on the wire.
    """

    status: int | None
    reason: str
    code: str | None
    message: str | None
    accepted: bool
    retry_after: int | None
    fault: str | None
    delivery: Delivery
    duration: float
    failure: str | None


class Guard(Struct, frozen=True):
    """One of the guards in their order, and what it said."""

    name: str
    verdict: Verdict


class Event(Struct, frozen=True, kw_only=True):
    """Something in a session's life; `after` counts seconds from its creation, `this` marks the request that is explained."""

    at: float
    time: str
    after: float | None
    what: str
    context_id: str | None = None
    this: bool = False


class Cause(Struct, frozen=True, kw_only=True):
    """What ends a session: `before` counts the seconds from then to the request, negative where it came, or comes, later."""

    state: State
    at: float
    time: str
    before: float
    what: str


class Life(Struct, frozen=True, kw_only=True):
    """A session's whole life. `first_cause` ends it; `later_causes` would have.

    `known` is `remembered`, `rebuilt` (forgotten, told from the journal), `forgotten` (no more is known) or `never issued`.
    """

    id: str
    known: Literal["remembered", "rebuilt", "forgotten", "never issued"]
    client_id: str | None
    guest: Guest | None
    first_cause: Cause | None
    later_causes: tuple[Cause, ...]
    events: tuple[Event, ...]


class Explanation(Struct, frozen=True, kw_only=True):
    """The story of one request: `accepted_if` is what would have been let pass (None: this was), `missed` how close it came."""

    context_id: str
    organization: str
    summary: str
    asked: Asked
    answer: Given | None
    guards: tuple[Guard, ...]
    session: Life | None
    accepted_if: str | None
    missed: str | None
    advice: tuple[str, ...]

    def to_text(self, width: int = 80) -> str:
        """The explanation for a terminal `width` columns wide."""
        from mockserver.explain.text import to_text

        return to_text(self, width)
