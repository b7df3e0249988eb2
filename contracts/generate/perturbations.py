"""Draws what the world does meanwhile, one function for each kind that can be enabled."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy
from msgspec.structs import replace

from contracts.generate.setting import Setting
from contracts.scenario import (
    AcceptTokens,
    Advance,
    EndSessions,
    ExpireTokens,
    Fault,
    GrantScope,
    Operation,
    Perturbation,
    RejectTokens,
    RestartClient,
    RevokeScope,
    RevokeTokens,
)

# Made once: a strategy costs more to make than to draw from.
OPERATIONS: SearchStrategy[Operation] = st.sampled_from(("send", "create", "token"))
_TIMES = st.integers(1, 6)
_SECONDS = st.integers(1, 400)
_REFUSALS = st.sampled_from(
    (
        *(Fault("send", "status", status=status) for status in (500, 502, 503)),
        *(Fault("send", "status", status=status, after_acting=True) for status in (500, 502)),
        *(Fault("send", "status", status=429, retry_after=wait) for wait in (1, 0, 2, 30, 31, 121)),
        *(Fault("send", "status", status=status) for status in (400, 413)),
        Fault("send", "opaque_403"),
    )
)
_LOSSES = st.sampled_from((Fault("send", "lost_request"), Fault("send", "lost_response"), Fault("send", "truncated_body")))
_DELAYS = st.sampled_from(
    [Fault("send", "latency", seconds=wait, where=where) for wait in (0.5, 3.0, 10.0, 31.0) for where in ("before", "after")]
)

Draw = Callable[[DrawFn, Setting], Perturbation]


def advance(draw: DrawFn, setting: Setting) -> Advance:
    """A step in time: to just before, at or just after a deadline, or any other."""
    step = draw(setting.steps)
    return Advance(float(draw(_SECONDS)) if step is None else step)


def refusal(draw: DrawFn, setting: Setting) -> Fault:
    """An error in place of the platform's answer. A Retry-After that is to be sat out in real time is one second at most."""
    fault = _aimed(draw, draw(_REFUSALS))
    if fault.retry_after is not None and not setting.limits.virtual:
        return replace(fault, retry_after=min(fault.retry_after, 1))
    return fault


def loss(draw: DrawFn, _: Setting) -> Fault:
    """An exchange that does not come to its end."""
    return _aimed(draw, draw(_LOSSES))


def delay(draw: DrawFn, setting: Setting) -> Fault:
    """An answer that is late."""
    fault = _aimed(draw, draw(_DELAYS))
    return fault if setting.limits.virtual else replace(fault, seconds=0.05)


def _aimed(draw: DrawFn, fault: Fault) -> Fault:
    """The fault, at some operation and some times in a row."""
    operation = "send" if fault.kind == "opaque_403" else draw(OPERATIONS)
    return replace(fault, operation=operation, times=draw(_TIMES))


def _any_of(*choices: Perturbation) -> Draw:
    strategy: SearchStrategy[Perturbation] = st.sampled_from(choices)
    return lambda draw, _: draw(strategy)


KINDS: dict[str, Draw] = {
    "advance": advance,
    "delay": delay,
    "end_sessions": _any_of(EndSessions()),
    "expiry": _any_of(ExpireTokens(), RevokeTokens()),
    "loss": loss,
    "refusal": refusal,
    "rejection": _any_of(RejectTokens(), AcceptTokens()),
    "restart": _any_of(RestartClient()),
    "scope": _any_of(RevokeScope(), GrantScope()),
}
"""What may be enabled, and how it is drawn."""
