from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from mockserver.control import Tenant
from mockserver.engine.model import Reason
from mockserver.errors import InvalidRequest, NotFound
from mockserver.journal import Guest, Perturbed
from mockserver.journal_queries import Exchange
from mockserver.settings import Settings
from mockserver.wire import Request
from tests.mockserver.conftest import START, ManualClock, Mock

NOW = START / 1000
SEND = "/api/v2/conversations/messaging/external/guests/sendmessage"


def ended_after(looks: int, between: Callable[[int], object] = lambda look: None) -> Callable[[float], bool]:
    """A way to wait that takes no time: `between` is called with the number of each look, and after `looks` it is over."""
    done = 0

    def wait(seconds: float) -> bool:
        nonlocal done
        done += 1
        between(done)
        return done >= looks

    return wait


def creation(mock: Mock) -> Request:
    return Request(method="POST", path="/api/v2/conversations/webchat/sessions", authorization=mock.headers["Authorization"])


def told(items: list[Exchange | Perturbed]) -> list[str | None]:
    return [item.what if isinstance(item, Perturbed) else item.reason for item in items]


def test_a_request_and_its_answer_are_one_record(tenant: Tenant, mock: Mock, clock: ManualClock) -> None:
    session = mock.session()
    clock.advance(1)
    answer = mock.send(session)
    found = tenant.requests.find(operation="send")
    assert len(found) == 1
    record = found[0]
    assert (record.context_id, record.at, record.path) == (answer.headers["ININ-Correlation-Id"], NOW + 1, SEND)
    assert (record.status, record.reason, record.accepted, record.session) == (200, "message.accepted", True, session)
    assert (record.text, record.guest) == ("Welcome back", Guest("Ann", "ann@example.com"))
    assert (record.delivery, record.fault, record.duration) == ("complete", None, 0)


def test_the_newest_come_first_and_pages_go_back(tenant: Tenant, mock: Mock) -> None:
    for number in range(5):
        mock.send(text=f"message {number}")
    pages = []
    before = None
    while page := tenant.requests.find(operation="send", limit=2, before=before):
        pages.append([request.text for request in page])
        before = page[-1].seq
    assert pages == [["message 4", "message 3"], ["message 2", "message 1"], ["message 0"]]


def test_after_a_request_later_ones_come_oldest_first(tenant: Tenant, mock: Mock) -> None:
    for number in range(4):
        mock.send(text=f"message {number}")
    second = tenant.requests.find(text="message 1")[0]
    assert [request.text for request in tenant.requests.find(after=second.seq)] == ["message 2", "message 3"]


def test_pages_reach_over_a_long_journal(tenant: Tenant, mock: Mock) -> None:
    for number in range(700):
        mock.send(text=f"message {number}")
    seen = [request.text for request in tenant.requests.find(operation="send", limit=1000)]
    assert seen == [f"message {number}" for number in reversed(range(700))]


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({}, 7),
        ({"path": SEND}, 3),
        ({"status": 403}, 2),
        ({"status": 404}, 1),
        ({"reason": "session.consumed"}, 1),
        ({"reason": "session"}, 4),
        ({"operation": "create"}, 2),
        ({"guest": "ann"}, 3),
        ({"guest": "BO@example.com"}, 1),
        ({"guest": "an"}, 0),
        ({"text": "WELCOME"}, 3),
        ({"text": "prev-session"}, 1),
        ({"session": "prev-session-uuid"}, 1),
        ({"since": NOW + 1}, 2),
        ({"until": NOW + 1}, 5),
        ({"since": NOW + 1, "status": 403}, 1),
        ({"status": 200, "operation": "send", "guest": "Ann"}, 1),
    ],
)
def test_filters(tenant: Tenant, mock: Mock, clock: ManualClock, filters: dict[str, Any], count: int) -> None:
    session = mock.session()
    mock.send(session)
    mock.send(session)
    mock.create(json={"guest": {"name": "Bo", "email": "bo@example.com"}})
    clock.advance(1)
    mock.send()
    mock.http.get("/nowhere", headers=mock.headers)
    assert tenant.requests.count(**filters) == len(tenant.requests.find(**filters)) == count


def test_a_session_for_nobody_in_particular_has_no_guest(tenant: Tenant, mock: Mock) -> None:
    session = mock.create(json={}).json()["webChatSessionId"]
    mock.send(session)
    assert [request.guest for request in tenant.requests.find(session=session)] == [None, None]


def test_a_forgotten_sessions_guest_is_known_from_its_creation(tenant: Tenant, mock: Mock, clock: ManualClock) -> None:
    tenant.set_policy({"retention": 1})
    session = mock.session()
    clock.advance(60)
    mock.session()
    mock.send(session)
    assert tenant.requests.find(operation="send", guest="Ann")[0].reason == "session.forgotten"


def test_a_request_whose_answer_was_lost_is_found(tenant: Tenant, mock: Mock) -> None:
    tenant.faults.add("lost_request", "send")
    with pytest.raises(httpx.ConnectError):
        mock.send()
    (found,) = tenant.requests.find(operation="send")
    assert (found.status, found.reason, found.fault, found.delivery) == (None, "fault.injected", "lost request", "lost_request")


