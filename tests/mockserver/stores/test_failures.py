"""Failures of the shared store: the call that meets one, and the calls after it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from mockserver import stores
from mockserver.errors import SettingsError, StoreUnavailable
from mockserver.stores.base import FAULTS, ORGANIZATION, Key, Store
from mockserver.stores.redis import RedisStore
from tests.mockserver.stores.proxy import Proxy
from tests.mockserver.stores.samples import (
    ORG,
    Line,
    client,
    commit,
    found,
    line,
    live,
    organization,
    put,
    read,
    session,
    token,
)
from tests.need import need
from tests.valkey import Server

CALLS: dict[str, Callable[[Store], object]] = {
    "load": lambda store: read(store, ORGANIZATION),
    "look": lambda store: store.look(ORG, "c", "t", "s"),
    "note": lambda store: store.note(ORG, Line("x"), 0),
    "commit": lambda store: commit(store, put(token("t"))),
    "commit client": lambda store: commit(store, put(client("c"))),
    "records": lambda store: store.records(ORG, "session"),
    "entries": lambda store: store.entries(ORG),
    "organizations": lambda store: store.organizations(),
    "find_client": lambda store: store.find_client("c"),
    "clear": lambda store: store.clear(ORG),
    "clear_journal": lambda store: store.clear_journal(ORG),
    "ping": lambda store: store.ping(),
}


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(need("valkey")) as server:
        yield server


@pytest.fixture
def durable_server() -> Iterator[Server]:
    with Server(need("valkey"), append_only=True) as server:
        yield server


class TestServerGone:
    @pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
    def test_every_call_says_so(self, call: Callable[[Store], object]) -> None:
        store = RedisStore("unix://:secret@/nowhere/valkey.sock?db=0&password=secret")
        with pytest.raises(StoreUnavailable, match=r"^the store unix:///nowhere/valkey.sock is unavailable: .*No such file"):
            call(store)

    def test_nobody_listens(self) -> None:
        with Proxy("") as gone:
            url = gone.url
        with pytest.raises(StoreUnavailable, match="refused"):
            RedisStore(url.replace("//", "//user:secret@")).ping()

    def test_a_restarted_one_has_kept_what_was_written(self, durable_server: Server) -> None:
        store = RedisStore(durable_server.url)
        found(store)
        assert commit(store, put(session("s"), ends_at=10), put(client("c")), noted="before")
        durable_server.kill()
        for _ in range(2):
            with pytest.raises(StoreUnavailable):
                commit(store, put(session("t")), noted="never")
        durable_server.start()
        assert list(read(store, Key("session", "s"), Key("session", "t")).records) == [session("s"), None]
        assert live(store, 9) == 1
        assert store.find_client("c") == ORG
        assert list(store.organizations()) == [ORG]
        assert commit(store, put(session("t")), noted="after")
        assert list(store.entries(ORG)) == [line(1, 0, "before"), line(2, 0, "after")]
        store.close()

    def test_one_restarted_empty_is_used_like_a_new_one(self, server: Server) -> None:
        store = RedisStore(server.url)
        found(store)
        server.kill()
        with pytest.raises(StoreUnavailable):
            read(store, ORGANIZATION)
        server.start()
        assert list(read(store, ORGANIZATION).records) == [None]
        assert not commit(store, put(session("s")))
        found(store)
        assert commit(store, put(session("s")), noted="first")
        assert list(store.entries(ORG)) == [line(1, 0, "first")]
        store.close()

    def test_one_that_hangs_is_not_waited_for(self, server: Server) -> None:
        store = RedisStore(server.url, timeout=0.1)
        found(store)
        os.kill(server.pid, signal.SIGSTOP)
        try:
            with pytest.raises(StoreUnavailable, match="Timeout"):
                store.look(ORG, "c", "t", "s")
            with pytest.raises(StoreUnavailable, match="Timeout"):
                commit(store, put(session("s")))
        finally:
            os.kill(server.pid, signal.SIGCONT)
        assert list(read(store, ORGANIZATION).records) == [organization()]
        store.close()


@pytest.fixture
def proxy(valkey: Server) -> Iterator[Proxy]:
    with Proxy(str(valkey.socket)) as proxy:
        yield proxy


@pytest.fixture
def relayed(proxy: Proxy, request: pytest.FixtureRequest) -> Iterator[Store]:
    """A store behind the proxy, connected, its scripts known to the server."""
    store = RedisStore(proxy.url, prefix=f"{request.node.name}:")
    found(store)
    read(store, ORGANIZATION)
    yield store
    store.close()


class TestConnectionLost:
    @pytest.mark.parametrize("lost", ["request", "reply"])
    def test_a_commit_is_applied_and_says_so(self, proxy: Proxy, relayed: Store, lost: str) -> None:
        proxy.losses.append("reply" if lost == "reply" else "request")
        assert commit(relayed, put(session("s")), noted="once")
        assert not proxy.losses
        assert list(read(relayed, Key("session", "s")).records) == [session("s")]
        assert list(relayed.entries(ORG)) == [line(1, 0, "once")]

    def test_a_commit_that_was_refused_stays_refused(self, proxy: Proxy, relayed: Store) -> None:
        assert commit(relayed, put(session("s")))
        proxy.losses.append("reply")
        assert not commit(relayed, put(session("s")), noted="never")
        assert list(relayed.entries(ORG)) == []

    def test_it_is_tried_twice_and_no_more(self, proxy: Proxy, relayed: Store) -> None:
        proxy.losses.extend(["reply", "reply"])
        with pytest.raises(StoreUnavailable):
            commit(relayed, put(session("s")), noted="once")
        assert not proxy.losses
        assert list(relayed.entries(ORG)) == [line(1, 0, "once")]

    @pytest.mark.parametrize("lost", ["request", "reply"])
    def test_a_look_is_not_repeated_for_it_would_arrive_twice(self, proxy: Proxy, relayed: Store, lost: str) -> None:
        proxy.losses.append("reply" if lost == "reply" else "request")
        with pytest.raises(StoreUnavailable):
            relayed.look(ORG, "c", "t", "s", Line("arrives"), 0)
        assert len(relayed.entries(ORG)) == (1 if lost == "reply" else 0)

    def test_connections_that_died_while_idle_are_replaced_unseen(self, server: Server) -> None:
        import redis

        store = RedisStore(server.url)
        found(store)
        with redis.Redis.from_url(server.url) as admin:
            for _ in range(200):
                admin.client_kill_filter(_type="normal", skipme=True)
                assert store.look(ORG, "c", "t", "s") is not None
        store.close()

    @pytest.mark.parametrize("place", range(3))
    def test_answers_that_come_twice_are_never_taken_for_others(self, proxy: Proxy, valkey: Server, place: int) -> None:
        """The first exchanges on a connection are redis-py's own, and the link's."""
        store = RedisStore(proxy.url, prefix=f"twice-{place}:")
        proxy.losses.extend([*[None] * place, "twice"])
        with pytest.raises(StoreUnavailable, match="came twice"):
            read(store, ORGANIZATION)
        found(store)
        for number in range(1, 4):
            assert list(read(store, ORGANIZATION).records) == [organization()]
            proxy.losses.append("twice")
            assert store.note(ORG, Line("x"), 0) == number
        store.close()

    def test_each_thread_has_one_to_itself(self, server: Server) -> None:
        store = RedisStore(server.url)
        found(store)
        with ThreadPoolExecutor(150) as pool:
            seen = list(pool.map(lambda number: store.note(ORG, Line("x"), number), range(1_500)))
        assert sorted(seen) == list(range(1, 1_501))
        store.close()

    def test_a_forked_process_leaves_its_parents_alone(self, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        import redis

        store = RedisStore(server.url)
        found(store)
        with redis.Redis.from_url(server.url) as admin:
            before = admin.info("stats")["total_connections_received"]
            with monkeypatch.context() as forked:
                forked.setattr(os, "getpid", lambda: -1)
                assert store.note(ORG, Line("child"), 0) == 1
            assert admin.info("stats")["total_connections_received"] == before + 1
        store.close()

    def test_a_server_that_lost_its_scripts_is_told_them_again(self, valkey: Server, relayed: Store) -> None:
        import redis

        with redis.Redis.from_url(valkey.url) as admin:
            admin.script_flush()
        assert relayed.look(ORG, "c", "t", "s") is not None
        assert commit(relayed, put(session("s")))


class TestServerRefuses:
    def test_a_full_one_changes_nothing(self, server: Server) -> None:
        import redis

        store = RedisStore(server.url)
        found(store)
        with redis.Redis.from_url(server.url) as admin:
            admin.config_set("maxmemory", "1")
            with pytest.raises(StoreUnavailable, match="maxmemory"):
                commit(store, put(session("s")), put(token("t")), noted="never")
            admin.config_set("maxmemory", "0")
        assert list(read(store, Key("session", "s"), Key("token", "t")).records) == [None, None]
        assert commit(store, put(session("s")), put(token("t")))
        store.close()

    def test_what_another_version_wrote(self, valkey: Server) -> None:
        import redis

        store = RedisStore(valkey.url, prefix="future:")
        found(store)
        with redis.Redis.from_url(valkey.url) as admin:
            admin.hset(f"future:{{{ORG}}}:records", "faults:", b"1:\xc1")
            admin.xadd(f"future:{{{ORG}}}:journal", {"at": 1, "entry": '{"type": "unheard of"}'}, id="0-1")
        with pytest.raises(StoreUnavailable, match="faults in it cannot be read by this version"):
            read(store, FAULTS)
        with pytest.raises(StoreUnavailable, match="journal cannot be read by this version"):
            store.entries(ORG)
        store.close()


class TestOpen:
    @pytest.mark.parametrize(
        "url",
        [
            "",
            "memory",
            "memory://",
            "http://127.0.0.1",
            "redis:",
            "redis://127.0.0.1:port",
            "redis://127.0.0.1:99999",
            "redis://[::1",
            "redis://127.0.0.1?socket_timeout=soon",
        ],
    )
    def test_what_names_no_store_is_refused(self, url: str) -> None:
        with pytest.raises(SettingsError, match=r"^store = ") as caught:
            stores.open(url)
        assert caught.value.field == "store"

    @pytest.mark.parametrize("url", ["valkey://u:secret@host", "redis://:secret@host:port", "redis://[:secret@::1"])
    def test_a_password_is_not_repeated(self, url: str) -> None:
        with pytest.raises(SettingsError) as caught:
            stores.open(url)
        assert "secret" not in str(caught.value)

    @pytest.mark.parametrize("url", ["redis://127.0.0.1:1/2", "rediss://host", "unix:///run/valkey.sock?db=1"])
    def test_a_url_is_not_used_before_the_store_is(self, url: str) -> None:
        store = stores.open(url)
        assert store.shared
        store.close()

    def test_redis_py_is_asked_for_where_it_is_missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "redis", None)
        with pytest.raises(SettingsError, match=r"pip install 'dayfly\[redis\]'"):
            stores.open("redis://127.0.0.1")
        assert not stores.open("memory:").shared
