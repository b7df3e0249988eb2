"""How any client is driven, whatever it is written in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from contracts.clients import common
from contracts.clients.clock import VirtualClock
from contracts.clients.watched import Watched
from mockserver.wire.credentials import shown_as
from mockserver.wire.notes import Redactor

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

Hung = common.Hung
Wrote = common.Wrote
unheard = common.unheard
Outcome = Literal["accepted", "failed"]


class ReturnListener(Protocol):
    """A listener for requests that come back to the client; see `journal.Returned`."""

    def __call__(self, context_id: str, answered: bool, overtaken_by: int = 0, aside: bool = False, /) -> None:
        """Note that the request came back; not `answered`, if the client stopped waiting for it."""


LONGEST_ERROR = 500
"""Characters of what a client says of a failure."""

LOOKED_AT = 64 << 10
"""Characters of it in which secrets are looked for: many more than are shown, so that a secret is hidden before it is cut."""


class Credentials(NamedTuple):
    """The OAuth client that a client under test is."""

    client_id: str
    client_secret: str


class Seat(NamedTuple):
    """A client's place before the mock. In process, `handler` answers it, and `returned` wants to be told what came back.

    `wrote` collects the client's own output. `lines` gets the file and the line of the client's code that sent each request, by
    contextId, if that is known.
    """

    credentials: Credentials
    handler: Watched
    returned: ReturnListener
    lines: dict[str, tuple[str, int]]
    wrote: Wrote = unheard


class Intent(Protocol):
    """One thing that a client is asked to do, with a record of its outcome."""

    def ask(self, client: Any) -> Any:
        """Call the method of a client in Python that does it; what it returns may have to be awaited."""

    def question(self, number: int) -> bytes:
        """Return the line that asks a process for it, under this number."""

    def began(self) -> None:
        """To be called right before the client is asked."""

    def ended(self, outcome: Outcome, error: str = "") -> None:
        """To be called right after the client has answered."""


class Lost(Hung):
    """A client process ended, fell silent, or wrote something that is not an answer.

    `words` is the line of its stderr that says why, if one does. `waited`: it was given all the time it may have.
    """

    def __init__(self, how: str, words: str = "", *, waited: bool = False) -> None:
        super().__init__(how)
        self.words, self.waited = words, waited

    @property
    def told(self) -> str:
        """All of it in one line."""
        return shortened(f"{self}; it wrote: {self.words}" if self.words else str(self))


class Driver(ABC):
    """One client at work. Its time is real, unless it says otherwise: what passes for the mock does not pass for the client."""

    @property
    def output(self) -> str:
        """What the client wrote to stderr, as far as the driver can tell it from what others write."""
        return ""

    def conduct(self, body: Callable[[], None]) -> None:
        """Calls `body`, which calls `send` and `advance` alone of these, maybe in a thread in which that costs less.

        Raises what `body` does; Hung too, whose reason may have come to pass while `body` cannot go on.
        """
        body()

    @abstractmethod
    def send(self, intents: Sequence[Intent], schedule: Sequence[int]) -> None:
        """Ask for all of `intents` at once and wait for their end. Raises Hung; the client cannot be used afterwards.

        If several requests or answers wait, `schedule` picks the next one, in drivers that can make them wait.
        """

    def advance(self, seconds: float) -> None:  # noqa: B027 - see the class
        """Lets virtual time pass while no intent is open. Raises Hung."""

    def grant(self, seconds: float) -> None:  # noqa: B027 - see the class
        """Give an open intent so much more virtual time: a request of its will be on its way for that long."""

    @abstractmethod
    def give_up(self, why: str) -> None:
        """Makes `send` raise Hung; may be called from any thread."""

    @abstractmethod
    def close(self) -> None:
        """Ends the client and all that it has started. Raises Lost if it does not end as it should."""


class Clients(ABC):
    """How the clients of one target are made.

    `system` is the clock for the mock (milliseconds; None: the system's own). `open` comes before the first client and
    `close` after the last. `way_in` says how a client reaches the platform, for one that never did.
    """

    clock: Literal["virtual", "wall"] = "virtual"
    is_process = True
    """Whether each client is a process of its own, which takes a tenth of a second to start."""
    real_time = ""
    """Why the clock is real, in a few words, if it might have been virtual; else empty."""
    note = ""
    """Why a client's own time did not move with that clock since `begin`; empty if it did."""
    door: Literal["socket", "in_process"] = "socket"
    system: Callable[[], int] | None = None

    @property
    def way_in(self) -> str:
        """What a client has to do to reach the platform."""
        return "send its requests to the URL in its variable DAYFLY_BASE_URL"

    @property
    def strayed(self) -> bool:
        """True if a client has looked for the platform at a wrong place in this scenario."""
        return False

    @abstractmethod
    def open(self, make_app: Callable[[], WSGIApplication]) -> None:
        """Gets ready for clients that talk to the mock, which `make_app` makes a web application of."""

    def begin(self) -> None:  # noqa: B027 - a clock that is real goes on
        """A scenario begins."""

    @abstractmethod
    def start(self, seat: Seat) -> Driver:
        """A new client. Raises ClientError where none can be made."""

    def skip(self, seconds: float) -> None:  # noqa: B027 - a clock that is real goes on
        """Moves the clock on while there is no client, or one whose time is not virtual."""

    @abstractmethod
    def close(self) -> None:
        """Gives back what `open` took."""


class VirtualTimeClients(Clients):
    """Clients that share one virtual clock with the mock."""

    def __init__(self) -> None:
        self.time = VirtualClock()
        self.system = self.time.milliseconds

    def begin(self) -> None:
        """See Clients."""
        self.note = ""
        self.time.restart()

    def skip(self, seconds: float) -> None:
        """See Clients."""
        self.time.move_to(self.time.after(seconds))


def following(schedule: Sequence[int]) -> Callable[[int], int]:
    """Return a function that picks by the schedule one of so many that can go on; after its end, the oldest."""
    numbers = chain(schedule, repeat(0))
    return lambda waiting: next(numbers) % waiting


def hidden(text: str, credentials: Credentials | None) -> str:
    """Return a client's text without tokens, and without its secret if its `credentials` are known."""
    return Redactor(() if credentials is None else shown_as(*credentials)).text(text)


def shortened(text: str) -> str:
    """What a client says of a failure, or the beginning of it."""
    return text if len(text) <= LONGEST_ERROR else text[: LONGEST_ERROR - 1] + "…"


def told(text: str, credentials: Credentials | None) -> str:
    """Return the beginning of what a client says of a failure, without secrets."""
    return shortened(hidden(text[:LOOKED_AT], credentials))


def describe(error: BaseException, credentials: Credentials | None = None) -> str:
    """Return an exception in one short line, without secrets. A group of exceptions is told by what is in it."""
    return told("; ".join(" ".join(f"{type(one).__name__}: {one}".split()) for one in _leaves(error)), credentials)


def _leaves(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception, or those in a group."""
    if not isinstance(error, BaseExceptionGroup):
        yield error
        return
    for inner in error.exceptions:
        yield from _leaves(inner)
