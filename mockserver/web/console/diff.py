"""The nearest accepted request: how a refused request would have to differ, as little as possible, to be accepted."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from mockserver.clock import iso
from mockserver.control.requests import RecordedRequest, Requests
from mockserver.engine.model import State
from mockserver.explain import Explanation
from mockserver.explain.words import span
from mockserver.journal_queries import Exchange
from mockserver.web.console.filters import cut, proof

Change = Callable[[RecordedRequest, Explanation], str]

SHORT = 120
"""The most characters of an id, a text or a path in the comparison."""


class Trait(NamedTuple):
    """A trait of the request, and what it would have to be. `accepted` is None if it may stay."""

    name: str
    asked: str
    accepted: str | None


def rows_of(recorded: RecordedRequest, explanation: Explanation) -> list[Trait]:
    """Return the request's traits and what had to differ, or nothing if it was accepted or not answered, or if that is not
    known."""
    guard = next((guard.name for guard in explanation.guards if guard.verdict == "refused"), None)
    if guard is None or explanation.accepted_if is None:
        return []
    changes = _changes(guard, recorded, explanation)
    traits = _traits(recorded, explanation)
    extra = {name: "" for name in changes if name not in traits}
    return [Trait(name, asked, changes.get(name)) for name, asked in {**traits, **extra}.items()]


def accepted_near(requests: Requests, exchange: Exchange) -> Exchange | None:
    """Return the nearest request in the journal with the same operation and a 200."""
    if exchange.operation is None:
        return None
    found = [
        *requests.find(operation=exchange.operation, status=200, before=exchange.seq, limit=1),
        *requests.find(operation=exchange.operation, status=200, after=exchange.seq, limit=1),
    ]
    return min(found, key=lambda other: abs(other.seq - exchange.seq), default=None)


def _traits(recorded: RecordedRequest, explanation: Explanation) -> dict[str, str]:
    exchange, arrival = recorded.exchange, recorded.arrival
    traits = {
        "Request": cut(f"{exchange.method} {exchange.path}", SHORT)[0],
        "Sent at": iso(arrival.at),
        "Authorization": proof(exchange.credential),
        "OAuth client": explanation.asked.client_id or "unknown",
        "Content-Type": arrival.media_type or "none",
        "Body": f"{arrival.size} bytes",
    }
    if exchange.operation == "send":
        traits["Session id"] = cut(exchange.session or "none", SHORT)[0]
        traits["Text"] = cut(exchange.text or "none", SHORT)[0]
    return traits


def _changes(guard: str, recorded: RecordedRequest, explanation: Explanation) -> dict[str, str]:
    if guard == "session":
        return _session(recorded, explanation)
    name = _TRAITS.get(guard, "The mock")
    if guard == "rate limit":
        after = recorded.exchange.retry_after or 1
        return {name: f"{iso(recorded.arrival.at + after * 1000)} or later: {after} s later"}
    return {name: explanation.accepted_if or "as it is"}


_TRAITS = {
    "route": "Request",
    "authentication": "Authorization",
    "scope": "OAuth client",
    "client credentials": "Authorization",
    "media type": "Content-Type",
    "size": "Body",
    "body": "Body",
    "form": "Body",
    "rate limit": "Sent at",
}
"""The trait that each guard checks."""


def _session(recorded: RecordedRequest, explanation: Explanation) -> dict[str, str]:
    """Return the change that a refusing session guard requires.

    After a deadline or an end from outside, that is an earlier request; otherwise it is another session id.
    """
    life = explanation.session
    cause = life.first_cause if life is not None else None
    known = recorded.exchange.reason not in {"session.foreign", "session.unknown", "session.forgotten"}
    if cause is None or not known or cause.state is State.CONSUMED:
        return {"Session id": explanation.accepted_if or "that of a fresh session"}
    return {
        "Sent at": f"before {cause.time}: more than {span(cause.before * 1000)} earlier",
        "Session id": "or that of a fresh session",
    }
