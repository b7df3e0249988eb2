"""The guard behind each reason, and the verdicts of the others."""

from __future__ import annotations

from collections.abc import Sequence

from mockserver.engine.decide import GUARDS
from mockserver.engine.model import Operation, Reason
from mockserver.explain.model import GuardVerdict, Verdict
from mockserver.reasons import RECORDS

TOKEN_GUARDS = ("media type", "size", "form", "client credentials", "scope")
"""The token operation's guards, in their order."""

REFUSED_BY: dict[Reason, str | None] = {reason: told.guard for reason, told in RECORDS.items()}
"""The refusing guard of each reason, or the part of the mock around the guards. None if all guards accept."""

BEFORE = ("room for requests that wait", "route", "room for bodies", "store", "the mock itself", "fault")
"""The parts of the mock that can answer before the first guard."""


def guards_of(operation: Operation | None, reason: Reason | None) -> tuple[GuardVerdict, ...]:
    """Return the guards a request had to pass, in order, with their verdicts, which are unknown without an answer."""
    refusing = REFUSED_BY[reason] if reason is not None else None
    names = _names(operation, refusing)
    if reason is None:
        return tuple(GuardVerdict(name, "unknown") for name in names)
    place = names.index(refusing) if refusing is not None else len(names)
    return verdicts(names, place)


def _names(operation: Operation | None, refusing: str | None) -> tuple[str, ...]:
    guards = {"token": TOKEN_GUARDS, "create": GUARDS[:-1], "send": GUARDS, None: ()}[operation]
    if refusing in BEFORE:
        return (refusing, *guards)
    return (*guards, refusing) if refusing == "capacity" else guards


def verdicts(names: Sequence[str], refusing: int) -> tuple[GuardVerdict, ...]:
    """Return the verdicts of guards of which that number `refusing` refused; those before it passed."""
    return tuple(GuardVerdict(name, _verdict(number, refusing)) for number, name in enumerate(names))


def _verdict(number: int, refusing: int) -> Verdict:
    if number == refusing:
        return "refused"
    return "passed" if number < refusing else "not reached"
