"""The moments of a history: a call left or returned, an intent began or ended, or the world changed."""

from __future__ import annotations

from msgspec import Struct

from contracts.history.calls import Call, JudgedIntent
from mockserver.journal import Perturbed

ON_ITS_WAY = "on_its_way"
"""A flag in the detail of an advance: it did not move the clock at once, but held up the request that arrives next."""


CLOCKED = frozenset({"advance", "set_clock", "freeze_clock", "resume_clock"})
"""The changes of the clock, as the journal names them."""


def is_on_its_way(entry: Perturbed) -> bool:
    """Return whether an advance held up a request that had already left, instead of moving the clock at once."""
    return entry.detail.get(ON_ITS_WAY) is True


def jump_of(entry: Perturbed) -> int:
    """Return by how many milliseconds a perturbation moved the clock forward."""
    seconds = entry.detail.get("seconds") if entry.what == "advance" else None
    return round(1000 * seconds) if isinstance(seconds, int | float) else 0


class CallLeft(Struct, frozen=True, gc=False):
    """A call left the client."""

    call: Call
    place: float


class CallReturned(Struct, frozen=True, gc=False):
    """A call came back to the client, or the client knew that it never would."""

    call: Call
    place: float


class IntentBegan(Struct, frozen=True, gc=False):
    """A client was given a message to deliver."""

    intent: JudgedIntent
    place: float


class IntentEnded(Struct, frozen=True, gc=False):
    """A client reported the outcome of an intent, or was given up."""

    intent: JudgedIntent
    place: float


class WorldChanged(Struct, frozen=True, gc=False):
    """A perturbation. `during` is the call that was under way when it happened; None between items."""

    entry: Perturbed
    place: float
    during: Call | None = None

    @property
    def jump(self) -> int:
        """By how many milliseconds it moved the clock forward."""
        return jump_of(self.entry)

    def jumped_by(self, at: int) -> int:
        """Return by how many milliseconds it had moved the clock at the time `at`.

        A call that was held up may have been given up before all of that time had passed.
        """
        if not is_on_its_way(self.entry):
            return self.jump
        over = None if self.during is None else self.during.returned_at
        return max(0, min(self.jump, (at if over is None else min(at, over)) - self.entry.at))


Moment = CallLeft | CallReturned | IntentBegan | IntentEnded | WorldChanged


def time_of(moment: Moment) -> int | None:
    """Return the time of a moment in milliseconds; None if it has none."""
    match moment:
        case CallLeft(call):
            return call.left_at
        case CallReturned(call):
            return call.returned_at
        case IntentBegan(intent):
            return intent.began_at
        case IntentEnded(intent):
            return intent.ended_at
        case WorldChanged(entry):
            return entry.at
