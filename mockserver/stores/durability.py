"""How much a shared store keeps if its server dies: a warning for those who start a mock on one that keeps little."""

from __future__ import annotations

from mockserver.stores.link import without_password

WAIT = 2.0
"""Seconds that the store may take to say how it keeps its data."""


def warning(url: str) -> str | None:
    """Return what the store may lose, in a sentence or two; None if it has an append-only file or does not say."""
    if url == "memory:":
        return None
    import redis

    try:
        with redis.Redis.from_url(url, socket_timeout=WAIT, socket_connect_timeout=WAIT) as client:
            kept = client.info("persistence")
    except (redis.RedisError, ValueError):  # not allowed to ask, or not there: the workers say so
        return None
    if not isinstance(kept, dict) or kept.get("aof_enabled") != 0:
        return None
    return (
        f"the store {without_password(url)} has no append-only file: if its server dies, messages that were accepted "
        "since its last snapshot are forgotten, and their sessions live again; set appendonly yes to keep them"
    )
