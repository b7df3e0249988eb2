"""The production server: granian's workers around the mock, on a socket that this process opens itself.

Granian would silently share a port that is in use, and does not report which port it got. So the socket is opened here, and
replaces the one of a private method. Functional tests check everything this relies on.
"""

from __future__ import annotations

import ipaddress
import logging
import multiprocessing
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from granian import _granian
from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import MPServer

from mockserver.assemble import with_credentials
from mockserver.errors import MockServerError, SettingsError
from mockserver.ids import Ids
from mockserver.settings import Settings
from mockserver.web.app import create_app
from mockserver.web.calls import THREADS
from mockserver.web.listening import BACKLOG, listen, listen_at, url
from mockserver.web.log import LogLevel
from mockserver.web.tls import Identity
from mockserver.web.worker import STOP_WITHIN, Worker, WorkerLink

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

DEFAULT_PORT = 8403

MOST_HEAD = 16 << 10
"""The most bytes of a request's line and headers. Each of many connections may hold that many."""

CONNECTIONS = 4096
"""Connections that a worker keeps open."""

_HANDLER = {"class": "logging.StreamHandler", "formatter": "generic", "stream": "ext://sys.stderr"}
_LOGGING = {"handlers": {"console": _HANDLER, "access": _HANDLER}}


class ServerProcess(NamedTuple):
    """The data that a client needs to connect. `admin_token` is empty if the control API requires none, and so are the client's
    credentials if the platform knows no client.

    `authority` is the file of a throw-away authority that clients have to trust, or empty.
    """

    url: str
    client_id: str
    client_secret: str
    admin_token: str
    authority: str = ""


