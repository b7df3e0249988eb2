"""Replicas of a declared platform's mock: they share a store, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from mockserver.declared.mock import BOUNDS, Registered, alive
from mockserver.engine.model import Credential
from mockserver.stores.base import Bounds, Key, Loaded, Store
from tests.fixtures.toys import TOKEN, Bench, toy, with_words
from tests.mockserver.declared.test_mock import CLIENT, SINGLE
from tests.mockserver.stores.conftest import OpenStore

FAMILY = """\
family:
  noun: family
  issued: implied
refresh:
  noun: refresh token
  issued: {'logIn, refresh': $response.body#/refresh}
  carried: {refresh: $request.header.Authorization#bearer}
  within: family
  successor: {grace: 0}
  reuse: end family
  refused: {'unknown, ended, succeeded': {status: 401, code: bad, message: bad}}
"""


@pytest.fixture
def replicas(open_store: OpenStore) -> Callable[..., list[Bench]]:
    """Return a function that makes several mocks of one platform on one store."""

    def make(platform: str, order: str, number: int = 2, bounds: Bounds = BOUNDS) -> list[Bench]:
        store: Store = open_store(bounds)
        return [Bench(toy(platform, order=order), store=store) for _ in range(number)]

    return make


def test_what_one_issued_another_takes_once(replicas: Callable[..., list[Bench]]) -> None:
    one, other = replicas(SINGLE, "[token]")
    token = one.log_in()["token"]
    assert other.ask("/work", token).status == 200
    assert one.ask("/work", token).why == "token.spent"
    assert [entry.operation for entry in other.mock.journal] == ["logIn", "work", "work"]


def test_of_many_at_once_one_wins(replicas: Callable[..., list[Bench]]) -> None:
    benches = replicas(SINGLE, "[token]", 4)
    for _ in range(20):
        token = benches[0].log_in()["token"]
        with ThreadPoolExecutor(8) as pool:
            asked = [pool.submit(benches[number % 4].handler.handle, benches[0].request("/work", token)) for number in range(8)]
        assert sorted(one.result().status for one in asked) == [200] + 7 * [401]


def test_they_know_the_same_registered_ones(replicas: Callable[..., list[Bench]]) -> None:
    one, other = replicas(CLIENT + SINGLE, "[client, token]")
    made = one.mock.registered["client"]
    assert other.mock.registered == {"client": Registered(made.id, made.bound, other.mock.registered["client"].scopes)}
    assert other.ask("/login", Id=made.id, Secret=made.bound["secret"]).status == 200


def test_one_clock_and_one_plan_of_faults(replicas: Callable[..., list[Bench]]) -> None:
    short = with_words(TOKEN, "ttl: 60", "refused: {'unknown, ended, expired': {status: 401, code: old, message: old}}")
    one, other = replicas(short, "[token]")
    token = one.log_in()["token"]
    one.mock.advance(60_000)
    assert other.ask("/work", token).why == "token.expired"
    one.fails("logIn", kind="status", status=503, skip=1)
    assert [bench.ask("/login").status for bench in (other, one, other)] == [200, 503, 200]


def test_an_old_one_shown_to_another_replica_ends_the_family(replicas: Callable[..., list[Bench]]) -> None:
    one, other = replicas(FAMILY, "[refresh]")
    first = one.log_in()["refresh"]
    second = other.ask("/refresh", first).body["refresh"]
    assert one.ask("/refresh", first).why == "refresh.succeeded"
    assert other.ask("/refresh", second).why == "refresh.ended"


def test_a_store_that_was_emptied_is_furnished_again(replicas: Callable[..., list[Bench]]) -> None:
    (one,) = replicas(CLIENT + SINGLE, "[client, token]", 1)
    made = one.mock.registered["client"]
    one.mock.store.clear(one.mock.organization)
    assert one.ask("/login", Id=made.id, Secret=made.bound["secret"]).status == 200


NESTED = """\
session:
  noun: session
  issued: {logIn: $response.body#/session}
  ttl: 3600
family:
  noun: family
  issued: implied
  within: session
""" + FAMILY.partition("issued: implied\n")[2]


def test_an_owner_that_will_end_by_itself_is_ended_by_reuse_all_the_same(replicas: Callable[..., list[Bench]]) -> None:
    one, other = replicas(NESTED, "[refresh]")
    first = one.log_in()["refresh"]
    second = other.ask("/refresh", first).body["refresh"]
    assert one.ask("/refresh", first).why == "refresh.succeeded"
    assert other.ask("/refresh", second).why == "refresh.ended"


def test_of_issues_at_once_no_more_live_than_may(replicas: Callable[..., list[Bench]]) -> None:
    live = with_words(TOKEN, "live: 1", "refused: {'unknown, ended, evicted': {status: 401, code: bad, message: bad}}")
    benches = replicas(live, "[token]", 4)
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(benches[number % 4].handler.handle, Bench.request("/login")) for number in range(24)]
    assert {one.result().status for one in asked} == {200}
    assert len(alive(benches[0].mock, benches[0].mock.credentials("token"))) == 1


def test_an_issue_reads_what_its_owner_has_alive_and_nothing_else(
    replicas: Callable[..., list[Bench]], monkeypatch: pytest.MonkeyPatch
) -> None:
    live = with_words(TOKEN, "live: 2", "within: client", "refused: {'unknown, ended, evicted': {status: 401, message: bad}}")
    (one,) = replicas(CLIENT + live, "[client, token]", 1)
    mine, other = one.mock.registered["client"], one.mock.register("client")

    def keys_read(client: Registered) -> int:
        read, load = list[Key](), one.mock.store.load

        def counted(organization: str, keys: Sequence[Key], *more: Any) -> Loaded:
            read.extend(keys)
            return load(organization, keys, *more)

        with monkeypatch.context() as patch:
            patch.setattr(one.mock.store, "load", counted)
            patch.setattr(one.mock.store, "records", None)
            assert one.ask("/login", Id=client.id, Secret=client.bound["secret"]).status == 200
        return len(read)

    for client in (mine, other):  # the first time, the store is searched
        one.ask("/login", Id=client.id, Secret=client.bound["secret"])
    few = [keys_read(mine) for _ in range(4)][-1]
    assert {keys_read(other) for _ in range(20)} <= set(range(few + 1))
    assert keys_read(mine) == few
    assert len(alive(one.mock, one.mock.credentials("token"))) == 4


def test_no_more_live_than_may_however_many_are_forgotten(replicas: Callable[..., list[Bench]]) -> None:
    live = with_words(TOKEN, "live: 2", "within: client", "refused: {'unknown, ended, evicted': {status: 401, message: bad}}")
    (one,) = replicas(CLIENT + live, "[client, token]", 1, BOUNDS._replace(max_tokens=5))
    made = one.mock.registered["client"]
    for number in range(1, 20):
        assert one.ask("/login", Id=made.id, Secret=made.bound["secret"]).status == 200
        assert len(alive(one.mock, one.mock.credentials("token"))) == min(2, number)


def test_while_a_store_is_emptied_no_registered_one_is_unknown(replicas: Callable[..., list[Bench]]) -> None:
    one, other = replicas(CLIENT + SINGLE, "[client, token]")
    made = one.mock.registered["client"]
    request = Bench.request("/login", Id=made.id, Secret=made.bound["secret"])
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit((one, other)[number % 2].handler.handle, request) for number in range(40)]
        for _ in range(5):
            one.mock.store.clear(one.mock.organization)
        assert {answer.result().status for answer in asked} == {200}


def test_a_store_emptied_while_it_is_furnished_keeps_what_was_registered(
    replicas: Callable[..., list[Bench]], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = replicas(CLIENT + SINGLE, "[client, token]")
    made = other.mock.registered["client"]

    def emptied_before_and_furnished_after(_kind: str) -> list[Credential]:
        one.mock.store.clear(one.mock.organization)
        one.mock.restore()
        return []

    with monkeypatch.context() as patch:
        patch.setattr(other.mock, "credentials", emptied_before_and_furnished_after)
        other.mock.restore()
    assert other.mock.registered["client"] == made
    assert other.ask("/login", Id=made.id, Secret=made.bound["secret"]).status == 200


@pytest.mark.parametrize("odd", [7, [1], {"a": None}, True])
def test_an_odd_value_that_is_bound_harms_nobody_else(odd: object, replicas: Callable[..., list[Bench]]) -> None:
    bound = with_words(
        TOKEN,
        "bound: {who: $request.body#/who}",
        "live: 9",
        "refused: {'unknown, foreign, ended, evicted': {status: 401, code: bad, message: bad}}",
    )
    one, other = replicas(bound, "[token]")
    token = one.ask("/login", body={"who": odd}).body["token"]
    assert other.ask("/work", token, body={"who": odd}).status == 200
    assert other.ask("/work", token, body={"who": "me"}).why == "token.foreign"
    assert other.ask("/login", body={"who": "me"}).status == 200


def test_a_request_takes_one_reading_and_one_writing(
    replicas: Callable[..., list[Bench]], monkeypatch: pytest.MonkeyPatch
) -> None:
    owned = with_words(SINGLE, "within: client")
    one, other, third = replicas(CLIENT + owned, "[client, token]", 3)
    mine, second = one.mock.registered["client"], other.mock.register("client")
    trips = list[str]()

    def counted(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*given: Any) -> Any:
            trips.append(name)
            return call(*given)

        return counting

    for name in ("look", "load", "note", "commit"):
        monkeypatch.setattr(one.mock.store, name, counted(name, getattr(one.mock.store, name)))
    for client, shown_to in ((mine, one), (second, one), (mine, third)):
        token = one.ask("/login", Id=client.id, Secret=client.bound["secret"]).body["token"]
        trips.clear()
        assert shown_to.handler.handle(shown_to.request("/work", token)).status == 200
        assert trips in (["look", "commit"], ["look", "load", "commit"])  # where a look is a load


def test_a_secret_id_is_hidden_by_a_process_that_never_saw_it(replicas: Callable[..., list[Bench]]) -> None:
    one, other = replicas(SINGLE, "[token]")
    token = one.log_in()["token"]
    other.ask(f"/nowhere/{token}", body={"it": token})
    assert token not in str(list(other.mock.store.entries(other.mock.organization)))
    assert token not in other.handler.hide(f"GET /nowhere/{token}")


def test_an_id_with_a_lone_surrogate_is_unknown_and_readable_in_the_journal(replicas: Callable[..., list[Bench]]) -> None:
    in_body = SINGLE.replace("{work: $request.header.Authorization#bearer}", "{work: $request.body#/token}")
    (one,) = replicas(in_body, "[token]", 1)
    assert one.ask("/work", body=b'{"token":"\\ud800"}').why == "token.unknown"
    assert one.mock.journal[-1].status == 401
