"""The mock over the memory store and over a shared one, for suites of which nothing may depend on that."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from mockserver import stores
from mockserver.assemble import Assembly, assemble
from mockserver.ids import Ids
from mockserver.settings import Settings
from mockserver.stores.base import Bounds, Store
from tests.mockserver.conftest import ManualClock
from tests.need import need
from tests.valkey import Server

_prefixes = count()


@pytest.fixture(scope="session")
def valkey() -> Iterator[Server]:
    with Server(need("valkey")) as server:
        yield server


@pytest.fixture(params=["memory", "valkey"])
def store(request: pytest.FixtureRequest, settings: Settings) -> Store:
    bounds = Bounds(settings.max_ended_sessions, settings.journal_entries)
    if request.param == "memory":
        return stores.open("memory:", bounds)
    from mockserver.stores.redis import RedisStore

    server: Server = request.getfixturevalue("valkey")
    return RedisStore(server.url, bounds, prefix=f"over{next(_prefixes)}:")


@pytest.fixture
def assembly(clock: ManualClock, settings: Settings, store: Store) -> Iterator[Assembly]:
    with assemble(settings, store=store, system=clock, ids=Ids.seeded(7)) as parts:
        yield parts
