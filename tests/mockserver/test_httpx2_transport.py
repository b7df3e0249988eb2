"""The platform in process for clients on httpx2: answers, faults and timeouts, with httpx2's errors."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest

from mockserver.assemble import Assembly
from mockserver.control import Tenant
from mockserver.httpx2_transport import AsyncTransport, Transport
from mockserver.inprocess import AsyncTransport as InprocessAsyncTransport
from mockserver.inprocess import Transport as InprocessTransport
from tests.mockserver.conftest import ManualClock

TOKEN = "/oauth/token"
GRANT = {"grant_type": "client_credentials"}


class Asked:
    """Asks for tokens, plainly or with asyncio; waiting moves the clock."""

    def __init__(self, assembly: Assembly, clock: ManualClock, tenant: Tenant, *, asynchronous: bool) -> None:
        self._assembly, self._clock, self._asynchronous = assembly, clock, asynchronous
        self._auth = (tenant.client_id, tenant.client_secret)

    def token(self, **options: Any) -> httpx2.Response:
        return asyncio.run(self._await(**options)) if self._asynchronous else self._ask(**options)

    def _ask(self, **options: Any) -> httpx2.Response:
        transport = Transport(InprocessTransport(self._assembly.handler, self._clock.advance))
        with httpx2.Client(transport=transport, base_url="http://mock.test", auth=self._auth) as http:
            return http.post(TOKEN, **{"data": GRANT, **options})

    async def _await(self, **options: Any) -> httpx2.Response:
        async def wait(seconds: float) -> None:
            self._clock.advance(seconds)

        transport = AsyncTransport(InprocessAsyncTransport(self._assembly.handler, wait))
        async with httpx2.AsyncClient(transport=transport, base_url="http://mock.test", auth=self._auth) as http:
            return await http.post(TOKEN, **{"data": GRANT, **options})


@pytest.fixture(params=[False, True], ids=["plain", "asyncio"])
def asked(assembly: Assembly, clock: ManualClock, tenant: Tenant, request: pytest.FixtureRequest) -> Asked:
    return Asked(assembly, clock, tenant, asynchronous=request.param)


def test_an_answer_comes_whole(asked: Asked) -> None:
    answer = asked.token()
    assert answer.status_code == 200
    assert answer.json()["token_type"] == "bearer"
    assert answer.headers["content-type"] == "application/json"
    assert answer.request.url.path == TOKEN


def test_a_body_arrives_as_it_was_sent(asked: Asked, tenant: Tenant) -> None:
    assert asked.token(data={**GRANT, "scope": "müll 👩‍👧"}).json()["error"] == "invalid_scope"
    assert tenant.requests.count(operation="token") == 1


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("lost_request", httpx2.ConnectError),
        ("lost_response", httpx2.ReadError),
        ("truncated_body", httpx2.RemoteProtocolError),
    ],
)
def test_an_exchange_that_breaks_is_one_of_its_own_errors(
    asked: Asked, tenant: Tenant, kind: Any, error: type[httpx2.TransportError]
) -> None:
    tenant.faults.add(kind, "token")
    with pytest.raises(error) as raised:
        asked.token()
    assert raised.value.request.url.path == TOKEN
    assert asked.token().status_code == 200


def test_it_gives_up_at_its_read_timeout_and_the_platform_acts_all_the_same(
    asked: Asked, tenant: Tenant, clock: ManualClock
) -> None:
    began = clock()
    tenant.faults.add("latency", "token", seconds=60)
    with pytest.raises(httpx2.ReadTimeout):
        asked.token(timeout=2.5)
    assert clock() - began == 2500
    assert tenant.requests.count(operation="token", status=200) == 1


def test_it_waits_as_long_as_it_may(asked: Asked, tenant: Tenant, clock: ManualClock) -> None:
    began = clock()
    tenant.faults.add("latency", "token", seconds=60)
    assert asked.token(timeout=None).status_code == 200
    assert clock() - began == 60_000
