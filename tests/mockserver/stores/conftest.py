from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TypeAlias

import pytest

from mockserver import stores
from mockserver.stores.base import Bounds, Store

OpenStore: TypeAlias = Callable[..., Store]


@pytest.fixture(params=["memory:"])
def open_store(request: pytest.FixtureRequest) -> Iterator[OpenStore]:
    """Opens empty stores of each sort: `open_store()`, `open_store(Bounds(...))`."""
    with ExitStack() as opened:

        def open_one(bounds: Bounds = Bounds()) -> Store:
            store = stores.open(request.param, bounds)
            opened.callback(store.close)
            return store

        yield open_one


@pytest.fixture
def store(open_store: OpenStore) -> Store:
    return open_store()
