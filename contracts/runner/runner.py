"""The world: a mock, and the clients that are run against it.

The mock journals the requests it sees and what is done to the organisation. The world adds what only it knows.
"""

from __future__ import annotations

import random
import secrets
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Self

from msgspec import UNSET
from msgspec.structs import replace

from contracts.clients.base import Clients
from contracts.clients.child import last_lines
from contracts.clients.errors import ClientProtocolError
from contracts.clients.watched import WatchedHandler
from contracts.runner.journal_writer import JournalWriter
from contracts.runner.playing import Ran
from contracts.runner.scenario_run import ScenarioRun
from contracts.scenario import Scenario
from mockserver.assemble import Assembly, assemble
from mockserver.control import Control, Tenant
from mockserver.ids import Ids
from mockserver.journal import Answer, Arrival, Entry, Header, Returned
from mockserver.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

JOURNAL_ENTRIES = 1_000_000
"""More than any scenario makes, so that a trace is complete."""


Run = Ran[tuple[Entry, ...]]
"""A run whose trace is a journal, with the header first."""


class Runner:
    """A mock, and clients that are run against it one after another. A context manager, for one thread only."""

    def __init__(self, clients: Clients, idempotency_key: str | None = None) -> None:
        """`idempotency_key` names the header whose digest the trace has to hold."""
        self._clients, self._key_header = clients, (idempotency_key or "").lower()
        self._assembly: Assembly

    def __enter__(self) -> Self:
        ids = Ids.seeded(0) if self._clients.clock == "virtual" else None
        self._assembly = assemble(Settings(journal_entries=JOURNAL_ENTRIES), system=self._clients.system, ids=ids)
        self._handler = self._assembly.handler = WatchedHandler(self._assembly.platform)
        self._handler.key_header = self._key_header
        self._control = Control(self._assembly)
        try:
            self._clients.open(self._app)
        except BaseException:
            self._assembly.close()
            raise
        return self

    def _app(self) -> WSGIApplication:
        from mockserver.web.app import create_app

        return create_app(self._assembly)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._clients.close()
        self._assembly.close()

    def check(self) -> None:
        """Make a client and end it again. Raises ClientError if that fails."""
        with self._organization(Scenario(())) as tenant:
            scene = self._scene(tenant)
            scene.close()
            if scene.hung is not None:
                raise ClientProtocolError(str(scene.hung), last_lines(scene.output))

    @property
    def clients(self) -> Clients:
        """The clients that are run against the mock."""
        return self._clients

    def run(self, scenario: Scenario) -> Run:
        """Run `scenario`. Raises ClientError if no client can be made, and SettingsError if the scenario's policy is
        not valid.
        """
        with self._organization(scenario) as tenant, repeatable_chance(scenario.chance):
            scene = self._scene(tenant)
            scene.to_end(lambda: scene.play(scenario))
            return scene.ran(tuple(self._trace(tenant)), tenant.client_id)

    def _scene(self, tenant: Tenant) -> ScenarioRun:
        return ScenarioRun(self._clients, self._handler, tenant, JournalWriter(self._assembly, tenant))

    def _trace(self, tenant: Tenant) -> Iterator[Entry]:
        arrived = set[str]()
        for entry in tenant.trace():
            if isinstance(entry, Header):
                note = self._clients.note
                clock = "mixed" if note else self._clients.clock
                yield replace(entry, clock=clock, door=self._clients.door, time=note or UNSET)
            elif isinstance(entry, Arrival):
                arrived.add(entry.context_id)
                yield entry
            elif isinstance(entry, Answer | Returned) and entry.context_id not in arrived:
                continue  # its request belongs to an earlier scenario, or was for a page that is not journalled
            else:
                yield entry

    @contextmanager
    def _organization(self, scenario: Scenario) -> Iterator[Tenant]:
        self._clients.begin()
        # The client's id is unique on the machine, because a client may keep something in a file of that name.
        tenant = self._control.create_organization(
            policy=scenario.policy, client_id=str(uuid.uuid4()), client_secret=secrets.token_urlsafe(24)
        )
        self._assembly.platform.stray = tenant.id
        try:
            yield tenant
        finally:
            self._handler.arrived = self._handler.failure = None
            self._assembly.store.clear(tenant.id)


@contextmanager
def repeatable_chance(seed: int) -> Iterator[None]:
    """Let a client that draws its waits with `random` or numpy draw the same ones every time."""
    state, numpy = random.getstate(), sys.modules.get("numpy.random")
    numpys = None if numpy is None else numpy.get_state()
    random.seed(seed)
    if numpy is not None:
        numpy.seed(seed)
    try:
        yield
    finally:
        random.setstate(state)
        if numpy is not None:
            numpy.set_state(numpys)
