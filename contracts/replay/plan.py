"""Plans a replay, in order of time: recorded requests, perturbations, and sessions that must have existed before."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from msgspec.structs import replace

from contracts.replay.recording import RecordedStep, Recording, WorldStep
from contracts.replay.timeline import timeline
from mockserver.engine.model import Fault, Policy

EARLIER = 3_600_000
"""How long before its first use a dead session is assumed to have been created, in milliseconds: an hour, or longer if the
policy lets sessions live longer.
"""

Past = Literal["alive", "aged", "used"]

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class PlannedRequest(NamedTuple):
    """A recorded request at its time, with the fault that fits its answer."""

    at: int
    step: RecordedStep
    fault: Fault | None


class ControlEvent(NamedTuple):
    """A perturbation at its time."""

    at: int
    step: WorldStep


class Before(NamedTuple):
    """A session that a request presents and no recorded request created; `past` is what it went through before."""

    at: int
    step: RecordedStep
    past: Past


Action = PlannedRequest | ControlEvent | Before


def plan(recording: Recording, policy: Policy) -> list[Action]:
    """Return the actions, in order of time."""
    shifts = _shifts(recording.steps)
    moved = [
        replace(step, earliest=step.earliest + shifts[step.epoch], latest=step.latest + shifts[step.epoch])
        for step in recording.steps
    ]
    told = timeline(moved if any(shifts.values()) else recording.steps, policy)
    asks: list[tuple[int, int, int, Action]] = []
    for step in recording.steps:
        at = told.moments[step.number]
        asks.append((at, step.order, 1, PlannedRequest(at, step, fault_of(step, policy, step.number in told.acted))))
    for world in recording.world:
        at = world.at + shifts.get(world.epoch, 0)
        asks.append((at, world.order, 1, ControlEvent(at, world)))
    for first in _unexplained(recording.steps):
        before = _before(first, told.moments[first.number], recording.steps, policy)
        if before is not None:
            asks.append((before.at, first.order, 0, before))
    return [action for *_, action in sorted(asks, key=lambda entry: entry[:3])]


def _shifts(steps: list[RecordedStep]) -> dict[int, int]:
    """Return by how much the time stamps of each epoch are moved, so that time never goes back."""
    shifts, latest = {0: 0}, 0
    for step in steps:
        shift = shifts.setdefault(step.epoch, max(0, latest - step.earliest))
        latest = max(latest, step.latest + shift)
    return shifts


def fault_of(step: RecordedStep, policy: Policy, acted: bool) -> Fault | None:
    """Return the fault that explains an answer which is not the platform's own. `acted`: whether the platform had acted."""
    if step.fault is not None:
        return step.fault
    if step.status is None:
        return Fault(kind="lost_response" if acted else "lost_request")
    if step.broken:
        return Fault(kind="status", status=step.status, retry_after=step.retry_after, after_acting=acted)
    limited = step.status == 429 and policy.rate_limit_per_minute is None
    if limited or (step.status >= 400 and step.reason == "fault.injected"):
        return Fault(kind="status", status=step.status, retry_after=step.retry_after)
    return None


def _unexplained(steps: list[RecordedStep]) -> list[RecordedStep]:
    """Return the first send of each id that no request before it was issued."""
    known: set[str] = set()
    found = []
    for step in steps:
        if step.operation == "send" and step.session is not None and step.session not in known:
            known.add(step.session)
            found.append(step)
        if step.issued is not None:
            known.add(step.issued)
    return found


def _before(first: RecordedStep, at: int, steps: list[RecordedStep], policy: Policy) -> Before | None:
    """Return the assumed past of an id when it was presented; None if it is assumed to be never issued."""
    if first.effect in {"accepted", "uncertain"} or first.reason == "session.revoked":
        return Before(at, first, "alive")
    if first.effect != "refused" or not _was_issued(first, steps):
        return None
    if first.reason == "session.consumed":
        return Before(at, first, "used")
    return Before(at - max(EARLIER, 2 * min(policy.ttl, policy.idle_timeout)), first, "aged")


def _was_issued(first: RecordedStep, steps: list[RecordedStep]) -> bool:
    """Return whether the id may have been issued: the answer says so, or it looks like the platform's ids."""
    if first.reason is not None:
        return first.reason != "session.unknown"
    return _ID.fullmatch(first.session or "") is not None or any(
        step.issued is not None and _shape(step.issued) == _shape(first.session or "") for step in steps
    )


def _shape(id: str) -> str:
    return re.sub(r"[0-9a-fA-F]", "0", id)
