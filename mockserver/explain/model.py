"""The data of an explanation. Times are seconds since the epoch on the organisation's clock, `time` in ISO 8601."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from mockserver.engine.model import Operation, State
from mockserver.journal import Delivery, Guest, ShownCredential

Verdict = Literal["passed", "refused", "not reached", "unknown"]
EventKind = Literal["created", "accepted", "refused", "world", "deadline"]


class ExplainedRequest(Struct, frozen=True, kw_only=True):
    """The request. `text` is the beginning of its message, `session` the id it presented, `client_id` its OAuth client.

    `body` is the beginning of a body that could not be decoded. `traceparent` is the W3C header, if it was valid.
    """

    method: str
    path: str
    operation: Operation | None
    at: float
    time: str
    credential: ShownCredential
    client_id: str | None = None
    session: str | None = None
    guest: Guest | None = None
    text: str | None = None
    body: str | None = None
    traceparent: str | None = None


class SentAnswer(Struct, frozen=True, kw_only=True):
    """The answer as it was sent. If `delivery` is not `complete`, the client did not get all of it. `duration` is in seconds.

    `reason` and `accepted` say what the platform did. If the mock failed after that, `failure` is the reason that was sent.
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


class GuardVerdict(Struct, frozen=True):
    """One of the guards in their order, and its verdict."""

    name: str
    verdict: Verdict


class LifeEvent(Struct, frozen=True, kw_only=True):
    """An event in a session's life. `after` is in seconds since its creation; `this` marks the request that is explained.

    `what` says it in words. Its `kind` is `refused` for a request without an answer too, `world` for a change from outside.
    """

    at: float
    time: str
    after: float | None
    kind: EventKind
    what: str
    context_id: str | None = None
    this: bool = False


class Cause(Struct, frozen=True, kw_only=True):
    """An end of a session. `before` is the time from it to the request in seconds, negative if the end comes later."""

    state: State
    at: float
    time: str
    before: float
    what: str


class SessionLife(Struct, frozen=True, kw_only=True):
    """A session's whole life. `first_cause` ends it; each of `later_causes` would have.

    `known` is `remembered`, `rebuilt` (forgotten by the store, rebuilt from the journal), `forgotten` or `never issued`.
    """

    id: str
    known: Literal["remembered", "rebuilt", "forgotten", "never issued"]
    client_id: str | None
    guest: Guest | None
    first_cause: Cause | None
    later_causes: tuple[Cause, ...]
    events: tuple[LifeEvent, ...]


class CredentialStory(Struct, frozen=True, kw_only=True):
    """The life of a declared platform's credential: its state, and each request that brought it or showed it."""

    kind: str
    noun: str
    id: str
    state: str
    events: tuple[LifeEvent, ...]


class Explanation(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The explanation of one request.

    `accepted_if` says what would have been accepted, or is None if the request was. `missed` says how close it came.
    `session` is the request's. If its platform is declared, `credentials` are those that it showed or brought instead.
    """

    context_id: str
    organization: str
    summary: str
    asked: ExplainedRequest
    answer: SentAnswer | None
    guards: tuple[GuardVerdict, ...]
    session: SessionLife | None
    accepted_if: str | None
    missed: str | None
    advice: tuple[str, ...]
    credentials: tuple[CredentialStory, ...] = ()

    def to_text(self, width: int = 80) -> str:
        """Return the explanation as text for a terminal of `width` columns."""
        from mockserver.explain.text import to_text

        return to_text(self, width)

    def __str__(self) -> str:
        return self.to_text()
