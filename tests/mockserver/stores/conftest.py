from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from typing import TypeAlias

import pytest

from mockserver import stores
from mockserver.stores.base import Bounds, Store
from tests.need import need
from tests.valkey import Server

OpenStore: TypeAlias = Callable[..., Store]

_prefixes = count()


@pytest.fixture(scope="session")
def valkey() -> Iterator[Server]:
    with Server(need("valkey")) as server:
        yield server


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Server]:
    with Server(need("redis-server")) as server:
        yield server


@pytest.fixture(params=["memory", "valkey", "redis_server"])
def open_store(request: pytest.FixtureRequest) -> Iterator[OpenStore]:
    """Opens empty stores of each sort: `open_store()`, `open_store(Bounds(...))`."""
    with ExitStack() as opened:

        def open_one(bounds: Bounds = Bounds()) -> Store:
            store = _open(request, bounds)
            opened.callback(store.close)
            return store

        yield open_one


@pytest.fixture
def store(open_store: OpenStore) -> Store:
    return open_store()


def _open(request: pytest.FixtureRequest, bounds: Bounds) -> Store:
    if request.param == "memory":
        return stores.open("memory:", bounds)
    server: Server = request.getfixturevalue(request.param)
    from mockserver.stores.redis import RedisStore

    return RedisStore(server.url, bounds, prefix=f"test{next(_prefixes)}:")
