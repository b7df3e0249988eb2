"""What is peculiar to the store in this process: nothing it keeps grows for ever."""

from __future__ import annotations

import ctypes
import threading
import tracemalloc
from contextlib import suppress
from itertools import count

from mockserver.stores.base import Bounds, Key, Write
from mockserver.stores.memory import COMMITS_KNOWN, MemoryStore
from tests.mockserver.stores.samples import ORG, Line, commit, found, put, session, token


def test_the_latest_commits_are_known_again() -> None:
    store = MemoryStore()
    found(store)
    assert commit(store, put(session("s")), id="first")
    for number in range(COMMITS_KNOWN):
        assert commit(store, id=f"other-{number}")
    assert commit(store, put(session("s")), id="first")


def test_memory_is_flat_once_the_bounds_are_reached() -> None:
    store = MemoryStore(Bounds(max_ended_sessions=50, journal_entries=50, max_tokens=50))
    found(store)
    clock = count(1_000, 100)

    def work(times: int) -> int:
        for now in (next(clock) for _ in range(times)):
            used, left = session(f"used-{now}"), session(f"left-{now}")
            store.look(ORG, "c", "t", used.id, Line("arrives"), now)
            assert commit(store, put(used, ends_at=now + 30_000), put(left, ends_at=now + 500), put(token(f"{now}")), now=now)
            assert commit(store, put(session(used.id, 2), 1, ends_at=now + 1), now=now + 1, noted="x")
            if now % 200:
                assert commit(store, Write(Key("session", left.id), 1, None), now=now + 2)
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        warm = work(COMMITS_KNOWN)
        assert work(COMMITS_KNOWN) < warm * 1.2
    finally:
        tracemalloc.stop()


def test_who_is_interrupted_while_waiting_leaves_it_open() -> None:
    """A client that is given up is interrupted wherever it may be."""
    store, asking = MemoryStore(), threading.Event()

    def ask() -> None:
        with suppress(KeyError):
            asking.set()
            store.load("0" * 8, ())

    with store._lock:
        thread = threading.Thread(target=ask)
        thread.start()
        asking.wait()
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(KeyError))
    thread.join()
    assert store._lock.acquire(timeout=10)
    store._lock.release()
