"""How any client is driven, whatever it is written in."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Literal, NamedTuple, Protocol, Self

from mockserver.ids import redact_tokens
from mockserver.journal import Guest

Outcome = Literal["accepted", "failed"]

LONGEST_ERROR = 500


class Credentials(NamedTuple):
    """The OAuth client that a client under test is."""

    client_id: str
    client_secret: str


class Intent(Protocol):
    """One message that a client is asked to deliver, and where it is noted what became of that."""

    guest: Guest
    text: str

    def began(self) -> None:
        """To be called right before the client is asked."""
        ...

    def ended(self, outcome: Outcome, error: str = "") -> None:
        """To be called right after the client has answered."""
        ...


class Hung(Exception):
    """A client did not return, or went beyond all bounds; the text says what was seen instead."""


class Driver(Protocol):
    """One client at work."""

    def send(self, intents: Sequence[Intent], schedule: Sequence[int]) -> None:
        """Asks for all of `intents` at once and waits for their end. Raises Hung; the client cannot be used afterwards.

        `schedule` picks who goes on where several requests or answers wait, for drivers that can make them wait.
        """
        ...

    def advance(self, seconds: float) -> None:
        """Lets time pass while no intent is open."""
        ...

    def give_up(self, why: str) -> None:
        """Makes `send` raise Hung; may be called from any thread."""
        ...

    def close(self) -> None:
        """Ends the client and all that it has started."""
        ...


class Clients(Protocol):
    """How the clients of one target are made. A context manager around all that is done with them."""

    clock: Literal["virtual", "wall"]
    mock: Any

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None: ...

    def start(self, credentials: Credentials) -> Driver:
        """A new client. Raises ClientError where none can be made."""
        ...


def describe(error: BaseException) -> str:
    """An exception in one short line, without secrets."""
    text = redact_tokens(" ".join(f"{type(error).__name__}: {error}".split()))
    return text if len(text) <= LONGEST_ERROR else text[: LONGEST_ERROR - 1] + "…"
