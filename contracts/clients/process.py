"""Drives a client in any language: one process, asked and answering in JSON Lines, over a socket and in real time."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Literal

from contracts.clients import lines
from contracts.clients.base import Clients, Driver, Hung, Intent, Lost, Seat, Wrote
from contracts.clients.child import Child, command_line, environment, telling_line
from contracts.clients.conversation import Conversation, hangs, left_at_work
from contracts.clients.errors import ClientProtocolError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

PATIENCE = 10.0
"""Seconds a client process may show nothing, neither an answer nor a request, while it has something to do."""


class ProcessClients(Clients):
    """Clients that `command` starts, in real time. `one_shot`: it starts one for each intent."""

    clock: Literal["virtual", "wall"] = "wall"

    def __init__(
        self,
        command: str,
        *,
        one_shot: bool = False,
        patience: float = PATIENCE,
        show_output: bool = False,
        real_time: str = "",
    ) -> None:
        """`real_time`: why the clients are not in virtual time, if somebody should be told so."""
        self._words = command_line(command)
        self._one_shot, self._patience = one_shot, patience
        self._show_output, self.real_time = show_output, real_time
        self._stack = ExitStack()
        self._url = ""

    def open(self, make_app: Callable[[], WSGIApplication]) -> None:
        """See Clients."""
        from mockserver.live import LiveServer

        self._url = self._stack.enter_context(LiveServer(make_app())).url

    def start(self, seat: Seat) -> Driver:
        """See Clients."""
        if self._show_output:
            seat = seat._replace(wrote=shown_too(seat.wrote))
        variables = environment(self._url, seat.credentials)
        if self._one_shot:
            from contracts.clients.one_shot import OneShotDriver

            return OneShotDriver(self._words, variables, seat, self._patience)
        child = Child(self._words, variables, seat.credentials, stdout=subprocess.PIPE, wrote=seat.wrote)
        return ProcessDriver(child, seat, self._patience)

    def close(self) -> None:
        """See Clients."""
        self._stack.close()


def shown_too(wrote: Wrote) -> Wrote:
    """Lets output through to standard error as well."""

    def write(stream: str, text: str) -> None:
        wrote(stream, text)
        sys.stderr.write(text)
        sys.stderr.flush()

    return write


Event = lines.ReplyLine | ClientProtocolError | Hung | None
"""What may happen while a client is at work; None: it has closed its standard output."""


class ProcessDriver(Driver):
    """One process, started once and asked as often as the scenario wants."""

    def __init__(self, child: Child, seat: Seat, patience: float) -> None:
        self._child, self._patience = child, patience
        self._handler, self._credentials = seat.handler, seat.credentials
        self._lines = lines.Lines(seat.credentials)
        self._conversation = Conversation()
        self._events: SimpleQueue[Event] = SimpleQueue()
        self._questions: SimpleQueue[bytes | None] = SimpleQueue()
        self._is_lost = False
        self._reader = threading.Thread(target=self._read, name="dayfly client", daemon=True)
        self._writer = threading.Thread(target=self._write, name="dayfly client", daemon=True)
        self._reader.start()
        self._writer.start()

    @property
    def output(self) -> str:
        """See Driver."""
        return self._child.tail

    def send(self, intents: Sequence[Intent], schedule: Sequence[int]) -> None:  # noqa: ARG002 - nobody schedules a process
        """See Driver. Raises Lost if the client does not keep to the protocol, ends or hangs."""
        self._is_lost = True  # unless it gets to the end of this
        self._drain()
        for intent in intents:
            self._questions.put(self._conversation.ask(intent))
        while self._conversation.is_open:
            self._settle(self._next())
        self._is_lost = False

    def give_up(self, why: str) -> None:
        """See Driver."""
        self._events.put(Hung(why))

    def close(self) -> None:
        """See Driver: ends the client's input and waits for its end."""
        self._questions.put(None)
        try:
            status = self._child.wait(0) if self._is_lost else self._child.wait_while_busy(self._patience, self._requests)
        finally:
            self._child.kill(self._reader, self._writer)
        if not self._is_lost:
            self._is_lost = True  # a second call has nothing left to check
            self._check_end(status)

    def _requests(self) -> int:
        return self._handler.requests

    def _check_end(self, status: int | None) -> None:
        if status is None:
            self._drain()
        self._conversation.check_end(status, self._patience, self._words)
        self._drain()

    def _settle(self, event: Event) -> None:
        """Takes notice of one event."""
        if isinstance(event, ClientProtocolError):
            raise Lost(event.problem)  # it goes on: what it has written to stderr by now is a matter of luck
        if isinstance(event, Hung):
            raise event
        if event is None:
            raise left_at_work(self._child.wait(self._patience), self._words)
        self._conversation.settle(event)

    def _next(self) -> Event:
        """The next event. Raises Lost if the client shows nothing for too long."""
        life = self._child.life(self._patience, self._requests)
        while True:
            try:
                return self._events.get(timeout=self._patience)
            except Empty:
                if life.is_still():
                    raise hangs(self._patience, self._lines.unfinished, self._words) from None

    def _drain(self) -> None:
        """Looks at what the client said without being asked."""
        while not self._events.empty():
            event = self._events.get()
            if event is None:  # to be met by who waits for an answer
                self._events.put(None)
                return
            self._settle(event)

    @property
    def _words(self) -> str:
        return telling_line(self._child.tail)

    def _read(self) -> None:
        """In a thread, up to the first line that does not belong there: a client may write more than there is room for."""
        try:
            for line in self._lines.read(self._child.stdout):
                self._events.put(self._conversation.expected(lines.reply(line, self._credentials)))
            self._events.put(None)
        except ClientProtocolError as error:
            self._events.put(error)

    def _write(self) -> None:
        while (line := self._questions.get()) is not None:
            self._child.write(line)
        self._child.end_input()
