"""What is peculiar to the shared store: where its keys are, what it leaves behind, and what two replicas do to each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import redis
from redis.crc import key_slot

from mockserver.stores.base import ORGANIZATION, Key
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
