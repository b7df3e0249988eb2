"""The platform's side of a simulation: what is under way on the client's connections."""

from __future__ import annotations

import heapq
import selectors
import socket
from collections.abc import Callable
from functools import partial
from typing import Any

from contracts.clients.base import Seat
from contracts.clients.clock import LAST, VirtualClock
from contracts.clients.virtual.connection import Connection
from contracts.clients.virtual.protocol import MICROSECOND
from mockserver.wire import Request, Response

HOST = "127.0.0.1"

Step = Callable[[], None]


class SteppedServer:
    """A server for one client, on `port`, whose requests and answers go on one step at a time.

    What comes in waits for `collect`. `parked` are the steps that can be taken now, and the rest are due at some moment.
    `has_sent`: something was sent to the client, or a connection closed, since that was last set to False.
    """

    def __init__(self, clock: VirtualClock, selector: selectors.BaseSelector) -> None:
        self.seat: Seat
        self.parked: list[Step] = []
        self.has_sent = False
        self._clock, self._selector = clock, selector
        self._listening = socket.create_server((HOST, 0), backlog=socket.SOMAXCONN)
        self._listening.setblocking(False)
        self.port: int = self._listening.getsockname()[1]
        self._connections: dict[int, Connection] = {}
        self._accepted = 0
        self._gone: list[Connection] = []
        self._fresh: list[tuple[Connection, Step]] = []
        self._due: list[tuple[int, int, Step]] = []
        self._put = 0
        selector.register(self._listening, selectors.EVENT_READ, self._accept)

    @property
    def next(self) -> int | None:
        """When the next step is due, in microseconds since 1970."""
        return self._due[0][0] if self._due else None

    @property
    def has_requests(self) -> bool:
        """Whether requests have come that wait for `collect`, and that the client still waits for."""
        return any(connection.is_open for connection, _ in self._fresh)

    def take_due(self) -> None:
        """Take the step that is due first."""
        heapq.heappop(self._due)[2]()

    def note_closed(self) -> None:
        """Note which requests the client has stopped waiting for, in the order in which their connections were made."""
        for connection in sorted(self._gone, key=lambda gone: gone.number):
            self._came_back(connection, answered=False)
        self._gone.clear()

    def collect(self) -> None:
        """Let the requests that have come arrive at any time from now on, oldest connection first."""
        self.parked += [step for _, step in sorted(self._fresh, key=lambda fresh: fresh[0].number)]
        self._fresh.clear()

    def agrees(self, port: int, read: int, written: int) -> bool:
        """Return whether a client that has read and written so many bytes on the connection from `port` has got everything."""
        connection = self._connections.get(port)
        return connection is None or (connection.read >= written and read >= connection.written)

    def close(self) -> None:
        """Close every connection."""
        for connection in list(self._connections.values()):
            self._drop(connection)
        self._selector.unregister(self._listening)
        self._listening.close()

    # -- what comes in ---------------------------------------------------------------------------------------------------

    def _accept(self) -> None:
        while True:
            try:
                own, address = self._listening.accept()
            except OSError:
                return
            own.setblocking(False)
            self._accepted += 1
            connection = self._connections[address[1]] = Connection(own, address[1], self._accepted)
            self._selector.register(own, selectors.EVENT_READ, partial(self._serve, connection))

    def _serve(self, connection: Connection) -> None:
        """Something has come on a connection, or there is room on it for what is to be sent."""
        if connection.outbox:
            connection.flush()
            self.has_sent = True
        if connection.receive():
            self._take_request(connection)
        else:
            self._gone.append(connection)
            self._drop(connection)

    def _take_request(self, connection: Connection) -> None:
        request = connection.next_request()
        if request is not None:
            self._fresh.append((connection, partial(self._arrive, connection, request)))
        self._tend(connection)

    # -- what goes on ----------------------------------------------------------------------------------------------------

    def _arrive(self, connection: Connection, request: Request) -> None:
        call = self.seat.handler.arrive(request)
        if connection.is_open:
            connection.context_id = call.context_id
        else:  # the client has stopped waiting already
            self.seat.returned(call.context_id, False)
        self._after(call.delay, partial(self._finish, connection, call))

    def _finish(self, connection: Connection, call: Any) -> None:
        answer = self.seat.handler.finish(call)
        self._after(answer.delay, partial(self.parked.append, partial(self._deliver, connection, answer)))

    def _after(self, delay: float, step: Step) -> None:
        """Take a step after so many seconds; whatever the client has set for the same moment strikes first."""
        if not delay:
            step()
            return
        self._put += 1
        heapq.heappush(self._due, (self._clock.after(delay + LAST) // MICROSECOND, self._put, step))

    def _deliver(self, connection: Connection, answer: Response) -> None:
        if not connection.is_open:
            return
        self._came_back(connection, answered=True)
        second = connection.answer(answer)
        if second:
            self.parked.append(partial(self._deliver_rest, connection, second))
        self._go_on(connection)

    def _deliver_rest(self, connection: Connection, second: bytes) -> None:
        if connection.is_open:
            connection.answer_rest(second)
            self._go_on(connection)

    def _go_on(self, connection: Connection) -> None:
        """Something was sent; the next request may have come before."""
        self.has_sent = True
        self._tend(connection)
        if connection.is_open and not connection.is_busy:
            self._take_request(connection)

    def _came_back(self, connection: Connection, *, answered: bool) -> None:
        if connection.context_id:
            self.seat.returned(connection.context_id, answered)
            connection.context_id = ""

    def _tend(self, connection: Connection) -> None:
        """Close a connection that is over, and wait for room on one that has more to send."""
        if not connection.is_open:
            return
        if connection.is_over:
            self.has_sent = True
            self._drop(connection)
        else:
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if connection.outbox else 0)
            self._selector.modify(connection.own, events, partial(self._serve, connection))

    def _drop(self, connection: Connection) -> None:
        self._selector.unregister(connection.own)
        connection.close()
        self._connections.pop(connection.port, None)
