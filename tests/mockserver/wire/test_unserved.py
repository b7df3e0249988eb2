"""A request that the mock fails to answer: the journal has both the answer that was sent and the platform's action."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import pytest
from werkzeug.test import EnvironBuilder

from contracts.cli.sources import recorded
from contracts.har.writer import HarRecording, archive
from contracts.history import SendEffect
from contracts.history.build import build_history
from contracts.history.validate import well_formed
from contracts.judge import Status
from contracts.replay import reproduce
from contracts.replay.minimize import NotReproduced, distil
from contracts.replay.traces import of_entries
from contracts.verify import check
from mockserver import journal
from mockserver.assemble import Assembly, assemble
from mockserver.clock import monotonic
from mockserver.control import Control, Tenant
from mockserver.explain.text import to_text
from mockserver.ids import Ids
from mockserver.inprocess import Transport
from mockserver.journal import Answer, Arrival, Entry, Failure
from mockserver.settings import Settings
from mockserver.web.app import create_app
from mockserver.wire import ArrivedCall, Request, unserved
from tests.mockserver.conftest import START, ManualClock, Mock
from tests.mockserver.failing import FailingStore, Loss

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


@pytest.fixture
def store() -> FailingStore:
    return FailingStore()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(journal_file=str(tmp_path / "trace.jsonl"))


@pytest.fixture
def assembly(
    clock: ManualClock, settings: Settings, store: FailingStore, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Assembly]:
    """No thread tries to reach the store: each test says when."""
    monkeypatch.setattr(unserved, "Thread", NoThread)
    with assemble(settings, system=clock, ids=Ids.seeded(7), store=store) as parts:
        yield parts


class NoThread:
    """There is none to be had."""

    def __init__(self, **_: object) -> None:
        pass

    def start(self) -> None:
        raise RuntimeError


def entries(tenant: Tenant) -> list[Entry]:
    return list(tenant.trace())


def fail_send(mock: Mock, store: FailingStore, clock: ManualClock, *losses: Loss | None) -> tuple[str, httpx.Response]:
    session = mock.session()
    store.losses.extend(losses)
    answer = mock.send(session)
    store.losses.clear()
    clock.advance(1)
    return session, answer


def test_a_message_that_was_accepted_and_answered_503_is_told_as_two_things(
    mock: Mock, tenant: Tenant, store: FailingStore, clock: ManualClock
) -> None:
    session, answer = fail_send(mock, store, clock, None, "reply")
    assert (answer.status_code, answer.headers["Dayfly-Reason"]) == (503, "store.unavailable")
    again = mock.send(session)
    assert again.headers["Dayfly-Reason"] == "session.consumed"
    mine = [entry for entry in entries(tenant) if getattr(entry, "context_id", "") == answer.json()["contextId"]]
    arrival, accepted, failure = mine
    assert isinstance(arrival, Arrival)
    assert isinstance(accepted, Answer)
    assert isinstance(failure, Failure)
    assert (accepted.status, accepted.reason, accepted.accepted) == (200, "message.accepted", True)
    assert (failure.at, failure.status, failure.reason, failure.code) == (
        START,
        503,
        "store.unavailable",
        "service.unavailable",
    )
    assert failure.body == answer.json()
    found = tenant.requests.get(answer.json()["contextId"]).exchange
    assert (found.status, found.code, found.reason, found.accepted, found.failure) == (
        503,
        "service.unavailable",
        "message.accepted",
        True,
        "store.unavailable",
    )
    assert tenant.requests.count(status=200, operation="send") == 0
    assert tenant.requests.count(reason="message.accepted", status=503) == 1


def test_a_client_is_judged_by_what_it_was_told(mock: Mock, tenant: Tenant, store: FailingStore, clock: ManualClock) -> None:
    for text in ("hello", "good evening"):
        store.losses.extend([None, "reply"])
        assert mock.create().status_code == 503
        clock.advance(1)
        session = mock.session()
        clock.advance(1)
        assert mock.send(session, text).status_code == 200
        clock.advance(1)
    fail_send(mock, store, clock, None, "reply")
    mock.login()
    told = entries(tenant)
    assert accusations(told) == []
    assert accusations([entry for entry in told if not isinstance(entry, Failure)]) == ["S6"]
    call = [call for call in build_history(well_formed(told)).calls if call.operation == "send"][-1]
    assert (call.status, call.effect, call.accepted) == (503, SendEffect.UNKNOWN, True)


def accusations(trace: list[Entry]) -> list[str]:
    return [result.code for result in check("x", trace).clauses if result.status is Status.VIOLATED]


def test_a_request_whose_arrival_was_never_journalled_stands_where_it_came(
    mock: Mock, tenant: Tenant, store: FailingStore, clock: ManualClock
) -> None:
    session, answer = fail_send(mock, store, clock, "request")
    clock.advance(1)
    assert mock.send(session).status_code == 200
    history = build_history(well_formed(entries(tenant)))
    first, second = (call for call in history.calls if call.operation == "send")
    assert first.arrival.context_id == answer.json()["contextId"]
    assert (first.left_at, first.returned_at, first.status, first.accepted) == (START, START, 503, False)
    assert first.returned is not None
    assert first.returned < second.left
    assert tenant.requests.find(operation="send")[-1].reason == "store.unavailable"


def test_an_arrival_whose_reply_was_lost_is_counted_once(
    mock: Mock, tenant: Tenant, store: FailingStore, clock: ManualClock
) -> None:
    fail_send(mock, store, clock, "reply")
    mock.create()
    arrivals = [entry for entry in entries(tenant) if isinstance(entry, Arrival) and entry.operation == "send"]
    assert [arrival.late for arrival in arrivals] == [False, True]
    assert len(tenant.requests.find(operation="send")) == tenant.requests.count(operation="send") == 1
    assert len([call for call in build_history(well_formed(entries(tenant))).calls if call.operation == "send"]) == 1
    assert [step.operation for step in of_entries(entries(tenant), "x").steps] == ["token", "create", "send", "create"]


def test_while_the_store_is_away_requests_wait_and_are_journalled_in_order(
    mock: Mock, tenant: Tenant, store: FailingStore, clock: ManualClock
) -> None:
    session = mock.session()
    store.away = True
    failed = [mock.send(session) for _ in range(3)]
    assert {answer.status_code for answer in failed} == {503}
    store.away = False
    assert mock.send(session).status_code == 200
    told = [exchange.context_id for exchange in tenant.requests.find(operation="send")]
    assert told[1:] == [answer.json()["contextId"] for answer in reversed(failed)]


def test_what_waits_is_bounded_by_number_and_bytes(
    mock: Mock,
    tenant: Tenant,
    store: FailingStore,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(unserved, "MOST", 3)
    store.away = True
    for _ in range(5):
        mock.send()
    store.away = False
    mock.create()
    assert tenant.requests.count(operation="send") == 3
    assert "2 more failed requests" in caplog.text
    monkeypatch.setattr(unserved, "MOST_BYTES", 10_000)
    store.away = True
    for _ in range(5):
        mock.send(text="x" * 4000)
    store.away = False
    mock.create()
    assert tenant.requests.count(operation="send") == 5


def test_the_journal_file_has_both_at_once(
    mock: Mock, tenant: Tenant, store: FailingStore, clock: ManualClock, settings: Settings
) -> None:
    _, answer = fail_send(mock, store, clock, None, "reply")
    file = Path(settings.journal_file or "")
    kinds = [json.loads(line)["type"] for line in file.read_bytes().splitlines()]
    assert kinds[-2:] == ["arrival", "failure"]
    mock.create()
    with file.open("rb") as lines:
        told = list(journal.read(lines))
    call = next(call for call in build_history(well_formed(told)).calls if call.operation == "send")
    assert call.arrival.context_id == answer.json()["contextId"]
    assert (call.status, call.accepted) == (503, True)


def test_who_follows_is_told_again(mock: Mock, tenant: Tenant, store: FailingStore, clock: ManualClock) -> None:
    seen: list[tuple[str, int | None, str | None]] = []
    turns = iter([False, True])
    session = mock.session()
    following = tenant.requests.follow(wait=lambda _: next(turns))
    assert next(following) == []
    store.losses.extend([None, "reply"])
    mock.send(session)
    mock.create()
    for item in next(following):
        assert not isinstance(item, journal.Perturbed)
        seen.append((item.operation or "", item.status, item.failure))
    assert seen == [("send", 503, "store.unavailable"), ("create", 200, None)]


def test_explain_tells_both(mock: Mock, tenant: Tenant, store: FailingStore, clock: ManualClock) -> None:
    session, answer = fail_send(mock, store, clock, None, "reply")
    refused = mock.send(session)
    told = tenant.explain(answer.json()["contextId"])
    assert "The message was accepted." in told.summary
    assert "answered 503 store.unavailable" in told.summary
    assert told.advice[0].startswith("The platform acted, but the client cannot know")
    page = to_text(told)
    assert "503 store.unavailable (the platform: message.accepted)" in page
    later = tenant.explain(refused.json()["contextId"])
    assert later.session is not None
    assert any("(but the client got 503 store.unavailable)" in event.what for event in later.session.events)


def test_the_console_shows_both(
    assembly: Assembly, mock: Mock, tenant: Tenant, store: FailingStore, clock: ManualClock
) -> None:
    _, answer = fail_send(mock, store, clock, None, "reply")
    mock.create()
    console = create_app(assembly).test_client()
    listed = console.get("/__admin/console/organizations/default/requests?reason=message.accepted").text
    assert "message.accepted" in listed
    assert "on the wire: store.unavailable" in listed
    page = console.get(f"/__admin/console/organizations/default/requests/{answer.json()['contextId']}").text
    assert "On the wire" in page
    assert "answered 503 store.unavailable" in page


def test_explain_of_one_that_did_nothing(mock: Mock, tenant: Tenant, store: FailingStore, clock: ManualClock) -> None:
    _, answer = fail_send(mock, store, clock, None, "request")
    mock.create()
    told = tenant.explain(answer.json()["contextId"])
    assert told.summary == "The store behind the mock could not be reached."
    assert told.accepted_if == "The same request once the store answers again."


def test_an_answer_that_could_not_be_made_is_a_500_of_that_request(
    assembly: Assembly, mock: Mock, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = mock.session()
    with monkeypatch.context() as broken:
        broken.setattr(assembly.handler, "finish", lambda call: 1 / 0)
        answer = (
            create_app(assembly)
            .test_client()
            .post(
                "/api/v2/conversations/messaging/external/guests/sendmessage",
                json={"webChatSessionId": session, "text": "x"},
                headers=mock.headers,
            )
        )
    assert answer.status_code == 500
    mock.create()
    found = tenant.requests.get(answer.headers["ININ-Correlation-Id"]).exchange
    assert (found.status, found.reason, found.failure) == (500, "internal.error", "internal.error")


SEND = "/api/v2/conversations/messaging/external/guests/sendmessage"


class Unreadable:
    """A body that must not be read."""

    def read(self, size: int = -1) -> bytes:
        raise RuntimeError("the body was read")


def call(
    app: WSGIApplication, path: str = SEND, authorization: str = "", size: int = 60, **environ: object
) -> tuple[str, dict[str, str], dict[str, object]]:
    """The answer to a request whose body cannot be read: its status, headers and body."""
    given = EnvironBuilder(path=path, method="POST", content_type="application/json").get_environ()
    given |= {"HTTP_AUTHORIZATION": authorization, "CONTENT_LENGTH": str(size), "wsgi.input": Unreadable(), **environ}
    told: list[Any] = []
    body = b"".join(app(given, lambda *answer: told.extend(answer)))  # type: ignore[arg-type]
    return told[0], dict(told[1]), json.loads(body)


def test_a_request_that_is_refused_unread_is_journalled(assembly: Assembly, mock: Mock, tenant: Tenant) -> None:
    mock.login()
    status, headers, body = call(create_app(assembly).refuse, authorization=mock.headers["Authorization"])  # type: ignore[attr-defined]
    assert (status, headers["Dayfly-Reason"], headers["Retry-After"]) == ("503 Service Unavailable", "server.busy", "1")
    assert headers["Connection"] == "close"
    assert headers["ININ-Correlation-Id"] == body["contextId"]
    mock.create()
    found = tenant.requests.get(str(body["contextId"])).exchange
    assert (found.operation, found.status, found.reason) == ("send", 503, "server.busy")
    told = tenant.explain(str(body["contextId"]))
    assert told.summary.startswith("Too many requests were waiting")
    assert told.accepted_if is not None


def test_one_that_shows_no_token_is_unassigned(assembly: Assembly) -> None:
    _, _, body = call(create_app(assembly).refuse, "/oauth/token")  # type: ignore[attr-defined]
    assembly.handler.unserved.flush()
    found = Control(assembly).tenant("unassigned").requests.get(str(body["contextId"])).exchange
    assert (found.operation, found.reason) == ("token", "server.busy")


def test_of_a_crowd_that_is_refused_the_journal_has_a_few(
    assembly: Assembly, mock: Mock, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = monotonic()
    monkeypatch.setattr(unserved, "monotonic", lambda: now)
    mock.login()
    refuse = create_app(assembly).refuse  # type: ignore[attr-defined]
    ids = [call(refuse, authorization=mock.headers["Authorization"])[2]["contextId"] for _ in range(40)]
    assert len(set(ids)) == 40
    now += 2
    for _ in range(5):
        call(refuse, authorization=mock.headers["Authorization"])
    assembly.handler.unserved.flush()
    assert tenant.requests.count(reason="server.busy") == unserved.CROWD + 2


def test_whoever_is_refused_unread_is_not_accused_of_the_request(assembly: Assembly, mock: Mock, tenant: Tenant) -> None:
    refuse = create_app(assembly).refuse  # type: ignore[attr-defined]
    mock.login()
    for path in ("/oauth/token", "/api/v2/conversations/webchat/sessions", SEND):
        call(refuse, path, mock.headers["Authorization"])
        assembly.handler.unserved.flush()
    assert mock.send(mock.session()).status_code == 200
    assert accusations(entries(tenant)) == []


@pytest.mark.parametrize("size", [60, 60_000])
def test_a_body_that_could_not_be_read_is_a_500_of_that_request(
    assembly: Assembly, mock: Mock, tenant: Tenant, size: int
) -> None:
    mock.login()
    status, headers, body = call(create_app(assembly), authorization=mock.headers["Authorization"], size=size)
    assert (status, headers["Dayfly-Reason"]) == ("500 Internal Server Error", "internal.error")
    mock.create()
    found = tenant.requests.get(str(body["contextId"])).exchange
    assert (found.operation, found.status, found.failure) == ("send", 500, "internal.error")


def test_a_request_that_broke_as_it_arrived_is_journalled_once(
    assembly: Assembly, mock: Mock, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    mock.login()
    arrive = assembly.platform.arrive

    def break_off(call: ArrivedCall) -> None:
        arrive(call)
        raise RuntimeError("no more")

    with monkeypatch.context() as broken:
        broken.setattr(assembly.platform, "arrive", break_off)
        answer = create_app(assembly).test_client().post(SEND, json={"text": "x"}, headers=mock.headers)
    assert answer.status_code == 500
    mock.create()
    (found,) = tenant.requests.find(operation="send")
    assert (found.context_id, found.failure) == (answer.json["contextId"], "internal.error")  # type: ignore[index]
    assert len([call for call in build_history(well_formed(entries(tenant))).calls if call.operation == "send"]) == 1


def test_a_failure_that_cannot_be_journalled_is_answered(
    assembly: Assembly, mock: Mock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(assembly.handler.unserved, "add", lambda *_: 1 / 0)
    status, _, body = call(create_app(assembly))
    assert status == "500 Internal Server Error"
    assert f"{body['contextId']}: that this request failed could not be journalled" in caplog.text


def test_strays_are_journalled_too(assembly: Assembly, store: FailingStore) -> None:
    with httpx.Client(transport=Transport(assembly.handler), base_url="http://mock.test") as http:
        store.losses.append("request")
        assert http.post("/nowhere").status_code == 503
        assert http.post("/nowhere").status_code == 404
    found = Control(assembly).tenant("unassigned").requests.find()
    assert [exchange.status for exchange in found] == [404, 503]


def test_nobody_has_to_ask_before_it_is_journalled(clock: ManualClock) -> None:
    store = FailingStore()
    with assemble(system=clock, store=store) as parts:
        mock = Mock(parts, clock, httpx.Client(transport=Transport(parts.handler), base_url="http://mock.test"))
        mock.login()
        for _ in range(2):
            store.away = True
            assert mock.send().status_code == 503
            store.away = False
            for _ in range(2):  # its arrival, and what was put on the wire
                assert store.notes.acquire(timeout=30)
        assert Control(parts).tenant("default").requests.count(status=503) == 2


def test_closing_gives_up_in_the_end(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(unserved, "Thread", NoThread)
    monkeypatch.setattr(unserved, "pause", lambda seconds: None)
    store = FailingStore()
    with assemble(system=clock, store=store) as parts:
        store.away = True
        parts.handler.handle(Request(method="POST", path="/nowhere"))
    assert "1 failed requests are not in the journal" in caplog.text


def test_closing_tries_once_more(clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unserved, "Thread", NoThread)
    store = FailingStore()
    with assemble(system=clock, store=store) as parts:
        mock = Mock(parts, clock, httpx.Client(transport=Transport(parts.handler), base_url="http://mock.test"))
        mock.login()
        store.losses.append("request")
        mock.send()
    assert Control(parts).tenant("default").requests.count(status=503) == 1


def test_a_refusal_that_follows_a_failure_is_reproduced(
    mock: Mock, tenant: Tenant, store: FailingStore, clock: ManualClock
) -> None:
    session, failed = fail_send(mock, store, clock, None, "reply")
    refused = mock.send(session)
    again = reproduce(of_entries(entries(tenant), "x"))
    assert [result.reproduced.reason for result in again.results] == [
        "token.issued",
        "session.created",
        "message.accepted",
        "session.consumed",
    ]
    assert all(result.agrees for result in again.results)
    story = distil(tenant, refused.json()["contextId"])
    assert story.steps[-1].expect.reason == "session.consumed"  # type: ignore[union-attr]
    with pytest.raises(NotReproduced, match="the store behind the server could not be reached"):
        distil(tenant, failed.json()["contextId"])


def test_a_har_file_tells_both_and_keeps_the_order(
    mock: Mock, tenant: Tenant, store: FailingStore, clock: ManualClock, tmp_path: Path
) -> None:
    session, _ = fail_send(mock, store, clock, None, "reply")
    store.away = True
    mock.send(session)
    clock.advance(1)
    store.away = False
    store.losses.append("request")  # the one before is not journalled yet
    mock.send(session)
    clock.advance(1)
    mock.login()
    told = entries(tenant)
    file = tmp_path / "trace.har"
    file.write_bytes(msgspec.json.encode(archive([HarRecording("x", "x", told)])))
    assert calls(recorded(str(file), "default", "").trace) == calls(told)
    assert [status for _, status, _ in calls(told)] == [200, 200, 503, 503, 403, 200]


def calls(trace: Iterable[Entry]) -> list[tuple[str, int | None, bool]]:
    return [(call.arrival.context_id, call.status, call.accepted) for call in build_history(well_formed(trace)).calls]
