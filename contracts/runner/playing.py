"""One client at work on a scenario, on whatever platform."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Generic, NamedTuple, Protocol, TypeVar

from contracts.clients.base import Clients, Credentials, Driver, Hung, Intent, Lost, ReturnListener, Seat, hidden
from contracts.clients.watched import Watched
from contracts.output import Output, OutputLine
from contracts.runner.triggers import RequestTrigger, RequestWatch

T = TypeVar("T")


class PendingIntent(Intent, Protocol):
    """An intent under way that can end without an answer of the client."""

    def give_up(self, why: str) -> None:
        """Note that the client did not answer, unless it did."""


class Ran(NamedTuple, Generic[T]):
    """The result of a scenario: its `trace`, the client's output to stderr, and `hung`: why it was given up, or "".

    `client_id` is its id as an OAuth client. `lost`: it was a process that ended, fell silent or wrote something that is not an
    answer. `slow`: finding that out took all the time, or with `flooded` all the requests, that it may have. `log` returns its
    whole output, line by line. `lines` are the file and the line of the client's code that made each request, by contextId, as
    far as they are known.
    """

    trace: T
    output: str = ""
    hung: str = ""
    client_id: str = ""
    lost: bool = False
    slow: bool = False
    flooded: bool = False
    log: Callable[[], tuple[OutputLine, ...]] = tuple
    lines: Mapping[str, tuple[str, int]] = {}


class Playing:
    """A client that is asked for intents. `hung` is why it had to be given up, if it had.

    Output is noted at the place that `latest` returns; `returned` is told of requests that came back.
    """

    def __init__(
        self, clients: Clients, credentials: Credentials, handler: Watched, returned: ReturnListener, latest: Callable[[], int]
    ) -> None:
        self._clients, self._credentials = clients, credentials
        self._written, self._watch = Output(latest), RequestWatch()
        self._seat = Seat(credentials, handler, returned, {}, self._written.write)
        self._open: Sequence[PendingIntent] = ()
        self._driver: Driver | None = None
        self.hung: Hung | None = None

    @property
    def output(self) -> str:
        """The client's output to stderr."""
        return "" if self._driver is None else self._driver.output

    def ran(self, trace: T, client_id: str = "") -> Ran[T]:
        """Return the result of the scenario, of which this is the trace."""
        hung = self.hung
        return Ran(
            trace,
            self.output,
            "" if hung is None else str(hung),
            client_id,
            lost=isinstance(hung, Lost),
            slow=hung is not None and (not isinstance(hung, Lost) or hung.waited),
            flooded=self._watch.flooded,
            log=self._written.lines(lambda text: hidden(text, self._credentials)),
            lines=self._seat.lines,
        )

    def to_end(self, play: Callable[[], None]) -> None:
        """Have the scenario played, and end the client. Raises the mock's own failure, for which no client is to blame."""
        try:
            play()
        finally:
            self.close()
        if self._seat.handler.failure is not None:
            raise self._seat.handler.failure

    def close(self) -> None:
        """End the client, which may show only now that it has to be given up."""
        try:
            if self._driver is not None:
                self._driver.close()
        except Hung as hung:
            self._give_up(hung)

    def _ask(
        self, driver: Driver, intents: Sequence[PendingIntent], schedule: Sequence[int], triggers: Sequence[RequestTrigger]
    ) -> None:
        """Ask for all intents at once. Raises Hung."""
        self._open = intents
        self._watch.begin(triggers, len(intents), driver.give_up)
        driver.send(intents, schedule)
        self._watch.end()
        self._open = ()

    def _goes_through(self, items: Callable[[], None]) -> bool:
        """Run items to their end; return False if the client had to be given up."""
        try:
            items()
        except Hung as hung:
            self._give_up(hung)
            return False
        finally:
            self._watch.end()
        return True

    def _give_up(self, hung: Hung) -> None:
        """End the intents that are open. The first reason counts."""
        self.hung = self.hung or hung
        for intent in self._open:
            intent.give_up(hung.told if isinstance(hung, Lost) else str(hung))
        self._open = ()
