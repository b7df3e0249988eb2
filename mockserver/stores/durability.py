"""Durability of the shared store: a warning if its data is lost when its server dies."""

from __future__ import annotations

WAIT = 2.0
"""Seconds to wait for the store's answer."""


def warning(url: str) -> str | None:
    """Return what the store may lose, in a sentence or two. None if it has an append-only file or does not answer."""
    if url == "memory:":
        return None
    import redis

    try:
        with redis.Redis.from_url(url, socket_timeout=WAIT, socket_connect_timeout=WAIT) as client:
            kept = client.info("persistence")
    except (redis.RedisError, ValueError):  # not permitted, or not reachable: then the workers report it
        return None
    if not isinstance(kept, dict) or kept.get("aof_enabled") != 0:
        return None
    from mockserver.stores.link import without_password

    return (
        f"the store {without_password(url)} has no append-only file: if its server dies, messages that were accepted "
        "since its last snapshot are forgotten, and their sessions live again; set appendonly yes to keep them"
    )
