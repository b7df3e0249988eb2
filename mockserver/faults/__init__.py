"""Faults: the effect of each kind on an exchange, and the plan that picks the requests to hit.

`tests/README.md` shows how to add one.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from mockserver.engine.model import Fault, FaultKind
from mockserver.faults import (
    latency,
    lost_request,
    lost_response,
    opaque_403,
    redirect,
    split_body,
    status,
    truncated_body,
    unusable_body,
)
from mockserver.faults.effect import Effect

KINDS: dict[FaultKind, Callable[[Fault], Effect]] = {
    "status": status.effect,
    "opaque_403": opaque_403.effect,
    "lost_request": lost_request.effect,
    "lost_response": lost_response.effect,
    "latency": latency.effect,
    "truncated_body": truncated_body.effect,
    "unusable_body": unusable_body.effect,
    "redirect": redirect.effect,
    "split_body": split_body.effect,
}

NONE = Effect()


def effect_of(fault: Fault | None) -> Effect:
    """Return the effect of `fault`; without a fault it changes nothing."""
    if fault is None:
        return NONE
    return replace(KINDS[fault.kind](fault), fault=replace(fault, operation=None, times=1, probability=1.0))
