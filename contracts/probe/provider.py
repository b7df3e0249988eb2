"""A provider: its place, the ways to send requests to it, and the ways to control it.

One of them is the mock in this process: replicas on one store, which can be restarted, with a frozen clock.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from types import TracebackType

from contracts.platform_requests import ClientCredentials
from contracts.probe.replicas import HandlerDoor, HttpDoor, Replica
from contracts.remote.control import RemoteControl
from mockserver.assemble import Assembly, assemble
from mockserver.clock import pause
from mockserver.ids import Ids
from mockserver.settings import Settings
from mockserver.stores.base import Store
from mockserver.stores.memory import MemoryStore
from mockserver.wire import Handler


@dataclass(frozen=True, kw_only=True)
class Provider:
    """The provider to probe. A context manager, which closes it.

    `doors` lead to its replicas. With `control` every run has its own organisation; without, all runs use `credentials`.
    `restart` restarts a replica and returns once it serves. `wait` waits some seconds, if a provider asks for that.
    """

    name: str
    doors: Sequence[Replica]
    control: RemoteControl | None = None
    credentials: ClientCredentials | None = None
    restart: Callable[[], None] | None = None
    wait: Callable[[float], None] = pause

    def reconnect(self) -> None:
        """Replace broken connections after a restart."""
        for door in self.doors:
            door.reconnect()
        if self.control is not None:
            self.control.reconnect()

    def close(self) -> None:
        """Close the connections."""
        for door in self.doors:
            door.close()
        if self.control is not None:
            self.control.close()

    def __enter__(self) -> Provider:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def at_url(
    url: str,
    *,
    replicas: Sequence[str] = (),
    admin_token: str = "",
    credentials: ClientCredentials | None = None,
    restart: Callable[[], None] | None = None,
) -> Provider:
    """Return the provider at a URL, and at those of its `replicas`. With `credentials` its control API is not used.

    Raises ProbeError if one of them is not a URL.
    """
    from contracts.remote.web import Web

    webs = [Web(one) for one in (url, *replicas)]
    headers = {"Authorization": f"Bearer {admin_token}"} if admin_token else {}
    control = RemoteControl(Web(url, headers), url) if credentials is None else None
    doors = [HttpDoor(web) for web in webs]
    return Provider(name=url, doors=doors, control=control, credentials=credentials, restart=restart)


# -- the mock in this process -------------------------------------------------------------------------------------------

NAME = "the mock in this process"

START = 1_795_000_000_000
"""The time of the frozen system clock, in milliseconds."""


class Replicas:
    """Mock servers on one store."""

    def __init__(self, number: int, settings: Settings, store: Store) -> None:
        self._settings, self._store = settings, store
        self._seeds = count()
        self.running = [self._start() for _ in range(number)]

    def handler(self, number: int) -> Handler:
        """Return the current handler of a replica."""
        return self.running[number].handler

    def restart(self) -> None:
        """End every replica, and start it anew."""
        for number, assembly in enumerate(self.running):
            assembly.close()
            self.running[number] = self._start()

    def _start(self) -> Assembly:
        return assemble(self._settings, store=self._store, system=lambda: START, ids=Ids.seeded(next(self._seeds)))


def in_process(replicas: int = 2, settings: Settings | None = None) -> Provider:
    """Return the installed mock as a provider. Its first replica serves the control API, also without a socket."""
    import httpx

    from contracts.remote.web import Web
    from mockserver.web import create_app

    settings = settings or Settings(client_id="probe", client_secret="probe-secret")
    running = Replicas(replicas, settings, MemoryStore())
    transport = httpx.WSGITransport(create_app(running.running[0]))
    control = RemoteControl(Web("http://127.0.0.1", transport=transport), NAME)
    doors = [HandlerDoor(partial(running.handler, number)) for number in range(replicas)]
    return Provider(name=NAME, doors=doors, control=control, restart=running.restart)
