"""The mock in this process as a provider: replicas on one store, which can be restarted, with a frozen clock."""

from __future__ import annotations

from functools import partial
from itertools import count

from contracts.probe.control import Control
from contracts.probe.doors import HandlerDoor
from contracts.probe.provider import Provider
from mockserver.assemble import Assembly, assemble
from mockserver.ids import Ids
from mockserver.settings import Settings
from mockserver.stores.base import Store
from mockserver.stores.memory import MemoryStore
from mockserver.wire import Handler

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
        return assemble(self._settings, store=self._store, system=_standing, ids=Ids.seeded(next(self._seeds)))


def in_process(replicas: int = 2, settings: Settings | None = None) -> Provider:
    """Return the installed mock as a provider. Its first replica serves the control API, also without a socket."""
    import httpx

    from contracts.probe.web import Web
    from mockserver.web import create_app

    settings = settings or Settings(client_id="probe", client_secret="probe-secret")
    running = Replicas(replicas, settings, MemoryStore())
    transport = httpx.WSGITransport(create_app(running.running[0]))
    control = Control(Web("http://127.0.0.1", transport=transport), NAME)
    doors = [HandlerDoor(partial(running.handler, number)) for number in range(replicas)]
    return Provider(name=NAME, doors=doors, control=control, restart=running.restart)


def _standing() -> int:
    return START
