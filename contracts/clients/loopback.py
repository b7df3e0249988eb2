"""The platform behind a real socket, under the scheduler of its client. A scheduled thread serves each connection.

So a request, its answer and every wait between them are steps like the client's own: one at a time, in a chosen order, in
virtual time. The clock jumps only when nothing is on its way any more.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from functools import partial
from typing import Any

from contracts.clients import sockets
from contracts.clients.base import Seat
from contracts.clients.clock import LAST
from contracts.clients.connections import DELIVERY, READABLE, ClientEnd, Endpoint, arrived, is_ready, late
from contracts.clients.scheduled import current_scheduler
from contracts.clients.scheduler import Scheduler
from contracts.clients.virtual.connection import Connection
from mockserver.wire import Request, Response

HOST = "127.0.0.1"
BACKLOG = socket.SOMAXCONN
"""A client may connect many times before the scheduler accepts one; beyond this number each connection waits in real time."""

STRANGER = (
    "a connection was made by something else than Python's own sockets in a thread of the client's"
    " (libcurl, gevent, uvloop, another process, a thread that runs since the import)"
)
"""The note about a connection whose other end was not seen."""

GRACE = 1.0
"""Seconds of real time to wait for a thread that should end."""


class Loopback:
    """Serves one client under its scheduler, as long as the scheduler lasts, at `url`."""

    def __init__(self, scheduler: Scheduler, seat: Seat) -> None:
        self._scheduler, self._seat = scheduler, seat
        scheduler.late = late
        self._listening = socket.create_server((HOST, 0), backlog=BACKLOG)
        self._port: int = self._listening.getsockname()[1]
        self.url = f"http://{HOST}:{self._port}"
        self._coming: dict[Any, ClientEnd] = {}
        self._ends: list[Endpoint] = []
        self._threads: list[threading.Thread] = []
        sockets.listen(self._port, self._connected)
        self._start(self._accept)

    def close(self) -> None:
        """Wait for the threads, and close the connections that the client left open. Call it after the scheduler is closed."""
        sockets.leave(self._port)
        for thread in self._threads:
            if thread.ident is not None:  # else the scheduler was given up before it ran
                thread.join(GRACE)
        self._listening.close()
        for end in self._ends:
            end.close()

    def _connected(self, client: socket.socket) -> None:
        """Note a connection of the client, in the client's thread."""
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else a request in two parts waits for the system's clock
        end = ClientEnd(client, self._scheduler, self._seat)
        self._coming[client.getsockname()] = end
        self._ends.append(end)
        arrived(self._listening)

    def _start(self, body: Callable[[], None]) -> None:
        thread = threading.Thread(target=body, name="dayfly platform", daemon=True)
        if current_scheduler() is None:  # a thread that a scheduled thread starts is a scheduled thread anyway
            thread.run = self._scheduler.adopt(thread.run)  # type: ignore[method-assign]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            self._scheduler.wait_until(self._is_called, None)
            connection, address = self._listening.accept()
            self._start(partial(self._serve, connection, address[1], self._coming.pop(address, None)))

    def _is_called(self) -> bool:
        """Return whether a connection can be accepted; one that was made is waited for."""
        return is_ready(self._listening, READABLE, DELIVERY if self._coming else 0)

    def _serve(self, connection: socket.socket, port: int, client: ClientEnd | None) -> None:
        with closing(connection):
            own = Endpoint(connection)
            if client is None:
                self._scheduler.notice(STRANGER)
            else:
                own.peer, client.peer = client, own
            self._talk(connection, port, client)
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            own.has_ended()
            if client is not None:
                client.is_deserted()

    def _talk(self, connection: socket.socket, port: int, client: ClientEnd | None) -> None:
        """Answer one request after another, as long as the client wants."""
        try:
            line = _Line(connection, port, client)
            while True:
                request = line.next_request()
                if request is not None:
                    self._exchange(line, request)
                elif line.is_over or not line.receive():
                    return
        except OSError:  # the client is gone
            pass
        except Exception:
            if self._seat.handler.failure is None:  # otherwise the scenario's runner reports it
                raise

    def _exchange(self, line: _Line, request: Request) -> None:
        """Answer a request, delayed, cut short or not at all if a fault says so."""
        handler, scheduler = self._seat.handler, self._scheduler
        call = handler.arrive(request)
        if line.client is not None:
            line.client.has_arrived(call.context_id)
        if call.delay:
            scheduler.sleep(call.delay + LAST)
        answer = handler.finish(call)
        if answer.delay:
            scheduler.sleep(answer.delay + LAST)
        line.deliver(answer)


class _Line(Connection):
    """A connection of the client's. `client` is None if the client does not use Python's own sockets."""

    def __init__(self, own: socket.socket, port: int, client: ClientEnd | None) -> None:
        super().__init__(own, port, 0)
        self.client = client
        self._holds = False

    def deliver(self, answer: Response) -> None:
        """Send an answer, after the client's end has been told how long it is."""
        self._holds = True
        second = self.answer(answer)
        self._holds = False
        if answer.delivery == "complete" and self.client is not None:
            self.client.is_answered(len(self.outbox) + len(second))
        self.flush()
        if second:
            self.answer_rest(second)

    def flush(self) -> None:
        """See Connection."""
        if not self._holds:
            super().flush()
