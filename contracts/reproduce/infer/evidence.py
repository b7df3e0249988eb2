"""The evidence of each answer for the policy's values.

An accepted send shows that the idle timeout and the ttl are longer than the least times that had passed. An unexplained refusal
has one of three reasons. The session was used up, or its idle timeout or its ttl is at most the time that can have passed. The
platform does not say which. Times are in milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple


class More(NamedTuple):
    """A value is greater than `value`, as the step `number` shows."""

    value: int
    number: int


class Choice(NamedTuple):
    """A refusal: the idle timeout is at most `idle`, or the ttl at most `ttl`, or sessions take at most `handshakes` messages.

    A value is None if it cannot be the reason.
    """

    number: int
    idle: int | None
    ttl: int | None
    handshakes: int | None


@dataclass
class SessionEvidence:
    """The combined evidence of all sends of a recording. A session takes at least one message."""

    idle: More | None = None
    ttl: More | None = None
    handshakes: More | None = None
    choices: list[Choice] = field(default_factory=list)

    def idle_more(self, value: int, number: int) -> None:
        """Note that the idle timeout is greater than `value`."""
        self.idle = _greater(self.idle, value, number)

    def ttl_more(self, value: int, number: int) -> None:
        """Note that the ttl is greater than `value`."""
        self.ttl = _greater(self.ttl, value, number)

    def handshakes_more(self, value: int, number: int) -> None:
        """Note that a session takes more than `value` messages."""
        self.handshakes = _greater(self.handshakes, value, number)


def _greater(known: More | None, value: int, number: int) -> More | None:
    if value < 0 or (known is not None and known.value >= value):
        return known
    return More(value, number)
