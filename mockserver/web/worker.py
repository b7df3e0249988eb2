"""A worker's side of serving: its start, its stop, and what it adds to every call."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from multiprocessing import Pipe
from multiprocessing.util import Finalize
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from mockserver import clock
from mockserver.errors import MockServerError
from mockserver.settings import Settings
from mockserver.web.calls import THREADS, Calls
from mockserver.web.log import LogLevel, log_to_standard_error
from mockserver.web.memory import keep_little
from mockserver.web.spans import traced
from mockserver.wire import MAX_READ, ROUTES
from mockserver.wire.redaction import Secrets

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SERVER = ("Server", "dayfly")

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

SURELY_READ = 7
"""Digits of a Content-Length that is surely below MAX_READ."""

DRAINED_AT_ONCE = 1 << 18

STOP_WITHIN = 5
"""Seconds that a stopping worker has to finish its current answers."""


class WorkerLink:
    """The link between workers and their parent. Workers report their start; a lifeline breaks when the parent stops or
    dies."""

    def __init__(self) -> None:
        self._heard, self._told = Pipe(duplex=False)
        self._lifeline, self._held = Pipe(duplex=False)

    def first_problem(self, workers: int) -> str | None:
        """In the parent, after the workers were forked: wait for their reports and return the first problem.

        It is "" if all have started, None if the last of them ended without a report.
        """
        self._told.close()
        try:
            return next(filter(None, (self._heard.recv() for _ in range(workers))), "")
        except EOFError:
            return None

    def cut(self) -> None:
        """In the parent: stop the workers."""
        self._held.close()

    def report(self, problem: str = "") -> None:
        """In a worker: report that it has started, or why it cannot."""
        self._told.send(problem)
        self._told.close()

    def wait(self) -> None:
        """In a worker: block until the parent stops or dies."""
        self._held.close()
        try:
            self._lifeline.recv()
        except EOFError:
            return


class Worker:
    """Called in a worker's process. It makes the application with `make_app`, and reports the result over `link`."""

    def __init__(
        self,
        make_app: Callable[[Settings], WSGIApplication],
        settings: Settings,
        link: WorkerLink,
        port: int,
        *,
        threads: int = THREADS,
        log_requests: bool = False,
        log_level: LogLevel = "warning",
    ) -> None:
        """`port` is the server's, 0 for a Unix socket. `threads` is how many requests it answers at once."""
        self._make_app, self._settings, self._link, self._log_requests = make_app, settings, link, log_requests
        self._port, self._threads, self._log_level = port, threads, log_level

    def __call__(self) -> WSGIApplication:
        """Return the application to serve. Exits if it cannot be made."""
        _heed_no_signals()
        _hide_lookalikes()
        keep_little()
        log_to_standard_error(self._log_level)
        stopping = threading.Event()
        threading.Thread(target=self._stop_with_parent, args=(stopping,), daemon=True).start()
        try:
            app = self._make_app(self._settings)
        except MockServerError as error:
            self._link.report(str(error))
            sys.exit(1)
        handler = getattr(app, "handler", None)
        serving = handler or getattr(app, "answering", None)
        if serving is not None:  # after the last request; atexit does not run in this process
            Finalize(None, serving.unserved.close, exitpriority=0)
        self._link.report()
        calls = Calls(stopping, self._port, self._threads)
        threading.Thread(target=calls.watch, name="dayfly-calls", daemon=True).start()
        shown = traced(logged(app) if self._log_requests else app, getattr(handler, "platform", None))
        return calls.served(named(shown), getattr(app, "refuse", None))

    def _stop_with_parent(self, stopping: threading.Event) -> None:
        self._link.wait()
        stopping.set()
        stop = signal.getsignal(signal.SIGTERM)
        if callable(stop):  # granian's handler, which is set while it serves
            stop(signal.SIGTERM, None)
            clock.pause(STOP_WITHIN)
        os._exit(1)


def _heed_no_signals() -> None:
    """Ignore signals, because a worker stops with its parent.

    Granian's handler deadlocks if a second signal interrupts it, and Ctrl-C reaches every process of a terminal. Threads
    started later inherit this.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    for number in SIGNALS:
        signal.signal(number, signal.SIG_DFL)  # instead of the parent's


def _hide_lookalikes() -> None:
    """Remove variables that look like headers, such as `HTTP_PROXY`: granian copies the environment into every call's."""
    for name in [name for name in os.environ if name.startswith(("HTTP_", "CONTENT_"))]:
        del os.environ[name]


def named(app: WSGIApplication) -> WSGIApplication:
    """Return `app` with the server's name on its answers, and without unread bodies."""

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            return start_response(status, [*headers, SERVER], exc_info)

        return app(environ, start) if is_read_by_the_lane(environ) else _answered_after_the_body(app, environ, start)

    return serve


def is_read_by_the_lane(environ: WSGIEnvironment) -> bool:
    """Return True if the request is without a body, or has one that the fast lane reads to its end."""
    length = environ.get("CONTENT_LENGTH")
    if length:
        return environ["PATH_INFO"] in ROUTES and len(length) <= SURELY_READ
    return "HTTP_TRANSFER_ENCODING" not in environ


def _answered_after_the_body(app: WSGIApplication, environ: WSGIEnvironment, start: Any) -> Iterable[bytes]:
    """Answer after reading the rest of the body, because granian would otherwise break off the connection after the answer.

    A client that sends a body before it reads would not see the answer, and its next request would fail. A body that is too
    long is not read; then the answer says that the connection ends.
    """
    begun: list[Any] = []
    keep: Any = lambda *status_and_headers: begun.append(status_and_headers)  # noqa: E731 - a StartResponse to mypy
    body = app(environ, keep)
    is_read = _read_to_the_end(environ)
    for status, headers, *exc_info in begun:
        start(status, headers if is_read else [*headers, ("Connection", "close")], *exc_info)
    return body


def _read_to_the_end(environ: WSGIEnvironment) -> bool:
    """Read the rest of the body. Return whether it was no more than MAX_READ bytes."""
    if environ.get("HTTP_EXPECT"):  # the client waits for `100 Continue` before it sends
        return False
    left = MAX_READ
    while left > 0:
        read = len(environ["wsgi.input"].read(min(left, DRAINED_AT_ONCE)))
        if not read:
            return True
        left -= read
    return False


def logged(app: WSGIApplication) -> WSGIApplication:
    """Return `app` with a line on standard error for each answer: time, method, path, status, reason, contextId."""
    now = clock.system_clock()
    handler = getattr(app, "handler", None) or getattr(app, "answering", None)
    hide: Callable[[str], str] = Secrets().hide if handler is None else handler.hide

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            sys.stderr.write(f"{clock.iso(now())} {_line(environ, status, dict(headers), hide)}\n")
            return start_response(status, headers, exc_info)

        return app(environ, start)

    return serve


def _line(environ: WSGIEnvironment, status: str, headers: dict[str, str], hide: Callable[[str], str]) -> str:
    """Return the line for an answer. It omits the query, which may contain secrets."""
    path = hide(quote(environ["PATH_INFO"], encoding="latin-1"))
    told = (headers.get("Dayfly-Reason"), headers.get("ININ-Correlation-Id"))
    return " ".join([environ["REQUEST_METHOD"], path, status[:3], *filter(None, told)])
