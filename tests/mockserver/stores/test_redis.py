"""The special properties of the shared store: its keys, its remains, and replicas that affect each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import redis
from redis.crc import key_slot

from mockserver.journal import Perturbed
from mockserver.stores.base import ORGANIZATION, Bounds, Key
from mockserver.stores.link import Link
from mockserver.stores.redis import RedisStore
from tests.mockserver.stores.samples import ORG, Line, client, commit, found, organization, put, read, session, token
from tests.valkey import Server


@pytest.fixture
def prefix(request: pytest.FixtureRequest) -> str:
    return f"{request.node.name}:"


@pytest.fixture
def store(valkey: Server, prefix: str) -> Iterator[RedisStore]:
    store = RedisStore(valkey.url, prefix=prefix)
    yield store
    store.close()


@pytest.fixture
def replica(valkey: Server, prefix: str) -> Iterator[RedisStore]:
    store = RedisStore(valkey.url, prefix=prefix)
    yield store
    store.close()


@pytest.fixture
def admin(valkey: Server) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(valkey.url) as admin:
        yield admin


@pytest.mark.parametrize("organization", [ORG, "", "}", "a}b", "{x", "😀"])
def test_each_command_keeps_to_one_slot(store: RedisStore, monkeypatch: pytest.MonkeyPatch, organization: str) -> None:
    """A cluster refuses scripts that do not."""
    slots: list[set[int]] = []
    exchange = Link._exchange

    def recorded(link: Link, commands: Sequence[Sequence[Any]]) -> list[Any]:
        slots.extend({key_slot(key.encode()) for key in keys(command)} for command in commands)
        return exchange(link, commands)

    monkeypatch.setattr(Link, "_exchange", recorded)
    found(store, organization)
    assert commit(store, put(client("c", organization)), put(session("s")), noted="x", organization=organization)
    store.look(organization, "c", "t", "s", Line("x"))
    store.records(organization, "session")
    store.clear(organization)
    assert len(slots) > 10
    assert all(len(each) == 1 for each in slots)


def keys(command: Sequence[Any]) -> Sequence[str]:
    name, *arguments = command
    if name in {"EVAL", "EVALSHA"}:
        return arguments[2 : 2 + arguments[1]]
    return arguments if name == "UNLINK" else arguments[:1]


def test_only_the_memory_of_commits_expires(store: RedisStore, prefix: str, admin: redis.Redis) -> None:
    found(store)
    assert commit(store, put(client("c")), put(session("s")), put(token("t")), noted="x", id="the-commit")
    lasting = {key.decode().removeprefix(prefix) for key in admin.scan_iter(f"{prefix}*") if admin.ttl(key) == -1}
    assert lasting == {
        "organizations",
        "organizations:written",
        "client:{c}",
        f"{{{ORG}}}:records",
        f"{{{ORG}}}:order",
        f"{{{ORG}}}:ends",
        f"{{{ORG}}}:journal",
    }
    assert 5 <= admin.ttl(f"{prefix}{{{ORG}}}:applied:the-commit") <= 10


def test_nothing_but_a_counter_is_left_of_what_was_cleared(store: RedisStore, prefix: str, admin: redis.Redis) -> None:
    found(store)
    assert commit(store, put(client("c")), put(session("s")), noted="x")
    store.clear(ORG)
    left = {key.decode().removeprefix(prefix) for key in admin.scan_iter(f"{prefix}*") if b":applied:" not in key}
    assert left == {"organizations:written"}


def test_replicas_see_each_other(store: RedisStore, replica: RedisStore) -> None:
    found(store)
    assert commit(replica, put(session("s"), ends_at=10))
    assert list(read(store, Key("session", "s")).records) == [session("s")]
    assert not commit(store, put(session("s")))


def test_prefixes_keep_installations_apart(store: RedisStore, valkey: Server) -> None:
    other = RedisStore(valkey.url, prefix="another:")
    found(store)
    assert list(read(other, ORGANIZATION).records) == [None]
    assert list(other.organizations()) == []
    other.close()


def test_the_journal_is_bounded_by_bytes_too(valkey: Server, prefix: str, admin: redis.Redis) -> None:
    store = RedisStore(valkey.url, Bounds(journal_entries=1_000, journal_bytes=1 << 20), prefix=prefix)
    found(store)
    for _ in range(200):
        store.note(ORG, Line("x" * 20_000), 0)
        read(store, arrival="x" * 20_000)
    assert 50 < len(store.entries(ORG)) < 160
    assert (admin.memory_usage(f"{prefix}{{{ORG}}}:journal") or 0) < 4 << 20
    assert store.note(ORG, Line("light"), 0) == 401
    store.close()


def test_entries_of_commits_count_against_the_bytes(valkey: Server, prefix: str) -> None:
    store = RedisStore(valkey.url, Bounds(journal_entries=1_000, journal_bytes=1 << 20), prefix=prefix)
    found(store)
    for number in range(200):
        assert commit(store, put(session(f"s{number}"), ends_at=10), noted="x" * 20_000)
    assert 50 < len(store.entries(ORG)) < 160
    store.close()


class TestTime:
    """Replicas go by one clock, the store's."""

    def test_replicas_whose_own_clocks_differ_read_the_same(self, store: RedisStore, replica: RedisStore) -> None:
        replica._own_time = lambda: 5
        found(store)
        times = [one.load(ORG, (), Line("arrives"), None).system for one in (store, replica) * 20]
        assert times == sorted(times)
        assert times[-1] - times[0] < 60_000
        assert [entry.at for entry in store.entries(ORG) if isinstance(entry, Perturbed)] == times
        seen = [one.look(ORG, "c", "t", "s", None, None) for one in (store, replica)]
        assert all(one is not None and times[-1] <= one.now < times[-1] + 60_000 for one in seen)
        assert abs(replica.time() - store.time()) < 60_000

    def test_it_is_held_where_the_servers_clock_steps_back(self, store: RedisStore, prefix: str, admin: redis.Redis) -> None:
        found(store)
        before = store.load(ORG, (), None, None).system
        admin.hset(f"{prefix}{{{ORG}}}:records", "time", before + 3_600_000)
        assert store.load(ORG, (), None, None).system == before + 3_600_000
        assert commit(store, put(organization(version=2), 1), afresh=True)
        assert store.load(ORG, (), None, None).system == before + 3_600_000

    def test_an_organization_that_is_not_there_keeps_nothing(self, store: RedisStore, prefix: str, admin: redis.Redis) -> None:
        assert store.load(ORG, (ORGANIZATION,), None, None).system > 0
        assert list(admin.scan_iter(f"{prefix}*")) == []


class TestHalfWritten:
    """A replica may die between an index and what it leads to."""

    def test_a_client_that_was_announced_and_never_written_is_free(self, store: RedisStore, replica: RedisStore) -> None:
        found(store)
        found(store, "0000beef")
        assert replica._directory.announce("0000beef", [put(client("c", "0000beef"))])
        assert commit(store, put(client("c")))
        assert store.find_client("c") == ORG

    def test_an_organization_that_was_announced_and_never_written_is_not_listed(
        self, store: RedisStore, replica: RedisStore
    ) -> None:
        assert replica._directory.announce(ORG, [put(organization())])
        assert list(store.organizations()) == []
        found(store)
        assert list(store.organizations()) == [ORG]

    def test_of_two_that_make_the_same_client_the_slower_leaves_it_findable(
        self, store: RedisStore, replica: RedisStore
    ) -> None:
        found(store)
        assert replica._directory.announce(ORG, [put(client("c"))])
        assert commit(store, put(client("c")))
        assert not commit(replica, put(client("c")))
        assert store.find_client("c") == ORG
