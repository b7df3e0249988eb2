"""Chooses values for a policy: as near to the given policy as the evidence allows, and as round as possible."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from contracts.replay.infer.evidence import SessionEvidence
from contracts.replay.infer.solve import Corner, Solution, Span, fits
from mockserver.engine.model import Policy
from mockserver.settings import DURATIONS

STEPS = (86_400_000, 3_600_000, 1_800_000, 600_000, 300_000, 60_000, 30_000, 10_000, 5_000, 1_000, 500, 100, 50, 10, 5, 1)
"""Milliseconds that people choose multiples of, the likeliest first."""


class Range(NamedTuple):
    """Values of the policy's `name`: from `least` to `most` (None: no upper bound)."""

    name: str
    least: int
    most: int | None

    def holds(self, policy: Policy) -> bool:
        """Return whether the policy's value is one of them."""
        value: int = getattr(policy, self.name)
        return value >= self.least and (self.most is None or value <= self.most)

    @property
    def value(self) -> int:
        """The value to choose: a round one for a duration, else the greatest that is known to fit."""
        if self.name in DURATIONS:
            return round_in(self.least, self.most)
        return self.least if self.most is None else self.most


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


def alone(solution: Solution, evidence: SessionEvidence, policy: Policy) -> Iterator[Range]:
    """Yield the values that explain all sends if nothing else changes, the likeliest first."""
    floors = [Span(bound, None).least for bound in (evidence.idle, evidence.ttl, evidence.handshakes)]
    at_hand = [policy.idle_timeout, policy.ttl, policy.handshakes]
    for place, name in enumerate(("idle_timeout", "ttl", "handshakes")):
        without = [*at_hand[:place], 1 << 62, *at_hand[place + 1 :]]
        if any(value < floor for value, floor in zip(without, floors, strict=True)):
            continue
        bounds = [choice[place + 1] or 0 for choice in solution.choices if not fits(choice, *without)]
        most = min(bounds, default=None)
        if most is None or floors[place] <= most:
            yield Range(name, floors[place], most)


def together(solution: Solution, policy: Policy) -> Corner:
    """Return values for all three that explain every send that any policy explains."""
    least = solution.least
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
    yield span.most or least
    yield least


def _ttls(solution: Solution, least: Corner, policy: Policy) -> Iterator[int]:
    span = solution.ttl
    if span.holds(policy.ttl):
        yield policy.ttl
    else:
        yield round_in(least.ttl, span.most)
    yield from sorted(
        (choice.ttl for choice in solution.choices if choice.ttl is not None and choice.ttl >= least.ttl), reverse=True
    )
    yield least.ttl
