"""Stores of each sort, for mocks of declared platforms."""

from tests.mockserver.stores.conftest import open_store, redis_server, valkey

__all__ = ["open_store", "redis_server", "valkey"]
