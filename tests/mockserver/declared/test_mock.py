"""The mock around the decisions: faults, the journal and its bounds, secrets, and what is remembered."""

from __future__ import annotations

import json
from typing import Any, get_args
from urllib.parse import urlencode

import pytest
from msgspec.structs import replace

from mockserver.control import faults
from mockserver.declared.handler import REASON
from mockserver.declared.mock import Registered
from mockserver.engine.model import FaultKind
from mockserver.errors import ConflictError, InvalidRequest, NotFound, StoreUnavailable
from mockserver.ids import pseudonym
from mockserver.platform import compile_platform, find
from mockserver.stores.base import Bounds
from mockserver.stores.memory import MemoryStore
from mockserver.wire.notes import KEPT
from tests.fixtures.toys import NOON, TOKEN, Bench, toy, with_words
from tests.fixtures.wire import MESSAGES, SESSIONS
from tests.mockserver.failing import FailingStore

SINGLE = with_words(
    TOKEN, "uses: 1", "duty: {secret: true}", "refused: {'unknown, ended, spent': {status: 401, code: bad, message: bad}}"
)
CLIENT = """\
client:
  noun: client
  issued: registered
  carried: {logIn: $request.header.Id}
  bound: {secret: $request.header.Secret}
  refused: {'unknown, ended, foreign': {status: 401, code: who, message: who}}
"""


@pytest.fixture
def bench() -> Bench:
    return Bench(toy(SINGLE))


# -- faults ----------------------------------------------------------------------------------------------------------


SEEN: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    # each kind of fault: its parameters, and what is seen: of the answer, and whether the platform acted
    "status": ({"status": 503, "retry_after": 7}, {"status": 503, "Retry-After": "7", "acted": False}),
    "lost_request": ({}, {"delivery": "lost_request", "acted": False}),
    "lost_response": ({}, {"delivery": "lost_response", "acted": True}),
    "truncated_body": ({}, {"delivery": "truncated", "status": 200, "acted": True}),
    "split_body": ({}, {"status": 200, "split": True, "acted": True}),
    "latency": ({"milliseconds": 500, "where": "after"}, {"status": 200, "delay": 0.5, "acted": True}),
    "unusable_body": ({"body": "cut"}, {"status": 200, "json": False, "acted": True}),
    "redirect": ({"status": 307}, {"status": 307, "Location": True, "acted": False}),
    "opaque_403": ({}, {"status": 403, "body": False, "acted": False}),
}


@pytest.mark.parametrize("kind", get_args(FaultKind))
def test_each_kind_of_fault_does_what_it_says(kind: str, bench: Bench) -> None:
    parameters, seen = SEEN[kind]
    token = bench.log_in()["token"]
    bench.fails("work", kind=kind, **parameters)
    answer = bench.ask("/work", token)
    response, entry = answer.response, bench.mock.journal[-1]
    told = {
        **{name: (answer.header(name) or [""])[0] for name in ("Retry-After",)},
        "Location": bool(answer.header("Location")),
        "status": response.status,
        "delivery": response.delivery,
        "delay": response.delay,
        "split": response.split is not None,
        "json": _is_json(response.body),
        "body": bool(response.body),
        "acted": entry.acted_at is not None,
    }
    assert {name: told[name] for name in seen} == seen
    assert entry.fault
    assert (bench.ask("/work", token).why == "token.spent") == seen["acted"]


