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
OPERATIONS: SearchStrategy[Operation] = st.sampled_from(("send", "send", "create", "create", "token"))
_TIMES = st.sampled_from((1, 1, 2, 3, 4, 8, 20))
"""Once, twice, as often as clients try, and until it cannot be lived through."""
_FEWER_TIMES = st.sampled_from((1, 1, 1, 1, 2, 8))
"""The same where it is lived through in real time."""
_SECONDS = st.integers(1, 400)
_OUTAGES = st.sampled_from(
    (
        *(Fault("send", "status", status=status) for status in (500, 502, 503)),
        *(Fault("send", "status", status=status, after_acting=True) for status in (500, 502)),
    )
)
_OVERLOADS = st.sampled_from([Fault("send", "status", status=429, retry_after=wait) for wait in (1, 0, 2, 30, 31, 121)])
_REFUSALS = st.sampled_from([Fault("send", "status", status=status) for status in (400, 413)])
_LOSSES = st.sampled_from((Fault("send", "lost_request"), Fault("send", "lost_response"), Fault("send", "truncated_body")))
_DELAYS = st.sampled_from(
    [Fault("send", "latency", seconds=wait, where=where) for wait in (0.5, 3.0, 10.0, 31.0) for where in ("before", "after")]
)

Draw = Callable[[DrawFn, Setting], Perturbation]


def advance(draw: DrawFn, setting: Setting) -> Advance:
    """A step in time: to just before, at or just after a deadline, or any other."""
    step = draw(setting.steps)
    return Advance(float(draw(_SECONDS)) if step is None else step)


def outage(draw: DrawFn, setting: Setting) -> Fault:
    """A server error in place of the platform's answer, which may have acted all the same."""
    return _aimed(draw, setting, draw(_OUTAGES))


def overload(draw: DrawFn, setting: Setting) -> Fault:
    """A 429. A Retry-After that is to be sat out in real time is one second at most."""
    fault = _aimed(draw, setting, draw(_OVERLOADS))
    if fault.retry_after is not None and not setting.limits.virtual:
        return replace(fault, retry_after=min(fault.retry_after, 1))
    return fault


def refusal(draw: DrawFn, setting: Setting) -> Fault:
    """A request that is refused for what it is."""
    return _aimed(draw, setting, draw(_REFUSALS))


def opaque(draw: DrawFn, setting: Setting) -> Fault:
    """A 403 that does not say why."""
    return Fault("send", "opaque_403", times=_times(draw, setting))


def loss(draw: DrawFn, setting: Setting) -> Fault:
    """An exchange that does not come to its end."""
    return _aimed(draw, setting, draw(_LOSSES))


def delay(draw: DrawFn, setting: Setting) -> Fault:
    """An answer that is late."""
    fault = _aimed(draw, setting, draw(_DELAYS))
    return fault if setting.limits.virtual else replace(fault, seconds=0.05)


def _aimed(draw: DrawFn, setting: Setting, fault: Fault) -> Fault:
    """The fault, at some operation and some times in a row."""
    return replace(fault, operation=draw(OPERATIONS), times=_times(draw, setting))


def _times(draw: DrawFn, setting: Setting) -> int:
    return draw(_TIMES if setting.limits.virtual else _FEWER_TIMES)


def _any_of(*choices: Perturbation) -> Draw:
    strategy: SearchStrategy[Perturbation] = st.sampled_from(choices)
    return lambda draw, _: draw(strategy)


KINDS: dict[str, Draw] = {
    "advance": advance,
    "delay": delay,
    "end_sessions": _any_of(EndSessions()),
    "expiry": _any_of(ExpireTokens(), RevokeTokens()),
    "loss": loss,
    "opaque": opaque,
    "outage": outage,
    "overload": overload,
    "refusal": refusal,
    "rejection": _any_of(RejectTokens(), AcceptTokens()),
    "restart": _any_of(RestartClient()),
    "scope": _any_of(RevokeScope(), GrantScope()),
}
"""What may be enabled, and how it is drawn."""
