"""Faults as clients without a socket see them, sync and async, without any real wait."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Awaitable, Callable
from email.utils import parsedate_to_datetime

import httpx
import pytest

from mockserver.assemble import Assembly
from mockserver.control import Tenant
from mockserver.engine.model import DEFAULT_ORGANIZATION
from mockserver.inprocess import AsyncTransport, Transport, router
from mockserver.journal import Answer
from tests.mockserver.conftest import ManualClock, Mock

SESSIONS = "/api/v2/conversations/webchat/sessions"


@pytest.fixture
def mock(assembly: Assembly, clock: ManualClock) -> Mock:
    """Waiting moves the clock."""
    mock = Mock(
        assembly, clock, httpx.Client(transport=Transport(assembly.handler, clock.advance), base_url="http://mock.test")
    )
    mock.login()
    return mock


def answers(mock: Mock) -> list[Answer]:
    return [entry for entry in mock.assembly.store.entries(DEFAULT_ORGANIZATION) if isinstance(entry, Answer)]


def test_a_lost_request_is_a_connect_error_and_the_platform_has_not_acted(mock: Mock, tenant: Tenant) -> None:
    session = mock.session()
    tenant.faults.add("lost_request", "send")
    with pytest.raises(httpx.ConnectError):
        mock.send(session)
    assert (answers(mock)[-1].delivery, answers(mock)[-1].acted) == ("lost_request", None)
    assert mock.send(session).status_code == 200


def test_a_lost_response_is_a_read_error_and_the_platform_has_acted(mock: Mock, tenant: Tenant) -> None:
    session = mock.session()
    tenant.faults.add("lost_response", "send")
    with pytest.raises(httpx.ReadError):
        mock.send(session)
    assert (answers(mock)[-1].delivery, answers(mock)[-1].accepted) == ("lost_response", True)
    assert mock.send(session).headers["Dayfly-Reason"] == "session.consumed"


def test_a_truncated_body_is_a_protocol_error_and_only_a_200_is_cut(mock: Mock, tenant: Tenant) -> None:
    tenant.faults.add("truncated_body", "send", times=2)
    assert mock.send("nobody").json()["code"] == "not.authorized"
    with pytest.raises(httpx.RemoteProtocolError):
        mock.send(mock.session())


@pytest.mark.parametrize(("after_acting", "then"), [(False, 200), (True, 403)])
def test_an_injected_status_comes_before_or_after_the_platform_acts(
    mock: Mock, tenant: Tenant, after_acting: bool, then: int
) -> None:
    session = mock.session()
    tenant.faults.add("status", "send", status=500, after_acting=after_acting)
    answer = mock.send(session)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal.server.error")
    assert mock.send(session).status_code == then


def test_an_injected_429_tells_how_long_to_wait(mock: Mock, tenant: Tenant) -> None:
    tenant.faults.add("status", "create", status=429, retry_after=7)
    answer = mock.create()
    assert answer.headers["Retry-After"] == "7"
    assert answer.json()["message"].endswith("in [7] seconds")


def test_an_opaque_403_is_empty_and_the_session_lives(mock: Mock, tenant: Tenant) -> None:
    session = mock.session()
    tenant.faults.add("opaque_403", "send")
    answer = mock.send(session)
    assert (answer.status_code, answer.content) == (403, b"")
    assert mock.send(session).status_code == 200


def test_faults_hit_token_requests_too(mock: Mock, tenant: Tenant) -> None:
    tenant.faults.add("status", "token", status=503)
    assert mock.login().status_code == 503
    assert mock.login().status_code == 200


@pytest.mark.parametrize(("where", "status"), [("before", 403), ("after", 200)])
def test_latency_passes_before_or_after_the_platform_acts(mock: Mock, tenant: Tenant, where: str, status: int) -> None:
    session = mock.session()
    before = mock.clock.now
    tenant.faults.add("latency", "send", seconds=31, where=where)
    assert mock.send(session, timeout=60).status_code == status
    assert mock.clock.now - before == 31_000


def test_a_client_waits_no_longer_than_its_read_timeout_and_the_platform_acts_all_the_same(mock: Mock, tenant: Tenant) -> None:
    session, before = mock.session(), mock.clock.now
    tenant.faults.add("latency", "send", seconds=10)
    with pytest.raises(httpx.ReadTimeout):
        mock.send(session, timeout=4)
    assert mock.clock.now - before == 4_000
    assert answers(mock)[-1].accepted


def test_an_async_client_is_served_by_the_async_transport_and_by_the_router(assembly: Assembly, clock: ManualClock) -> None:
    async def exchange(http: httpx.AsyncClient) -> int:
        async with http:
            return (await http.post(SESSIONS)).status_code

    async def wait(seconds: float) -> None:
        clock.advance(seconds)

    waits: Callable[[float], Awaitable[None]] = wait
    transport = AsyncTransport(assembly.handler, waits)
    assert asyncio.run(exchange(httpx.AsyncClient(transport=transport, base_url="http://mock.test"))) == 401
    with router(assembly.handler):
        assert asyncio.run(exchange(httpx.AsyncClient(base_url="https://any.host"))) == 401


def test_an_async_client_meets_faults_as_a_sync_one_does(mock: Mock, tenant: Tenant) -> None:
    async def wait(seconds: float) -> None:
        mock.clock.advance(seconds)

    async def create(timeout: float) -> int:
        transport = AsyncTransport(mock.assembly.handler, wait)
        async with httpx.AsyncClient(transport=transport, base_url="http://mock.test", timeout=timeout) as http:
            return (await http.post(SESSIONS, headers=mock.headers)).status_code

    tenant.faults.add("latency", "create", seconds=3, where="after")
    assert asyncio.run(create(5)) == 200
    tenant.faults.add("latency", "create", seconds=30)
    with pytest.raises(httpx.ReadTimeout):
        asyncio.run(create(5))
    tenant.faults.add("truncated_body", "create")
    with pytest.raises(httpx.RemoteProtocolError):
        asyncio.run(create(5))


def test_the_router_can_be_narrowed_to_one_host(assembly: Assembly) -> None:
    import respx

    with router(assembly.handler, "https://api.example.com"), httpx.Client() as http:
        assert http.post("https://api.example.com" + SESSIONS).status_code == 401
        with pytest.raises(respx.models.AllMockedAssertionError):
            http.post("https://other.example.com" + SESSIONS)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("html", "<!doctype html>"),
        ("blank", ""),
        ("list", "[]"),
        ("no_field", "{}"),
        ("null", '{"webChatSessionId":null}'),
        ("empty", '{"webChatSessionId":""}'),
        ("number", '{"webChatSessionId":0}'),
    ],
)
def test_an_unusable_body_is_complete_and_the_platform_has_acted(mock: Mock, tenant: Tenant, body: str, text: str) -> None:
    tenant.faults.add("unusable_body", "create", body=body)
    response = mock.create()
    assert response.status_code == 200
    assert response.text.startswith(text)
    assert len(response.content) == int(response.headers["Content-Length"])
    assert (answers(mock)[-1].unusable, answers(mock)[-1].issued is not None) == (True, True)


def test_a_redirect_leads_to_a_page_that_is_no_operation(mock: Mock, tenant: Tenant) -> None:
    tenant.faults.add("redirect", "create", status=307)
    response = mock.create()
    assert (response.status_code, response.headers["Location"]) == (307, "/maintenance")
    entries = len(tuple(tenant.trace()))
    page = mock.http.get(response.headers["Location"])
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert len(tuple(tenant.trace())) == entries


def test_a_body_in_two_pieces_is_read_as_one(mock: Mock, tenant: Tenant) -> None:
    tenant.faults.add("split_body", "create")
    response = mock.create()
    assert response.json()["webChatSessionId"]
    assert (answers(mock)[-1].delivery, answers(mock)[-1].fault) == ("complete", "body in two pieces")


@pytest.mark.parametrize(
    ("form", "wait", "header"),
    [("seconds", 2, "2"), ("fraction", 2, "1.5"), ("malformed", None, "soon"), ("absent", None, None)],
)
def test_retry_after_is_written_as_the_fault_says(
    mock: Mock, tenant: Tenant, form: str, wait: int | None, header: str | None
) -> None:
    tenant.faults.add("status", "create", status=429, retry_after=wait, retry_after_form=form)
    assert mock.create().headers.get("Retry-After") == header
    assert answers(mock)[-1].retry_after == wait


def test_a_date_is_the_answers_own_and_the_wait(mock: Mock, tenant: Tenant) -> None:
    tenant.faults.add("status", "create", status=429, retry_after=20, retry_after_form="date")
    headers = mock.create().headers
    then, now = (parsedate_to_datetime(headers[name]) for name in ("Retry-After", "Date"))
    assert (then - now).total_seconds() == 20


def test_an_answer_that_was_read_leaves_no_garbage(mock: Mock) -> None:
    async def asked() -> weakref.ref[httpx.Response]:
        async with httpx.AsyncClient(transport=AsyncTransport(mock.assembly.handler), base_url="http://mock.test") as http:
            return weakref.ref(await http.post(SESSIONS))

    gc.disable()
    try:
        answers = weakref.ref(mock.http.post(SESSIONS)), asyncio.run(asked())
        assert [answer() for answer in answers] == [None, None]
    finally:
        gc.enable()


def test_an_answer_that_was_read_keeps_its_body_and_cannot_be_read_again(mock: Mock) -> None:
    with mock.http.stream("POST", SESSIONS) as response:
        assert b"".join(response.iter_raw()).startswith(b"{")
    assert response.elapsed.total_seconds() >= 0
    with pytest.raises(httpx.StreamConsumed):
        next(response.iter_raw())
