"""Finds the values of idle timeout, ttl and handshakes that fit all evidence.

Lower bounds hold together; each refusal leaves a choice of upper bounds. An idle timeout longer than the ttl never shows, so it
is assumed to be at most the ttl. If a session dies unused, the age is attributed to the idle timeout. If some values fit, so do
smaller ones, down to a corner of least values. So a value fits with some others exactly if it fits with their least values.
Therefore the resulting bounds are exact.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from contracts.replay.infer.evidence import Choice, More, SessionEvidence


class Most(NamedTuple):
    """A value is at most `value`, as the step `number` shows."""

    value: int
    number: int


class Corner(NamedTuple):
    """The least values that fit all accepted sends."""

    idle: int
    ttl: int
    handshakes: int


class Span(NamedTuple):
    """A value is more than `above` and at most `at_most`, as far as these are known."""

    above: More | None
    at_most: Most | None

    def holds(self, value: int) -> bool:
        """Return whether `value` is in the span."""
        return value >= self.least and (self.at_most is None or value <= self.at_most.value)

    @property
    def least(self) -> int:
        """The least value in the span."""
        return 1 if self.above is None else max(1, self.above.value + 1)

    @property
    def is_empty(self) -> bool:
        """Return whether the span is empty."""
        return self.at_most is not None and self.at_most.value < self.least


class Solution(NamedTuple):
    """The values that fit: each value's span, independent of the others; and the refusals that no policy explains."""

    idle: Span
    ttl: Span
    handshakes: Span
    unexplained: list[Choice]
    choices: list[Choice]


def corner(evidence: SessionEvidence) -> Corner:
    """Return the least values."""
    idle = Span(evidence.idle, None).least
    return Corner(idle, max(idle, Span(evidence.ttl, None).least), Span(evidence.handshakes, None).least)


def solve(evidence: SessionEvidence) -> Solution:
    """Return the spans."""
    least = corner(evidence)
    unexplained = [choice for choice in evidence.choices if not fits(choice, *least)]
    choices = [choice for choice in evidence.choices if fits(choice, *least)]
    ttl_above = evidence.ttl
    if evidence.idle is not None and (ttl_above is None or evidence.idle.value > ttl_above.value):
        ttl_above = evidence.idle
    return Solution(
        idle=Span(evidence.idle, _most(_idle_bounds(choices, least))),
        ttl=Span(ttl_above, _most(_ttl_bounds(choices, least))),
        handshakes=Span(evidence.handshakes or More(0, 0), _most(_handshakes_bounds(choices, least))),
        unexplained=unexplained,
        choices=choices,
    )


def fits(choice: Choice, idle: int, ttl: int, handshakes: int) -> bool:
    """Return whether these values explain a refusal."""
    return _at_most(idle, choice.idle) or _at_most(ttl, choice.ttl) or _at_most(handshakes, choice.handshakes)


def _at_most(value: int, bound: int | None) -> bool:
    return bound is not None and value <= bound


def _idle_bounds(choices: list[Choice], least: Corner) -> Iterable[Most]:
    """Yield the upper bounds of the idle timeout. If the ttl may be the reason, its bound counts, because it is at least as
    long.
    """
    for choice in choices:
        if not _at_most(least.handshakes, choice.handshakes):
            bounds = [choice.idle or 0]
            if _at_most(least.ttl, choice.ttl):
                bounds.append(choice.ttl or 0)
            yield Most(max(bounds), choice.number)


def _ttl_bounds(choices: list[Choice], least: Corner) -> Iterable[Most]:
    for choice in choices:
        if not (_at_most(least.handshakes, choice.handshakes) or _at_most(least.idle, choice.idle)):
            yield Most(choice.ttl or 0, choice.number)


def _handshakes_bounds(choices: list[Choice], least: Corner) -> Iterable[Most]:
    for choice in choices:
        if not (_at_most(least.idle, choice.idle) or _at_most(least.ttl, choice.ttl)):
            yield Most(choice.handshakes or 0, choice.number)


def _most(bounds: Iterable[Most]) -> Most | None:
    return min(bounds, default=None)
