"""The special properties of the store in memory: nothing it keeps grows for ever."""

from __future__ import annotations

import ctypes
import threading
import tracemalloc
from contextlib import suppress
from itertools import count
from typing import Any

import pytest

from mockserver.assemble import assemble
from mockserver.journal import Perturbed
from mockserver.settings import Settings
from mockserver.stores.base import Bounds, Key, Write
from mockserver.stores.memory import COMMITS_KNOWN, VISITS, MemoryStore
from mockserver.wire import Request
from tests.mockserver.conftest import ManualClock
from tests.mockserver.stores.samples import ORG, Line, commit, found, line, put, session, token


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


def test_the_journal_is_bounded_by_bytes_too() -> None:
    store = MemoryStore(Bounds(journal_bytes=100_000))
    found(store)
    for number in range(1, 101):
        store.look(ORG, "c", "t", "s", Line(f"{number}", 9_000), number)
        store.note(ORG, Line("light"), number)
    entries = store.entries(ORG)
    assert [entry.what for entry in entries if isinstance(entry, Perturbed) and entry.what != "light"] == [
        f"{number}" for number in range(90, 101)
    ]
    assert [entry.seq for entry in entries if isinstance(entry, Perturbed)] == list(range(178, 201))


def test_one_entry_heavier_than_the_bound_leaves_an_empty_journal_that_goes_on() -> None:
    store = MemoryStore(Bounds(journal_bytes=100_000))
    store.note(ORG, Line("light"), 1)
    store.note(ORG, Line("heavy", 200_000), 2)
    assert list(store.entries(ORG)) == []
    assert store.note(ORG, Line("light"), 3) == 3
    assert list(store.entries(ORG)) == [line(3, 3, "light")]


def test_entries_that_left_by_their_number_do_not_count_twice() -> None:
    store = MemoryStore(Bounds(journal_bytes=100_000, journal_entries=5))
    for number in range(1, 101):
        store.note(ORG, Line("heavy", 15_000), number)
    assert [entry.seq for entry in store.entries(ORG) if isinstance(entry, Perturbed)] == [96, 97, 98, 99, 100]
    store.clear_journal(ORG)
    for number in range(101, 104):
        store.note(ORG, Line("heavy", 30_000), number)
    assert len(store.entries(ORG)) == 3


@pytest.mark.parametrize("part", ["authorization", "agent", "query", "path", "content_type", "body"])
def test_requests_of_any_size_fill_so_much_memory_and_no_more(part: str) -> None:
    handler = assemble(Settings()).handler
    tracemalloc.start()
    try:
        for number in range(400):
            text = f"/{number}/".ljust(300_000, "x")
            given: dict[str, Any] = {"body": text.encode(), "size": 300_000} if part == "body" else {part: text}
            handler.handle(Request(**{"method": "POST", "path": "/oauth/token", **given}))
        assert tracemalloc.get_traced_memory()[0] < 40 << 20
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


def test_visits_end_with_time_and_are_bounded(clock: ManualClock) -> None:
    store = MemoryStore()
    store.time = clock
    store.begin_visit("first", 60)
    clock.advance(60)
    assert not store.has_visit("first")
    store.begin_visit("first", 3600)
    for number in range(VISITS):
        store.begin_visit(str(number), 3600)
    assert (store.has_visit("first"), store.has_visit("0")) == (False, True)
