"""What each answer says about the policy's values.

An accepted send shows that the session's idle timeout and its ttl are longer than the times that had passed at least. A refused
one, which nothing in the recording explains, shows that one of them is no longer than the time that had passed at most, or that
the session was used up: which of these, the platform does not say. Times are milliseconds.
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

    None where that cannot be the reason.
    """

    number: int
    idle: int | None
    ttl: int | None
    handshakes: int | None


@dataclass
class SessionEvidence:
    """All that the sends of a recording show together. A session takes at least one message."""

    idle: More | None = None
    ttl: More | None = None
    handshakes: More | None = None
    choices: list[Choice] = field(default_factory=list)

    def idle_more(self, value: int, number: int) -> None:
        """The idle timeout is greater than `value`."""
        self.idle = _greater(self.idle, value, number)

    def ttl_more(self, value: int, number: int) -> None:
        """The ttl is greater than `value`."""
        self.ttl = _greater(self.ttl, value, number)

    def handshakes_more(self, value: int, number: int) -> None:
        """A session takes more than `value` messages."""
        self.handshakes = _greater(self.handshakes, value, number)


def _greater(known: More | None, value: int, number: int) -> More | None:
    if value < 0 or (known is not None and known.value >= value):
        return known
    return More(value, number)
