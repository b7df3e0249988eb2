"""Draws perturbations, by kinds that can be enabled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy
from msgspec.structs import replace

from contracts.generate.fair import is_fair, soon_over
from contracts.generate.setting import Setting
from contracts.scenario import (
    AcceptTokens,
    Advance,
    EndSessions,
    ExpireTokens,
    Fault,
    FaultStatus,
    GrantScope,
    Operation,
    Perturbation,
    RejectTokens,
    RestartClient,
    RevokeScope,
    RevokeTokens,
)
from mockserver.journal import UnusableBody

OPERATIONS: tuple[Operation, ...] = ("send", "send", "create", "create", "token")
"""The operations to perturb, as often as they are listed here."""

_TIMES = (1, 1, 2, 3, 4, 8, 20)
"""Once, twice, as often as clients try, and more often than any client can survive."""
_FEWER_TIMES = (1, 1, 1, 1, 2, 8)
"""The same if waits are real."""
_SECONDS = st.integers(1, 400)

Draw = Callable[[DrawFn, Setting], Perturbation]


def advance(draw: DrawFn, setting: Setting) -> Advance:
    """Draw a step in time: to just before, at or just after a deadline, or any other."""
    step = draw(setting.steps)
    return Advance(float(draw(_SECONDS)) if step is None else step)


def _faults(*faults: Fault, anywhere: bool = True) -> Draw:
    """Return a function that draws one of the faults, at some operation and some times in a row."""
    operations = OPERATIONS if anywhere else ("send",)
    virtual, real = (
        st.sampled_from([replace(f, operation=o, times=t) for f in some for o in operations if is_fair(f, o) for t in times])
        for some, times in ((faults, _TIMES), (tuple(map(soon_over, faults)), _FEWER_TIMES))
    )
    return lambda draw, setting: draw(virtual if setting.limits.virtual else real)


def _any_of(*choices: Perturbation) -> Draw:
    strategy: SearchStrategy[Perturbation] = st.sampled_from(choices)
    return lambda draw, _: draw(strategy)


def _status(status: FaultStatus, **more: Any) -> Fault:
    return Fault("send", "status", status=status, **more)


# Strategies are made once, because making one costs more than drawing from it. One draw chooses all properties of a kind.
KINDS: dict[str, Draw] = {
    "advance": advance,
    "delay": _faults(
        *(
            Fault("send", "latency", seconds=wait, where=where)
            for wait in (0.5, 3.0, 10.0, 31.0)
            for where in ("before", "after")
        )
    ),
    "end_sessions": _any_of(EndSessions()),
    "expiry": _any_of(ExpireTokens(), RevokeTokens()),
    "garbage": _faults(
        *(Fault("send", "unusable_body", body=body) for body in get_args(UnusableBody)),
        *(Fault("send", "redirect", status=status) for status in (302, 307)),
        Fault("send", "split_body"),
    ),
    "loss": _faults(Fault("send", "lost_request"), Fault("send", "lost_response"), Fault("send", "truncated_body")),
    "opaque": _faults(Fault("send", "opaque_403"), anywhere=False),
    "outage": _faults(
        *(_status(status) for status in (500, 502, 503, 504)), *(_status(status, after_acting=True) for status in (500, 502))
    ),
    "overload": _faults(
        *(_status(429, retry_after=wait) for wait in (1, 0, 2, 30, 31, 121)),
        *(_status(429, retry_after_form=form) for form in ("absent", "malformed")),
        _status(429, retry_after=1, retry_after_form="fraction"),
        *(_status(status, retry_after=20, retry_after_form="date") for status in (429, 503)),
        *(_status(503, retry_after=wait) for wait in (1, 30)),
    ),
    "refusal": _faults(*(_status(status) for status in (400, 413))),
    "rejection": _any_of(RejectTokens(), AcceptTokens()),
    "restart": _any_of(RestartClient()),
    "scope": _any_of(RevokeScope(), GrantScope()),
}
"""The kinds of perturbation, and how each is drawn.

- `outage`: a server error, whether or not the platform acted.
- `overload`: a 429, or a 503 that asks for a wait.
- `garbage`: an answer that is not the platform's, or comes in two pieces.
- `refusal`: a request refused for its content.
- `opaque`: a 403 without a reason.
- `loss`: an exchange that does not end.
- `delay`: a late answer.
"""
