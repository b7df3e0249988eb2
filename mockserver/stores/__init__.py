"""Where an organisation's records and journal are kept: in this process, or in a Redis or Valkey that replicas share."""

from __future__ import annotations

from mockserver.errors import SettingsError
from mockserver.stores.base import Bounds, Store
from mockserver.stores.memory import MemoryStore


def open(url: str, bounds: Bounds = Bounds()) -> Store:
    """The store that `url` names: ``memory:``, or ``redis://``, ``rediss://`` and ``unix://`` as redis-py writes them.

    Raises SettingsError for any other. Nothing is connected to before the store is used.
    """
    if url == "memory:":
        return MemoryStore(bounds)
    if url.startswith(("redis://", "rediss://", "unix://")):
        from mockserver.stores.redis import RedisStore

        return RedisStore(url, bounds)
    from mockserver.stores.link import without_password

    raise SettingsError(
        "store", without_password(url), "must be memory: or redis://HOST:PORT/DB, and rediss:// and unix:// work too"
    )
