"""A server in a thread of this process, for tests: waitress, on a port chosen by the system."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

from waitress import wasyncore
from waitress.server import BaseWSGIServer, create_server
from waitress.task import ThreadedTaskDispatcher

from mockserver.clock import monotonic
from mockserver.web.delivery import DELAY, PAUSE
from mockserver.web.listening import listen, url

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from mockserver.web.tls import Identity
    from mockserver.web.tls_front import TlsFront

MAX_CONNECTIONS = 1000
"""The most connections and threads. Threads are made when they are needed, so that no waiting request delays another."""

LOOKS = 0.25
"""Seconds between two checks whether the client of a delayed answer has hung up."""


class LiveServer:
    """Serves the WSGI application `app` while the context lasts, at `url` and `port`.

    With an `identity` it speaks HTTPS.

    At the end it answers the current requests without the waits of faults, and closes every connection. Entering raises
    SettingsError if the port cannot be used.
    """

    url: str
    port: int

    def __init__(
        self, app: WSGIApplication, host: str = "127.0.0.1", port: int = 0, *, identity: Identity | None = None
    ) -> None:
        self._app, self._host, self._wanted, self._identity = app, host, port, identity
        self._front: TlsFront | None = None

    def __enter__(self) -> Self:
        listening = listen(self._host, self._wanted)
        self.url, self.port = url(listening), listening.getsockname()[1]
        if self._identity is not None:
            listening = self._behind_tls(listening, self._identity)
        self._stopping, self._closing = threading.Event(), threading.Event()
        self._pool, self._map = _Pool(), dict[int, Any]()
        self._server = self._listen_with(listening)
        self._loop = threading.Thread(target=self._run, name="dayfly-live", daemon=True)
        self._loop.start()
        if self._front is not None:
            self._front.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stopping.set()
        self._pool.shutdown()
        self._closing.set()
        self._server.pull_trigger()
        self._loop.join()
        wasyncore.close_all(self._map)
        if self._front is not None:
            self._front.close()

    def _behind_tls(self, listening: socket.socket, identity: Identity) -> socket.socket:
        """Put TLS in front, and return the socket for the plain server behind it."""
        from mockserver.web.tls_front import TlsFront

        plain = listen("127.0.0.1", 0)
        self.url = url(listening, "https")
        self._front = TlsFront(listening, identity, plain.getsockname())
        return plain

    def _listen_with(self, listening: socket.socket) -> BaseWSGIServer:
        server = create_server(
            self._answer,
            map=self._map,
            _dispatcher=self._pool,
            sockets=[listening],
            ident="dayfly",
            url_scheme="https" if self._front is not None else "http",
            connection_limit=MAX_CONNECTIONS,
            clear_untrusted_proxy_headers=False,
            log_socket_errors=False,
            channel_request_lookahead=1,  # without it, a client that hangs up before the answer is not noticed
        )
        return cast("BaseWSGIServer", server)  # one socket gives one server

    def _run(self) -> None:
        while not self._closing.is_set():
            wasyncore.loop(use_poll=True, map=self._map, count=1)  # select() is limited to file descriptors below 1024

    def _answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ[PAUSE], environ[DELAY] = self._stopping.wait, self._delay
        return self._app(environ, start_response)

    def _delay(self, environ: WSGIEnvironment, seconds: float) -> None:
        """Wait for `seconds`, or until the server stops or the client hangs up."""
        until = monotonic() + seconds
        while not environ["waitress.client_disconnected"]():
            left = until - monotonic()
            if left <= 0 or self._stopping.wait(min(left, LOOKS)):
                return


class _Pool(ThreadedTaskDispatcher):
    """Threads made when needed. waitress' own pool starts all of them at once and leaves them behind when it stops."""

    def __init__(self) -> None:
        super().__init__()
        self._threads = ThreadPoolExecutor(MAX_CONNECTIONS, "dayfly-live")

    def add_task(self, task: Any) -> None:
        with suppress(RuntimeError):  # stopping: the connection is closed soon
            self._threads.submit(task.service)

    def shutdown(self, cancel_pending: bool = True, timeout: int = 0) -> bool:  # noqa: ARG002 - the base class has it
        self._threads.shutdown(cancel_futures=cancel_pending)
        return True
