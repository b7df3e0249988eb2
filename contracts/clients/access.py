"""The platform as a client under test sees it: the one argument of its factory."""

from __future__ import annotations

import asyncio
import ssl
from functools import cache
from typing import TYPE_CHECKING, Any

from contracts.clients.base import Seat
from contracts.clients.http import Library, make_client
from contracts.clients.names import BASE_URL
from contracts.clients.scheduler import Scheduler
from contracts.clients.transport import LoopTransport, ScheduledTransport, sleep

if TYPE_CHECKING:
    from contracts.clients.loopback import Loopback


class PlatformAccess:
    """The platform's address and the client's credentials. `now()` and `sleep()` are in seconds of the client's time."""

    base_url: str

    def __init__(self, seat: Seat, scheduler: Scheduler) -> None:
        self.client_id, self.client_secret = seat.credentials
        self._seat, self._scheduler = seat, scheduler

    def http_client(self, *, asynchronous: bool = False, library: Library = "httpx", **options: Any) -> Any:
        """Return a `Client` of the library, or its `AsyncClient`, that reaches the platform. `options` are the library's own;
        paths are relative to `base_url`. Raises NoSuchLibrary."""
        raise NotImplementedError

    def now(self) -> float:
        """Return the seconds since the epoch."""
        return self._scheduler.clock.seconds()

    def sleep(self, seconds: float) -> Any:
        """Wait. In a coroutine, await the result."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return sleep(seconds)
        return asyncio.sleep(seconds)

    def close(self) -> None:
        """Release the connection to the platform. The client does not call it."""


class InProcessAccess(PlatformAccess):
    """A platform that is called in this process. `http_client` brings a transport of its own."""

    base_url = BASE_URL

    def http_client(self, *, asynchronous: bool = False, library: Library = "httpx", **options: Any) -> Any:
        """See PlatformAccess."""
        kind = LoopTransport if asynchronous else ScheduledTransport
        transport = kind(self._seat, self._scheduler)
        return make_client(library, transport, asynchronous=asynchronous, **{"base_url": self.base_url, **options})


class BehindSocket(PlatformAccess):
    """A platform that listens at `base_url`, for any HTTP library."""

    def __init__(self, seat: Seat, scheduler: Scheduler, loopback: Loopback) -> None:
        super().__init__(seat, scheduler)
        self.base_url, self._loopback = loopback.url, loopback

    def http_client(self, *, asynchronous: bool = False, library: Library = "httpx", **options: Any) -> Any:
        """See PlatformAccess. Settings of the environment, such as proxies, are ignored."""
        own = {"base_url": self.base_url, "trust_env": False, "verify": _nobody(), **options}
        return make_client(library, None, asynchronous=asynchronous, **own)

    def close(self) -> None:
        """See PlatformAccess."""
        self._loopback.close()


@cache
def _nobody() -> ssl.SSLContext:
    """Return an empty trust store: nothing is encrypted here, and loading the authorities takes 30 ms for each client."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
