"""The scenarios that every client is put through, besides those that are drawn."""

from __future__ import annotations

from contracts.scenario import (
    Advance,
    EndSessions,
    ExpireTokens,
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

MARY_ANN = Guest("  Mary-Ann " + 29 * "van der " + "O'B ", "Mary.Ann+Chat@Example.COM")
"""A guest with a long name, spaces around it, and capitals in the address."""

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
    "scope-missing-at-the-send": _scenario(
        "the integration loses its scope when the session is there already",
        Send(ANN, "Hello", during=(Trigger("send", RevokeScope()),)),
    ),
    "an-error-and-accepted": _scenario(
        "a message is accepted, and the answer is a server error",
        Fault("send", "status", status=502, after_acting=True),
        Send(ANN, "Hello"),
    ),
    "a-wait-of-two-minutes": _scenario(
        "a session is to be created, and the platform asks for nearly the longest wait that a client must sit out",
        Fault("create", "status", status=429, retry_after=119),
        Send(ANN, "Hello"),
    ),
    "a-slow-login-at-the-send": _scenario(
        "the token expires before the send, and the next one takes its time",
        Send(ANN, "Hello"),
        Fault("token", "latency", seconds=6.0),
        Send(ANN, "Hello again", during=(Trigger("send", ExpireTokens()),)),
    ),
    "as-people-write": _scenario(
        "name, address and text are as people write them",
        Send(MARY_ANN, '  It\u2019s $$5 &amp; it\'s "half" price\r\n\t- \xc9tienne \n'),
    ),
}
"""Scenarios by the name of their file, the simplest first."""
