"""Explanations over the memory store and over a shared one: nothing they tell may depend on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

import httpx
import pytest

from mockserver import stores
from mockserver.assemble import Assembly, assemble
from mockserver.control import Control
from mockserver.explain import Explanation
from mockserver.ids import Ids
from mockserver.settings import Settings
from mockserver.stores.base import Bounds, Store
from mockserver.stores.redis import RedisStore
from tests.mockserver.conftest import ManualClock
from tests.need import need
from tests.valkey import Server

_prefixes = count()

Tell = Callable[[httpx.Response], Explanation]


@pytest.fixture(scope="session")
def valkey() -> Iterator[Server]:
    with Server(need("valkey")) as server:
        yield server


@pytest.fixture(params=["memory", "valkey"])
def store(request: pytest.FixtureRequest, settings: Settings) -> Store:
    bounds = Bounds(settings.max_ended_sessions, settings.journal_entries)
    if request.param == "memory":
        return stores.open("memory:", bounds)
    server: Server = request.getfixturevalue("valkey")
    return RedisStore(server.url, bounds, prefix=f"explain{next(_prefixes)}:")


@pytest.fixture
def assembly(clock: ManualClock, settings: Settings, store: Store) -> Iterator[Assembly]:
    with assemble(settings, store=store, system=clock, ids=Ids.seeded(7)) as parts:
        yield parts


@pytest.fixture
def explain(assembly: Assembly) -> Tell:
    """The story behind an answer."""
    return lambda answer: Control(assembly).explain(answer.headers["ININ-Correlation-Id"])
