"""The usual steps to a reason, for requests whose own past has left the journal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from msgspec.structs import replace

from contracts.replay.minimize.last import targets
from contracts.replay.minimize.past import Past
from contracts.scenario import Advance, ExpireTokens, RejectTokens, RevokeTokens
from contracts.stories.model import (
    MAX_TIMES,
    Create,
    CreateClient,
    ExpireSession,
    RevokeSession,
    Send,
    SetScopes,
    Step,
    Story,
    Token,
)
from mockserver.engine.model import Reason

_NOTE = "The steps that led to the request are not in the journal any more, or not clear from it. These are the usual ones."

_TOKEN = Token(save="token")
_SESSION = Create(save="session")
_AGAIN = "$session"

Policy = dict[str, Any]


RECIPES: dict[str, Callable[[Policy], tuple[Step, ...]]] = {
    Reason.SESSION_CONSUMED: lambda policy: (
        _TOKEN,
        _SESSION,
        *(Send(session=_AGAIN, text="Hello") for _ in range(min(int(policy["handshakes"]), 100))),
    ),
    Reason.SESSION_IDLE: lambda policy: (_TOKEN, _SESSION, Advance(policy["idle_timeout"])),
    Reason.SESSION_EXPIRED: lambda _: (_TOKEN, _SESSION, ExpireSession(session=_AGAIN)),
    Reason.SESSION_REVOKED: lambda _: (_TOKEN, _SESSION, RevokeSession(session=_AGAIN)),
    Reason.SESSION_FOREIGN: lambda _: (
        _TOKEN,
        CreateClient(save="other"),
        Token(client="$other", save="others_token"),
        Create(token="$others_token", save="session"),
    ),
    Reason.SESSION_FORGOTTEN: lambda policy: (
        _TOKEN,
        _SESSION,
        RevokeSession(session=_AGAIN),
        Advance(policy["retention"] + 1),
        _TOKEN,
        Create(),
    ),
    Reason.AUTH_EXPIRED: lambda _: (_TOKEN, ExpireTokens()),
    Reason.AUTH_REVOKED: lambda _: (_TOKEN, RevokeTokens()),
    Reason.AUTH_IDLE: lambda policy: (_TOKEN, Advance(policy["token_idle_timeout"] or 60)),
    Reason.AUTH_EVICTED: lambda policy: (_TOKEN, Token(times=min(int(policy["max_tokens_per_client"] or 1), MAX_TIMES))),
    Reason.AUTH_REJECTED: lambda _: (_TOKEN, RejectTokens()),
    Reason.SCOPE_MISSING: lambda _: (_TOKEN, SetScopes(scopes=())),
    Reason.RATE_LIMITED: lambda policy: (_TOKEN, Create(times=min(policy["rate_limit_per_minute"] or 1, MAX_TIMES))),
}
"""The steps before the request, by reason. All other reasons need only a token."""

_RULES: dict[str, Policy] = {
    Reason.AUTH_IDLE: {"token_idle_timeout": 60},
    Reason.AUTH_EVICTED: {"max_tokens_per_client": 1},
    Reason.RATE_LIMITED: {"rate_limit_per_minute": 1},
}
"""Limits that are off by default, and that these reasons depend on."""


def recipes(past: Past, title: str, summary: str) -> Iterator[Story]:
    """Yield the request after the usual steps."""
    reason = past.answer.reason
    policy = {**past.policy_now, **{name: past.policy_now[name] or value for name, value in _RULES.get(reason, {}).items()}}
    before = RECIPES[reason](policy) if reason in RECIPES else (_TOKEN,)
    for target in targets(past.arrival, past.answer, "token", "client"):
        step = target.step
        known = (
            replace(step, session=_AGAIN)
            if isinstance(step, Send) and any(getattr(one, "save", None) == _SESSION.save for one in before)
            else step
        )
        last = (known,) if target.fault is None else (target.fault, known)
        notes = (_NOTE, *target.notes)
        yield Story(title=title, summary=summary, policy=policy, notes=notes, steps=(*before, *last))
