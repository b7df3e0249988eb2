"""Finds the values of idle timeout, ttl and handshakes that fit all evidence.

Lower bounds hold together; each refusal leaves a choice of upper bounds. An idle timeout longer than the ttl never shows, so it
is assumed to be at most the ttl. If a session dies unused, the age is attributed to the idle timeout. If some values fit, so do
smaller ones, down to a corner of least values. So a value fits with some others exactly if it fits with their least values.
Therefore the resulting bounds are exact.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from contracts.replay.infer.evidence import Alternative, Constraint, SessionEvidence


class Corner(NamedTuple):
    """The least values that fit all accepted sends."""

    idle: int
    ttl: int
    handshakes: int


class Span(NamedTuple):
    """A value is more than `above` and at most `at_most`, as far as these are known."""

    above: Constraint | None
    at_most: Constraint | None

    def holds(self, value: int) -> bool:
        """Return whether `value` is in the span."""
        return value >= self.least and (self.most is None or value <= self.most)

    @property
    def least(self) -> int:
        """The least value in the span."""
        return 1 if self.above is None else max(1, self.above.value + 1)

    @property
    def most(self) -> int | None:
        """The greatest value in the span, if it is known."""
        return None if self.at_most is None else self.at_most.value

    @property
    def is_empty(self) -> bool:
        """Return whether the span is empty."""
        return self.most is not None and self.most < self.least


class Solution(NamedTuple):
    """The values that fit: each value's span, independent of the others; and the refusals that no policy explains.

    `least` are the least values that fit all accepted sends, and `choices` the other refusals. `idle_alone` is the idle
    timeout's span by those refusals only that the ttl cannot explain.
    """

    least: Corner
    idle: Span
    idle_alone: Span
    ttl: Span
    handshakes: Span
    unexplained: list[Alternative]
    choices: list[Alternative]


def solve(evidence: SessionEvidence) -> Solution:
    """Return the spans."""
    idle, ttl = Span(evidence.idle, None).least, Span(evidence.ttl, None).least
    least = Corner(idle, max(idle, ttl), Span(evidence.handshakes, None).least)
    choices = [choice for choice in evidence.choices if fits(choice, *least)]
    alone = [
        (choice, [bound is not None and value <= bound for value, bound in zip(least, choice[1:], strict=True)])
        for choice in choices
    ]
    return Solution(
        least=least,
        idle=Span(evidence.idle, _first(_idle_bound(choice, ttl) for choice, (_, ttl, use) in alone if not use)),
        idle_alone=Span(
            evidence.idle, _first(_idle_bound(choice, False) for choice, (_, ttl, use) in alone if not (ttl or use))
        ),
        ttl=Span(
            max(filter(None, (evidence.ttl, evidence.idle)), key=lambda bound: bound.value, default=None),
            _first(Constraint(choice.ttl or 0, choice.number) for choice, (idle, _, use) in alone if not (idle or use)),
        ),
        handshakes=Span(
            evidence.handshakes or Constraint(0, 0),
            _first(Constraint(choice.handshakes or 0, choice.number) for choice, (idle, ttl, _) in alone if not (idle or ttl)),
        ),
        unexplained=[choice for choice in evidence.choices if not fits(choice, *least)],
        choices=choices,
    )


def fits(choice: Alternative, idle: int, ttl: int, handshakes: int) -> bool:
    """Return whether these values explain a refusal."""
    pairs = ((idle, choice.idle), (ttl, choice.ttl), (handshakes, choice.handshakes))
    return any(bound is not None and value <= bound for value, bound in pairs)


def _idle_bound(choice: Alternative, by_ttl: bool) -> Constraint:
    """Return an upper bound of the idle timeout. If the ttl may be the reason, its bound counts, because it is at least as
    long.
    """
    return Constraint(max(choice.idle or 0, (choice.ttl or 0) if by_ttl else 0), choice.number)


def _first(bounds: Iterable[Constraint]) -> Constraint | None:
    return min(bounds, default=None)
