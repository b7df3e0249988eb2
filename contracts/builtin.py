"""The scenarios every client is put through, whatever is drawn beside them."""

from __future__ import annotations

from contracts.scenario import (
    Advance,
    EndSessions,
    Fault,
    Item,
    RejectTokens,
    RevokeScope,
    Scenario,
    Send,
    Trigger,
)
from mockserver.journal import Guest

ANN = Guest("Ann", "ann@example.com")
BOB = Guest("Bob", "bob@example.com")

HOURS = 3600.0


def _scenario(title: str, *items: Item) -> Scenario:
    return Scenario(items, title=title)


BUILTIN: dict[str, Scenario] = {
    "two-plain-sends": _scenario(
        "two messages, and nothing goes wrong",
        Send(ANN, "Your order has shipped."),
        Send(BOB, "Your order has arrived."),
    ),
    "earlier-today": _scenario(
        "a customer who had a session earlier today gets another message",
        Send(ANN, "Hello"),
        Advance(6 * HOURS),
        Send(ANN, "Welcome back"),
    ),
    "dead-in-the-middle": _scenario(
        "the session ends between its creation and its use",
        Send(ANN, "Hello", during=(Trigger("send", EndSessions()),)),
        Send(ANN, "Hello again"),
    ),
    "retry-after-outlasts-the-session": _scenario(
        "a send is told to wait for longer than its session stays alive",
        Fault("send", "status", status=429, retry_after=45),
        Send(ANN, "Hello"),
    ),
    "no-session-at-the-first-try": _scenario(
        "the platform fails for a moment when a session is to be created",
        Fault("create", "status", status=503),
        Send(ANN, "Hello"),
    ),
    "no-answer-to-the-send": _scenario(
        "a message is accepted, and the answer that says so is lost",
        Fault("send", "lost_response"),
        Send(ANN, "Hello"),
    ),
    "tokens-refused-for-ever": _scenario(
        "every token is refused, fresh ones too",
        Send(ANN, "Hello"),
        RejectTokens(),
        Send(ANN, "Hello again"),
    ),
    "scope-missing-for-ever": _scenario(
        "the integration loses its scope",
        Send(ANN, "Hello"),
        RevokeScope(),
        Send(ANN, "Hello again"),
    ),
}
"""By the name of their file: simplest first."""
