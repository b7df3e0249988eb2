"""The histories that every client is put through before anything is drawn."""

from __future__ import annotations

from contracts.generate.messages import GUESTS
from contracts.generate.setting import DEFAULT, EARLIER_TODAY, Limits
from contracts.scenario import (
    Advance,
    EndSessions,
    ExpireTokens,
    Fault,
    Message,
    PolicyValue,
    RejectTokens,
    RestartClient,
    RevokeScope,
    Scenario,
    Send,
    SendParallel,
    Trigger,
)

_ANN, _BOB = GUESTS[:2]
_FIRST, _SECOND = Send(_ANN, "0"), Send(_ANN, "1")


def built_in(limits: Limits = DEFAULT) -> tuple[Scenario, ...]:
    """All of them, plain ones first."""
    return (
        Scenario((_FIRST, _SECOND), title="two messages"),
        Scenario((_FIRST, Advance(EARLIER_TODAY), _SECOND), title="the session of earlier today"),
        Scenario((SendParallel((Message(_ANN, "0"), Message(_BOB, "1"))),), title="two messages at once"),
        Scenario((Send(_ANN, "0", (Trigger("send", EndSessions()),)),), title="an id that dies before its use"),
        _long_wait(limits),
        Scenario((RejectTokens(), _FIRST), title="401 for ever"),
        Scenario((RevokeScope(), _FIRST), title="403 for ever, for want of a scope"),
        Scenario((_FIRST, ExpireTokens(), _SECOND), title="a token that has expired"),
        Scenario((_FIRST, RestartClient(), _SECOND), title="a client that starts again"),
    )


def _long_wait(limits: Limits) -> Scenario:
    """A Retry-After that outlasts the idle timeout: who waits has a dead id afterwards."""
    policy: dict[str, PolicyValue] = {} if limits.virtual else {"idle_timeout": 0.5}
    fault = Fault("send", "status", status=429, retry_after=31 if limits.virtual else 1)
    return Scenario((fault, _FIRST), title="a wait that outlasts the idle timeout", policy=policy)