def test_one_on_its_way_has_no_answer_yet(tenant: Tenant, mock: Mock) -> None:
    mock.assembly.handler.arrive(creation(mock))
    (found,) = tenant.requests.find(operation="create")
    assert (found.status, found.reason, found.duration, found.answer_seq) == (None, None, None, None)


def test_one_is_got_with_its_journal_entries(tenant: Tenant, mock: Mock) -> None:
    answer = mock.send()
    recorded = tenant.requests.get(answer.headers["ININ-Correlation-Id"])
    assert recorded.arrival.body == {"webChatSessionId": "prev-session-uuid", "text": "Welcome back"}
    assert recorded.answer is not None
    assert recorded.answer.body == answer.json()
    assert recorded.exchange == tenant.requests.find(operation="send")[0]
    with pytest.raises(NotFound, match="no request 'nonsense'"):
        tenant.requests.get("nonsense")


@pytest.mark.parametrize(
    ("filters", "field"),
    [({"operation": "delete"}, "operation"), ({"limit": 0}, "limit"), ({"since": float("nan")}, "since")],
)
def test_filters_that_make_no_sense_are_refused_by_name(tenant: Tenant, filters: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        tenant.requests.find(**filters)
    assert caught.value.field == field


class TestFollowing:
    def test_it_tells_what_is_answered_and_done_from_now_on(self, tenant: Tenant, mock: Mock) -> None:
        mock.session()
        acts: dict[int, Callable[[], object]] = {1: mock.session, 2: lambda: tenant.clock.advance(1), 3: mock.send}
        came = list(tenant.requests.follow(wait=ended_after(5, lambda look: acts.get(look, str)())))
        assert [told(items) for items in came] == [[], ["session.created"], ["advance"], ["session.unknown"], []]

    def test_it_goes_on_after_the_last_seen_without_gap_or_repetition(self, tenant: Tenant, mock: Mock) -> None:
        for number in range(6):
            mock.send(text=str(number))
            tenant.clock.advance(1)
        (whole,) = tenant.requests.follow(after=0, wait=ended_after(1))
        ids = [item.seq if isinstance(item, Perturbed) else item.answer_seq for item in whole]
        assert len(whole) == 13
        assert ids == sorted(ids, key=lambda id: id or 0)
        for place, id in enumerate(ids):
            (rest,) = tenant.requests.follow(after=id, wait=ended_after(1))
            assert rest == whole[place + 1 :]

    def test_one_that_was_on_its_way_when_somebody_began_to_follow_is_told_once_it_is_answered(
        self, tenant: Tenant, mock: Mock
    ) -> None:
        handler = mock.assembly.handler
        on_its_way = handler.arrive(creation(mock))
        stream = tenant.requests.follow(wait=ended_after(2))
        assert next(stream) == []
        handler.finish(on_its_way)
        assert [told(items) for items in stream] == [["session.created"]]

    def test_it_waits_between_two_looks(self, tenant: Tenant) -> None:
        waited: list[float] = []

        def wait(seconds: float) -> bool:
            waited.append(seconds)
            return len(waited) == 3

        list(tenant.requests.follow(interval=0.25, wait=wait))
        assert waited == [0.25] * 3


class TestBoundedJournal:
    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(journal_entries=10)

    def test_what_has_left_it_is_not_found_and_the_rest_is(self, tenant: Tenant, mock: Mock) -> None:
        first = mock.send().headers["ININ-Correlation-Id"]
        for number in range(6):
            mock.send(text=f"message {number}")
        assert [request.text for request in tenant.requests.find()] == [f"message {number}" for number in (5, 4, 3, 2, 1)]
        assert tenant.requests.newest() == 16
        with pytest.raises(NotFound, match="left the bounded journal"):
            tenant.requests.get(first)

    def test_an_answer_whose_arrival_has_left_it_is_left_out(self, tenant: Tenant, mock: Mock) -> None:
        for _ in range(8):
            mock.send()
        tenant.clock.advance(1)
        assert len(tenant.requests.find()) == 4
        (came,) = tenant.requests.follow(after=0, wait=ended_after(1))
        assert told(came) == ["session.unknown"] * 4 + ["advance"]

    def test_an_emptied_one_is_empty(self, tenant: Tenant, mock: Mock) -> None:
        mock.send()
        tenant.reset()
        assert (tenant.requests.find(), tenant.requests.count(), tenant.requests.newest()) == ([], 0, 0)


@pytest.mark.parametrize(
    ("reason", "hint"),
    [
        ("message.acepted", "did you mean 'message.accepted'?"),
        ("sesion", "did you mean 'session'?"),
        ("xyz", "there are auth, auth.evicted, "),
    ],
)
def test_a_reason_that_no_answer_has_is_refused(tenant: Tenant, reason: str, hint: str) -> None:
    for ask in (tenant.requests.count, tenant.requests.find):
        with pytest.raises(InvalidRequest, match=re.escape(hint)):
            ask(reason=reason)


@pytest.mark.parametrize("reason", [*Reason, "session", "auth", "fault"])
def test_every_reason_and_every_family_may_be_looked_for(tenant: Tenant, reason: str) -> None:
    assert tenant.requests.count(reason=str(reason)) == 0
