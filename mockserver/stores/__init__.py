"""Stores for organisations' records and journals: in this process, or in a Redis or Valkey shared by replicas."""

from __future__ import annotations

from mockserver.errors import SettingsError
from mockserver.stores.base import Bounds, Store
from mockserver.stores.memory import MemoryStore


def open(url: str, bounds: Bounds = Bounds()) -> Store:
    """Return the store at `url`: ``memory:``, or a URL of redis-py with ``redis://``, ``rediss://`` or ``unix://``.

    Raises SettingsError for any other URL. It connects when it is first used.
    """
    if url == "memory:":
        return MemoryStore(bounds)
    if url.startswith(("redis://", "rediss://", "unix://")):
        from mockserver.stores.redis import RedisStore

        return RedisStore(url, bounds)
    from mockserver.stores.link import without_password

    raise SettingsError(
        "store", without_password(url), "must be memory: or redis://HOST:PORT/DB; rediss:// and unix:// work too"
    )