@pytest.mark.parametrize(
    ("error", "reason"),
    [(ConflictError("a session", 8), "store.contended"), (StoreUnavailable("redis://x", "down"), "store.unavailable")],
)
def test_a_store_that_works_is_not_said_to_be_away(
    error: Exception, reason: str, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(bench.mock.requests, "arrive", fail)
    answer = bench.handler.handle(bench.request("/work", "any", "POST", b""))
    assert (answer.status, dict(answer.headers)["Dayfly-Reason"]) == (503, reason)


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except ValueError:
        return False
    return True


def test_the_answer_to_a_head_has_no_body_even_if_a_fault_gave_it_one() -> None:
    bench = Bench(compile_platform(find("acme")))
    bench.fails(kind="status", status=503, times=2)
    assert bench.ask("/nonce", method="HEAD").response.body == b""
    assert bench.ask("/nonce", method="GET").response.body


def test_an_error_after_acting_has_acted(bench: Bench) -> None:
    token = bench.log_in()["token"]
    bench.fails("work", kind="status", status=503, after_acting=True)
    assert bench.ask("/work", token).status == 503
    assert bench.ask("/work", token).why == "token.spent"


def test_an_error_after_a_refusal_tells_the_refusal_in_the_mock_s_own_header(bench: Bench) -> None:
    bench.fails("work", kind="status", status=503, after_acting=True)
    assert bench.ask("/work", "made-up").header("Dayfly-Reason") == ["token.unknown"]


def test_an_error_has_the_declaration_s_row_for_its_status_and_is_empty_without_one(bench: Bench) -> None:
    bench.fails(kind="status", status=503)
    assert bench.ask("/login").body["code"] == "down"
    bench.fails(kind="status", status=500)
    assert bench.ask("/login").response.body == b""


def test_a_fault_hits_the_operation_it_is_for_as_often_as_it_says(bench: Bench) -> None:
    bench.fails("logIn", times=2, skip=1, kind="status", status=503)
    assert bench.ask("/logout").status == 200
    assert [bench.ask("/login").status for _ in range(4)] == [200, 503, 503, 200]
    assert bench.mock.planned() == []


def test_a_fault_without_an_operation_hits_any_and_without_times_all(bench: Bench) -> None:
    bench.fails(times=None, kind="status", status=503)
    assert {bench.ask(path).status for path in ("/login", "/logout", "/work")} == {503}
    assert bench.ask("/nowhere").status == 404
    bench.mock.faults.clear()
    assert bench.ask("/login").status == 200


def test_a_fault_for_an_operation_that_is_not_there_is_refused(bench: Bench) -> None:
    with pytest.raises(NotFound, match="logIn"):
        bench.fails("login", kind="status")


def test_no_more_faults_wait_than_the_mock_can_hold(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults, "MAX_FAULTS", 2)
    bench.fails(kind="status")
    bench.fails(kind="status")
    with pytest.raises(InvalidRequest, match="at most 2 may wait"):
        bench.fails(kind="status")


# -- the journal -----------------------------------------------------------------------------------------------------


def test_the_journal_tells_what_was_on_the_wire_and_what_the_platform_did(bench: Bench) -> None:
    token = bench.log_in()["token"]
    bench.passes(1)
    answer = bench.ask("/work", token, body=b"{}")
    entry = bench.mock.journal[-1]
    assert (entry.operation, entry.method, entry.path, entry.body) == ("work", "POST", "/work", {})
    assert entry.answer is not None
    assert (entry.arrived_at, entry.answer.at, entry.status) == (NOON + 1000, NOON + 1000, 200)
    assert (entry.shown, entry.answer.body) == ({"token": pseudonym(token)}, answer.body)
    assert bench.mock.find(answer.header("Dayfly-Context")[0]) == entry


def test_the_journal_keeps_so_many_and_forgets_the_oldest() -> None:
    bench = Bench(toy(SINGLE), store=MemoryStore(Bounds(journal_entries=6)))
    answers = [bench.ask("/login").header("Dayfly-Context")[0] for _ in range(4)]
    assert [entry.context_id for entry in bench.mock.journal] == answers[1:]
    with pytest.raises(NotFound, match="no longer"):
        bench.mock.find(answers[0])


def test_the_journal_keeps_so_many_bytes_and_of_one_body_the_beginning() -> None:
    bench = Bench(toy(SINGLE), store=MemoryStore(Bounds(journal_bytes=200_000)))
    for _ in range(5):
        bench.ask("/login", body=b"x" * 100_000)
    kept = bench.mock.journal
    assert {len(entry.body) for entry in kept} == {KEPT}
    assert 2 <= len(kept) <= 4


def test_a_large_answer_takes_room_in_the_journal_too() -> None:
    bench = Bench(compile_platform(find("webchat")), store=MemoryStore(Bounds(journal_bytes=100_000)))
    form = urlencode({"grant_type": "client_credentials", "client_id": "x" * 10_000, "client_secret": "unknown-secret"})
    request = replace(bench.request("/oauth/token", body=form.encode()), content_type="application/x-www-form-urlencoded")
    for _ in range(20):
        assert len(bench.handler.handle(request).body) > 20_000  # it repeats the id twice
    assert 2 <= len(bench.mock.journal) <= 4


def test_a_token_that_is_registered_belongs_to_the_client_that_is() -> None:
    bench = Bench(compile_platform(find("webchat")))
    token = bench.mock.register("token").id
    assert bench.mock.credential("token", token).within == bench.mock.registered["client"].id
    created = bench.handler.handle(replace(bench.request(SESSIONS, token, body={}), content_type="application/json"))
    message = {"webChatSessionId": json.loads(created.body)["webChatSessionId"], "text": "Hello"}
    sent = bench.handler.handle(replace(bench.request(MESSAGES, token, body=message), content_type="application/json"))
    assert (created.status, sent.status) == (200, 200)


KEYS = """\
client:
  noun: client
  issued: registered
  carried: {logIn: $request.header.Id}
  refused: {'unknown, ended': {status: 401, code: who}}
key:
  noun: key
  issued: registered
  within: client
  carried: {'work, store': $request.header.Authorization#bearer}
  refused: {'unknown, ended': {status: 401, code: bad}}
item:
  noun: item
  within: client
  issued: {work: $response.body#/item}
  carried: {store: $request.path.id}
  refused: {'unknown, ended, foreign': {status: 404, code: nope}}
"""


def test_a_key_that_is_there_from_the_start_belongs_to_the_registered_client_also_after_a_reset() -> None:
    bench = Bench(toy(KEYS, order="[client, key, item]"))
    key = bench.mock.registered["key"].id
    for _ in range(2):
        item = bench.ask("/work", key).body["item"]
        assert bench.ask(f"/items/{item}", key, "PUT").status == 200
        bench.mock.reset()


def test_no_secret_id_is_in_the_journal(bench: Bench) -> None:
    token = bench.log_in()["token"]
    bench.ask("/work", token, body={"note": f"it is {token}"}, X_Copy=token)
    assert token not in str(bench.mock.store.entries(bench.mock.organization))


# -- secrets ---------------------------------------------------------------------------------------------------------


def test_secrets_are_hidden(bench: Bench) -> None:
    token = bench.log_in()["token"]
    assert token not in bench.handler.hide(f"it was {token}!")
    assert bench.handler.hide("it was nothing") == "it was nothing"


def test_what_is_bound_is_a_secret_and_what_the_declaration_calls_none_is_not() -> None:
    bench = Bench(toy(CLIENT + SINGLE.replace("duty: {secret: true}", "duty: {}"), order="[client, token]"))
    made = bench.mock.registered["client"]
    hidden = bench.handler.hide(f"{made.id} {made.bound['secret']}")
    assert made.id in hidden
    assert made.bound["secret"] not in hidden


# -- credentials -----------------------------------------------------------------------------------------------------


def test_of_those_that_are_over_so_many_are_remembered() -> None:
    bench = Bench(toy(SINGLE), store=MemoryStore(Bounds(max_ended_sessions=1)))
    tokens = [bench.log_in()["token"] for _ in range(3)]
    for token in tokens[:2]:
        assert bench.ask("/work", token).status == 200
    assert [bench.ask("/work", token).why for token in tokens] == ["token.unknown", "token.spent", ""]


def test_what_lives_is_forgotten_only_if_too_many_live() -> None:
    bench = Bench(toy(SINGLE), store=MemoryStore(Bounds(max_tokens=2)))
    tokens = [bench.log_in()["token"] for _ in range(3)]
    assert [bench.ask("/work", token).status for token in tokens] == [401, 200, 200]


def test_one_can_be_ended_and_only_in_ways_that_have_an_answer(bench: Bench) -> None:
    mine, other = bench.log_in()["token"], bench.log_in()["token"]
    assert bench.mock.end("token", mine) == 1
    assert bench.mock.end("token", mine) == 0
    assert bench.ask("/work", mine).why == "token.ended"
    assert bench.ask("/work", other).status == 200
    with pytest.raises(InvalidRequest, match="a token cannot be expired; it can be ended"):
        bench.mock.end("token", by="expired")
    with pytest.raises(NotFound, match="did you mean 'token'"):
        bench.mock.end("tokens")
    with pytest.raises(NotFound):
        bench.mock.end("token", "made-up")


def test_what_is_registered_has_what_was_given_and_the_rest_is_drawn() -> None:
    bench = Bench(toy(CLIENT + SINGLE, order="[client, token]"), registered={"client": Registered("me", {})})
    made = bench.mock.registered["client"]
    assert made.id == "me"
    assert bench.ask("/login", Id="me", Secret=made.bound["secret"]).status == 200
    with pytest.raises(InvalidRequest, match="did you mean 'secret'"):
        bench.mock.register("client", Registered("you", {"secrt": "x"}))


def test_a_reset_forgets_all_but_what_is_registered() -> None:
    bench = Bench(toy(CLIENT + SINGLE, order="[client, token]"))
    made = bench.mock.registered["client"]
    token = bench.ask("/login", Id=made.id, Secret=made.bound["secret"]).body["token"]
    bench.fails(kind="status")
    bench.mock.advance(5000)
    bench.mock.reset()
    assert (bench.mock.journal, bench.mock.planned(), bench.mock.now()) == ([], [], NOON)
    assert bench.ask("/work", token).why == "token.unknown"
    assert bench.ask("/login", Id=made.id, Secret=made.bound["secret"]).status == 200


# -- time ------------------------------------------------------------------------------------------------------------


def test_the_clock_can_be_moved_and_stopped(bench: Bench) -> None:
    bench.mock.advance(1500)
    assert bench.mock.now() == NOON + 1500
    bench.mock.clock.freeze()
    bench.passes(60)
    assert bench.mock.now() == NOON + 1500
    bench.mock.advance(10)
    assert bench.mock.now() == NOON + 1510


# -- failures of the mock itself -------------------------------------------------------------------------------------


def test_a_store_that_is_away_is_told_and_journalled_later() -> None:
    store = FailingStore()
    bench = Bench(toy(SINGLE), store=store)
    token = bench.log_in()["token"]
    store.away = True
    answer = bench.handler.handle(bench.request("/work", token))
    assert (answer.status, dict(answer.headers)[REASON]) == (503, "store.unavailable")
    store.away = False
    bench.handler.unserved.flush(patience=60)
    (entry,) = [entry for entry in bench.mock.journal if entry.status == 503]
    assert (entry.cause, entry.acted_at, entry.refused_by, entry.operation) == ("store.unavailable", None, "", "work")
    assert bench.ask("/work", token).status == 200


def test_what_the_platform_did_is_journalled_though_the_store_lost_its_reply() -> None:
    store = FailingStore()
    bench = Bench(toy(SINGLE), store=store)
    token = bench.log_in()["token"]
    call = bench.handler.arrive(bench.request("/work", token))
    store.losses.append("reply")
    assert bench.handler.finish(call).status == 503
    bench.handler.unserved.flush(patience=60)
    (entry,) = bench.mock.journal[1:]
    assert (entry.status, entry.acted_at is not None, entry.cause) == (503, True, "store.unavailable")
    assert bench.ask("/work", token).why == "token.spent"


def test_a_failure_and_a_crowd_are_journalled(bench: Bench) -> None:
    assert bench.handler.broken(ValueError("a defect"), None, bench.request("/work", "x")).status == 500
    assert bench.handler.busy(bench.request("/work", "x")).status == 503
    bench.handler.unserved.flush(patience=60)
    assert [(entry.status, entry.cause) for entry in bench.mock.journal] == [(500, "internal.error"), (503, "server.busy")]


def test_each_kind_of_fault_is_tried() -> None:
    assert {*get_args(FaultKind)} == SEEN.keys()


def test_what_is_registered_counts_among_those_that_may_live() -> None:
    words = with_words(TOKEN, "live: 2", "refused: {'unknown, ended, evicted': {status: 401, code: bad, message: bad}}")
    bench = Bench(toy(words))
    bench.log_in()
    for id in ("one", "two", "three"):
        bench.mock.register("token", Registered(id, {}))
    bench.log_in()
    now = bench.mock.now()
    assert sum(now < one.ends_at for one in bench.mock.credentials("token")) == 2
