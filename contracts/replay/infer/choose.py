"""Chooses values for a policy: as near to the given policy as the evidence allows, and as round as possible."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from contracts.replay.infer.evidence import Choice, SessionEvidence
from contracts.replay.infer.solve import Corner, Solution, Span, corner, fits
from mockserver.engine.model import Policy

STEPS = (86_400_000, 3_600_000, 1_800_000, 600_000, 300_000, 60_000, 30_000, 10_000, 5_000, 1_000, 500, 100, 50, 10, 5, 1)
"""Milliseconds that people choose multiples of, the likeliest first."""


class Alone(NamedTuple):
    """Values of `name` that explain every answer if nothing else changes: from `least` to `most` (None: no upper bound)."""

    name: str
    least: int
    most: int | None


def round_in(least: int, most: int | None) -> int:
    """Return a round value from `least` to `most` (None: no upper bound): of the roundest, the nearest to the middle."""
    if most is None:
        most = 2 * least
    middle = (least + most) // 2
    for step in STEPS:
        nearest = (middle + step // 2) // step * step
        candidates = [value for value in (nearest, nearest - step, nearest + step) if least <= value <= most]
        if candidates:
            return candidates[0]
    return least


def alone(evidence: SessionEvidence, choices: list[Choice], policy: Policy) -> Iterator[Alone]:
    """Yield the values that explain all sends on their own, the likeliest first."""
    least = corner(evidence)
    shown = SessionEvidence(evidence.idle, evidence.ttl, evidence.handshakes)
    floors = (Span(shown.idle, None).least, Span(shown.ttl, None).least, least.handshakes)
    at_hand = (policy.idle_timeout, policy.ttl, policy.handshakes)
    for place, name in enumerate(("idle_timeout", "ttl", "handshakes")):
        if any(at_hand[other] < floors[other] for other in range(3) if other != place):
            continue
        bounds = [choice[place + 1] or 0 for choice in choices if not _fits_without(choice, at_hand, place)]
        most = min(bounds, default=None)
        if most is None or floors[place] <= most:
            yield Alone(name, floors[place], most)


def _fits_without(choice: Choice, at_hand: tuple[int, int, int], place: int) -> bool:
    values = [value if other != place else 1 << 62 for other, value in enumerate(at_hand)]
    return fits(choice, *values)


def together(solution: Solution, evidence: SessionEvidence, policy: Policy) -> Corner:
    """Return values for all three that explain every send that any policy explains."""
    least = corner(evidence)
    for handshakes in _candidates(policy.handshakes, solution.handshakes, least.handshakes):
        for ttl in _ttls(solution, least, policy):
            bounds = [choice.idle or 0 for choice in solution.choices if not fits(choice, 1 << 62, ttl, handshakes)]
            most = min([*bounds, ttl])
            if least.idle <= most and all(fits(choice, least.idle, ttl, handshakes) for choice in solution.choices):
                idle = policy.idle_timeout if least.idle <= policy.idle_timeout <= most else round_in(least.idle, most)
                return Corner(idle, ttl, handshakes)
    return least


def _candidates(at_hand: int, span: Span, least: int) -> Iterator[int]:
    if span.holds(at_hand):
        yield at_hand
    yield least if span.at_most is None else span.at_most.value
    yield least


def _ttls(solution: Solution, least: Corner, policy: Policy) -> Iterator[int]:
    span = solution.ttl
    if span.holds(policy.ttl):
        yield policy.ttl
    else:
        yield round_in(least.ttl, None if span.at_most is None else span.at_most.value)
    yield from sorted(
        (choice.ttl for choice in solution.choices if choice.ttl is not None and choice.ttl >= least.ttl), reverse=True
    )
    yield least.ttl