class WorkerFailed(MockServerError):
    """A worker could not start, or ended by itself. `problem` is the reason, as far as known."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


def default_app(settings: Settings) -> WSGIApplication:
    return create_app(settings=settings)


def run(
    settings: Settings,
    on_ready: Callable[[ServerProcess], None],
    *,
    host: str = "127.0.0.1",
    port: int = DEFAULT_PORT,
    path: Path | None = None,
    workers: int = 1,
    threads: int = THREADS,
    log_requests: bool = False,
    log_level: LogLevel = "warning",
    make_app: Callable[[Settings], WSGIApplication] = default_app,
    identity: Identity | None = None,
) -> int:
    """Serve until a signal. Return the exit status: 130 after an interrupt from the keyboard, else 0.

    Each worker is a process that makes its own application with `make_app`. `on_ready` is called when all of them have. It logs
    to standard error from `log_level` on. `info` adds a line for each request, like `log_requests`; `debug` adds the messages
    of granian.
    With a `path` the server listens at a Unix socket there; with an `identity` it speaks HTTPS. Raises SettingsError for
    settings that cannot be served, WorkerFailed if a worker cannot start or is lost.
    """
    if workers > 1:
        _refuse_what_workers_cannot_share(settings, workers)
    settings = with_credentials(settings, Ids())
    with listen(host, port) if path is None else _listening_at(path) as listening:
        _refuse_unguarded_control(settings, host, listening)
        scheme, authority = ("https", str(identity.authority or "")) if identity is not None else ("http", "")
        credentials = settings.client_id, settings.client_secret, settings.admin_token
        serving = ServerProcess(url(listening, scheme), *credentials, authority)
        link = WorkerLink()
        supervisor = _Supervisor(listening, link, workers, threads, identity, log_level, lambda: on_ready(serving))
        port = 0 if path is not None else listening.getsockname()[1]
        told = log_requests or log_level in {"info", "debug"}
        worker = Worker(make_app, settings, link, port, threads=threads, log_requests=told, log_level=log_level)
        return supervisor.run(worker)


@contextmanager
def _listening_at(path: Path) -> Iterator[socket.socket]:
    """Open the Unix socket at `path`, and remove its file at the end."""
    with listen_at(path) as listening:
        try:
            yield listening
        finally:
            path.unlink(missing_ok=True)


def _refuse_what_workers_cannot_share(settings: Settings, workers: int) -> None:
    if settings.store.startswith("memory:"):
        raise SettingsError("workers", workers, "cannot share a store in memory; use --store redis://HOST")
    if settings.journal_file:
        problem = "cannot be written by several workers, because each has its own numbers; use the control API's trace"
        raise SettingsError("journal", settings.journal_file, problem)


def _refuse_unguarded_control(settings: Settings, host: str, listening: socket.socket) -> None:
    if listening.family == socket.AF_UNIX:
        return  # its file is accessible only to this user
    address = ipaddress.ip_address(listening.getsockname()[0])
    if not address.is_loopback and not settings.admin_token:
        problem = "can be reached from other machines, which could control the mock: use --admin-token, or a loopback address"
        raise SettingsError("host", host, problem)


class _Supervisor(MPServer):
    """Granian's parent process, on a given socket. It knows when its workers have started, or why they could not."""

    def __init__(
        self,
        listening: socket.socket,
        link: WorkerLink,
        workers: int,
        threads: int,
        identity: Identity | None,
        log_level: LogLevel,
        on_ready: Callable[[], None],
    ) -> None:
        super().__init__(
            target="",
            interface=Interfaces.WSGI,
            http=HTTPModes.http1,
            http1_settings=HTTP1Settings(max_buffer_size=MOST_HEAD),
            websockets=False,
            workers=workers,
            blocking_threads=threads,
            backlog=BACKLOG,
            backpressure=CONNECTIONS,
            workers_kill_timeout=STOP_WITHIN + 1,
            log_level=LogLevels.debug if log_level == "debug" else LogLevels.error,
            log_dictconfig=_LOGGING,
            ssl_cert=identity and identity.certificate,
            ssl_key=identity and identity.key,
            ssl_protocol_min=SSLProtocols.tls12,
        )
        self._listening, self._link, self._on_ready = listening, link, on_ready
        self._log_level = log_level
        self._waiting = threading.Thread(target=self._await_workers, daemon=True)
        self._problem = ""
        self._signal = 0

    def run(self, worker: Worker) -> int:
        """Serve until a signal. Return the exit status, or raise WorkerFailed."""
        if sys.platform == "linux":  # on other systems, system libraries do not survive a fork
            multiprocessing.set_start_method("fork", force=True)
        with suppress(SystemExit):  # granian raises it when a worker is lost
            self.serve(target_loader=worker, wrap_loader=False)
        if not self._signal:
            self._waiting.join()
            raise WorkerFailed(self._problem or "a worker ended by itself, and the server with it")
        return 130 if self._signal == signal.SIGINT else 0

    def startup(self, spawn_target: Any, target_loader: Any) -> None:
        """Start the workers, and then the thread that waits for them, which must not run during the fork."""
        super().startup(spawn_target, target_loader)  # type: ignore[no-untyped-call]
        if self._log_level != "debug":
            logging.getLogger("_granian").setLevel(logging.CRITICAL)  # `run` reports a worker's failure, once
        self._waiting.start()

    def _await_workers(self) -> None:
        problem = self._link.first_problem(self.workers)
        if problem == "":
            self._on_ready()
        elif problem:
            self._problem = problem
            self.interrupt_signal = True
            self.main_loop_interrupt.set()

    def shutdown(self, exit_code: int = 0) -> None:
        """Stop the workers over their link, because they ignore signals."""
        for worker in self.wrks:
            worker.interrupt_by_parent = True
        self._link.cut()
        super().shutdown(exit_code)  # type: ignore[no-untyped-call]

    def signal_handler_interrupt(self, *args: Any) -> None:
        """Remember which signal came first."""
        self._signal = self._signal or args[0]
        super().signal_handler_interrupt()  # type: ignore[no-untyped-call]

    def signal_handler_reload(self, *args: Any) -> None:
        """End the server when its terminal closes; granian would restart it."""
        self.signal_handler_interrupt(*args)

    def _init_shared_socket(self) -> None:
        backlog = (BACKLOG,) if sys.platform.startswith(("linux", "freebsd")) else ()
        holder: Any = _granian.SocketHolder
        self._ssp, self._sso = None, self._listening
        self._shd = holder(self._listening.fileno(), self._listening.family == socket.AF_UNIX, *backlog)
