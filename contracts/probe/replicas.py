"""Ways to send requests to a provider: over HTTP, or without a socket."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol

from contracts.platform_requests import PlatformReply

if TYPE_CHECKING:
    from contracts.remote.web import Web
    from mockserver.wire import Handler, Request, Response


class Replica(Protocol):
    """A way to one replica."""

    in_process: bool
    at_once: int
    """Requests that a race sends at the same time."""

    def ask(self, request: Request) -> PlatformReply:
        """Make one request. Raises ProbeError if no answer comes."""
        ...

    def begin(self, request: Request) -> Callable[[], PlatformReply]:
        """Send a request while others are under way. Return a function that waits for the answer."""
        ...

    def reconnect(self) -> None:
        """Replace connections that a restart has broken."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...


class HttpDoor:
    """A provider at a URL."""

    in_process = False
    at_once = 16

    def __init__(self, web: Web) -> None:
        self._web = web
        self._pool = ThreadPoolExecutor(self.at_once, "dayfly-probe")

    def ask(self, request: Request) -> PlatformReply:
        """See Replica."""
        told = {"Authorization": request.authorization, "Content-Type": request.content_type}
        headers = {name: value for name, value in told.items() if value is not None}
        return self._web.ask(request.method, request.path, content=request.body, headers=headers)

    def begin(self, request: Request) -> Callable[[], PlatformReply]:
        """See Replica."""
        return self._pool.submit(self.ask, request).result

    def reconnect(self) -> None:
        """See Replica."""
        self._web.reconnect()

    def close(self) -> None:
        """See Replica."""
        self._pool.shutdown()
        self._web.close()


class HandlerDoor:
    """The mock in this process. `handler` returns the current handler, which a restart replaces.

    A race always happens, independent of threads: every request has read its data before the first is decided.
    """

    in_process = True
    at_once = 3

    def __init__(self, handler: Callable[[], Handler]) -> None:
        self._handler = handler

    def ask(self, request: Request) -> PlatformReply:
        """See Replica."""
        return _reply(self._handler().handle(request))

    def begin(self, request: Request) -> Callable[[], PlatformReply]:
        """See Replica."""
        handler = self._handler()
        call = handler.arrive(request)
        return lambda: _reply(handler.finish(call))

    def reconnect(self) -> None:
        """Do nothing: in process, nothing is connected."""

    def close(self) -> None:
        """Do nothing: in process, nothing is connected."""


def _reply(response: Response) -> PlatformReply:
    return PlatformReply(response.status, {name.lower(): value for name, value in response.headers}, response.body)
