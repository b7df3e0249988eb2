"""Which values of idle timeout, ttl and handshakes fit all that was shown.

Lower bounds hold together; each refusal leaves a choice of upper bounds. An idle timeout that is longer than the ttl never
shows, so the idle timeout is taken to be no longer: who is told that a session dies unused at a certain age calls that its idle
timeout. What fits is then closed downwards, to a corner of the least values: so a value fits with some others exactly where it
fits with the least of the others, and the bounds that follow are exact.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from contracts.reproduce.infer.evidence import Choice, More, SessionEvidence


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
    """A value is more than `above`, where that is known, and at most `at_most`, where that is."""

    above: More | None
    at_most: Most | None

    def holds(self, value: int) -> bool:
        """Whether `value` lies in it."""
        return value >= self.least and (self.at_most is None or value <= self.at_most.value)

    @property
    def least(self) -> int:
        """The least value in it."""
        return 1 if self.above is None else max(1, self.above.value + 1)

    @property
    def is_empty(self) -> bool:
        """Whether nothing lies in it."""
        return self.at_most is not None and self.at_most.value < self.least


class Solution(NamedTuple):
    """What fits: each value's span, whatever the others are; and the refusals that no policy explains."""

    idle: Span
    ttl: Span
    handshakes: Span
    unexplained: list[Choice]
    choices: list[Choice]


def corner(evidence: SessionEvidence) -> Corner:
    """The least values."""
    idle = Span(evidence.idle, None).least
    return Corner(idle, max(idle, Span(evidence.ttl, None).least), Span(evidence.handshakes, None).least)


def solve(evidence: SessionEvidence) -> Solution:
    """The spans."""
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
    """Whether these values explain a refusal."""
    return _at_most(idle, choice.idle) or _at_most(ttl, choice.ttl) or _at_most(handshakes, choice.handshakes)


def _at_most(value: int, bound: int | None) -> bool:
    return bound is not None and value <= bound


def _idle_bounds(choices: list[Choice], least: Corner) -> Iterable[Most]:
    """Up to its ttl's bound where that may be the reason: the idle timeout is no longer than the ttl."""
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
