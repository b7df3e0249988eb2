"""The faults that a client can be expected to recognise, and waits that are short enough for real time."""

from __future__ import annotations

from msgspec.structs import replace

from contracts.scenario import Fault, Operation
from mockserver.journal import UnusableBody

FAIR_BODIES: dict[Operation, frozenset[UnusableBody]] = {
    "token": frozenset({"cut", "html", "blank", "list", "no_field"}),
    "create": frozenset({"cut", "html", "blank", "list", "no_field", "null"}),
    "send": frozenset({"cut", "html", "blank", "list", "no_field", "null", "empty", "number"}),
}
"""The bodies that a client can be expected to recognise as unusable. An empty id, for example, may be passed on as it came."""


def is_fair(fault: Fault, operation: Operation) -> bool:
    """Return whether clauses can be certain of what a client does after this fault at the operation."""
    return fault.body is None or fault.body in FAIR_BODIES[operation]


def soon_over(fault: Fault) -> Fault:
    """Limit a fault's waits to a second, for a client whose waits are real."""
    wait = fault.retry_after
    return replace(fault, seconds=min(fault.seconds, 0.05), retry_after=None if wait is None else min(wait, 1))
