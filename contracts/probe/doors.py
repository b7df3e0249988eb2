"""Ways to ask a provider: over HTTP, or without a socket."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Protocol

from contracts.asking import Reply

if TYPE_CHECKING:
    from contracts.probe.web import Web
    from mockserver.wire import Call, Handler, Request, Response


class Door(Protocol):
    """One replica, as it can be asked."""

    in_process: bool
    at_once: int
    """Requests that a race has on their way at the same time."""

    def ask(self, request: Request) -> Reply:
        """One exchange. Raises ProbeError where nothing comes back."""
        ...

    def begin(self, request: Request) -> Callable[[], Reply]:
        """Sends a request while others are on their way, and returns what waits for the answer."""
        ...

    def reconnect(self) -> None:
        """Forgets connections that a restart has broken."""
        ...

    def close(self) -> None:
        """Gives back connections."""
        ...


class HttpDoor:
    """A provider on the web."""

    in_process = False
    at_once = 16

    def __init__(self, web: Web) -> None:
        self._web = web
        self._pool = ThreadPoolExecutor(self.at_once, "dayfly-probe")

    def ask(self, request: Request) -> Reply:
        """See Door."""
        told = {"Authorization": request.authorization, "Content-Type": request.content_type}
        headers = {name: value for name, value in told.items() if value is not None}
        return self._web.ask(request.method, request.path, content=request.body, headers=headers)

    def begin(self, request: Request) -> Callable[[], Reply]:
        """See Door."""
        return self._pool.submit(self.ask, request).result

    def reconnect(self) -> None:
        """See Door."""
        self._web.reconnect()

    def close(self) -> None:
        """See Door."""
        self._pool.shutdown()
        self._web.close()


class HandlerDoor:
    """The mock in this process. `handler` gives the one that serves now: another one after a restart.

    A race is one whatever the threads do: every request has read what it needs before the first of them is decided.
    """

    in_process = True
    at_once = 3

    def __init__(self, handler: Callable[[], Handler]) -> None:
        self._handler = handler

    def ask(self, request: Request) -> Reply:
        """See Door."""
        return _reply(self._handler().handle(request))

    def begin(self, request: Request) -> Callable[[], Reply]:
        """See Door."""
        handler = self._handler()
        return partial(_finish, handler, handler.arrive(request))

    def reconnect(self) -> None:
        """See Door: there is nothing to be broken."""

    def close(self) -> None:
        """See Door: there is nothing to give back."""


def _finish(handler: Handler, call: Call) -> Reply:
    return _reply(handler.finish(call))


def _reply(response: Response) -> Reply:
    return Reply(response.status, {name.lower(): value for name, value in response.headers}, response.body)
